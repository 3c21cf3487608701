"""A frame round cells of a heat map, and lines through them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from widgets.look.theme import FigureStyle

_OUTER, _INNER = 4, 2  # pixels of the two lines


def paint_map_frame(
    painter: QPainter, box: QRectF, style: FigureStyle, color: QColor, line: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    """Two lines, so that it is seen on every colour of the map; outside, so that thin rows are not hidden by it."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    outside = box.adjusted(-_OUTER / 2, -_OUTER / 2, _OUTER / 2, _OUTER / 2)
    for pen in (QPen(style.theme.paper, _OUTER), QPen(color, _INNER, line)):
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(outside)


def paint_cross_hair(painter: QPainter, plot: QRectF, box: QRectF, style: FigureStyle) -> None:
    """A frame round cells, and from it lines to the edges of the plot, dark below light on every colour of the map."""
    middle = box.center()
    for pen in (QPen(QColor(0, 0, 0, 150), 3), QPen(QColor(255, 255, 255, 220), 1)):
        painter.setPen(pen)
        for start, end in ((plot.left(), box.left()), (box.right(), plot.right())):
            painter.drawLine(QPointF(start, middle.y()), QPointF(end, middle.y()))
        for start, end in ((plot.top(), box.top()), (box.bottom(), plot.bottom())):
            painter.drawLine(QPointF(middle.x(), start), QPointF(middle.x(), end))
    paint_map_frame(painter, box, style, style.theme.accent)
