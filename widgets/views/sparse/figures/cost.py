"""What attention patterns cost as texts grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from PySide6.QtCore import QCoreApplication, QSizeF
from PySide6.QtGui import QFontMetricsF

from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import bytes_text, count_text, length_text
from widgets.views.sparse.cost import flops, map_bytes
from widgets.views.sparse.patterns import Pattern

LENGTHS = tuple(2**power for power in range(6, 18))  # 64 to 131,072
_SERIES = {"full": 9, "causal": 3, "window": 0, "dilated": 7, "longformer": 4, "bigbird": 1}
_MARGIN = 1.15  # a factor beyond the first and the last length


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparseCost", text)


@lru_cache(maxsize=64)
def _cells(pattern: Pattern) -> tuple[int, ...]:
    return tuple(pattern.cells(n) for n in LENGTHS)


@dataclass(frozen=True)
class SparseCostFigure(PlottedFigure):
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
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        names = ", ".join(pattern.kind.title.lower() for pattern in self.patterns)
        if len(self.patterns) > 1:  # the legend names them
            names = _tr("{} patterns").format(len(self.patterns))
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

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        operations, memory = _tr("by formula: 4 · cells · d FLOPs"), _tr("by formula: 4 bytes a weight")
        return (
            self._plot(_tr("Cells"), _tr("counted"), count_text, lambda cells: cells),
            self._plot(_tr("Operations"), operations, count_text, lambda cells: flops(cells, self.d_model)),
            self._plot(_tr("Memory"), memory, bytes_text, map_bytes),
        )

    def _plot(self, title: str, subtitle: str, text: Callable[[float], str], of_cells: Callable[[int], int]) -> Plot:
        x = np.array(LENGTHS, float)
        curves = tuple(
            Curve(
                pattern.kind.title,
                x,
                np.array([of_cells(cells) for cells in _cells(pattern)], float),
                _SERIES[pattern.name],
                is_dashed=True,
            )
            for pattern in self.patterns
        )
        return Plot(curves, length_axis(_tr("tokens n"), LENGTHS), Axis("", True, text=text), title, subtitle)

    def describe(self, spot: PlotSpot) -> str:
        """The exact numbers of a point, and how they compare with full attention."""
        pattern, n = self.patterns[spot.series], LENGTHS[spot.point]
        cells = _cells(pattern)[spot.point]
        text = _tr("{} at {} tokens, by the formula: {} cells, {} FLOPs, {} of memory; {} of full attention.")
        share = f"1/{n * n / cells:,.4g}" if cells < n * n else _tr("all")
        return text.format(
            pattern.kind.title, f"{n:,}", f"{cells:,}", f"{flops(cells, self.d_model):,}",
            bytes_text(map_bytes(cells)), share,
        )  # fmt: skip


def length_axis(title: str, lengths: Sequence[int]) -> Axis:
    """An axis of lengths, with ticks at powers of two, and a little more than all of them."""
    return Axis(title, True, 2, min(lengths) / _MARGIN, max(lengths) * _MARGIN, length_text)
