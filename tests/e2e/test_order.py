"""Frames of a film put in order in the real program, by mouse: dragged apart, put back, told which belong together."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

pytestmark = pytest.mark.xvfb


def test_frames_are_dragged_and_put_back_by_mouse(start):
    driver = start("merlot-clips")
    driver.wait(lambda: len(driver.window.area.views) > 0, seconds=240)
    driver.tab("order")
    driver.wait(lambda: driver.figure("order") is not None and not driver.window._runner.is_busy)
    canvas = driver.widget("order_canvas")
    figure = driver.figure("order")
    assert figure.result.order == (1, 3, 0, 2)
    assert len(figure.result.sentences) == 4

    # The first frame is dragged behind the third.
    boxes = figure.layout(canvas.figure_rect(), canvas.style_now).images
    start_at, end_at = boxes[0].center().toPoint(), boxes[2].center().toPoint()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start_at)
    QTest.mouseMove(canvas, end_at - QPoint(5, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end_at)
    driver.wait(lambda: driver.figure("order").result.order == (3, 0, 1, 2))
    assert driver.colors(canvas) > 50

    # The likeliest order is shown by a click on it, and another film is put in order, too.
    wanted = driver.figure("order").result
    ranks = driver.figure("order").layout(canvas.figure_rect(), canvas.style_now).ranks
    driver.click(canvas, ranks[0].center().toPoint())
    driver.wait(lambda: driver.figure("order").shown_rank == 0)
    assert sorted(driver.figure("order").result.frames) == sorted(wanted.frames)
    driver.click(driver.widget("film_next"))
    driver.wait(lambda: driver.figure("order").result.sentences != wanted.sentences)

    # Which frame a sentence belongs to.
    show = driver.widget("order_show", QComboBox)
    show.setCurrentIndex(show.findData("match"))
    driver.wait(lambda: type(driver.figure("order")).__name__ == "MatchFigure")
    assert driver.figure("order").values.shape == (4, 4)

    # What a word looks at in the frames: words stand above the film, and one is clicked.
    driver.tab("clip")
    driver.wait(lambda: driver.figure("clip") is not None and not driver.window._runner.is_busy)
    film, picture = driver.widget("clip_canvas"), driver.figure("clip")
    place, box = picture.chips(film.figure_rect(), film.style_now)[4]
    driver.click(film, box.center().toPoint())
    driver.wait(lambda: driver.figure("clip").result.query == place.key == 4)
    assert driver.colors(film) > 50
