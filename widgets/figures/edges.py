"""Lines from box to box, as in trees."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath


def edge(start: QRectF, end: QRectF) -> QPainterPath:
    """A curve from the middle of the right of one box to the middle of the left of another."""
    first, last = QPointF(start.right(), start.center().y()), QPointF(end.left(), end.center().y())
    middle = (first.x() + last.x()) / 2
    path = QPainterPath(first)
    path.cubicTo(QPointF(middle, first.y()), QPointF(middle, last.y()), last)
    return path
