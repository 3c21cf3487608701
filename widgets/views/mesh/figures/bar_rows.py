"""Named bars beneath each other, each of one or more pieces: a part of figures."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle

ROW = 1.45  # em


@dataclass(frozen=True)
class BarRow:
    """A bar.

    Attributes
    ----------
    pieces
        Lengths, 0 to 1 together, painted in the first colours of the theme's series.
    value
        Written at the right.
    is_strong
        Whether its name is bold.
    """

    name: str
    pieces: tuple[float, ...]
    value: str
    is_strong: bool = False


def paint_rows(painter: QPainter, rows: tuple[BarRow, ...], rect: QRectF, style: FigureStyle) -> None:
    """As many as have room in `rect`; names and values take what they need, names at most half."""
    metrics = QFontMetricsF(resized(style.font, bold=True))
    em = QFontMetricsF(style.font).height()
    shown = rows[: max(int(rect.height() / (ROW * em)), 0)]
    names = min(max((metrics.horizontalAdvance(row.name) for row in shown), default=0.0), 0.5 * rect.width())
    values = max((metrics.horizontalAdvance(row.value) for row in shown), default=0.0)
    track = max(rect.width() - names - values - 1.2 * em, em)
    middle = Qt.AlignmentFlag.AlignVCenter
    for number, row in enumerate(shown):
        font = resized(style.font, bold=row.is_strong)
        painter.setFont(font)
        line = QRectF(rect.left(), rect.top() + number * ROW * em, rect.width(), ROW * em)
        painter.setPen(style.theme.ink)
        name = QFontMetricsF(font).elidedText(row.name, Qt.TextElideMode.ElideRight, names + 1)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | middle, name)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | middle, row.value)
        left = line.left() + names + 0.6 * em
        painter.setPen(Qt.PenStyle.NoPen)
        for piece, length in enumerate(row.pieces):
            bar = QRectF(left, line.top() + 0.25 * em, max(length * track, 0.0), 0.95 * em)
            painter.fillRect(bar, style.theme.series[piece])
            left = bar.right()
