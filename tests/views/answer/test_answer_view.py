"""The view asks for what is chosen, shows the answer as it grows, and sums the words that are clicked on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit

from inference.results.inputs import ImageInput, Input, TextInput
from tests.answers import answer
from tests.views.answer.samples import make_answer, make_answerer
from widgets.context import ViewContext
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.answer import view as of_view
from widgets.views.answer.descriptions import title_of
from widgets.views.answer.figure import AnswerSpot
from widgets.views.answer.view import AnswerView

ASKED = Input(text=TextInput("what is this"), image=ImageInput(seed=3))


@pytest.fixture
def view(qtbot):
    view = AnswerView(ViewContext())
    qtbot.addWidget(view)
    view.asked, view.inputs = [], []
    view.request_changed.connect(view.asked.append)
    view.context.input_requested.connect(view.inputs.append)
    view.resize(1000, 800)
    view.show()
    view.set_subject(Subject(make_answerer(), ASKED))
    return view


def choose(view, name, value):
    combo = view.findChild(QComboBox, f"answer_{name}")
    combo.setCurrentIndex(combo.findData(value))


def click(view, spot, monkeypatch=None, *, with_ctrl=False):
    if with_ctrl:
        held = Qt.KeyboardModifier.ControlModifier
        monkeypatch.setattr(of_view.QGuiApplication, "keyboardModifiers", lambda: held)
    view._canvas.spot_chosen.emit(spot)
    if with_ctrl:
        monkeypatch.undo()


def test_it_asks_for_image_and_question_without_the_answer(view):
    (request,) = view.asked
    assert (request.input.text, request.input.image) == (TextInput("what is this"), ASKED.image)
    answered = replace(ASKED, text=replace(ASKED.text, target_ids=(7, 8)))
    view.set_subject(Subject(make_answerer(), answered))
    assert len(view.asked) == 1


def test_a_finished_answer_stays_with_the_input(view):
    answer(view, make_answer(3), is_partial=True)
    assert view.inputs == []
    answer(view, make_answer())
    (given,) = view.inputs
    assert given.text.text == "what is this"
    assert given.text.target_ids == tuple(make_answer().written.tokens.ids[1:].tolist())


def test_words_that_are_clicked_on_with_ctrl_are_summed(view, monkeypatch):
    answer(view, make_answer())
    click(view, AnswerSpot("word", 2))
    assert view.figure().chosen == (2,)
    assert view.selection.now.query == Position("text", 15)
    click(view, AnswerSpot("word", 3), monkeypatch, with_ctrl=True)
    assert set(view.figure().chosen) == {2, 3}
    click(view, AnswerSpot("word", 2), monkeypatch, with_ctrl=True)
    assert view.figure().chosen == (3,)
    choose(view, "words", "all")
    assert view.figure().chosen == (1, 2, 3)


def test_relevance_is_asked_for_of_the_chosen_words_once_the_answer_is_there(view):
    choose(view, "attention", "relevance")
    assert view.asked[-1].relevance_of == ()
    answer(view, make_answer())
    assert view.asked[-1].relevance_of == (3,)
    told = replace(make_answer(), relevance=np.arange(6, dtype=np.float32), relevance_of=(3,))
    answer(view, told)
    assert view.figure().overlay((3,)).values.max() == told.relevance.max()
    assert "What raised" in title_of(told.written.tokens.words, (3,), 5.0, 5.0, is_raised=True)
    assert view.figure().overlay((3,)).values[1, 2] == 5
    click(view, AnswerSpot("word", 1))
    assert view.asked[-1].relevance_of == (1,)
    assert view.figure().overlay((1,)) is None  # that of another word is not shown for this one


def test_a_head_that_was_left_out_is_asked_for_by_itself(view):
    choose(view, "attention", "head")
    means = replace(make_answer(), pattern=make_answer().pattern.mean(1, keepdims=True), heads_are="layer")
    answer(view, means)
    assert view.asked[-1].looks == (0, 0)
    assert view.figure().overlay((2,)) is None
    looked = np.zeros((5, 6), np.float32)
    looked[1, 4] = 0.5
    answer(view, replace(means, looked=looked))
    assert view.figure().overlay((2,)).values[1, 1] == 0.5
    choose(view, "attention", "layer")  # which the means tell
    assert view.asked[-1].looks is None


def test_a_click_on_a_candidate_continues_from_it_and_another_question_forgets_it(view):
    answer(view, make_answer())
    click(view, AnswerSpot("word", 2))
    click(view, AnswerSpot("candidate", 1))
    assert view.asked[-1].prefix_ids == (*make_answer().written.tokens.ids[1:2].tolist(), 105)
    assert view.findChild(QLineEdit, "answer_prefix").text()
    other = Input(text=TextInput("where is it"), image=ASKED.image)
    view.set_subject(Subject(make_answerer(), other))
    assert view.asked[-1].prefix_ids == ()


def test_without_a_question_it_asks_for_one(view):
    view.set_subject(Subject(make_answerer(), Input(image=ImageInput(seed=3))))
    sentence = "Open an image, and type a question about it."
    assert any(label.text() == sentence and label.isVisible() for label in view.findChildren(QLabel))
