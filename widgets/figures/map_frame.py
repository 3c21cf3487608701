"""A frame round cells of a heat map."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from widgets.look.theme import FigureStyle


def paint_map_frame(painter: QPainter, box: QRectF, style: FigureStyle, color: QColor) -> None:
    """Two lines, so that it is seen on every colour of the map."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, width in ((style.theme.paper, 4), (color, 2)):
        pen = QPen(ink, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(box)
