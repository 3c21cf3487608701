"""What attention patterns cost as texts grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from widgets.figures.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.sparse.cost import flops, map_bytes
from widgets.views.sparse.figures.log_chart import ChartFigure, Curve, LogChart, Spot, bytes_text, count_text
from widgets.views.sparse.patterns import Pattern

LENGTHS = tuple(2**power for power in range(6, 18))  # 64 to 131,072
_SERIES = {"full": 9, "causal": 3, "window": 0, "dilated": 7, "longformer": 4, "bigbird": 1}


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparseCost", text)


@lru_cache(maxsize=64)
def _cells(pattern: Pattern) -> tuple[int, ...]:
    return tuple(pattern.cells(n) for n in LENGTHS)


@dataclass(frozen=True)
class SparseCostFigure(ChartFigure):
    """Cells, floating-point operations and memory of one head against the length of the text: none of it measured.

    Attributes
    ----------
    patterns
        Each a curve.
    d_model
        Dimensions of queries, keys and values.
    """

    patterns: tuple[Pattern, ...]
    d_model: int = 64

    @property
    def caption(self) -> str:
        names = ", ".join(pattern.kind.title.lower() for pattern in self.patterns)
        return _tr("Cost by the formula of {}; {} dimensions").format(names, self.d_model)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(88 * em, 25 * em)

    def numbers(self) -> Numbers:
        rows: list[tuple[str | int | float, ...]] = []
        arrays = {"lengths": np.array(LENGTHS), "d_model": np.array(self.d_model)}
        for pattern in self.patterns:
            cells = _cells(pattern)
            arrays[f"cells_{pattern.name}"] = np.array(cells)
            for n, count in zip(LENGTHS, cells, strict=True):
                row = pattern.kind.title, n, count, flops(count, self.d_model), map_bytes(count)
                rows.append(row)
        return Numbers(arrays, ("pattern", "tokens", "cells", "FLOPs", "bytes of the weights"), rows)

    def charts(self, rect: QRectF, style: FigureStyle) -> list[tuple[LogChart, QRectF]]:
        charts = [
            self._chart(_tr("Cells"), _tr("counted"), count_text, lambda cells: cells, style),
            self._chart(
                _tr("Operations"),
                _tr("by formula: 4 · cells · d FLOPs"),
                count_text,
                lambda cells: flops(cells, self.d_model),
                style,
            ),
            self._chart(_tr("Memory"), _tr("by formula: 4 bytes a weight"), bytes_text, map_bytes, style),
        ]
        em = QFontMetricsF(style.font).height()
        is_row = rect.width() > 1.5 * rect.height()
        gap = 1.2 * em
        if is_row:
            width = (rect.width() - 2 * gap) / 3
            areas = [QRectF(rect.left() + i * (width + gap), rect.top(), width, rect.height()) for i in range(3)]
        else:
            height = (rect.height() - 2 * gap) / 3
            areas = [QRectF(rect.left(), rect.top() + i * (height + gap), rect.width(), height) for i in range(3)]
        return list(zip(charts, areas, strict=True))

    def _chart(
        self,
        title: str,
        kind: str,
        text: Callable[[float], str],
        of_cells: Callable[[int], int],
        style: FigureStyle,
    ) -> LogChart:
        x = np.array(LENGTHS, float)
        curves = tuple(
            Curve(
                pattern.kind.short,
                series_color(pattern.name, style),
                x,
                np.array([of_cells(cells) for cells in _cells(pattern)], float),
            )
            for pattern in self.patterns
        )
        return LogChart(title, kind, _tr("tokens n"), text, curves, (LENGTHS[0], LENGTHS[-1]))

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for chart, area in self.charts(rect, style):
            chart.paint(painter, area, style)

    def describe(self, spot: Spot) -> str:
        """The exact numbers of a point, and how they compare with full attention."""
        pattern, n = self.patterns[spot.curve], LENGTHS[spot.point]
        cells = _cells(pattern)[spot.point]
        text = _tr("{} at {} tokens, by the formula: {} cells, {} FLOPs, {} of memory; {} of full attention.")
        share = f"1/{n * n / cells:,.4g}" if cells < n * n else _tr("all")
        return text.format(
            pattern.kind.title, f"{n:,}", f"{cells:,}", f"{flops(cells, self.d_model):,}",
            bytes_text(map_bytes(cells)), share,
        )  # fmt: skip


def series_color(name: str, style: FigureStyle) -> QColor:
    """The colour of a pattern's curve."""
    return style.theme.series[_SERIES[name]]
