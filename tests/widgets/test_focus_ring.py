"""The ring lies round what is in sight of what the keyboard acts on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from widgets.look.focus_ring import FocusRings


def test_it_is_as_wide_as_what_it_is_of_after_a_scroll_bar_has_gone(qtbot):
    window = QScrollArea()
    qtbot.addWidget(window)
    host = QWidget(focusPolicy=Qt.FocusPolicy.StrongFocus)
    host.setMinimumHeight(1000)
    window.setWidget(host)
    window.setWidgetResizable(True)
    window.resize(300, 200)
    rings = FocusRings(window)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(window.isActiveWindow)
    host.clearFocus()
    rings._is_by_keys = True
    host.setFocus(Qt.FocusReason.TabFocusReason)
    ring = host.findChild(QWidget, "focus_ring")
    assert ring.width() == host.width() < 296
    host.setMinimumHeight(50)
    qtbot.waitUntil(lambda: not window.verticalScrollBar().isVisible())
    assert ring.geometry() == host.rect()
