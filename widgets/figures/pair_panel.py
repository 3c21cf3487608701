"""A heat map whose rows are images and whose columns are texts: a part of figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from widgets.figures.heat_panel import HeatPanel, ticks
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_image
from widgets.look.theme import FigureStyle

_LONGEST = 11.0  # em of a turned text
_WRAPPED = 6.5  # em: so wide a column has its text beneath it, in lines
_N_LINES = 3
_WIDEST = 30.0  # em of a cell
_MOST_SIDE = 5.0  # em of a small image


@dataclass(frozen=True)
class PairPanel(HeatPanel):
    """Small images stand at the left of their rows; texts beneath their columns, in lines or turned.

    Attributes
    ----------
    images
        uint8 [row, column, 3] of each row.
    diagonal
        Whether cells of the same row and column are framed.
    """

    images: tuple[np.ndarray, ...] = ()
    diagonal: bool = False

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the cells are: the images are as high as rows, the texts have a third of the height at most."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        n_rows, n_columns = self.values.shape
        right = 1.6 * em + max(metrics.horizontalAdvance(text) for text in self._bar_texts())
        side = min(_MOST_SIDE * em, max(1.0, 0.62 * rect.height() / n_rows), 0.2 * rect.width())
        plot = rect.adjusted(side + 0.8 * em, 1.5 * em, -right, 0)
        plot.setWidth(min(plot.width(), _WIDEST * em * n_columns))
        below = self._below(plot.width() / n_columns, metrics)
        plot.setBottom(rect.bottom() - min(below, 0.36 * rect.height()) - 0.4 * em)
        return plot

    def _below(self, width: float, metrics: QFontMetricsF) -> float:
        """What the texts need in height."""
        em = metrics.height()
        widest = max(map(metrics.horizontalAdvance, self.column_names), default=0.0)
        if width >= _WRAPPED * em:
            return min(_N_LINES, 1 + int(widest / (0.8 * width))) * em
        return min(widest, _LONGEST * em)

    def _paint_axes(
        self, painter: QPainter, rect: QRectF, plot: QRectF, style: FigureStyle, metrics: QFontMetricsF
    ) -> None:
        em = metrics.height()
        n_rows, n_columns = self.values.shape
        height, width = plot.height() / n_rows, plot.width() / n_columns
        for row, image in enumerate(self.images):
            room = QRectF(rect.left(), plot.top() + row * height, plot.left() - rect.left() - 0.6 * em, height)
            box = letterbox(image.shape[0], image.shape[1], room.adjusted(1, 1, -1, -1))
            if box.width() >= 1 and box.height() >= 1:
                paint_image(painter, image, box)
        painter.setPen(style.theme.ink)
        room = rect.bottom() - plot.bottom() - 0.3 * em
        if width >= _WRAPPED * em:
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            for column, text in enumerate(self.column_names):
                box = QRectF(plot.left() + column * width + 0.2 * em, plot.bottom() + 0.25 * em, width - 0.4 * em, room)
                lines = max(1, int(room / em))
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, 0.9 * lines * box.width())
                painter.drawText(box, flags, shown)
        else:
            for column in ticks(0, n_columns, int(plot.width() / (1.05 * em))):
                text = metrics.elidedText(self.column_names[column], Qt.TextElideMode.ElideRight, room)
                painter.save()
                painter.translate(
                    plot.left() + (column + 0.5) * width + 0.36 * metrics.ascent(),
                    plot.bottom() + 0.3 * em + metrics.horizontalAdvance(text),
                )
                painter.rotate(-90)
                painter.drawText(QPointF(0, 0), text)
                painter.restore()
        if self.diagonal:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for place in range(min(n_rows, n_columns)):
                cell = self.cell_rect(place, place, plot).adjusted(1.5, 1.5, -1.5, -1.5)
                for color, line in ((style.theme.paper, 3.0), (style.theme.ink, 1.2)):
                    painter.setPen(QPen(color, line))
                    painter.drawRect(cell)
