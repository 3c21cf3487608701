"""Words and image in the real program, by mouse: a word pinned, a box drawn, a word masked, regions from a file."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from tests.inference.tiny_joint import save, save_regions

pytestmark = pytest.mark.xvfb


def test_words_and_image_by_mouse(start, tmp_path):
    """One program, so that its engine starts once."""
    driver = start(str(save(tmp_path / "vilt", "vilt words")))
    driver.wait(lambda: len(driver.window.area.views) > 0, seconds=240)
    driver.window.input_panel.look_at_text("a small red house")
    driver.tab("joint")
    driver.wait(lambda: driver.figure("joint") is not None and not driver.window._runner.is_busy)
    canvas = driver.widget("joint_canvas")

    # A word is pinned.
    figure = driver.figure("joint")
    _, boxes = figure.chips(canvas.figure_rect(), canvas.style_now)
    driver.click(canvas, boxes[3].center().toPoint())
    driver.wait(lambda: [place.pos for place in driver.figure("joint").pinned] == [3])
    assert driver.colors(canvas) > 50

    # A box is drawn, and told beside those of the scene.
    n = len(figure.result.regions)
    corner = figure.image_box(canvas.figure_rect(), canvas.style_now).topLeft().toPoint() + QPoint(4, 4)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, corner)
    QTest.mouseMove(canvas, corner + QPoint(30, 20))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, corner + QPoint(30, 20))
    driver.wait(lambda: len(driver.figure("joint").result.regions) == n + 1)
    assert driver.figure("joint").pinned == figure.pinned or driver.figure("joint").pinned[0].pos == 3

    # A word is masked: both answers change with it.
    show = driver.widget("joint_show", QComboBox)
    show.setCurrentIndex(show.findData("answers"))
    driver.wait(lambda: type(driver.figure("joint")).__name__ == "JointAnswersFigure")
    words = driver.figure("joint")._words(canvas.figure_rect(), canvas.style_now)
    driver.click(canvas, words[3].center().toPoint())
    driver.wait(lambda: driver.figure("joint").result.positions.tolist() == [3])

    # A model of regions says what it needs, and is shown as soon as it has it.
    folder = str(save(tmp_path / "lxmert", "lxmert"))
    driver.window.open(folder)
    driver.wait(lambda: driver.window.controller.checkpoint.checkpoint == folder)
    driver.window.input_panel._bar("regions").open_file(str(save_regions(tmp_path / "regions.npz")))
    show.setCurrentIndex(show.findData("image"))
    driver.wait(lambda: driver.figure("joint") is not None)  # nothing of the model before is taken for its own
    driver.wait(lambda: "thing 2" in getattr(driver.figure("joint").result.tokens, "words", ()))


def test_a_region_is_hidden_and_a_layer_of_the_diagram_is_looked_at_by_mouse(start):
    driver = start("uniter-scenes")
    driver.wait(lambda: driver.window.area.has_tab("joint"), seconds=240)
    driver.tab("joint")
    driver.wait(lambda: driver.figure("joint") is not None and not driver.window._runner.is_busy)
    canvas, show = driver.widget("joint_canvas"), driver.widget("joint_show", QComboBox)

    # A region that the sentence tells of is hidden: the words tell what it is, and nothing else does.
    show.setCurrentIndex(show.findData("hidden"))
    driver.wait(lambda: type(driver.figure("joint")).__name__ == "JointHiddenFigure")
    figure = driver.figure("joint")
    balloon = figure.result.regions.labels.index("yellow balloon")
    driver.click(canvas, figure.places(canvas.figure_rect(), canvas.style_now)[balloon].center().toPoint())
    driver.wait(lambda: driver.figure("joint").result.region == balloon)
    result = driver.figure("joint").result
    assert result.names[0][0] == result.truth == "yellow balloon"
    assert result.truth_probs[0] > 10 * result.truth_probs[1]

    # A layer of the diagram leads to its map.
    show.setCurrentIndex(show.findData("diagram"))
    driver.wait(lambda: type(driver.figure("joint")).__name__ == "JointDiagramFigure")
    boxes = driver.figure("joint").boxes(canvas.figure_rect(), canvas.style_now)
    driver.click(canvas, boxes[2].center().toPoint())
    driver.wait(lambda: show.currentData() == "map" and driver.figure("joint").result.level == 2)
