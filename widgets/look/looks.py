"""How heat maps look in all views of a window, and a signal when that changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

DEFAULT_COLOR_MAP = "cividis"


class Looks(QObject):
    """One object a window, handed to all its views, also to those in windows of their own.

    Theme and letters are the application's: Qt tells every widget of them.

    Signals
    -------
    changed()
        Emitted only if something is another now.
    """

    changed = Signal()

    def __init__(self, color_map: str = DEFAULT_COLOR_MAP, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._color_map = color_map

    @property
    def color_map(self) -> str:
        """Name of the colour map of heat maps."""
        return self._color_map

    def set_color_map(self, name: str) -> None:
        """Show heat maps in other colours."""
        if name != self._color_map:
            self._color_map = name
            self.changed.emit()
