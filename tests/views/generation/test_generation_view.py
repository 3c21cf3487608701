"""The view asks for what is chosen, follows what grows, and keeps every branch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QToolButton

from inference.results.decoding import Decoding
from inference.results.events import Failure
from inference.results.generation import with_written
from inference.results.inputs import TextInput
from tests.answers import answer, fail
from tests.inputs import text_input
from tests.views.generation.samples import long_text, make_beams, make_generation, make_writer
from widgets.context import ViewContext
from widgets.figures import chips
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.generation.figure import WrittenSpot
from widgets.views.generation.view import GenerationView

SENTENCE = text_input("the cat")


@pytest.fixture
def view(qtbot):
    view = GenerationView(ViewContext())
    qtbot.addWidget(view)
    view.asked, view.inputs, view.withdrawn = [], [], []
    view.request_changed.connect(view.asked.append)
    view.request_withdrawn.connect(view.withdrawn.append)
    view.context.input_requested.connect(view.inputs.append)
    view.resize(1000, 800)
    view.show()
    view.set_subject(Subject(make_writer(), SENTENCE))
    return view


def choose(view, name, value):
    combo = view.findChild(QComboBox, f"generation_{name}")
    combo.setCurrentIndex(combo.findData(value))
    combo.activated.emit(combo.currentIndex())


def click(view, kind, place):
    view._canvas.spot_chosen.emit(WrittenSpot(kind, place))


def choices(view, name):
    combo = view.findChild(QComboBox, f"generation_{name}")
    return [combo.itemText(i) for i in range(combo.count())] if combo.isVisibleTo(view) else []


def branch_off(view):
    """From the second candidate of the place behind the given ones."""
    answer(view, make_generation())
    click(view, "token", 2)
    click(view, "candidate", 1)


def test_it_asks_for_the_text_without_what_was_written(view):
    (request,) = view.asked
    assert request.input == SENTENCE
    assert (request.decoding, request.prefix_ids, request.most) == (Decoding(), None, 50)
    view.set_subject(Subject(make_writer(), with_written(SENTENCE, (1, 2, 3))))
    assert view.asked == [request]


def test_each_way_asks_with_its_own_numbers(view):
    choose(view, "way", "sample")
    view.findChild(QSpinBox, "generation_top_k").setValue(5)
    assert [request.decoding for request in view.asked] == [
        Decoding(), Decoding("sample"), Decoding("sample", top_k=5),
    ]  # fmt: skip


def test_it_follows_while_it_grows_and_plays_again_afterwards(view):
    answer(view, make_generation(3), is_partial=True)
    assert view.playback.is_live
    assert view.inputs == []
    answer(view, make_generation(5))
    assert view.figure().n_shown == 5
    assert not view.playback.is_playing
    view._player.step_requested.emit(3)
    assert view.figure().n_shown == 3


def test_the_whole_text_becomes_the_input(view):
    result = make_generation()
    answer(view, result)
    (given,) = view.inputs
    assert given.text == TextInput("the cat", target_ids=tuple(result.written.tokens.ids.tolist()))
    view.set_subject(Subject(make_writer(), given))
    assert view.why_not_current == ""
    assert len(view.asked) == len(view.inputs) == 1


def test_a_cancel_keeps_what_there_is(view):
    answer(view, make_generation(3), is_partial=True)
    (request,) = view.asked
    view.take_cancellation(request)
    assert view.why_not_current == ""
    assert "cancelled" in view.figure().caption
    assert len(view.inputs[-1].text.target_ids) == 3
    view.follow()
    assert view.asked == [request]
    view.refresh(again=True)
    assert view.asked == [request, request]


def test_a_click_on_a_candidate_begins_a_branch_that_is_named_by_its_token(view):
    result = make_generation()
    branch_off(view)
    ids = result.written.tokens.ids.tolist()
    assert view.asked[-1].prefix_ids == (*ids[:2], 105)
    assert choices(view, "branch") == []  # nothing is written of it yet
    answer(view, make_generation(4, n_given=3))
    assert choices(view, "branch") == ["The text itself", "“ran” (2)"]
    assert [line.depth for line in view.figure().branches] == [0, 1]
    assert [line.is_now for line in view.figure().branches] == [False, True]
    assert [line.bits for line in view.figure().branches] == [3.0, 2.0]  # its own token is one of the two
    click(view, "candidate", 0)  # the one that is there
    assert len(view.asked) == 2


def test_one_goes_back_to_a_branch_as_it_was_and_asks_nobody(view):
    branch_off(view)
    answer(view, make_generation(4, n_given=3))
    first, second = view.asked
    choose(view, "way", "sample")
    answer(view, make_generation(4, n_given=3, seed=7))
    n = len(view.asked)
    click(view, "branch", 0)
    assert len(view.asked) == n
    assert view.why_not_current == ""
    assert view.figure().result.written.n_steps == 5
    assert "greedy" in view.figure().caption  # as it was written, whatever is chosen now
    assert view.inputs[-1].text.target_ids == tuple(make_generation().written.tokens.ids.tolist())
    view.set_subject(Subject(make_writer(), view.inputs[-1]))
    assert len(view.asked) == n
    view.refresh(again=True)
    assert view.asked[-1] == first
    answer(view, make_generation())
    choose(view, "way", "greedy")
    view.findChild(QSpinBox, "generation_most").setValue(60)
    assert (view.asked[-1].most, view.asked[-1].prefix_ids) == (60, None)
    assert second.prefix_ids is not None


def test_a_branch_that_is_left_while_it_is_written_stays_as_it_is(view):
    branch_off(view)
    answer(view, make_generation(4, n_given=3), is_partial=True)
    click(view, "branch", 0)
    assert view.withdrawn == [view.asked[1]]
    click(view, "branch", 1)
    assert view.figure().result.written.why_unfinished == "left before its end"
    assert len(view.asked) == 2


def write_on(view):
    button = view.findChild(QToolButton, "generation_write_on")
    return button if button.isVisibleTo(view) else None


def test_a_branch_that_was_left_is_written_on_and_never_gets_shorter(view):
    branch_off(view)
    assert write_on(view) is None
    answer(view, make_generation(4, n_given=3), is_partial=True)
    click(view, "branch", 0)
    assert write_on(view) is None
    click(view, "branch", 1)
    choose(view, "way", "sample")
    click(view, "branch", 0)
    click(view, "branch", 1)
    n = len(view.asked)
    write_on(view).click()
    assert view.asked[n:] == [view.asked[1]]  # as it was chosen
    assert write_on(view) is None
    assert "being written again up to here" in view._page.caption.text()
    answer(view, make_generation(3, n_given=3), is_partial=True)
    assert view.figure().result.written.n_steps == 4
    answer(view, make_generation(4, n_given=3), is_partial=True)
    assert view.figure().result.written.why_unfinished == ""
    assert "again" not in view._page.caption.text()
    answer(view, make_generation(5, n_given=3))
    assert view.figure().result.written.n_steps == 5
    assert write_on(view) is None


def test_what_was_cancelled_is_written_on_and_may_be_cancelled_again(view):
    answer(view, make_generation(4), is_partial=True)
    (request,) = view.asked
    view.take_cancellation(request)
    for has_come in (False, True):
        write_on(view).click()
        if has_come:
            answer(view, make_generation(3), is_partial=True)
        view.follow()
        assert write_on(view) is None
        view.take_cancellation(request)
        assert view.figure().result.written.n_steps == 4
        assert view.why_not_current == ""
        assert "again" not in view._page.caption.text()
    view.refresh(again=True)
    fail(view, Failure("refused", "No."))
    write_on(view).click()
    answer(view, make_generation(5))
    assert write_on(view) is None
    assert view.asked == [request] * 5


def test_a_branch_can_begin_while_another_one_is_written(view):
    answer(view, make_generation(4), is_partial=True)
    click(view, "token", 2)
    click(view, "candidate", 1)
    answer(view, make_generation(4, n_given=3))
    click(view, "branch", 0)
    assert view.figure().result.written.why_unfinished == "left before its end"
    assert len(view.asked) == 2


def test_the_same_candidate_again_goes_back_to_its_branch(view):
    branch_off(view)
    answer(view, make_generation(4, n_given=3))
    click(view, "branch", 0)
    click(view, "token", 2)
    click(view, "candidate", 1)
    assert len(view.asked) == 2
    assert len(view.figure().branches) == 2
    assert view.figure().result.written.n_given == 3


def test_the_token_of_another_branch_goes_back_to_that(view):
    branch_off(view)
    other = make_generation(4, n_given=3).written
    ids, taken = np.array([7, 100, 105, 102]), np.array([-1, 0, 1, 0])
    written = replace(other, tokens=replace(other.tokens, ids=ids), taken=taken)
    answer(view, replace(make_generation(), written=written))
    click(view, "token", 2)
    click(view, "candidate", 0)
    assert len(view.asked) == 2
    assert view.figure().result.written.n_steps == 5


def test_two_branches_stand_side_by_side(view):
    branch_off(view)
    answer(view, make_generation(4, n_given=3))
    assert choices(view, "beside") == ["nothing", "The text itself"]
    choose(view, "beside", 0)
    beside = view.figure().beside
    assert (beside.name, beside.written.n_steps) == ("The text itself", 5)
    click(view, "branch", 0)
    assert view.figure().beside is None


def test_another_text_begins_with_no_branches(view):
    branch_off(view)
    answer(view, make_generation(4, n_given=3))
    view.set_subject(Subject(make_writer(), text_input("a dog")))
    assert view.asked[-1].prefix_ids is None
    assert choices(view, "branch") == []


def test_a_click_on_a_token_selects_where_it_was_chosen(view):
    answer(view, make_generation())
    click(view, "token", 3)
    assert view.figure().focus == 3
    assert view.selection.now.query == Position("text", 2)
    view.selection.update(query=Position("text", 1))
    assert view.figure().focus == 2
    choose(view, "attention", "head")
    view.findChild(QSpinBox, "generation_head").setValue(1)
    assert (view.selection.now.group, view.selection.now.head) == ("decoder", 1)
    assert len(view.asked) == 1


def test_a_node_of_the_beams_begins_a_branch(view):
    choose(view, "way", "beam")
    choose(view, "show", "tree")
    result = make_beams()
    answer(view, result)
    click(view, "node", 3)
    assert view.asked[-1].prefix_ids == (*result.written.tokens.ids[:2].tolist(), 105, 106)


def test_keys_play_and_step(view, qtbot):
    answer(view, make_generation())
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.figure().n_shown == 2
    qtbot.keyClick(view, Qt.Key.Key_Period)
    assert view.figure().n_shown == 3


def test_numbers_are_read_out(view):
    answer(view, make_generation())
    read_out = view.findChild(QLabel, "generation_read_out")
    view._canvas.spot_changed.emit(WrittenSpot("token", 1))
    assert read_out.text().startswith("“cat” (1): 1.00 bits, probability 50.0 %, given")
    click(view, "token", 2)
    view._canvas.spot_changed.emit(WrittenSpot("candidate", 1))
    assert "cut off by top-k" in read_out.text()


def test_a_failure_without_a_picture_is_told_in_its_place(view):
    fail(view, Failure("refused", "The text has 900 tokens; the model takes at most 512."))
    assert view._page.empty_text == "The text has 900 tokens; the model takes at most 512."


def test_a_model_without_attention_is_no_reason_to_fail(view):
    view.set_subject(Subject(replace(make_writer(), groups=()), SENTENCE))
    assert view.figure() is None


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: GenerationView(ViewContext()))


def test_a_chat_message_is_offered_where_there_is_a_template(view):
    box = view.findChild(QComboBox, "generation_task")
    message = box.model().item(box.findData("message"))
    assert not message.isEnabled()
    assert message.toolTip().startswith("<qt>This checkpoint has no chat template.")
    branch_off(view)
    answer(view, make_generation(4, n_given=3))
    view.set_subject(Subject(replace(make_writer(), has_chat_template=True), SENTENCE))
    assert message.isEnabled()
    choose(view, "task", "message")
    assert (view.asked[-1].task, view.asked[-1].prefix_ids) == ("message", None)
    assert choices(view, "branch") == []
    answer(view, make_generation())
    click(view, "token", 2)
    click(view, "candidate", 1)
    assert (view.asked[-1].task, view.asked[-1].prefix_ids) == ("text", (7, 100, 105))
    view.set_subject(Subject(make_writer(), text_input("a dog")))
    assert view.asked[-1].task == "text"


def test_a_system_message_and_thinking_are_asked_where_the_template_takes_them(view):
    system, thinking = (view._options.control(field) for field in ("system", "thinking"))
    chatty = replace(make_writer(), has_chat_template=True, can_think=True)
    view.set_subject(Subject(chatty, SENTENCE))
    assert system.parentWidget().isHidden()
    assert thinking.parentWidget().isHidden()
    choose(view, "task", "message")
    assert not system.parentWidget().isHidden()
    choose(view, "thinking", "off")
    system.setText("Be brief.")
    system.editingFinished.emit()
    assert (view.asked[-1].task, view.asked[-1].system, view.asked[-1].thinks) == ("message", "Be brief.", False)
    branch_off(view)
    assert (view.asked[-1].task, view.asked[-1].system, view.asked[-1].thinks) == ("text", "", None)

    why = "The chat template takes no system message: System role not supported."
    view.set_subject(Subject(replace(chatty, can_think=False, why_no_system=why), SENTENCE))
    assert not system.isEnabled()
    assert why in system.toolTip()
    assert system.placeholderText() == "not taken"
    answer(view, make_generation())
    assert view._page.caption.text().startswith(why)
    assert thinking.parentWidget().isHidden()
    assert (view.asked[-1].task, view.asked[-1].system, view.asked[-1].thinks) == ("message", "", None)
    choose(view, "task", "question")
    assert system.parentWidget().isHidden()


def test_a_tree_is_offered_where_a_beam_search_grows_one(view):
    show = view.findChild(QComboBox, "generation_show")
    tree = show.findData("tree")
    assert not show.model().item(tree).isEnabled()
    choose(view, "way", "beam")
    assert show.model().item(tree).isEnabled()
    choose(view, "show", "tree")
    assert choices(view, "attention") == []  # which a tree does not show
    choose(view, "way", "sample")
    assert show.currentData() == "text"
    assert choices(view, "attention") != []


def test_a_step_of_a_long_text_paints_what_is_seen_of_it(view, qtbot, monkeypatch):
    n_painted, paint = [], chips._paint
    monkeypatch.setattr(chips, "_paint", lambda *args: n_painted.append(args[1]) or paint(*args))
    answer(view, long_text(3000), is_partial=True)
    qtbot.waitUntil(lambda: bool(n_painted))
    assert len(n_painted) < 1000
