"""The matrix of images and texts: what it shows, and that a cell opens its pair."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QComboBox, QLabel

from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.similarity import SimilarityRequest, SimilarityResult
from tests.answers import answer, watched
from tests.image_factories import make_image, make_image_info
from widgets.context import ViewContext
from widgets.figure_command import compared_of, repeated_of
from widgets.figures.heat_panel import fixed
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.similarity.figure import SimilarityFigure
from widgets.views.similarity.options import SimilarityOptions
from widgets.views.similarity.view import SimilarityView

CLIP = replace(make_image_info(name="clip-test"), reads=("text", "image"), compares=("image", "text"))
IMAGES = tuple(ImageInput(seed=seed) for seed in range(3))
TEXTS = ("a red house", "a dog", "a very long text that says much of what there may be to see in an image")


def make_result(n_images=3, n_texts=3, *, judged=False):
    cosines = np.random.default_rng(3).uniform(-0.3, 0.3, (n_images, n_texts)).astype(np.float32)
    np.fill_diagonal(cosines, 0.5)
    thumbnails = tuple(make_image(24, 32, seed) for seed in range(n_images))
    return SimilarityResult(cosines, 20.0, -10.0 if judged else 0.0, judged, thumbnails)


def subject(texts=TEXTS, chosen=0):
    given = Input(text=TextInput(texts[chosen]), image=IMAGES[0])
    return Subject(CLIP, given, (), IMAGES, texts)


@pytest.fixture
def view(qtbot):
    view = watched(SimilarityView(ViewContext()), qtbot, 800, 500)
    view.set_subject(subject())
    return view


def cell(view, row, column):
    canvas = view._canvas
    panel, area = view.figure().panels(canvas.figure_rect(), canvas.style_now)[0]
    return panel.cell_rect(row, column, panel.plot(area, canvas.style_now)).center().toPoint()


def test_what_is_nothing_after_rounding_has_no_sign():
    assert [fixed(value, ".2f") for value in (-0.004, 0.004, -0.006)] == ["0.00", "0.00", "\N{MINUS SIGN}0.01"]
    assert [fixed(value, "+.2f") for value in (-0.004, 0.004, 0.006)] == ["0.00", "0.00", "+0.01"]


def test_it_asks_for_all_that_is_compared(view):
    assert view.asked == [SimilarityRequest("clip-test", IMAGES, TEXTS)]
    answer(view, make_result())
    assert view.figure().texts == TEXTS
    assert view.figure().images == ("scene 0", "scene 1", "scene 2")
    assert view.why_not_current == ""


def test_what_else_is_to_be_said_stands_above_the_picture(view):
    answer(view, replace(make_result(), notes=("It does not know “zebra”.",)))
    assert view._page.caption.text().endswith("  ·  It does not know “zebra”.")


def test_another_pair_is_framed_and_nothing_is_asked(view):
    answer(view, make_result())
    assert view.figure().chosen == (0, 0)
    view.set_subject(subject(chosen=1))
    assert view.figure().chosen == (0, 1)
    assert len(view.asked) == 1
    assert view.why_not_current == ""


def test_another_text_dims_until_its_answer_is_there(view):
    answer(view, make_result())
    view.set_subject(subject((*TEXTS, "a cat")))
    assert "still of" in view.why_not_current
    view.take_result(SimilarityRequest("clip-test", IMAGES, TEXTS), make_result())  # late
    assert "still of" in view.why_not_current
    answer(view, make_result(3, 4))
    assert view.why_not_current == ""


def test_a_click_looks_at_the_pair_and_opens_why(view, qtbot):
    answer(view, make_result())
    inputs, opened = [], []
    view.context.input_requested.connect(inputs.append)
    view.context.view_requested.connect(opened.append)
    qtbot.mouseMove(view._canvas, cell(view, 2, 1))
    qtbot.waitUntil(lambda: "scene 2" in view.findChild(QLabel, "similarity_read_out").text())
    qtbot.mouseClick(view._canvas, Qt.MouseButton.LeftButton, pos=cell(view, 2, 1))
    assert inputs == [Input(text=TextInput("a dog"), image=IMAGES[2])]
    assert opened == ["relevance"]
    view._canvas.setFocus()
    qtbot.keyClick(view._canvas, Qt.Key.Key_Left)
    qtbot.keyClick(view._canvas, Qt.Key.Key_Return)
    assert inputs[-1].text == TextInput("a red house")


def test_without_texts_a_sentence_says_what_to_do(view):
    view.set_subject(subject(TEXTS[:1]))
    view.set_subject(Subject(CLIP, Input(image=IMAGES[0]), (), IMAGES, ()))
    assert view._page.empty_text == "Add an image and a text above to compare them."


@pytest.mark.parametrize(("show", "axis"), [("texts", 1), ("images", 0)])
def test_softmax_sums_to_one_over_what_is_said(view, show, axis):
    answer(view, make_result())
    combo = view.findChild(QComboBox, "similarity_show")
    combo.setCurrentIndex(combo.findData(show))
    np.testing.assert_allclose(view.figure().values.sum(axis), 1, atol=1e-5)
    assert f"Softmax over the {show}" in view.figure().caption
    assert view.options_state() == {"similarity": {"show": show}}


def test_what_a_model_was_not_trained_for_is_said():
    names = ("a", "b", "c")
    for judged, show, said in ((True, "texts", "by a sigmoid"), (False, "pair", "by softmax")):
        figure = SimilarityFigure(make_result(judged=judged), names, TEXTS, SimilarityOptions(show))
        assert said in figure.caption
    assert "+ 0" in SimilarityFigure(make_result(), names, TEXTS, SimilarityOptions("pair")).caption


def test_the_diagonal_is_counted_only_where_there_is_one():
    names = ("a", "b", "c")
    assert "3 of 3 images" in SimilarityFigure(make_result(), names, TEXTS)._hits
    assert SimilarityFigure(make_result(3, 2), names, TEXTS[:2])._hits == ""
    assert SimilarityFigure(make_result(), names, TEXTS, SimilarityOptions(has_diagonal=False))._hits == ""


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (3, 40), (100, 100), (1, 128)])
def test_any_number_is_painted_within_its_place(qapp, shape):
    """Every cell has a place on the sheet, and the small images do not cover them."""
    figure = SimilarityFigure(make_result(*shape), ("x",) * shape[0], ("a long text of words",) * shape[1])
    style, rect = FigureStyle(), QRectF(0, 0, 700, 380)
    panel, area = figure.panels(rect, style)[0]
    plot = panel.plot(area, style)
    assert rect.contains(plot)
    assert plot.width() > 150
    assert plot.height() > 150
    sheet = QImage(700, 380, QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.white)
    with QPainter(sheet) as painter:
        figure.paint(painter, rect, style)
    middle = panel.cell_rect(shape[0] - 1, shape[1] - 1, plot).center()
    assert figure.spot_at(middle, rect, style) == Cell(0, shape[0] - 1, shape[1] - 1)


def test_its_numbers_are_all_that_is_known():
    result = make_result()
    numbers = SimilarityFigure(result, ("a", "b", "c"), TEXTS, SimilarityOptions("texts")).numbers()
    np.testing.assert_allclose(numbers.arrays["logits_per_image"], 20 * result.cosines, rtol=1e-6)
    np.testing.assert_allclose(numbers.arrays["softmax_over_images"].sum(0), 1, atol=1e-5)
    assert numbers.header == ("image", *TEXTS)
    assert numbers.rows[1][0] == "b"
    assert numbers.rows[1][2] == pytest.approx(float(result.probabilities("texts")[1, 1]))


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: SimilarityView(ViewContext()))


def test_what_was_given_twice_is_said():
    house = ImageInput(path="/tmp/house.png")
    args = Namespace(images=[house, house, ImageInput(path="/other/house.png")], texts=["a", "b", "a", "a"])
    assert repeated_of(args) == (
        "house.png was given 2 times; it is compared once.",
        "“a” was given 3 times; it is compared once.",
    )
    assert compared_of(args).texts == ("a", "b")
    assert repeated_of(Namespace()) == ()


def test_the_matrix_is_as_wide_as_its_room(qapp):
    figure = SimilarityFigure(make_result(4, 4), ("a", "b", "c", "d"), ("e", "f", "g", "h"))
    rect = QRectF(0, 0, 1500, 800)
    panel, area = figure.panels(rect, FigureStyle())[0]
    assert panel.plot(area, FigureStyle()).width() > 0.85 * rect.width()
