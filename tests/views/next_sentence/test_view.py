"""Next sentence: the number, the attention between the sentences, and the head that a click selects."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from inference.results.events import Failure
from inference.results.next_sentence import NextSentenceRequest
from tests.answers import answer, fail, watched
from tests.factories import make_checkpoint_info, make_next_sentence_result
from tests.inputs import text_input
from tests.provenance import check_provenance
from tests.widgets.svg import texts_of
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.next_sentence.figure import NextSentenceFigure
from widgets.views.next_sentence.view import EXAMPLE, NextSentenceView

PAIR = text_input("the cat slept", "it was tired")


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection):
    return watched(NextSentenceView(ViewContext(selection)), qtbot, 900, 600)


def child(view, kind, name):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def look_at(view, text_input=PAIR):
    view.set_subject(Subject(make_checkpoint_info(), text_input))
    answer(view, make_next_sentence_result())


def place_of(view, cell):
    canvas = child(view, QWidget, "next_sentence_canvas")
    panel, area = canvas.figure.panels(canvas.figure_rect(), canvas.style_now)[cell.panel]
    return canvas, panel.cell_rect(cell.row, cell.column, panel.plot(area, canvas.style_now)).center().toPoint()


def test_asks_for_a_pair(view):
    look_at(view)
    assert view.asked == [NextSentenceRequest("bert-test", PAIR)]


@pytest.mark.parametrize("text_pair", [None, "", "  "])
def test_of_a_sentence_alone_an_example_is_shown_that_is_gone_once_there_is_a_pair(view, text_pair):
    look_at(view, text_input("the cat slept", text_pair))
    assert view.asked == [NextSentenceRequest("bert-test", EXAMPLE)]
    assert child(view, QWidget, "next_sentence_caption").text().startswith("An example; type a second sentence")
    assert not child(view, QToolButton, "next_sentence_swap").isEnabled()
    view.set_subject(Subject(make_checkpoint_info(), PAIR))
    assert view.asked[-1] == NextSentenceRequest("bert-test", PAIR)
    assert view.figure() is None
    answer(view, make_next_sentence_result())
    assert view.figure() is not None
    assert "example" not in child(view, QWidget, "next_sentence_caption").text()


def test_token_ids_have_no_example(view):
    view.set_subject(Subject(replace(make_checkpoint_info(), has_tokenizer=False), text_input("")))
    assert view.asked == []
    assert "second sentence" in child(view, QLabel, "next_sentence_empty").text()


@pytest.mark.parametrize("panel", [0, 1])
def test_a_click_selects_the_head_everywhere(view, selection, panel):
    look_at(view)
    canvas, place = place_of(view, Cell(panel, 3, 1))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert (selection.now.layer, selection.now.head) == (3, 1)
    assert view.figure().selected == (3, 1)


def test_the_keyboard_selects_a_head(view, selection):
    look_at(view)
    canvas = child(view, QWidget, "next_sentence_canvas")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Right):
        QTest.keyClick(canvas, key)
    assert (selection.now.layer, selection.now.head) == (1, 1)
    assert canvas.spot == Cell(0, 1, 2)  # choosing does not lose the place


def test_a_head_that_is_not_there_is_not_framed(view, selection):
    look_at(view)
    selection.update(layer=11, head=11)
    assert texts_of(view.figure())


def test_the_number_pointed_at_is_exact(view):
    look_at(view)
    canvas, place = place_of(view, Cell(1, 2, 3))
    QTest.mouseMove(canvas, place)
    value = make_next_sentence_result().b_to_a[2, 3]
    text = child(view, QLabel, "next_sentence_read_out").text()
    assert text.startswith("Layer 2, head 3: ")
    assert f"B's attention goes to A  ({value})" in text


def test_swap_is_wished_for(view, qtbot):
    look_at(view)
    with qtbot.waitSignal(view.context.swap_requested):
        child(view, QToolButton, "next_sentence_swap").click()


def test_an_old_picture_is_dimmed_until_the_next_is_there(view, qtbot):
    look_at(view)
    check_provenance(
        view,
        qtbot,
        make_next_sentence_result(),
        change=lambda: view.set_subject(Subject(make_checkpoint_info(), text_input("it was tired", "the cat slept"))),
        other=Subject(replace(make_checkpoint_info(name="other"), checkpoint="other"), PAIR),
    )


def test_a_first_failure_is_told_in_place(view):
    view.set_subject(Subject(make_checkpoint_info(), PAIR))
    fail(view, Failure("refused", "The pair is too long."))
    assert child(view, QLabel, "next_sentence_empty").text() == "The pair is too long."


def test_a_failure_keeps_the_old_picture(view, qtbot):
    look_at(view)
    before = view.figure()
    with qtbot.waitSignal(view.noticed) as blocker:
        fail(view, Failure("error", "It broke."))
    assert blocker.args == ["It broke."]
    assert view.figure() is before


def test_both_maps_share_one_scale(qapp):
    result = make_next_sentence_result()
    first, second = NextSentenceFigure(result)._heat_panels
    assert first.scale == second.scale
    assert first.scale.high == max(result.a_to_b.max(), result.b_to_a.max())


def test_the_svg_has_both_sentences_and_the_number(qapp):
    texts = texts_of(NextSentenceFigure(make_next_sentence_result()))
    assert {"B follows A: 93.1 %", "cat", "tired", "Layer", "Head"} <= set(texts)


def test_heads_that_a_layer_lacks_are_shown_as_missing(qapp):
    result = make_next_sentence_result()
    result.a_to_b[0, 3] = np.nan
    figure = NextSentenceFigure(result)
    assert "unknown" in figure.describe(Cell(0, 0, 3))
    assert texts_of(figure)


def test_numbers_hold_every_head():
    result = make_next_sentence_result(n_layers=2, n_heads=3)
    numbers = NextSentenceFigure(result).numbers()
    assert numbers.header == ("layer", "head", "a_to_b", "b_to_a")
    assert len(numbers.rows) == 6
    assert numbers.rows[4][:2] == (1, 1)
    assert float(numbers.arrays["prob_next"]) == result.prob_next


def test_every_control_has_a_name_and_is_reached_by_tab(view):
    for name in ("next_sentence_swap", "next_sentence_canvas"):
        control = child(view, QWidget, name)
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_is_collected_after_closing(assert_collected, selection):
    def make():
        view = NextSentenceView(ViewContext(selection))
        look_at(view)
        return view

    assert_collected(make)
