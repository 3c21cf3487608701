"""Rows of text in the picture of n-grams."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle


def paint_line(
    painter: QPainter,
    row: QRectF,
    left: str,
    right: str,
    style: FigureStyle,
    *,
    bold: bool,
    color: QColor | None = None,
) -> None:
    """A text at the left of a row and one at its right."""
    font = resized(style.font, bold=bold)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(color or style.theme.ink)
    baseline = row.center().y() + 0.36 * metrics.ascent()
    room = metrics.horizontalAdvance(right)
    painter.drawText(QPointF(row.left(), baseline), elided(left, metrics, row.width() - room - metrics.height() / 2))
    painter.drawText(QPointF(row.right() - room, baseline), right)
    painter.setFont(style.font)


def elided(text: str, metrics: QFontMetricsF, width: float) -> str:
    """A text as far as it has room."""
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(width, 0.0))
