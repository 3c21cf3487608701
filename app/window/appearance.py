"""Theme and letters of the whole program, changed live."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QPalette, QWheelEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from widgets.look.theme import DARK, LIGHT, Theme

SMALLEST, LARGEST = 0.7, 3.0
_NOTCH = 120  # eighths of a degree of a usual wheel
LARGER = 1.6  # letters of a presentation
FUSION_DARKENS = 127  # percent: what Qt's Fusion divides the brightness of the window by for the edge of a check box


class Appearance:
    """Remembers the system's own font, so that scaling never adds up."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._points = max(application.font().pointSizeF(), 9.0)
        self._palette: QPalette | None = None  # that was set here: it takes the boxes' own along
        application.setStyle("Fusion")

    def apply(self, theme: str, font_scale: float) -> None:
        """`theme` is `system`, `light` or `dark`; `font_scale` multiplies the system's size."""
        palette = theme_named(theme, self._application).palette()
        if palette != self._palette:
            self._palette = palette
            self._application.setPalette(palette)
            # Items of a list have check boxes too; the groove of a slider has such an edge.
            for kind in ("QCheckBox", "QListWidget", "QSlider"):
                self._application.setPalette(_palette_of_boxes(palette), kind)  # type: ignore[arg-type] - text, whatever the stub says
        font = QFont(self._application.font())
        font.setPointSizeF(self._points * min(max(font_scale, SMALLEST), LARGEST))
        if font != self._application.font():
            self._application.setFont(font)


def theme_named(name: str, application: QApplication) -> Theme:
    """The theme of a setting."""
    is_dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark if name == "system" else name == "dark"
    return DARK if is_dark else LIGHT


class CtrlWheel(QObject):
    """The wheel with Ctrl changes the size of letters, wherever the pointer is in a window: nothing there scrolls."""

    def __init__(self, scale: Callable[[int], object], window: QMainWindow) -> None:
        """`scale` is told a step up (1) or down (-1)."""
        super().__init__(window)
        self._scale, self._window = scale, window
        self._turned = 0  # eighths of a degree that are not a step yet: touch pads tell small ones
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the window, until it has a handle; then of that, which gets the wheel before any widget."""
        if event.type() == QEvent.Type.Show and watched is self._window:
            self._window.removeEventFilter(self)
            self._window.windowHandle().installEventFilter(self)
        if event.type() != QEvent.Type.Wheel or not isinstance(event, QWheelEvent):
            return False
        if event.modifiers() != Qt.KeyboardModifier.ControlModifier:
            return False
        self._turned += event.angleDelta().y()
        steps = int(self._turned / _NOTCH)
        self._turned -= steps * _NOTCH
        for _ in range(abs(steps)):
            self._scale(1 if steps > 0 else -1)
        return True


def _palette_of_boxes(palette: QPalette) -> QPalette:
    """Check boxes that can be seen on dark panels too: Fusion draws their edge a good deal darker than the window."""
    palette = QPalette(palette)
    edge = palette.color(QPalette.ColorRole.PlaceholderText)
    palette.setColor(QPalette.ColorRole.Window, edge.lighter(FUSION_DARKENS))
    return palette
