"""How alike the labels are to the model, before it has seen an image."""

from __future__ import annotations

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
        side = max(10.0, min(2.6 * self._n, 60.0))
        return QSizeF((side + 9) * em, (side + 7) * em)

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
        names = [clean(label) for label in self.result.labels]
        left, top = AxisLabels.left(names, cell, metrics, 8 * em), AxisLabels.top(names, cell, metrics, 6 * em)
        for i in left.shown():
            paint_left(painter, left, i, self._cell(i, 0, table), style)
        for i in top.shown():
            paint_top(painter, top, i, self._cell(0, i, table), style)
        paint_border(painter, table, style)
        painter.restore()

    def table(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the cells are."""
        em = QFontMetricsF(style.font).height()
        side = max(1.0, min(rect.width() - 10 * em, rect.height() - 7 * em, 60 * em))
        return QRectF(rect.left() + 9 * em, rect.top() + 6 * em, side, side)

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
