"""Similarity of heads: its numbers are Jensen-Shannon's, and the view shows those of the selected layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QLabel

from inference.analyses.head_similarity import head_similarity
from inference.capture.attention_call import AttentionCall
from inference.context import Cancelled, Context, Refused
from inference.results.head_similarity import HeadSimilarityRequest, HeadSimilarityResult
from tests.answers import answer, watched
from tests.factories import make_checkpoint_info
from tests.inference.planted import model_of, random_call
from tests.inputs import text_input
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.head_similarity.figure import HeadSimilarityFigure
from widgets.views.head_similarity.view import HeadSimilarityView


def asked(layer=0):
    return HeadSimilarityRequest("", text_input("x"), "planted", layer)


def divergence(p, q):
    """Jensen-Shannon's, in bits, term by term as it is defined."""
    middle = (p + q) / 2
    parts = [np.where(x > 0, x * np.log2(np.where(x > 0, x, 1) / middle), 0).sum(-1) / 2 for x in (p, q)]
    return sum(parts).mean()


def test_it_is_the_mean_divergence_over_the_queries():
    call = random_call(17, n_heads=3)
    found = head_similarity(asked(), model_of([call]), Context())
    pattern = call.patterns().double().numpy()
    wanted = [[1 - divergence(p, q) for q in pattern] for p in pattern]
    np.testing.assert_allclose(found.similarity, wanted, atol=1e-5)
    assert (found.n_rows, found.n_queries) == (17, 17)


def test_equal_heads_are_alike_and_those_that_share_no_key_are_not():
    pattern = torch.zeros(3, 4, 4)
    pattern[:2, :, 0] = 1
    pattern[2, :, 3] = 1
    call = AttentionCall("planted", 0, False, pattern=pattern)
    found = head_similarity(asked(), model_of([call]), Context()).similarity
    np.testing.assert_allclose(found, [[1, 1, 0], [1, 1, 0], [0, 0, 1]], atol=1e-6)


def test_of_a_long_text_evenly_spaced_queries_are_compared():
    found = head_similarity(asked(), model_of([random_call(2500, 8, n_heads=2)]), Context())
    assert (found.n_rows, found.n_queries) == (834, 2500)


def test_it_can_be_cancelled_and_refuses_a_layer_that_is_not_there():
    model = model_of([random_call(5, n_heads=2)])
    with pytest.raises(Cancelled):
        head_similarity(asked(), model, Context(is_cancelled=lambda: True))
    with pytest.raises(Refused, match="Layer 3 was asked for"):
        head_similarity(asked(3), model, Context())


def make_result(layer=0, n_heads=4):
    alike = np.full((n_heads, n_heads), 0.25, np.float32)
    alike[0, 2] = alike[2, 0] = 0.9  # head 2 is the most typical one, and most like head 0
    alike[2, 3] = alike[3, 2] = 0.8
    alike[0, 1] = alike[1, 0] = 0.7
    np.fill_diagonal(alike, 1)
    return HeadSimilarityResult("encoder", layer, alike, 12, 12)


@pytest.fixture
def view(qtbot):
    view = watched(HeadSimilarityView(ViewContext()), qtbot, 700, 600)
    view.set_subject(Subject(make_checkpoint_info(), text_input("the cat")))
    return view


def test_it_asks_for_the_selected_layer_and_keeps_the_old_one_dimmed(view, qtbot):
    answer(view, make_result())
    view.selection.update(layer=2)
    assert [request.layer for request in view.asked] == [0, 2]
    assert "still of" in view.why_not_current
    answer(view, make_result(layer=2))
    assert view.why_not_current == ""
    assert view.figure().result.layer == 2


def test_a_click_selects_the_head_of_the_row(view, qtbot):
    answer(view, make_result())
    canvas = view._canvas
    panel, area = view.figure().panels(canvas.figure_rect(), canvas.style_now)[0]
    cell = panel.cell_rect(3, 1, panel.plot(area, canvas.style_now)).center().toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=cell)
    assert view.selection.now.head == 3
    qtbot.mouseMove(canvas, cell + QPoint(1, 1))
    qtbot.waitUntil(lambda: view.findChild(QLabel, "head_similarity_read_out").text() == "Heads 3 and 1: 0.2500")


def test_alike_heads_can_stand_together(view):
    answer(view, make_result())
    view.findChild(QComboBox, "head_similarity_order").setCurrentIndex(1)
    figure = view.figure()
    assert figure.heads == (2, 0, 1, 3)
    row, column = figure.heads[0], figure.heads[1]
    assert figure.describe(Cell(0, 0, 1)) == f"Heads {row} and {column}: {figure.result.similarity[row, column]:.4f}"
    assert view.options_state() == {"head_similarity": {"order": "alike"}}


def test_heads_that_are_all_alike_are_told_apart(qapp):
    style, area = FigureStyle(), QRectF(0, 0, 400, 400)
    alike = np.array([[1.0, 0.97, 0.92], [0.97, 1.0, 0.95], [0.92, 0.95, 1.0]], np.float32)
    figure = HeadSimilarityFigure(HeadSimilarityResult("encoder", 0, alike, 12, 12))
    ((panel, _),) = figure.panels(area, style)
    assert (panel.scale.low, panel.scale.high) == (0.9, 1.0)
    assert {"1", "0.95", "0.9"} <= set(texts_of(figure))
    lightness = [QColor(int(color)).lightness() for color in panel.scale.colors(alike[0], style)]
    assert lightness[0] > lightness[1] + 10 > lightness[2] + 20
    ((panel, _),) = HeadSimilarityFigure(make_result()).panels(area, style)
    assert panel.scale.low == 0


def test_its_numbers_are_by_number_whatever_the_order():
    result = make_result()
    numbers = HeadSimilarityFigure(result, order="alike").numbers()
    np.testing.assert_array_equal(numbers.arrays["similarity"], result.similarity)
    assert numbers.header == ("head", "head 0", "head 1", "head 2", "head 3")
    assert HeadSimilarityFigure(result).natural_size(FigureStyle()).width() > 100


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: HeadSimilarityView(ViewContext()))
