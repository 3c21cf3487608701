"""Heads have their colours everywhere, in both themes; colours shifted by one in any place are found."""

from __future__ import annotations

import pytest

from tests.answers import answer
from tests.factories import make_attention_result, make_checkpoint_info
from tests.inputs import text_input
from tests.views.arcs.head_colors import wrong_head_colors
from widgets.context import ViewContext
from widgets.look.theme import DARK, LIGHT
from widgets.subject import Subject
from widgets.views.arcs import columns, lines, strokes
from widgets.views.arcs.lines import head_color
from widgets.views.arcs.view import ArcsView

N_HEADS = 12  # more than there are colours


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture
def view(qtbot, theme):
    view = ArcsView(ViewContext())
    qtbot.addWidget(view)
    view.setPalette(theme.palette())
    view.resize(1000, 700)
    view.show()
    view.set_subject(Subject(make_checkpoint_info(n_heads=N_HEADS), text_input("the cat sat")))
    answer(view, make_attention_result(layers=(0,), n_heads=N_HEADS))
    return view


def found(view, theme):
    return list(wrong_head_colors(view.figure(), view.chips, theme))


def test_a_head_has_one_colour_everywhere(view, theme):
    assert view.figure().shown_heads == tuple(range(N_HEADS))
    assert found(view, theme) == []


def shifted(head, theme):
    return head_color(head + 1, theme)


def test_lines_and_squares_shifted_by_one_are_found(view, theme, monkeypatch):
    for module in (columns, strokes):
        monkeypatch.setattr(module, "head_color", shifted)
    wrong = found(view, theme)
    assert {f"a line of head {head}" for head in range(N_HEADS)} <= set(wrong)
    assert any(said.startswith("squares in") for said in wrong)


def test_chips_shifted_by_one_are_found(view, theme, monkeypatch):
    monkeypatch.setattr(lines, "head_color", shifted)
    view.restyle()
    assert found(view, theme) == [f"the chip of head {head}" for head in range(N_HEADS)]


def test_all_shifted_by_one_are_found(view, theme, monkeypatch):
    """Lines and chips agree, but not with what the theme and other versions' figures say."""
    monkeypatch.setattr(lines, "head_color", shifted)
    for module in (columns, strokes):
        monkeypatch.setattr(module, "head_color", shifted)
    view.restyle()
    assert len(found(view, theme)) > 2 * N_HEADS
