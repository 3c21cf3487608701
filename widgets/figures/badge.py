"""A word in the corner of a picture: that it is a first look only."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from widgets.look.theme import FigureStyle


def badge_size(text: str, metrics: QFontMetricsF) -> QSizeF:
    """How large it is."""
    return QSizeF(metrics.horizontalAdvance(text) + metrics.height(), 1.4 * metrics.height())


def paint_badge(painter: QPainter, corner: QPointF, text: str, style: FigureStyle) -> None:
    """Paint it with its lower right corner there."""
    metrics = QFontMetricsF(style.font)
    size = badge_size(text, metrics)
    box = QRectF(corner - QPointF(size.width(), size.height()), size)
    ground = QColor(style.theme.panel)
    ground.setAlpha(225)
    painter.save()
    painter.setFont(style.font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    radius = 0.3 * metrics.height()
    painter.drawRoundedRect(box, radius, radius)
    painter.setPen(style.theme.warning)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
