"""A row of tabs: which are shown, and where."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QTabBar

from app.window.view_pane import Tab, ViewPane


def tabs(n):
    return tuple(Tab(f"view{i}", f"View number {i}", "", is_on=True) for i in range(n))


@pytest.fixture
def pane(qtbot):
    pane = ViewPane("pane")
    qtbot.addWidget(pane)
    pane.resize(700, 300)
    pane.show()
    return pane


def test_a_row_is_not_left_scrolled_away(pane):
    """Qt scrolls to the one in front while all are there; most of them are hidden then."""
    pane.set_tabs(tabs(12))
    pane.set_current("view8")
    pane.set_tabs(tabs(20))
    bar = pane.findChild(QTabBar, "pane_tabs")
    shown = [bar.tabRect(index) for index in range(bar.count()) if bar.isTabVisible(index)]
    assert pane.current == "view8"
    assert shown[0].left() == 0
    assert shown[-1].right() < bar.width()
