"""Rows of a name, a bar and a number: a part of the figures of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.prediction import Span
from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle

ROW, TALLEST_ROW = 1.5, 4.0  # em, the least, and the most: there are few of them as a rule
_MOST_NAME = 0.5  # of the width


@dataclass(frozen=True)
class PredictedRow:
    """A class, an entity or an answer.

    Attributes
    ----------
    length
        Of the bar: -1 to 1, to the left of zero where it is negative.
    number
        What is written behind the bar.
    is_chosen
        Whether it is what the model says in the end.
    series
        Number of the bar's colour.
    span
        The tokens that it is about.
    """

    name: str
    length: float
    number: str
    is_chosen: bool = False
    series: int = 0
    span: Span | None = None


def paint_rows(
    painter: QPainter,
    rows: Sequence[PredictedRow],
    boxes: Sequence[QRectF],
    style: FigureStyle,
    mark: float | None = None,
) -> None:
    """Paint the rows into their boxes; `mark` is a line across the bars, at that part of their length."""
    if not rows:
        return
    metrics, theme = QFontMetricsF(style.font), style.theme
    bold = QFontMetricsF(resized(style.font, bold=True))
    em, width = metrics.height(), boxes[0].width()
    names = min(max(bold.horizontalAdvance(row.name) for row in rows), _MOST_NAME * width)
    numbers = max(bold.horizontalAdvance(row.number) for row in rows)
    has_negative = any(row.length < 0 for row in rows)
    painter.save()
    for row, box in zip(rows, boxes, strict=True):
        bar = QRectF(box.left() + names + 0.6 * em, box.top() + 0.2 * em, 0, box.height() - 0.4 * em)
        bar.setRight(max(box.right() - numbers - 0.6 * em, bar.left() + 1))
        painter.setFont(resized(style.font, bold=row.is_chosen))
        painter.setPen(theme.ink)
        baseline = box.center().y() + 0.36 * metrics.ascent()
        own = bold if row.is_chosen else metrics
        painter.drawText(
            QPointF(box.left(), baseline), own.elidedText(row.name, Qt.TextElideMode.ElideRight, names + 1)
        )
        painter.drawText(QPointF(box.right() - own.horizontalAdvance(row.number), baseline), row.number)
        painter.fillRect(bar, theme.line)
        zero = bar.center().x() if has_negative else bar.left()
        room = bar.right() - zero
        part = QRectF(zero, bar.top(), room * row.length, bar.height()).normalized()
        part.setWidth(max(part.width(), 0.06 * em))
        painter.fillRect(part, series_color(row.series, style))
        if has_negative or mark is not None:
            painter.setPen(QPen(theme.ink, 1))
            x = zero if mark is None else bar.left() + mark * bar.width()
            painter.drawLine(QPointF(x, bar.top()), QPointF(x, bar.bottom()))
    painter.restore()


def series_color(number: int, style: FigureStyle) -> QColor:
    """A colour that is told from its neighbours; after ten they come again."""
    return style.theme.series[number % len(style.theme.series)]
