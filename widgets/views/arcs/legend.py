"""Which line is which head, for files: on screen the chips above the picture say it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QPainter

from widgets.figures.lettering import measure, points_font
from widgets.look.theme import FigureStyle
from widgets.views.arcs.lines import chip_pen

_LINE, _GAP, _ROW = 1.6, 1.2, 1.4  # em


@dataclass(frozen=True)
class HeadLegend:
    """A line of its colour and dashes beside the name of each head, as many in a row as there is room for."""

    heads: tuple[int, ...]

    def height(self, width: float, style: FigureStyle) -> float:
        """What it takes below a figure of some width, in points."""
        rows = self._rows(width, style)
        return (len(rows) * _ROW + 0.4) * measure(style.font).height()

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint into `rect`, in the middle of its width."""
        metrics = measure(style.font)
        em = metrics.height()
        painter.save()
        painter.setFont(points_font(style.font, painter.device()))
        for number, row in enumerate(self._rows(rect.width(), style)):
            x = rect.center().x() - (sum(self._width(head, style) for head in row) - _GAP * em) / 2
            y = rect.top() + (0.4 + (number + 0.5) * _ROW) * em
            for head in row:
                painter.setPen(chip_pen(head, style.theme, 0.22 * em))
                painter.drawLine(QPointF(x, y), QPointF(x + _LINE * em, y))
                painter.setPen(style.theme.ink)
                baseline = y + (metrics.ascent() - metrics.descent()) / 2
                painter.drawText(QPointF(x + (_LINE + 0.4) * em, baseline), self._name(head))
                x += self._width(head, style)
        painter.restore()

    def _rows(self, width: float, style: FigureStyle) -> list[list[int]]:
        rows: list[list[int]] = []
        room = 0.0
        for head in self.heads:
            needed = self._width(head, style)
            if not rows or needed > room:
                rows.append([])
                room = width + _GAP * measure(style.font).height()
            rows[-1].append(head)
            room -= needed
        return rows

    def _width(self, head: int, style: FigureStyle) -> float:
        metrics = measure(style.font)
        return metrics.horizontalAdvance(self._name(head)) + (_LINE + 0.4 + _GAP) * metrics.height()

    def _name(self, head: int) -> str:
        return QCoreApplication.translate("HeadLegend", "Head {}").format(head)
