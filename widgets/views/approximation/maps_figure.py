"""The exact pattern of a head, what stands in for it, and what is between them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.approximation import METHOD_BY_NAME, ApproximationMethod, ApproximationResult
from widgets.figures.color_bar import bright_end
from widgets.figures.heat_panel import MINUS, ColorScale, HeatPanel, short
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.figures.token_axis import TokenAxis
from widgets.kit.clean import isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_GAP = 1.2  # em between maps below each other
_HIGHEST = 2.2  # height of a map to its width: cells may be higher than wide, but not by far
_ROUNDING = 1e-6  # what a sum is off is no more than that


@dataclass(frozen=True)
class ApproximationMapsFigure(PanelFigure):
    """Three maps on the same axes, with a line that says how far they are apart and what was saved.

    Attributes
    ----------
    selected
        Query and key of the cell that is framed in all three; None for none.
    """

    result: ApproximationResult
    selected: tuple[int, int] | None = None

    @property
    def method(self) -> ApproximationMethod:
        return METHOD_BY_NAME[self.result.method]

    @property
    def size_text(self) -> str:
        """Such as "8 features"; empty where there is no size to choose."""
        units = {"rank": _tr("rank {:,}"), "features": _tr("{:,} features"), "landmarks": _tr("{:,} landmarks")}
        return units.get(self.method.unit, "").format(self.result.size)

    @property
    def title(self) -> str:
        """The method with its size."""
        return ", ".join(filter(None, (self.method.title, self.size_text)))

    @property
    def caption(self) -> str:
        result = self.result
        seed = _tr(", seed {}").format(result.seed) if self.method.is_random else ""
        return _tr("{}{}, of layer {}, head {}").format(self.title, seed, result.layer, result.head)

    @property
    def summary(self) -> str:
        """How far apart, and at what cost, in a line."""
        result = self.result
        parts = [_tr("error of the pattern {}").format(share_text(result.error["pattern"]))]
        if not math.isnan(result.error["output"]):
            parts.append(_tr("of the head's output {}").format(share_text(result.error["output"])))
        off = result.error["row_sum"]
        parts.append(_tr("rows sum to 1") if off < _ROUNDING else _tr("row sums up to {} off 1").format(short(off, 2)))
        if self.method.is_bound:
            parts.append(_tr("needs all {:,} cells first").format(result.n_cells_exact))
        else:
            parts.append(_tr("{:,} numbers in place of {:,} cells").format(result.n_cells, result.n_cells_exact))
        return "; ".join(parts)

    @cached_property
    def difference(self) -> np.ndarray:
        """float32 [query_pos, key_pos], approximate minus exact."""
        return self.result.approximate - self.result.exact

    @cached_property
    def _axes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return TokenAxis.of(self.result.query_tokens).labels, TokenAxis.of(self.result.key_tokens).labels

    @cached_property
    def _panels(self) -> tuple[HeatPanel, ...]:
        result = self.result
        rows, columns = self._axes
        high = bright_end(result.exact)
        exact, approximate = (
            ColorScale(0.0, high, is_signed=False, is_clipped=float(values.max()) > high * 1.001)
            for values in (result.exact, result.approximate)
        )
        maps = (
            (result.exact, exact, _tr("Exact: softmax(Q Kᵀ/√d)")),
            (result.approximate, approximate, self._short_title),
            (self.difference, ColorScale.signed(self.difference), _tr("Approximate minus exact")),
        )
        return tuple(
            HeatPanel(
                values, scale, title, _tr("query"), _tr("key"), selected=self.selected,
                row_names=rows, column_names=columns, turns_names=True,
            )
            for values, scale, title in maps
        )  # fmt: skip

    @property
    def _short_title(self) -> str:
        return ", ".join(filter(None, (_tr("Approximate"), self.size_text)))

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        """Beside each other; below each other where that is higher than wide."""
        em = QFontMetricsF(style.font).height()
        area = rect.adjusted(0, 0, 0, -(0.8 + len(self._summary_lines(rect.width(), style))) * em)
        if area.width() >= area.height():
            return self._beside(area, style)
        gap = _GAP * em
        height = (area.height() - gap) / 3
        return [
            (panel, QRectF(area.left(), area.top() + i * (height + gap / 2), area.width(), height))
            for i, panel in enumerate(self._panels)
        ]

    def _beside(self, area: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        """From left to right, with cells of one size; the names of rows stand once, and all have whole titles."""
        nameless = ("",) * len(self.result.exact)
        first, *others = self._panels
        panels = [first, *(replace(panel, row_names=nameless, row_label="") for panel in others)]
        around = [area.width() - panel.plot(area, style).width() for panel in panels]
        side = max((area.width() - sum(around)) / 3, 1.0)
        height = min(area.height(), _HIGHEST * side + 9 * QFontMetricsF(style.font).height())
        lefts = [area.left() + i * side + sum(around[:i]) for i in range(3)]
        boxes = [QRectF(left, area.top(), side + margin, height) for left, margin in zip(lefts, around, strict=True)]
        placed = list(zip(panels, boxes, strict=True))
        metrics = QFontMetricsF(style.font)
        if all(
            metrics.horizontalAdvance(one.title) <= box.right() - one.plot(box, style).left() for one, box in placed
        ):
            return placed
        titles = _tr("Exact"), _tr("Approximate"), _tr("Difference")
        return [(replace(one, title=title), box) for (one, box), title in zip(placed, titles, strict=True)]

    def least_width(self, style: FigureStyle) -> float:
        """Three maps of which the names of tokens leave something."""
        return (3 * 12 + 8) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        side = min(max(16.0, 1.2 * max(self.result.exact.shape)), 40.0) * em + 8 * em
        return QSizeF(3 * side, side + 4.8 * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        placed = self.panels(rect, style)
        for panel, area in placed:
            panel.paint(painter, area, style)
        metrics = QFontMetricsF(style.font)
        painter.save()
        painter.setFont(style.font)
        painter.setPen(style.theme.ink)
        line = max(area.bottom() for _, area in placed) + 0.6 * metrics.height() + metrics.ascent()
        for number, text in enumerate(self._summary_lines(rect.width(), style)):
            painter.drawText(QPointF(rect.left(), line + number * metrics.height()), text)
        painter.restore()

    def _summary_lines(self, width: float, style: FigureStyle) -> list[str]:
        """The summary, broken between its parts: part of a number would be another number."""
        metrics = QFontMetricsF(style.font)
        lines: list[str] = []
        for part in (self.summary[:1].upper() + self.summary[1:] + ".").split("; "):
            longer = f"{lines[-1]}; {part}" if lines else part
            if lines and metrics.horizontalAdvance(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(part)
        return lines

    def describe(self, cell: Cell) -> str:
        """One query and key with its three numbers."""
        result, at = self.result, (cell.row, cell.column)
        words = (result.query_tokens.words[cell.row], result.key_tokens.words[cell.column])
        numbers = (result.exact[at], result.approximate[at], self.difference[at])
        texts = [f"{float(value):.4f}".replace("-", MINUS) for value in numbers]
        text = _tr("“{}” attends to “{}”: exact {}, approximate {}, difference {}")
        return text.format(*map(isolated, words), *texts)

    def numbers(self) -> Numbers:
        """A row a cell; the errors are in NPZ alone."""
        result = self.result
        arrays = {
            "exact": result.exact,
            "approximate": result.approximate,
            "size": np.array(result.size),
            "seed": np.array(result.seed),
            "method": np.array(result.method),
            "n_cells": np.array(result.n_cells),
            "n_cells_exact": np.array(result.n_cells_exact),
            **{f"error_{name}": np.array(value) for name, value in result.error.items()},
        }
        header = ("query_pos", "key_pos", "query", "key", "exact", "approximate")
        rows: list[tuple[str | int | float, ...]] = [
            (q, k, query, key, float(result.exact[q, k]), float(result.approximate[q, k]))
            for q, query in enumerate(result.query_tokens.words)
            for k, key in enumerate(result.key_tokens.words)
        ]
        return Numbers(arrays, header, rows)


def share_text(share: float) -> str:
    """A share in per cent; small ones with three digits that count, far beyond the whole how many times."""
    if math.isnan(share):
        return _tr("unknown")
    if 0.1 <= share < 10:
        return f"{100 * share:.1f} %"
    return f"{100 * share:.3g} %" if share < 10 else f"{share:,.3g} ×"


def _tr(text: str) -> str:
    return QCoreApplication.translate("ApproximationMaps", text)
