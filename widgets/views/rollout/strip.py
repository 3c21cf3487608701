"""Where one query comes from, or what it looks at, as bars."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from widgets.look import raster
from widgets.look.theme import FigureStyle

_FAR = 3.0  # times the largest of the others: a query's own share is then cut off, else nothing would be seen of them

_LEAST_CUT = 4.0  # points of the gap in a bar that is cut off


class SharesOfQuery(NamedTuple):
    """The shares of one query.

    Attributes
    ----------
    row
        float32 [key_pos].
    own
        The query's own place among the keys.
    """

    row: np.ndarray
    own: int

    @property
    def largest_other(self) -> float:
        """The largest share but its own."""
        return float(np.delete(self.row, self.own).max(initial=0.0))

    @property
    def is_cut(self) -> bool:
        """Whether its own share goes beyond the upper edge."""
        return 0 < _FAR * self.largest_other < float(self.row[self.own])

    @property
    def high(self) -> float:
        """The share of the upper edge."""
        return self.largest_other if self.is_cut else float(self.row.max(initial=0.0))

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint as many bars as there are pixels, each the largest of those that meet there.

        Bars that touch are one shape: by themselves their edges would lie between pixels and look like stripes.
        """
        theme, n = style.theme, max(1, min(len(self.row), int(rect.width())))
        heights = np.minimum(raster.resample(self.row[None], 1, n)[0] / (self.high or 1.0), 1.0) * rect.height()
        width = rect.width() / n
        gap = 0.12 * width if width > 4 else 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.accent)
        if gap:
            for i in np.flatnonzero(heights > 0).tolist():
                height = float(heights[i])
                painter.drawRect(QRectF(rect.left() + i * width + gap, rect.bottom() - height, width - 2 * gap, height))
        else:
            lefts_and_rights = (rect.left() + np.arange(n + 1) * width).repeat(2)[1:-1].tolist()
            tops = (rect.bottom() - heights).repeat(2).tolist()
            outline = map(QPointF, lefts_and_rights, tops)
            painter.drawPolygon(QPolygonF([rect.bottomLeft(), *outline, rect.bottomRight()]))
        if self.is_cut:
            self._paint_cut(painter, rect, style)
        painter.setPen(QPen(theme.faint, 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _paint_cut(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """A slanted gap below the upper edge: the bar goes on."""
        width = rect.width() / len(self.row)
        own = QRectF(rect.left() + self.own * width, rect.top(), width, rect.height())
        if width < _LEAST_CUT:
            own.adjust((width - _LEAST_CUT) / 2, 0, (_LEAST_CUT - width) / 2, 0)
        y = rect.top() + min(0.25 * rect.height(), 6.0)
        painter.save()
        painter.setClipRect(own, Qt.ClipOperation.IntersectClip)  # a bar beside it is not cut
        painter.setPen(QPen(style.theme.paper, 2.5))
        painter.drawLine(QPointF(own.left() - 2, y + 2), QPointF(own.right() + 2, y - 2))
        painter.restore()
