"""What is selected in an image, a film or beside a text stays what it is when its place changes, without an engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.window.editing.history import History
from app.window.subject_flow import SubjectFlow
from inference.results.image import ImageRequest
from inference.results.inputs import Input, TextInput
from inference.results.tokenize import TokenizeResult
from tests.app.window.test_context_actions import Window
from tests.app.window.test_opening import FakeController
from tests.factories import make_checkpoint_info, make_tokens
from tests.image_factories import make_image_result
from widgets.context import ViewContext, ViewExample
from widgets.panels.input_panel import InputPanel
from widgets.selection import Position, Selected, Selection

BERT = make_checkpoint_info()
GROUP = replace(BERT.groups[0], query_axis="patches", key_axis="patches")
VIT = replace(BERT, name="vit", checkpoint="vit", reads=("image",), groups=(GROUP,))
FINER = replace(VIT, name="beit", checkpoint="beit")
FILMS = replace(VIT, name="merlot", checkpoint="merlot", reads=("clip",))
SEEN = make_image_result()
FINELY = replace(SEEN, grid=(16, 16))
WHOLE = replace(SEEN, box=(0, 0, 1, 1))


@pytest.fixture
def window(qtbot):
    """A flow, and what it listens to."""
    controller, selection = FakeController(), Selection()
    panel = InputPanel(ViewContext(selection), ())
    qtbot.addWidget(panel)
    panel.show()
    flow = SubjectFlow(controller, selection, panel)
    flow.controller, flow.panel, flow.selection = controller, panel, selection
    return flow


def see(window, info, result):
    """The engine answers how the checkpoint sees the image."""
    image = window.panel.input().image
    window.panel._image_bar().take_result(ImageRequest(info.checkpoint, Input(image=image)), result, False)


def look(window, info, result=None, *, n_tokens=1000):
    """Open a checkpoint, and look at the image with it."""
    window.controller.checkpoint = info
    window.begin(info)
    if result is not None:
        see(window, info, result)
    tokens = make_tokens("x " * n_tokens)
    window.controller.tokenized.emit(TokenizeResult(tokens), "")


def patch(index):
    return Position("patches", index)


@pytest.mark.parametrize(
    ("result", "then", "place"),
    [
        (SEEN, 50, 50),
        (FINELY, 1 + 13 * 16 + 3, 50),  # row 6 of 8, column 1
        (replace(SEEN, grid=(1, 1)), 1, 1 + 4 * 8 + 4),
        (replace(FINELY, n_special=0), 13 * 16 + 3, 50),
        (WHOLE, 1 + 6 * 8 + 2, 51),  # whose left eighth is not seen otherwise
    ],
)
def test_a_selected_patch_stays_where_it_is(window, result, then, place):
    look(window, VIT, SEEN)
    window.selection.update(query=patch(50), key=patch(0))
    look(window, FINER, result)
    assert window.selection.now.query == patch(then)
    assert window.selection.now.key == (patch(0) if result.n_special else None)  # [CLS]
    look(window, VIT, SEEN)
    assert window.selection.now.query == patch(place)


def test_what_is_not_seen_is_not_selected(window):
    look(window, VIT, WHOLE)
    window.selection.update(query=patch(1), key=patch(5))
    look(window, VIT, SEEN)  # without the left eighth
    assert (window.selection.now.query, window.selection.now.key) == (None, patch(5))
    look(window, FILMS)
    assert window.selection.now.key is None


def test_a_place_is_kept_beside_what_has_no_patches_and_where_the_image_is_seen_last(window):
    look(window, VIT, SEEN)
    window.selection.update(query=patch(50))
    look(window, BERT)
    assert window.selection.now.query == patch(50)
    look(window, FINER)
    assert window.selection.now.query == patch(50)  # of which nothing is known yet
    see(window, FINER, FINELY)
    assert window.selection.now.query == patch(1 + 13 * 16 + 3)


def test_a_patch_is_judged_by_patches_and_not_by_the_words_beside_them(window):
    clip = replace(
        VIT, name="clip", reads=("text", "image"), groups=(GROUP, replace(GROUP, name="text", query_axis="text"))
    )
    look(window, clip, SEEN, n_tokens=9)
    window.selection.update(query=patch(50))
    window.ask_again()
    window.controller.tokenized.emit(TokenizeResult(make_tokens("x " * 9)), "")
    assert window.selection.now.query == patch(50)
    window.selection.update(query=Position("text", 9))
    window.controller.tokenized.emit(TokenizeResult(make_tokens("x " * 9)), "")
    assert window.selection.now.query is None


def test_what_was_brought_back_does_not_move(window):
    look(window, VIT, SEEN)
    window.forget_places()
    window.selection.update(query=patch(50))
    look(window, FINER, FINELY)
    assert window.selection.now.query == patch(50)


JOINT = replace(VIT, name="vilt", reads=("text", "image"), groups=(replace(GROUP, query_axis="both", key_axis="both"),))
FILM = replace(FILMS, groups=(GROUP, replace(GROUP, name="frames", query_axis="frames", key_axis="frames")))


def beside(text, places):
    """Words, and behind them what is none."""
    tokens = make_tokens(f"{text} {places}")
    n = len(places.split())
    return replace(tokens, ids=np.where(np.arange(len(tokens)) < len(tokens) - n, tokens.ids, -1))


def take(window, info, tokens):
    window.controller.checkpoint = info
    window.controller.tokenized.emit(TokenizeResult(tokens), "")


def both(index):
    return Position("both", index)


GRID = "[CLS] 0,0 0,1 1,0 1,1"


@pytest.mark.parametrize(
    ("text", "grid", "query", "key"),
    [
        ("[CLS] a red cat [SEP]", GRID, 8, 2),
        ("[CLS] [SEP]", GRID, 5, None),  # where a patch lies by now
        ("[CLS] a [SEP]", "[CLS] 0,0 0,1 1,0", None, 2),  # other patches
    ],
)
def test_beside_a_text_a_patch_stays_itself_and_a_word_keeps_its_number(window, text, grid, query, key):
    take(window, JOINT, beside("[CLS] a cat [SEP]", GRID))
    window.selection.update(query=both(7), key=both(2))  # 1,0 and cat
    take(window, JOINT, beside(text, grid))
    now = window.selection.now
    assert (now.query, now.key) == tuple(None if place is None else both(place) for place in (query, key))


def test_a_patch_of_a_film_is_followed_or_dropped(window):
    take(window, FILM, beside("", "0,0,0 0,0,1"))
    window.selection.update(query=patch(1), key=Position("frames", 0))
    take(window, FILM, beside("", "0,0,0 0,0,1"))
    assert (window.selection.now.query, window.selection.now.key) == (patch(1), Position("frames", 0))
    take(window, FILM, beside("", "0,0,0 0,1,0 0,2,0"))
    assert (window.selection.now.query, window.selection.now.key) == (None, None)
    window.selection.update(query=patch(1))
    look(window, VIT, SEEN)
    assert window.selection.now.query is None


@pytest.fixture
def whole(qtbot):
    """A window in which patches stand behind the words, and one of them is selected."""
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.controller.read = lambda: None
    window.controller.answer(JOINT)
    window.selection = window.context.selection
    window.history = History(
        window.controller, window.opening, window.flow, window.selection, window.input_panel, window.area, window
    )
    window.opening.opened.emit(JOINT)
    take(window, JOINT, beside("[CLS] a cat [SEP]", GRID))
    window.selection.update(query=both(7))
    return window


def test_a_patch_is_back_in_its_place_when_its_text_is(whole):
    whole.input_panel.set_input(Input(text=TextInput("a red cat")))
    take(whole, JOINT, beside("[CLS] a red cat [SEP]", GRID))
    assert whole.selection.now.query == both(8)
    whole.history.undo()
    take(whole, JOINT, beside("[CLS] a cat [SEP]", GRID))
    assert whole.selection.now.query == both(7)
    whole.history.redo()
    take(whole, JOINT, beside("[CLS] a red cat [SEP]", GRID))
    assert whole.selection.now.query == both(8)


def test_an_example_selects_what_it_names(whole):
    selected = replace(Selected("encoder"), query=both(9))
    example = ViewExample("heads", JOINT.checkpoint, Input(text=TextInput("a red cat")), selected)
    whole.context.open_example(example)
    take(whole, JOINT, beside("[CLS] a red cat [SEP]", GRID))
    assert whole.selection.now.query == both(9)
