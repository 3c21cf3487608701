"""Theme and letters of the whole program, changed live."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QApplication

from widgets.look.theme import DARK, LIGHT, Theme

SMALLEST, LARGEST = 0.7, 3.0
FUSION_DARKENS = 127  # percent: what Qt's Fusion divides the brightness of the window by for the edge of a check box


class Appearance:
    """Remembers the system's own font, so that scaling never adds up."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._points = max(application.font().pointSizeF(), 9.0)
        application.setStyle("Fusion")

    def apply(self, theme: str, font_scale: float) -> None:
        """`theme` is `system`, `light` or `dark`; `font_scale` multiplies the system's size."""
        palette = theme_named(theme, self._application).palette()
        if palette != self._application.palette():
            self._application.setPalette(palette)
            self._application.setPalette(_palette_of_boxes(palette), "QCheckBox")
        font = QFont(self._application.font())
        font.setPointSizeF(self._points * min(max(font_scale, SMALLEST), LARGEST))
        if font != self._application.font():
            self._application.setFont(font)


def theme_named(name: str, application: QApplication) -> Theme:
    """The theme of a setting."""
    is_dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark if name == "system" else name == "dark"
    return DARK if is_dark else LIGHT


def _palette_of_boxes(palette: QPalette) -> QPalette:
    """Check boxes that can be seen on dark panels too: Fusion draws their edge a good deal darker than the window."""
    palette = QPalette(palette)
    edge = palette.color(QPalette.ColorRole.PlaceholderText)
    palette.setColor(QPalette.ColorRole.Window, edge.lighter(FUSION_DARKENS))
    return palette
