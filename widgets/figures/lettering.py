"""Letters of one size in every figure: on any device, at any resolution."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication, QPaintDevice


def points_font(font: QFont, device: QPaintDevice) -> QFont:
    """The font whose letters are as high in painter coordinates as the font's size in points.

    A device would scale them by its own resolution, on top of what the painter scales.
    """
    return _sized(font, device.logicalDpiY())


def measure(font: QFont) -> QFontMetricsF:
    """Metrics in points, for a layout that is made before there is a device."""
    screen = QGuiApplication.primaryScreen()
    return QFontMetricsF(_sized(font, screen.logicalDotsPerInchY() if screen else 96.0))


def resized(font: QFont, factor: float = 1.0, *, bold: bool = False) -> QFont:
    """The font some times as large, and bold on request."""
    other = QFont(font)
    if font.pointSizeF() > 0:
        other.setPointSizeF(font.pointSizeF() * factor)
    else:
        other.setPixelSize(round(font.pixelSize() * factor))
    if bold:
        other.setBold(True)
    return other


def _sized(font: QFont, dpi: float) -> QFont:
    sized = QFont(font)
    if font.pointSizeF() > 0:  # a size in pixels is one in painter coordinates already
        sized.setPointSizeF(font.pointSizeF() * 72 / dpi)
    # Hinted advances belong to whole pixels of one size; these letters are scaled.
    sized.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return sized
