"""Three sizes of letters: the text's own, and these times as large; how letters and their rows grow with the room."""

from __future__ import annotations

from PySide6.QtGui import QFont

SMALL = 0.85  # beside axes, and where there is little room
LARGE = 1.3  # titles, and what a picture is about
GROWN = (LARGE * LARGE, LARGE)  # times as large: all letters of a figure that has much more room than it needs
TALL_ROW = 2.6  # em of a row of letters: many of them fall apart when they are higher


def row_height(room: float, n_rows: float, least: float, most: float = TALL_ROW) -> float:
    """em of each of some rows that share a room of so many em: as high as it lets them be, within reason."""
    return min(max(room / max(n_rows, 1), least), most)


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
