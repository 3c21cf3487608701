"""How alike the heads of a layer are: a heat map of heads against heads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.head_similarity import HeadSimilarityResult
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_LOWS = (0.0, 0.5, 0.8, 0.9, 0.98)  # of the colours


@dataclass(frozen=True)
class HeadSimilarityFigure(PanelFigure):
    """Rows and columns are the heads; a cell says how alike two of them are.

    Attributes
    ----------
    selected
        The head whose row is framed.
    order
        Heads by their number, or alike ones together: each after the one that it is most like.
    """

    result: HeadSimilarityResult
    selected: int | None = None
    order: Literal["head", "alike"] = "head"
    has_numbers: bool = True

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """The heads in the order of rows and columns."""
        alike = self.result.similarity
        if self.order == "head":
            return tuple(range(len(alike)))
        # From the most typical head on, always to the one most like the last: neighbours are alike.
        order = [int(alike.sum(1).argmax())]
        while len(order) < len(alike):
            rest = [head for head in range(len(alike)) if head not in order]
            order.append(max(rest, key=lambda head: (alike[order[-1], head], -head)))
        return tuple(order)

    @property
    def caption(self) -> str:
        result = self.result
        sampled = ""
        if result.n_rows < result.n_queries:
            sampled = _tr("; from {:,} of {:,} queries").format(result.n_rows, result.n_queries)
        text = _tr("Similarity of the heads of layer {}: 1 minus the Jensen-Shannon divergence in bits{}")
        return text.format(result.layer, sampled)

    def describe(self, cell: Cell) -> str:
        """One pair of heads in words."""
        row, column = self.heads[cell.row], self.heads[cell.column]
        if row == column:
            return _tr("Head {} with itself: 1").format(row)
        return _tr("Heads {} and {}: {:.4f}").format(row, column, self.result.similarity[row, column])

    @property
    def _low(self) -> float:
        """Where the colours begin: heads that are all alike are told apart by what little they differ."""
        least = float(self.result.similarity.min())
        return max(low for low in _LOWS if low <= max(least, 0.0))

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        alike = self.result.similarity[np.ix_(self.heads, self.heads)]
        row = self.heads.index(self.selected) if self.selected in self.heads else None
        panel = HeatPanel(
            alike,
            ColorScale(self._low, 1.0, is_signed=False),
            _tr("1: they attend alike; 0: never to the same"),
            _tr("head"),
            _tr("head"),
            keeps_square=True,
            value_format=".2f" if self.has_numbers else "",
            band=None if row is None else (row, row),
            labels=self.heads,
        )
        return [(panel, rect)]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        side = max(12.0, 2.6 * len(self.heads)) * em
        return QSizeF(side + 7 * em, side + 4.1 * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)

    def numbers(self) -> Numbers:
        """The similarity by the numbers of the heads, whatever their order on screen."""
        alike = self.result.similarity
        header = ("head", *(f"head {head}" for head in range(len(alike))))
        rows: list[tuple[str | int | float, ...]] = [
            (head, *(float(value) for value in row)) for head, row in enumerate(alike)
        ]
        return Numbers({"similarity": alike, "layer": np.array(self.result.layer)}, header, rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadSimilarityFigure", text)
