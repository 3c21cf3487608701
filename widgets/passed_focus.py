"""Widgets that have no keyboard of their own: who gives it to them gives it to one inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object  # of which kind of widget is said by the class that is mixed with it


class PassesFocus(_Widget):
    """Has a focus proxy for `setFocus`, and none for the Tab key.

    Where Qt finds a widget with a proxy of its own in the order of Tab, that proxy is next. Pages are built late and
    stand last in this order, whatever is in them: with Qt's proxies Tab would go from the last thing in the window
    straight to the picture, past all that comes before it, and round again.
    """

    _focus_proxy: QWidget | None = None

    def setFocusProxy(self, widget: QWidget | None) -> None:  # noqa: N802
        """Who has the keyboard when this widget is given it; None: itself."""
        self._focus_proxy = widget

    def focusProxy(self) -> QWidget | None:  # type: ignore[override]  # noqa: N802
        """Who has the keyboard when this widget is given it."""
        return self._focus_proxy

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:  # type: ignore[override]  # noqa: N802
        """Give the keyboard to the proxy, or to the widget itself."""
        if self._focus_proxy is None:
            super().setFocus(reason)
        else:
            self._focus_proxy.setFocus(reason)
