"""Presentation mode: full screen, large letters, only the input and the views."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QWidget

LARGER = 1.6


class Presentation:
    """Hides the panels that are visible, and shows the same ones again afterwards."""

    def __init__(self, window: QMainWindow, panels: tuple[QWidget, ...], actions: tuple[QAction, ...]) -> None:
        self._window, self._panels, self._actions = window, panels, actions
        self._hidden: list[QWidget] = []
        self.is_on = False

    def set_on(self, is_on: bool) -> None:
        """Enter or leave it."""
        self.is_on = is_on
        if is_on:
            self._hidden = [panel for panel in self._panels if panel.isVisible()]
        for panel in self._hidden:
            panel.setVisible(not is_on)
        # Actions of a hidden menu bar keep their shortcuts only if the window owns them too.
        for action in self._actions:
            (self._window.addAction if is_on else self._window.removeAction)(action)
        (self._window.showFullScreen if is_on else self._window.showNormal)()
