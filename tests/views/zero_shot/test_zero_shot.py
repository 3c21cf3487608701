"""Zero-shot labels: bars of every image, templates, and how often the right label is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QSpinBox, QToolButton

from inference.results.events import Failure
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.zero_shot import ZeroShotRequest, ZeroShotResult, ZeroShotTestRequest, ZeroShotTestResult
from tests.answers import answer, fail, watched
from tests.image_factories import make_image, make_image_info
from widgets.context import ViewContext
from widgets.figures.candidate_bars import Candidate, CandidateBars
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.zero_shot.confusion_figure import ZeroShotTestFigure
from widgets.views.zero_shot.figure import RankedLabel, ZeroShotFigure
from widgets.views.zero_shot.options import ZeroShotOptions, templates_of
from widgets.views.zero_shot.view import ZeroShotView

CLIP = replace(make_image_info(name="clip-test"), reads=("text", "image"), compares=("image", "text"))
IMAGES = tuple(ImageInput(seed=seed) for seed in range(3))
LABELS = ("house", "tree", "dog", "cat")
COSINES = np.array([[0.1, 0.4, 0.2, 0.0], [0.5, 0.1, 0.0, 0.2], [0.0, 0.0, 0.1, 0.3]], np.float32)


def make_result(*, judged=False):
    thumbnails = tuple(make_image(24, 32, seed) for seed in range(3))
    return ZeroShotResult(COSINES, 10.0, -2.0 if judged else 0.0, judged, thumbnails)


def make_test_result(*, has_probe=True):
    told = np.array([[4, 1, 0], [0, 5, 0], [2, 0, 3]])
    probe = np.diag([5, 5, 5]) if has_probe else np.zeros((0, 0), np.int64)
    return ZeroShotTestResult(("house", "tree", "dog"), told, probe, 15)


def subject(labels=LABELS, checkpoint=CLIP):
    return Subject(checkpoint, Input(text=TextInput(labels[0]), image=IMAGES[0]), (), IMAGES, labels)


@pytest.fixture
def view(qtbot):
    view = watched(ZeroShotView(ViewContext()), qtbot, 900, 500)
    view.set_subject(subject())
    return view


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def press(view, name):
    button = view.findChild(QPushButton, name) or view.findChild(QToolButton, name)
    button.click()


def test_the_chips_are_the_labels(view):
    assert view.asked == [ZeroShotRequest("clip-test", IMAGES, LABELS, ("a photo of a {}",))]
    answer(view, make_result())
    figure = view.figure()
    assert figure.ranked[:, 0].tolist() == [1, 0, 3]
    assert [candidate.text for candidate in figure.bars(0).candidates] == ["tree", "dog", "house", "cat"]
    assert sum(candidate.prob for candidate in figure.bars(0).candidates) == pytest.approx(1, abs=1e-5)
    assert "a choice among these only" in figure.caption


def test_another_template_is_asked_when_it_is_finished(view, qtbot):
    answer(view, make_result())
    line = child(view, QLineEdit, "zero_shot_templates")
    line.selectAll()
    qtbot.keyClicks(line, "a {} | the {} ||")
    assert len(view.asked) == 1
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert view.asked[-1].templates == ("a {}", "the {}")
    assert "still of" in view.why_not_current or view.why_not_current
    fail(view, Failure("refused", "The template “x” has no {} where the label goes."))
    assert "has no {}" in view.why_not_current
    assert child(view, QLabel, "zero_shot_caption").text().startswith("Labels in “a photo of a {}”"), "of what is shown"
    line.selectAll()
    qtbot.keyClicks(line, " ")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.text() == "a {} | the {} ||"  # a blank line is none
    assert view.options_state()["zero_shot"] == {"templates": "a {} | the {} ||"}


def test_templates_are_parted_and_none_is_there_twice():
    assert templates_of(" a {} | the {}||a {}") == ("a {}", "the {}")
    assert ZeroShotOptions().each_template == ("a photo of a {}",)


def test_fewer_labels_are_shown_without_asking(view):
    answer(view, make_result())
    child(view, QSpinBox, "zero_shot_top_k").setValue(2)
    assert view.figure().ranked.shape == (3, 2)
    assert len(view.asked) == 1


def test_labels_are_pointed_at(view, qtbot):
    answer(view, make_result())
    canvas = view._canvas
    _, area = view.figure().blocks(canvas.figure_rect(), canvas.style_now)[1]
    place = view.figure().bars(1).row(0, area, canvas.style_now).center().toPoint()
    qtbot.mouseMove(canvas, place)
    qtbot.waitUntil(lambda: "scene 1, “house”" in child(view, QLabel, "zero_shot_read_out").text())
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert "rank 2 of 4" in child(view, QLabel, "zero_shot_read_out").text()


def test_a_model_that_judges_each_pair_has_no_softmax():
    figure = ZeroShotFigure(make_result(judged=True), ("a", "b", "c"), LABELS)
    assert "each judged for itself" in figure.caption
    np.testing.assert_allclose(figure.result.probabilities, 1 / (1 + np.exp(-(10 * COSINES - 2))), rtol=1e-5)


def test_blocks_wrap_and_the_sheet_grows_with_them():
    figure, style = ZeroShotFigure(make_result(), ("a", "b", "c"), LABELS), FigureStyle()
    narrow, wide = figure.least_size(300, style).height(), figure.least_size(1400, style).height()
    assert narrow > 2.5 * wide
    rect = QRectF(0, 0, 900, figure.least_size(900, style).height())
    assert all(rect.contains(box) for pair in figure.blocks(rect, style) for box in pair)
    assert figure.step(RankedLabel(0, 3), 0, 1, rect, style).place in (0, 3)


def test_fewer_blocks_stand_side_by_side_where_labels_would_be_cut(qapp):
    style = FigureStyle()
    long = tuple(f"a medium blue {label} beside a balloon in the snow at night" for label in LABELS)
    few, many = (ZeroShotFigure(make_result(), ("a", "b", "c"), labels) for labels in (long, LABELS))
    room = 2 * max(few.bars(0).width(style), 1.0)
    assert n_columns(few, room) < n_columns(many, room)
    blocks = few.blocks(QRectF(0, 0, room, 700), style)
    assert all(few.bars(i).width(style) <= bars.width() for i, (_, bars) in enumerate(blocks))


@pytest.mark.parametrize("size", [(840, 425), (1900, 560), (1500, 640), (1280, 430)])
def test_images_beside_each_other_leave_bars_that_can_be_compared(qapp, size):
    style = FigureStyle()
    figure = ZeroShotFigure(make_result(), ("a", "b", "c"), tuple(f"a medium blue {label}" for label in LABELS))
    em = QFontMetricsF(style.font).height()
    for i, (_, bars) in enumerate(figure.blocks(QRectF(0, 0, *size), style)):
        assert bars.width() - figure.bars(i).width(style) >= 5 * em - 1


def n_columns(figure, width):
    return len({side.left() for side, _ in figure.blocks(QRectF(0, 0, width, 700), FigureStyle())})


def test_portraits_are_tested_when_it_is_wanted(view):
    answer(view, make_result())
    view._pages.setCurrentIndex(1)
    assert len(view.asked) == 1
    press(view, "zero_shot_portraits")
    assert view.asked[-1] == ZeroShotTestRequest("clip-test", "", ("a photo of a {}",), 200, 0)
    answer(view, make_test_result())
    caption = view.figure().caption
    assert "zero-shot 80.0 %, linear probe on the same vectors 100.0 %; the most frequent label 33.3 %" in caption
    assert view.why_not_current == ""
    view._pages.setCurrentIndex(0)
    assert view.figure() is not None
    assert view.why_not_current == ""


def test_a_folder_is_tested(view, monkeypatch, tmp_path):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    view._pages.setCurrentIndex(1)
    press(view, "zero_shot_open")
    assert view.asked[-1].folder == str(tmp_path)
    fail(view, Failure("refused", "It has 0 folders with images."))
    assert view._test_page.empty_text == "It has 0 folders with images."


def test_another_checkpoint_is_not_tested_by_itself(view):
    view._pages.setCurrentIndex(1)
    press(view, "zero_shot_portraits")
    answer(view, make_test_result())
    view.set_subject(subject(checkpoint=replace(CLIP, checkpoint="other", name="other")))
    assert view.asked[-1].checkpoint == "clip-test"
    assert "still of" in view.why_not_current


def test_without_a_probe_one_matrix_is_shown():
    figure = ZeroShotTestFigure(make_test_result(has_probe=False), "mine")
    assert len(figure.panels(QRectF(0, 0, 900, 500), FigureStyle())) == 1
    assert "images of" in figure.caption
    assert "probe" not in figure.caption
    both = ZeroShotTestFigure(make_test_result())
    assert both.describe(Cell(0, 2, 0)).startswith("Zero-shot: of 5 images of")
    assert [row[:2] for row in both.numbers().rows][3] == ("Linear probe", "house")


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: ZeroShotView(ViewContext()))


def test_bars_of_all_images_are_of_one_length(qapp):
    style = FigureStyle()
    sure, unsure = (
        CandidateBars("scene", (Candidate("cat", high, high), Candidate("dog", 1 - high, 1 - high)), 0)
        for high in (0.999999, 0.6)
    )
    assert sure.width(style) == unsure.width(style)
