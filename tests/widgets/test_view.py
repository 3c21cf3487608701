"""The base of views: only what was asked for is shown, and what is old says so until the new is there."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget

from inference.results.attention import AttentionRequest
from inference.results.events import Failure
from inference.results.maps import TilesRequest
from tests.factories import make_checkpoint_info
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.kit.page import Page
from widgets.subject import Subject
from widgets.view import View

CAT, DOG = text_input("a cat"), text_input("a dog")


class Picture(View):
    """Shows one layer as it comes; tiles only add to it."""

    details = frozenset({TilesRequest})

    def __init__(self, context):
        super().__init__(context)
        self.page = self.add_page(Page("picture", QWidget(), "caption", "read-out"))
        self.shown, self.has_tiles, self.n_styles = [], False, 0

    def requests(self):
        checkpoint, input = self.subject.checkpoint.checkpoint, self.subject.input
        layer = self.selection.now.layer
        tiles = (TilesRequest(checkpoint, input, "encoder", layer, 0, 0, ((0, 0),)),) if self.has_tiles else ()
        return (AttentionRequest(checkpoint, input, "encoder", (layer,)), *tiles)

    def show_result(self, request, result, is_partial):
        self.shown.append(result)
        self.page.show_canvas()
        self.page.read_out.show_text(f"numbers of {result}")

    def selection_changed(self, now, old):
        self.refresh()

    def restyle(self):
        self.n_styles += 1

    def figure(self):
        return None


@pytest.fixture
def view(qtbot):
    view = Picture(ViewContext())
    qtbot.addWidget(view)
    view.asked, view.withdrawn = [], []
    view.request_changed.connect(view.asked.append)
    view.request_withdrawn.connect(view.withdrawn.append)
    view.show()
    return view


def look_at(view, input=CAT, name="bert-test"):
    info = replace(make_checkpoint_info(name=name), checkpoint=name)
    view.set_subject(Subject(info, input))
    return view.asked[-1]


def is_dimmed(view):
    return view.page.veil.is_dimmed


def wait_until_dimmed(view, qtbot):
    qtbot.waitUntil(lambda: is_dimmed(view))


def test_answers_in_the_wrong_order_never_show_the_wrong_numbers(view):
    first = look_at(view)
    view.selection.update(layer=1)
    second = view.asked[-1]
    view.take_result(second, "layer 1")
    view.take_result(first, "layer 0")  # a slower worker's
    assert view.shown == ["layer 1"]
    assert view.why_not_current == ""


def test_nothing_is_dimmed_before_there_is_a_picture(view):
    look_at(view)
    assert not is_dimmed(view)
    assert view.why_not_current == ""


def test_an_old_picture_is_dimmed_until_the_new_one_is_there(view, qtbot):
    view.take_result(look_at(view), "layer 0")
    view.selection.update(layer=1)
    assert "bert-test  ·  a cat" in view.why_not_current
    assert not is_dimmed(view)  # the answer may be there before anybody could see it
    wait_until_dimmed(view, qtbot)
    assert view.page.read_out.text() == ""
    view.take_result(view.asked[-1], "layer 1")
    assert not is_dimmed(view)
    assert view.why_not_current == ""
    assert view.page.read_out.text() == "numbers of layer 1"


@pytest.mark.parametrize(("input", "name"), [(DOG, "bert-test"), (CAT, "gpt-test")])
def test_of_another_input_or_checkpoint_it_is_dimmed_at_once_and_says_of_what_it_is(view, input, name):
    view.take_result(look_at(view), "layer 0")
    look_at(view, input, name)
    assert is_dimmed(view)
    assert view.page.veil.text.startswith("This picture is still of bert-test  ·  a cat.\n")
    assert view.page.read_out.text() == ""


def test_masks_alone_are_the_same_sentence(view, qtbot):
    view.take_result(look_at(view), "layer 0")
    look_at(view, text_input("a cat", masked=(1,)))
    assert not is_dimmed(view)
    wait_until_dimmed(view, qtbot)
    assert "a cat" not in view.page.veil.text


def test_what_is_remembered_is_dimmed_until_the_engine_says_the_same(view):
    asked = look_at(view)
    view.take_remembered(asked, "layer 0", "From the last session.")
    assert view.shown == ["layer 0"]
    assert is_dimmed(view)
    assert "last session" in view.page.veil.text
    assert "last session" in view.why_not_current
    assert view.page.read_out.text() == ""
    view.take_result(asked, "layer 0")
    assert not is_dimmed(view)
    assert view.why_not_current == ""
    view.take_remembered(asked, "something older", "From the last session.")  # too late
    assert view.shown == ["layer 0", "layer 0"]
    assert view.why_not_current == ""


def test_what_is_remembered_of_something_else_is_not_shown(view):
    asked = look_at(view)
    view.selection.update(layer=1)
    view.take_remembered(asked, "layer 0", "From the last session.")
    assert view.shown == []


def test_a_cancel_leaves_the_old_picture_dimmed_for_good(view):
    view.take_result(look_at(view), "layer 0")
    asked = look_at(view, CAT, "gpt-test")
    view.take_cancellation(asked)
    assert is_dimmed(view)
    assert "Cancelled" in view.page.veil.text
    assert "bert-test" in view.why_not_current
    view.take_result(asked, "late")
    assert view.shown == ["layer 0"]
    view.refresh(again=True)
    view.take_result(view.asked[-1], "asked again")
    assert not is_dimmed(view)


def test_after_a_cancel_nothing_is_asked_by_itself(view, qtbot):
    view.take_result(look_at(view), "layer 0")
    view.selection.update(layer=1)
    view.take_cancellation(view.asked[-1])
    n = len(view.asked)
    view.selection.update(layer=2)
    view.resize(view.width() + 50, view.height() + 50)
    view.follow()  # more is seen
    assert len(view.asked) == n
    assert "Cancelled" in view.page.veil.text
    view.refresh(again=True)  # F5
    assert len(view.asked) == n + 1
    view.take_cancellation(view.asked[-1])
    view.refresh()  # one of its own controls
    assert len(view.asked) == n + 2
    view.take_cancellation(view.asked[-1])
    view.want_again()
    view.follow()
    assert len(view.asked) == n + 3


@pytest.mark.parametrize("act", ["another input", "shown again"])
def test_after_a_cancel_another_input_and_coming_back_to_the_view_ask(view, act):
    view.take_cancellation(look_at(view))
    n = len(view.asked)
    if act == "another input":
        look_at(view, DOG)
    else:
        view.hide()
        view.selection.update(layer=1)
        view.show()
    assert len(view.asked) == n + 1


def test_cancelled_while_hidden_it_asks_when_it_is_shown(view):
    asked = look_at(view)
    view.hide()
    view.take_cancellation(asked)
    view.show()
    assert view.asked == [asked, asked]


def test_a_cancelled_detail_is_not_asked_for_again_by_itself(view):
    view.take_result(look_at(view), "layer 0")
    view.has_tiles = True
    view.refresh()
    view.take_cancellation(view.asked[-1])
    n = len(view.asked)
    view.follow()
    assert len(view.asked) == n
    view.refresh(again=True)
    assert len(view.asked) == n + 2


def test_a_hidden_view_drops_late_answers_about_what_was_looked_at_before(view):
    asked = look_at(view)
    view.hide()
    view.set_subject(Subject(make_checkpoint_info(name="gpt-test"), DOG))
    assert view.withdrawn == [asked]
    view.take_result(asked, "late")
    assert view.shown == []
    view.show()
    assert view.asked[-1].input == DOG


def test_a_hidden_view_drops_late_answers_about_another_layer_and_keeps_what_is_still_wanted(view):
    view.has_tiles = True
    look_at(view)
    attention, tiles = view.asked
    view.requests = lambda: (attention,)
    view.hide()
    view.refresh()
    assert view.withdrawn == [tiles]
    view.take_result(tiles, "late")
    view.take_result(attention, "layer 0")
    assert view.shown == ["layer 0"]


def test_a_failure_says_why_and_can_be_asked_again(view, qtbot):
    view.take_result(look_at(view), "layer 0")
    view.selection.update(layer=1)
    with qtbot.waitSignal(view.noticed) as told:
        view.take_failure(view.asked[-1], Failure("refused", "There is no layer 1."))
    assert told.args == ["There is no layer 1."]
    assert is_dimmed(view)
    assert "There is no layer 1." in view.why_not_current
    n = len(view.asked)
    view.refresh()
    assert len(view.asked) == n + 1


def test_where_there_is_no_picture_the_page_says_why_until_it_is_asked_again(view):
    view.page.show_empty("Asking the model …")
    told = []
    view.noticed.connect(told.append)
    view.take_failure(look_at(view), Failure("refused", "There is too little memory."))
    assert view.page.is_empty
    assert view.page.empty_text == "There is too little memory."
    assert told == []  # the status line would say it once more
    view.refresh()
    assert view.page.empty_text == "Asking the model …"
    view.take_result(view.asked[-1], "layer 0")
    assert not view.page.is_empty


def test_a_detail_that_fails_is_told_where_there_is_no_picture_and_makes_none_old(view, qtbot):
    view.details, view.has_tiles = frozenset({TilesRequest}), True
    look_at(view)
    whole, tiles = view.asked
    view.take_failure(tiles, Failure("refused", "There is too little memory."))
    assert view.page.empty_text == "There is too little memory."
    view.take_result(whole, "layer 0")
    assert view.why_not_current == ""
    assert not is_dimmed(view)


def test_a_refusal_is_told_where_there_is_no_picture(view):
    look_at(view)
    view.refuse("Type a sentence to look at it.")
    assert view.page.empty_text == "Type a sentence to look at it."


def test_a_dead_engine_is_told_by_others_and_dims(view):
    told = []
    view.noticed.connect(told.append)
    view.take_result(look_at(view), "layer 0")
    view.selection.update(layer=1)
    view.take_failure(view.asked[-1], Failure("engine", "The engine stopped."))
    assert told == []
    assert is_dimmed(view)


def test_a_refused_input_leaves_what_is_shown_dimmed_whatever_is_asked_next(view):
    view.take_result(look_at(view), "layer 0")
    view.refuse("The text has 9 tokens; at most 5 are allowed.")
    assert is_dimmed(view)
    assert view.page.veil.text.startswith(
        "This picture is still of bert-test  ·  a cat.\n"
    )  # the field has another sentence
    view.selection.update(layer=1)
    view.take_result(view.asked[-1], "layer 1")
    assert "at most 5" in view.why_not_current
    view.take_result(look_at(view, DOG), "another text")
    assert view.why_not_current == ""


def test_a_first_look_says_so_until_it_is_exact(view):
    asked = look_at(view)
    view.take_result(asked, "sampled", is_partial=True)
    assert view.is_provisional
    assert view.page.veil.text
    assert not is_dimmed(view)
    assert "first look" in view.why_not_current
    view.take_result(asked, "exact")
    assert not view.is_provisional
    assert view.page.veil.text == ""


def test_details_that_have_yet_to_come_make_no_picture_old(view, qtbot):
    view.take_result(look_at(view), "layer 0")
    view.has_tiles = True
    view.refresh()
    assert isinstance(view.asked[-1], TilesRequest)
    assert view.why_not_current == ""
    view.has_tiles = False
    view.refresh()
    assert [type(request) for request in view.withdrawn] == [TilesRequest]


def test_without_details_a_picture_is_not_old(view):
    """Dimmed it could not be moved, and so the details not be asked for again."""
    view.take_result(look_at(view), "layer 0")
    view.has_tiles = True
    view.refresh()
    view.take_cancellation(view.asked[-1])
    assert not is_dimmed(view)
    view.refresh()
    view.take_failure(view.asked[-1], Failure("refused", "Not now."))
    assert not is_dimmed(view)
    assert view.why_not_current == ""


def test_an_answer_that_only_tells_what_to_ask_next_leaves_the_picture_what_it_is_of(view):
    view.take_result(look_at(view), "layer 0")
    asked = look_at(view, DOG)
    view.show_result = lambda request, result, is_partial: (view.keep_picture(), view.selection.update(layer=1))
    view.take_result(asked, "how long it is")
    assert is_dimmed(view)
    assert view.page.veil.text.startswith("This picture is still of bert-test  ·  a cat.\n")
    assert view.is_dimmed


def test_pages_of_theory_are_never_old(view):
    view.take_result(look_at(view), "layer 0")
    view.page.is_of_subject = False
    look_at(view, DOG)
    assert not is_dimmed(view)


def test_a_hidden_view_asks_nothing_until_it_is_shown(view):
    view.hide()
    view.set_subject(Subject(make_checkpoint_info(), CAT))
    assert view.asked == []
    view.show()
    assert len(view.asked) == 1


def test_a_hidden_view_follows_the_selection_in_one_step_when_it_is_shown(view):
    followed = []
    view.selection_changed = lambda now, old: followed.append((old.head, now.head))
    view.selection.update(head=1)
    view.hide()
    for head in (2, 3):
        view.selection.update(head=head)
    assert followed == [(0, 1)]
    view.show()
    assert followed == [(0, 1), (1, 3)]
    view.hide()
    view.show()
    assert len(followed) == 2


def test_looks_reach_a_view_wherever_it_is_and_a_hidden_one_when_it_is_shown(view):
    n = view.n_styles
    view.context.looks.set_color_map("magma")
    assert view.n_styles == n + 1
    assert view.style_now().color_map == "magma"
    view.hide()
    view.context.looks.set_color_map("viridis")
    assert view.n_styles == n + 1
    view.show()
    assert view.n_styles == n + 2


def test_clicks_do_not_reach_an_old_picture(view):
    view.take_result(look_at(view), "layer 0")
    look_at(view, DOG)
    canvas = view.page.canvas
    assert canvas.childAt(canvas.rect().center()) is view.page.veil


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: Picture(ViewContext()))


def test_foreign_text_does_not_turn_the_sentence_that_dims(view, qtbot):
    arabic = "\u0627\u0628"
    view.take_result(look_at(view, text_input(f"a \u202e b {arabic}"), name="\u202efolder"), "the picture")
    look_at(view, DOG)
    wait_until_dimmed(view, qtbot)
    assert f"‹RLO›folder  ·  \u2068a ‹RLO› b {arabic}\u2069" in view.page.veil.text


def test_what_dims_shows_no_control_characters(view):
    view.page.veil.dim("a \u202e \x07 sentence")
    assert view.page.veil.text == "a ‹RLO› ‹BEL› sentence"
