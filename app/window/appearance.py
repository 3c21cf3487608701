"""Theme and letters of the whole program, changed live."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption, QWidget

from widgets.look.theme import DARK, LIGHT, Theme

SMALLEST, LARGEST = 0.7, 3.0


class Appearance:
    """Remembers the system's own font, so that scaling never adds up."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._points = max(application.font().pointSizeF(), 9.0)
        application.setStyle(_Style("Fusion"))

    def apply(self, theme: str, font_scale: float) -> None:
        """`theme` is `system`, `light` or `dark`; `font_scale` multiplies the system's size."""
        palette = theme_named(theme, self._application).palette()
        if palette != self._application.palette():
            self._application.setPalette(palette)
        font = QFont(self._application.font())
        font.setPointSizeF(self._points * min(max(font_scale, SMALLEST), LARGEST))
        if font != self._application.font():
            self._application.setFont(font)


def theme_named(name: str, application: QApplication) -> Theme:
    """The theme of a setting."""
    is_dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark if name == "system" else name == "dark"
    return DARK if is_dark else LIGHT


class _Style(QProxyStyle):
    """Fusion, with check boxes that can be seen on dark panels too."""

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        super().drawPrimitive(element, option, painter, widget)
        if element == QStyle.PrimitiveElement.PE_IndicatorCheckBox:
            palette: QPalette = option.palette  # type: ignore[attr-defined]
            rect: QRect = option.rect  # type: ignore[attr-defined]
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
