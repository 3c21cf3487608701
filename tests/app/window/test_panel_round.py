"""F6 goes round the panels that are shown."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.window.menus.panel_round import PanelRound
from app.window.view_pane import ViewPane


class Panel(QWidget):
    """Two fields behind a label, which takes no keys."""

    def __init__(self, parent):
        super().__init__(parent)
        self.label, self.first, self.second = QLabel("Panel", self), QLineEdit(self), QLineEdit(self)


class Area(QWidget):
    """One view, in the first of two panes."""

    def __init__(self, parent):
        super().__init__(parent)
        self.panes = [ViewPane(name, self) for name in ("main", "beside")]
        self.view = QLineEdit(self.panes[0])
        self.views = {"": self.view}
        self.panes[1].hide()


@pytest.fixture
def parts(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    parts = SimpleNamespace(
        window=window, gallery=Panel(window), input=Panel(window), area=Area(window), details=Panel(window)
    )
    layout = QVBoxLayout(window)
    for part in (parts.gallery, parts.input, parts.area, parts.details):
        layout.addWidget(part)
    parts.round = PanelRound((parts.gallery, parts.input), parts.area, (parts.details,), window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return parts


def test_it_goes_from_panel_to_panel_and_round(parts):
    parts.area.view.setFocus()
    seen = []
    for _ in range(4):
        parts.round.go(1)
        seen.append(QApplication.focusWidget())
    assert seen == [parts.details.first, parts.gallery.first, parts.input.first, parts.area.view]
    parts.round.go(-1)
    assert QApplication.focusWidget() is parts.input.first


def test_what_had_the_keyboard_last_in_a_panel_gets_it_again_and_hidden_panels_are_passed_over(parts):
    parts.input.second.setFocus()
    parts.details.hide()
    parts.gallery.hide()
    parts.round.go(1)
    assert QApplication.focusWidget() is parts.area.view
    parts.round.go(1)
    assert QApplication.focusWidget() is parts.input.second


def test_from_elsewhere_it_goes_on_as_from_the_views(parts):
    bar = QLineEdit(parts.window)
    bar.show()
    bar.setFocus()
    parts.round.go(1)
    assert QApplication.focusWidget() is parts.details.first
