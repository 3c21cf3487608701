"""Windows beside the main one are closed by a key."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.window.actions import CLOSE_KEY
from app.window.help.help_window import HelpWindow
from app.window.view_window import ViewWindow


class Page(QWidget):
    name, entry = "heads", SimpleNamespace(title="Heads")


@pytest.mark.parametrize("make", [lambda: ViewWindow(Page()), HelpWindow], ids=["view", "help"])
def test_ctrl_w_closes_it(qtbot, make):
    window = make()
    qtbot.addWidget(window)
    window.show()
    (shortcut,) = window.findChildren(QShortcut)  # a platform without screens makes such a window never active
    assert shortcut.key() == QKeySequence(CLOSE_KEY)
    shortcut.activated.emit()
    assert not window.isVisible()
