"""Presentation mode: full screen, large letters, only the input and the views."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QWidget

LARGER = 1.6


class Presentation:
    """Hides what is no view, and leaves the window as it was before: maximised, full screen, or neither.

    Parameters
    ----------
    hidden
        What is hidden as long as it lasts, if it was visible.
    put_away
        Called with whether it is on: panels that come and go by themselves.
    actions
        Commands whose shortcuts go on working without a menu.
    """

    def __init__(
        self,
        window: QMainWindow,
        hidden: Sequence[QWidget],
        put_away: Callable[[bool], None],
        actions: Sequence[QAction],
    ) -> None:
        self._window, self._hideable, self._put_away, self._actions = window, hidden, put_away, actions
        self._hidden: list[QWidget] = []
        self._state = Qt.WindowState.WindowNoState
        self.is_on = False

    def set_on(self, is_on: bool) -> None:
        """Enter or leave it."""
        if is_on == self.is_on:
            return
        self.is_on = is_on
        if is_on:
            self._hidden = [widget for widget in self._hideable if widget.isVisible()]
            self._state = self._window.windowState() & ~Qt.WindowState.WindowMinimized
        for widget in self._hidden:
            widget.setVisible(not is_on)
        # Actions of a hidden menu bar keep their shortcuts only if the window owns them too.
        for action in self._actions:
            (self._window.addAction if is_on else self._window.removeAction)(action)
        self._window.setWindowState(Qt.WindowState.WindowFullScreen if is_on else self._state)
        self._put_away(is_on)
