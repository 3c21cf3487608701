"""The view asks for what is chosen, follows what grows, and lets the user continue from anywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QSpinBox, QToolButton

from inference.results.decoding import Decoding
from inference.results.events import Failure
from inference.results.inputs import TextInput
from tests.answers import answer, fail
from tests.factories import make_tokens
from tests.inputs import text_input
from tests.views.translation.samples import make_beams, make_translation, make_translator
from widgets.context import ViewContext
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.translation.figure import Spot
from widgets.views.translation.view import TranslationView

SENTENCE = text_input("the cat slept")


@pytest.fixture
def view(qtbot):
    view = TranslationView(ViewContext())
    qtbot.addWidget(view)
    view.asked, view.inputs = [], []
    view.request_changed.connect(view.asked.append)
    view.context.input_requested.connect(view.inputs.append)
    view.resize(1000, 800)
    view.show()
    view.set_subject(Subject(make_translator(), SENTENCE))
    return view


def choose(view, name, value):
    combo = view.findChild(QComboBox, f"translation_{name}")
    combo.setCurrentIndex(combo.findData(value))


def click(view, spot):
    view._canvas.spot_chosen.emit(spot)


def read_out(view):
    return view.findChild(QLabel, "translation_read_out").text()


def test_typed_words_stay_for_another_source_with_a_way_back_and_not_for_another_checkpoint(view):
    line, back = view.findChild(QLineEdit, "translation_prefix"), view.findChild(QToolButton, "translation_back_to")
    line.setText("le chien")
    line.editingFinished.emit()
    view.set_subject(Subject(make_translator(), text_input("the dog slept")))
    assert (line.text(), view.asked[-1].prefix, back.isEnabled()) == ("le chien", "le chien", True)
    back.click()
    assert (line.text(), view.asked[-1].prefix, back.isEnabled()) == ("", "", False)
    line.setText("le chien")
    line.editingFinished.emit()
    view.set_subject(Subject(replace(make_translator(), checkpoint="other"), text_input("the dog slept")))
    assert (line.text(), view.asked[-1].prefix, back.isEnabled()) == ("", "", False)


def test_it_asks_for_the_source_alone(view):
    (request,) = view.asked
    assert request.input == SENTENCE
    assert (request.decoding, request.prefix, request.prefix_ids) == (Decoding(), "", None)
    written = replace(SENTENCE, text=TextInput("the cat slept", "le chat", target_ids=(1, 2)))
    view.set_subject(Subject(make_translator(), written))
    assert view.asked == [request]


def test_each_way_asks_with_its_own_numbers(view):
    choose(view, "way", "beam")
    view.findChild(QSpinBox, "translation_beams").setValue(5)
    choose(view, "way", "sample")
    view.findChild(QSpinBox, "translation_seed").setValue(3)
    wanted = [Decoding(), Decoding("beam"), Decoding("beam", 5), Decoding("sample"), Decoding("sample", seed=3)]
    assert [request.decoding for request in view.asked] == wanted
    assert not view.findChild(QSpinBox, "translation_beams").isVisibleTo(view)
    assert view.findChild(QSpinBox, "translation_seed").isVisibleTo(view)


def test_what_is_only_looked_at_asks_nothing(view):
    answer(view, make_translation())
    choose(view, "show", "map")
    choose(view, "attention", "head")
    assert len(view.asked) == 1
    assert view.figure().show == "map"
    view.findChild(QSpinBox, "translation_layer").setValue(1)
    assert (view.selection.now.group, view.selection.now.layer) == ("cross", 1)
    assert view.figure().layer == 1


def test_it_follows_while_it_grows_and_plays_again_afterwards(view):
    answer(view, make_translation(2), is_partial=True)
    assert view.playback.is_live
    answer(view, make_translation(4), is_partial=True)
    assert view.figure().n_shown == 4
    assert view.inputs == []
    answer(view, make_translation(5))
    assert view.figure().n_shown == 5
    assert not view.playback.is_playing
    view._player.step_requested.emit(2)
    assert view.figure().n_shown == 2
    assert view.figure().film_steps[-1] == 5


@pytest.mark.parametrize("show", ["lines", "map"])
def test_the_source_is_not_scrolled_away_by_candidates_that_have_no_room(view, qtbot, show):
    choose(view, "show", show)
    view.resize(700, 1200)
    whole = make_translation(5, is_finished=False)
    answer(view, whole, is_partial=True)
    figure, style = view.figure(), view.style_now()
    least = QRectF(QPointF(0, 0), QSizeF(690, figure.least_size(690, style).height()))
    room = (figure.grown_to(least, style) + least.bottom()) / 2 + 10
    view.resize(700, view.height() - view._scroll.viewport().height() + round(room))
    bar = view._scroll.verticalScrollBar()
    for result in (make_translation(2), whole):
        answer(view, result, is_partial=True)
        QApplication.processEvents()
    assert bar.maximum() > 0
    assert bar.value() == 0


def test_the_newest_token_and_its_candidates_stay_in_sight_unless_the_user_looks_elsewhere(view, qtbot):
    view.resize(400, 420)
    bar = view._scroll.verticalScrollBar()
    long = make_translation(2)

    def grow(n_lines):
        """The same with so many more lines."""
        words = " ".join(["le"] * 20 * n_lines)
        n = 20 * n_lines
        written = replace(
            long.written,
            tokens=make_tokens(words),
            **{
                name: np.resize(getattr(long.written, name), (n, *getattr(long.written, name).shape[1:]))
                for name in ("candidates", "candidate_ids", "probs", "chances", "taken", "surprisal")
            },
        )
        answer(view, replace(long, written=written, pattern=np.resize(long.pattern, (2, 2, n, 4))), is_partial=True)
        qtbot.waitUntil(lambda: view._canvas.height() >= view._canvas.minimumHeight())
        QApplication.processEvents()

    grow(2)
    grow(6)
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()
    bar.setValue(0)
    grow(8)
    assert bar.value() == 0
    bar.setValue(bar.maximum())
    grow(10)
    assert bar.value() == bar.maximum()


def test_the_whole_text_becomes_the_target_of_the_input(view):
    result = make_translation()
    answer(view, result)
    (given,) = view.inputs
    assert given.text == TextInput(
        "the cat slept", "le chat dormait", target_ids=tuple(result.written.tokens.ids.tolist())
    )
    view.set_subject(Subject(make_translator(), given))
    assert view.why_not_current == ""
    assert len(view.asked) == len(view.inputs) == 1


def test_a_cancel_keeps_what_there_is(view):
    answer(view, make_translation(3), is_partial=True)
    (request,) = view.asked
    view.take_cancellation(request)
    assert view.why_not_current == ""
    assert view.figure().result.written.why_unfinished == "cancelled"
    assert "cancelled" in view.figure().caption
    assert not view.playback.is_playing
    assert view.inputs[-1].text.text_pair == "le chat"
    view.follow()
    assert view.asked == [request]
    view.refresh(again=True)
    assert view.asked == [request, request]
    answer(view, make_translation(2), is_partial=True)  # from its first token again
    assert view.playback.is_playing
    assert view.playback.is_live


def test_a_cancel_before_the_first_token_says_so(view):
    answer(view, make_translation())
    choose(view, "way", "sample")
    view.take_cancellation(view.asked[-1])
    assert "Cancelled; F5 asks again." in view.why_not_current


def test_a_click_on_a_token_shows_its_step_in_all_views(view):
    answer(view, make_translation())
    click(view, Spot("target", 2))
    assert view.figure().focus == 2
    assert view.selection.now.query == Position("target", 1)  # where it was chosen
    click(view, Spot("source", 1))
    assert view.selection.now.key == Position("source", 1)
    view.selection.update(query=Position("target", 2))
    assert view.figure().focus == 3
    view.selection.update(query=Position("source", 2))
    assert view.figure().focus == 3


def test_a_click_on_a_candidate_continues_from_it_and_back_comes_back(view):
    result = make_translation()
    answer(view, result)
    click(view, Spot("target", 2))
    click(view, Spot("candidate", 1))
    ids = result.written.tokens.ids.tolist()
    assert view.asked[-1].prefix_ids == (*ids[:2], 105)
    line, back = view.findChild(QLineEdit, "translation_prefix"), view.findChild(QToolButton, "translation_back_to")
    assert line.text() == "le chatte"
    answer(view, make_translation(n_given=3))
    back.click()
    assert view.asked[-1].prefix_ids is None
    assert line.text() == ""
    assert not back.isEnabled()


def test_a_click_on_a_node_of_the_beams_continues_from_it(view):
    choose(view, "way", "beam")
    choose(view, "show", "tree")
    result = make_beams()
    answer(view, result)
    click(view, Spot("node", 3))
    assert view.asked[-1].prefix_ids == (int(result.written.tokens.ids[0]), 104, 105)
    assert view.findChild(QSpinBox, "translation_beams").value() == 2  # as many as there were


def test_typed_words_are_what_it_begins_with(view, qtbot):
    answer(view, make_translation())
    line = view.findChild(QLineEdit, "translation_prefix")
    qtbot.keyClicks(line, "une chatte")
    assert len(view.asked) == 1
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert (view.asked[-1].prefix, view.asked[-1].prefix_ids) == ("une chatte", None)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert len(view.asked) == 2


def test_another_source_forgets_tokens_but_not_words(view):
    answer(view, make_translation())
    click(view, Spot("candidate", 1))
    assert view.asked[-1].prefix_ids is not None
    view.set_subject(Subject(make_translator(), text_input("a dog")))
    assert (view.asked[-1].prefix_ids, view.asked[-1].prefix) == (None, "")
    line = view.findChild(QLineEdit, "translation_prefix")
    line.setText("un")
    line.editingFinished.emit()
    view.set_subject(Subject(make_translator(), text_input("two dogs")))
    assert view.asked[-1].prefix == "un"


def test_without_a_tokenizer_no_words_can_be_typed(view):
    view.set_subject(Subject(replace(make_translator(), has_tokenizer=False), text_input(token_ids=(5, 6))))
    assert not view.findChild(QLineEdit, "translation_prefix").isEnabled()


def test_keys_play_and_step(view, qtbot):
    answer(view, make_translation())
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.figure().n_shown == 1
    qtbot.keyClick(view, Qt.Key.Key_Period)
    assert view.figure().n_shown == 2
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.figure().n_shown == 5


def test_a_failure_without_a_picture_is_told_in_its_place(view):
    fail(view, Failure("refused", "The text has 900 tokens; the model takes at most 512."))
    assert view._page.empty_text == "The text has 900 tokens; the model takes at most 512."


def test_numbers_are_read_out(view):
    answer(view, make_translation())
    view._canvas.spot_changed.emit(Spot("target", 1))
    assert read_out(view).startswith("“le” (1): 1.00 bits")


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: TranslationView(ViewContext()))
