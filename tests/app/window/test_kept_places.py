"""What is selected in an image stays there when it is seen in another grid, without an engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.window.subject_flow import SubjectFlow
from inference.results.image import ImageRequest
from inference.results.inputs import Input
from inference.results.tokenize import TokenizeResult
from tests.app.window.test_opening import FakeController
from tests.factories import make_checkpoint_info, make_tokens
from tests.image_factories import make_image_result
from widgets.context import ViewContext
from widgets.panels.input_panel import InputPanel
from widgets.selection import Position, Selection

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
