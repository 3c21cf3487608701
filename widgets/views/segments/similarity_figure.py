"""How alike the labels are to the model, before it has seen an image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.segments import SegmentsResult
from widgets.figures.heat_panel import fixed
from widgets.figures.image_geometry import patch_at, patch_rect
from widgets.figures.image_parts import paint_border, paint_frame, paint_pixels
from widgets.figures.labels import AxisLabels, paint_left, paint_top
from widgets.figures.lettering import resized
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look import color_maps, raster
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

_NAME, _MOST = 8.0, 60.0  # em of a name, and of the whole table


def _tr(text: str) -> str:
    return QCoreApplication.translate("LabelSimilarityFigure", text)


class LabelPair(NamedTuple):
    """Two labels by their numbers."""

    row: int
    column: int


@dataclass(frozen=True)
class LabelSimilarityFigure:
    """Cosines of the labels' own vectors as a matrix."""

    result: SegmentsResult

    @property
    def caption(self) -> str:
        text = _tr("How alike the labels are: cosines of their vectors, from {} (dark) to 1 (bright)")
        return text.format(fixed(self._low, ".2f"))

    @cached_property
    def _low(self) -> float:
        return min(float(self.result.similarity.min()), 0.999)

    @property
    def _n(self) -> int:
        return len(self.result.labels)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        side = max(10.0, min(2.6 * self._n, _MOST))
        return QSizeF((side + _NAME + 8) * em, (side + 8) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        table = self.table(rect, style)
        cell = table.width() / self._n
        values = (self.result.similarity - self._low) / (1 - self._low)
        colors = raster.colored(raster.levels(values), style.color_map)
        paint_pixels(painter, colors, table)
        small = QFontMetricsF(resized(style.font, SMALL))
        if cell > small.horizontalAdvance("\N{MINUS SIGN}0.00") + 0.2 * em:
            painter.setFont(resized(style.font, SMALL))
            for i, row in enumerate(self.result.similarity.tolist()):
                for j, value in enumerate(row):
                    painter.setPen(color_maps.ink_on(int(colors[i, j])))
                    painter.drawText(self._cell(i, j, table), Qt.AlignmentFlag.AlignCenter, fixed(value, ".2f"))
            painter.setFont(style.font)
        left = AxisLabels.left(self._names, cell, metrics, _NAME * em)
        top = AxisLabels.top(self._names, cell, metrics, _NAME * em)
        for i in left.shown():
            paint_left(painter, left, i, self._cell(i, 0, table), style)
        for i in top.shown():
            paint_top(painter, top, i, self._cell(0, i, table), style)
        paint_border(painter, table, style)
        painter.restore()

    @cached_property
    def _names(self) -> list[str]:
        return [clean(label) for label in self.result.labels]

    def table(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the cells are, in the middle: names have as much room as they take, turned above where they must."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        widest = min(max(map(metrics.horizontalAdvance, self._names)), _NAME * em)
        left, slant = widest + em, (widest + em) * math.sqrt(0.5)
        side = self._side(rect, left + 0.5 * em, 2 * em, em)
        if widest + 0.5 * em <= side / self._n:
            above, right = 1.7 * em, 0.5 * em
        else:
            above, right = slant + 0.6 * em, slant
            side = self._side(rect, left + right, above, em)
        spare = max(rect.width() - left - side - right, 0.0)
        return QRectF(rect.left() + left + spare / 2, rect.top() + above, side, side)

    @staticmethod
    def _side(rect: QRectF, beside: float, above: float, em: float) -> float:
        return max(1.0, min(rect.width() - beside, rect.height() - above - 0.3 * em, _MOST * em))

    def _cell(self, row: int, column: int, table: QRectF) -> QRectF:
        return patch_rect(row * self._n + column, (self._n, self._n), table)

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> LabelPair | None:
        """The pair under a point."""
        at = patch_at(point, (self._n, self._n), self.table(rect, style))
        return None if at is None else LabelPair(*divmod(at, self._n))

    def has_spot(self, spot: LabelPair, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a pair."""
        return isinstance(spot, LabelPair) and max(spot) < self._n

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: LabelPair) -> None:
        """Frame the pair that is pointed at."""
        painter.save()
        paint_frame(painter, self._cell(*spot, self.table(rect, style)), style.theme.accent)
        painter.restore()

    def step(self, spot: LabelPair | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> LabelPair:
        """The pair beside."""
        if spot is None:
            return LabelPair(0, 0)
        return LabelPair(*(min(max(at + by, 0), self._n - 1) for at, by in zip(spot, (down, right), strict=True)))

    def describe(self, spot: LabelPair) -> str:
        """The number of a pair."""
        one, other = (isolated(self.result.labels[i]) for i in spot)
        return _tr("{} and {}: cosine {}").format(one, other, fixed(float(self.result.similarity[spot]), ".4f"))

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {"similarity": result.similarity, "names": np.array(result.labels, np.str_)}
        rows: list[tuple[str | int | float, ...]] = [
            (one, other, float(result.similarity[i, j]))
            for i, one in enumerate(result.labels)
            for j, other in enumerate(result.labels)
        ]
        return Numbers(arrays, ("label", "other", "cosine"), rows)
