"""Of one place of an image or a film the lines are seen to both their ends, however many places there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from inference.results.checkpoint import AttentionGroup
from tests.answers import answer
from tests.factories import make_attention_result, make_checkpoint_info, make_long_tokens
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.arcs.lines import Focus
from widgets.views.arcs.names import apart
from widgets.views.arcs.view import ArcsView


@pytest.fixture
def view(qtbot):
    view = ArcsView(ViewContext())
    qtbot.addWidget(view)
    view.resize(1000, 700)
    view.show()
    return view


def with_a_place_of_an_image(view, n_tokens, query, *, is_causal=False, pattern=None):
    """Lines of one patch of many; `pattern` float32 [query, key] is that of all heads."""
    group = AttentionGroup(
        "encoder", "Encoder", (4,) * 4, query_axis="patches", key_axis="patches", is_causal=is_causal
    )
    view.set_subject(Subject(make_checkpoint_info(name="vit", groups=(group,)), text_input("the cat sat")))
    view.selection.update(query=Position("patches", query))
    result = make_attention_result(tokens=make_long_tokens(n_tokens), layers=(2,))
    if pattern is not None:
        result = replace(result, pattern=np.broadcast_to(pattern, result.pattern.shape))
    answer(view, result)


def far_apart(n_tokens, strong):
    """Every token looks a little everywhere, and more at some."""
    pattern = np.full((n_tokens, n_tokens), 0.5 / n_tokens, dtype=np.float32)
    for key, weight in strong.items():
        pattern[:, key] = weight
    return pattern


@pytest.mark.parametrize("size", [(700, 420), (900, 700), (1300, 900)])
def test_of_one_place_both_ends_of_all_lines_are_on_screen_and_the_strongest_are_named(view, size):
    strong = {3: 0.2, 150: 0.15, 151: 0.12, 250: 0.1}
    view.resize(*size)
    with_a_place_of_an_image(view, 257, 136, pattern=far_apart(257, strong))
    canvas = view.canvas
    assert canvas.verticalScrollBar().maximum() == 0
    height = canvas.viewport().height()
    for token in (Focus("query", 136), *(Focus("key", key) for key in strong)):
        assert 0 < canvas.point_of(token).y() < height, token
    figure = view.figure()
    layout = canvas._layout()
    names = figure.columns(layout).names("key")
    assert {name.pos for name in names if name.is_wanted} >= set(strong)
    ys = [name.y for name in names]
    assert np.diff(ys).min() > 1.2 * layout.em  # none upon another
    assert layout.top < ys[0]
    assert ys[-1] < layout.bottom


def test_all_that_lines_reach_are_named_before_those_without_a_line_where_there_is_room(view):
    view.resize(900, 560)
    reached = (*range(0, 24, 2), 100)
    pattern = np.zeros((257, 257), np.float32)
    pattern[:, reached] = np.linspace(0.05, 0.2, len(reached))
    with_a_place_of_an_image(view, 257, 136, pattern=pattern)
    names = view.figure().columns(view.canvas._layout()).names("key")
    assert {name.pos for name in names if name.is_wanted} == set(reached)


def test_where_not_all_that_lines_reach_have_room_those_beside_an_empty_place_are_named(view):
    """Else a line would end beside the name of a place without one."""
    view.resize(900, 560)
    pattern = np.zeros((257, 257), np.float32)
    pattern[:, :40] = np.linspace(0.2, 0.1, 40)
    pattern[:, 41:257:8] = 0.05
    with_a_place_of_an_image(view, 257, 136, pattern=pattern)
    reached = {*range(40), *range(41, 257, 8)}
    names = view.figure().columns(view.canvas._layout()).names("key")
    assert any(name.pos > 100 and name.is_wanted for name in names)
    assert all(name.is_wanted for name in names if name.pos in reached)


def test_a_name_that_stands_beside_its_row_is_that_of_its_token_under_the_pointer(view):
    strong = {3: 0.2, 150: 0.15, 151: 0.12, 152: 0.1}
    with_a_place_of_an_image(view, 257, 136, pattern=far_apart(257, strong))
    figure, layout = view.figure(), view.canvas._layout()
    names = {name.pos: name.y for name in figure.columns(layout).names("key")}
    for pos in strong:
        assert figure.at(layout, QPointF(layout.right + layout.label / 2, names[pos])) == Focus("key", pos)
        assert figure.at(layout, layout.spot_of(Focus("key", pos))) == Focus("key", pos)
    assert figure.at(layout, QPointF(layout.right + layout.label / 2, layout.bottom + 1)) is None


def test_rows_that_no_line_of_the_place_reaches_are_lower(view):
    """Of a model that hides the future half of the picture was empty."""
    with_a_place_of_an_image(view, 256, 60, is_causal=True, pattern=np.tri(256, dtype=np.float32) / 61)
    layout = view.canvas._layout()
    hidden = layout.bottom - float(layout.edge(61))
    assert 0 < hidden < 0.25 * (layout.bottom - layout.top)
    assert layout.y(255) < layout.bottom
    assert [layout.pos_at(layout.y(pos)) for pos in (0, 59, 60, 61, 200, 255)] == [0, 59, 60, 61, 200, 255]


def test_a_wide_gap_between_what_the_lines_reach_takes_little_room(view):
    pattern = np.zeros((200, 200), np.float32)
    pattern[:, :30] = 0.03
    pattern[:, 150] = 0.1
    with_a_place_of_an_image(view, 200, 0, pattern=pattern)
    layout = view.canvas._layout()
    height = layout.bottom - layout.top
    assert float(layout.edge(30)) - layout.top > 0.75 * height
    assert layout.y(150) - float(layout.edge(30)) > 0
    assert [layout.pos_at(layout.y(pos)) for pos in (0, 29, 30, 149, 150, 151, 199)] == [0, 29, 30, 149, 150, 151, 199]


def test_in_a_window_as_low_as_can_be_it_scrolls(view):
    view.resize(300, 120)
    with_a_place_of_an_image(view, 257, 136, pattern=far_apart(257, {3: 0.2, 250: 0.1}))
    canvas = view.canvas
    layout = canvas._layout()
    assert list(layout.heights) == sorted(layout.heights)
    assert layout.bottom - layout.top > 9 * layout.em
    assert canvas.verticalScrollBar().maximum() > 0
    assert not canvas.grab().isNull()


def test_names_are_pushed_apart_no_further_than_they_must_be():
    moved = apart(np.array([10.0, 11.0, 50.0, 98.0, 99.0]), 10, 5, 95)
    assert moved.tolist() == pytest.approx([5.5, 15.5, 50, 85, 95], abs=0.6)
    assert np.diff(moved).min() >= 10
    assert apart(np.zeros(0), 10, 5, 95).tolist() == []


def test_lines_that_were_half_drawn_when_the_window_grew_are_drawn_to_their_ends(view, qtbot):
    with_a_place_of_an_image(view, 120, 60)
    view.findChild(object, "arcs_only_token").setChecked(False)
    canvas = view.canvas
    view.findChild(object, "arcs_threshold").setValue(0)
    canvas.grab()
    assert not canvas.is_complete
    view.resize(1500, 900)  # while slices of the narrower picture are on their way
    qtbot.waitUntil(lambda: canvas.is_complete, timeout=20_000)
    image, layout, scale = canvas.viewport().grab().toImage(), canvas._layout(), canvas._scale()
    paper = canvas._style.theme.paper.rgb()
    for share in (0.1, 0.5, 0.9, 0.98):
        x = round((layout.left + share * (layout.right - layout.left)) * scale)
        inked = sum(image.pixel(x, y) != paper for y in range(60, image.height() - 60))
        assert inked > 0.7 * (image.height() - 120), share
