"""The view asks for what is chosen, shows the caption in the order of reading, and lets the user continue anywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QToolButton

from inference.results.inputs import ImageInput, Input, TextInput
from tests.answers import answer
from tests.controls import rows_of_controls
from tests.views.caption.samples import make_caption, make_captioner
from widgets.context import ViewContext
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.caption.figure import CaptionSpot
from widgets.views.caption.view import CaptionView
from widgets.writing.prefix_line import as_typed

SCENE = Input(text=TextInput("an old caption"), image=ImageInput(seed=3))


@pytest.fixture
def view(qtbot):
    view = CaptionView(ViewContext())
    qtbot.addWidget(view)
    view.asked, view.inputs = [], []
    view.request_changed.connect(view.asked.append)
    view.context.input_requested.connect(view.inputs.append)
    view.resize(1000, 800)
    view.show()
    view.set_subject(Subject(make_captioner(), SCENE))
    return view


def choose(view, name, value):
    combo = view.findChild(QComboBox, f"caption_{name}")
    combo.setCurrentIndex(combo.findData(value))


def test_it_asks_for_the_image_alone(view):
    (request,) = view.asked
    assert (request.input.text, request.input.image) == (None, SCENE.image)
    assert (request.is_from_end, request.is_blind, request.prefix) == (False, False, "")
    view.set_subject(Subject(make_captioner(), Input(text=TextInput("another text"), image=SCENE.image)))
    assert len(view.asked) == 1  # a text beside the image is nothing to it


def test_the_player_counts_the_tokens_that_are_seen(view):
    result = make_caption()
    answer(view, result)
    n = result.written.n_steps - 1  # the figure shows no start token
    assert f"Token {n} / {n}" in [label.text() for label in view.findChildren(QLabel)]
    assert len(view.figure()._order) == n


def test_controls_are_one_row_until_a_caption_begins_with_something(view):
    view.resize(870, 600)
    answer(view, make_caption())
    assert rows_of_controls(view._page.controls) == 1
    assert not view.findChild(QToolButton, "caption_back_to").isVisible()
    view._canvas.spot_chosen.emit(CaptionSpot("word", 2))
    view._canvas.spot_chosen.emit(CaptionSpot("candidate", 1))
    assert view.findChild(QLineEdit, "caption_prefix").isVisible()
    assert view.findChild(QToolButton, "caption_back_to").isVisible()


def test_that_a_word_is_unknown_is_said_first(view):
    answer(view, replace(make_caption(), notes=("It does not know “zebra”.",)))
    assert view._page.caption.text().startswith("It does not know “zebra”.  ·  scene 3")


def test_a_finished_caption_becomes_the_text_of_the_input(view):
    answer(view, make_caption(3), is_partial=True)
    assert view.inputs == []
    answer(view, make_caption())
    (given,) = view.inputs
    assert (given.text, given.image) == (TextInput("le chat dormait"), SCENE.image)


def test_direction_and_blindness_are_asked_for(view):
    choose(view, "direction", "end")
    view.findChild(QCheckBox, "caption_blind").click()
    assert (view.asked[-1].is_from_end, view.asked[-1].is_blind) == (True, True)


def test_a_model_with_one_decoder_offers_one_direction(view):
    choose(view, "direction", "end")
    view.set_subject(Subject(make_captioner(has_end=False), SCENE))
    assert not view.asked[-1].is_from_end
    combo = view.findChild(QComboBox, "caption_direction")
    assert not combo.model().item(combo.findData("end")).isEnabled()


def test_a_click_on_a_candidate_continues_from_it_in_either_direction(view):
    answer(view, make_caption())
    view._canvas.spot_chosen.emit(CaptionSpot("word", 2))
    view._canvas.spot_chosen.emit(CaptionSpot("candidate", 1))
    first = make_caption().written
    assert view.asked[-1].prefix_ids == (*first.tokens.ids[:2].tolist(), 105)
    assert view.findChild(QLineEdit, "caption_prefix").text() == "le chatte"  # as pieces with marks are put together
    choose(view, "direction", "end")
    assert view.asked[-1].prefix_ids is None  # they were chosen for the other direction
    answer(view, make_caption(is_from_end=True))
    view._canvas.spot_chosen.emit(CaptionSpot("word", 2))
    view._canvas.spot_chosen.emit(CaptionSpot("candidate", 1))
    assert view.findChild(QLineEdit, "caption_prefix").text() == "chattele"  # the given word has no mark


@pytest.mark.parametrize(
    "pieces", [("␣a", "␣c", "at"), ("a", "c", "##at"), ("a</w>", "c", "at</w>"), ("a", "c@@", "at"), ("a", "cat")]
)
def test_pieces_are_put_together_by_the_marks_of_their_tokenizer(pieces):
    assert as_typed(pieces) == "a cat"


def test_another_image_forgets_tokens_that_were_clicked_on(view):
    answer(view, make_caption())
    view._canvas.spot_chosen.emit(CaptionSpot("candidate", 1))
    view.set_subject(Subject(make_captioner(), Input(image=ImageInput(seed=4))))
    assert view.asked[-1].prefix_ids is None


def test_a_word_is_selected_where_it_was_chosen(view):
    answer(view, make_caption())
    view._canvas.spot_chosen.emit(CaptionSpot("word", 2))
    assert view.selection.now.query == Position("target", 1)
    assert view.figure().focus == 2
    view._canvas.spot_chosen.emit(CaptionSpot("patch", 2, 4))
    assert view.selection.now.key == Position("patches", 4)
    view.selection.update(query=Position("target", 0))
    assert view.figure().focus == 1


def test_without_an_image_it_asks_for_one(view):
    view.set_subject(Subject(make_captioner(), Input(text=TextInput("words"))))
    assert any(label.text() == "Open an image." and label.isVisible() for label in view.findChildren(QLabel))
