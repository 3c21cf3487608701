"""Whether sentence B follows sentence A, and how much they attend to each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.next_sentence import NextSentenceResult
from widgets.figures import chips
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.lettering import resized
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.figures.prediction_cards import percent
from widgets.kit.figure import Numbers
from widgets.look.letters import LARGE
from widgets.look.theme import FigureStyle


def _tr(text: str) -> str:
    return QCoreApplication.translate("NextSentenceFigure", text)


@dataclass(frozen=True)
class NextSentenceFigure(PanelFigure):
    """Both sentences, the probability as a bar, and for each head how much A attends to B and B to A.

    Attributes
    ----------
    selected
        Layer and head that are framed.
    """

    result: NextSentenceResult
    selected: tuple[int, int] | None = None

    @property
    def verdict(self) -> str:
        return _tr("B follows A: {}").format(percent(self.result.prob_next))

    @property
    def caption(self) -> str:
        return _tr("Whether B follows A, and how much each attends to the other")

    def natural_size(self, style: FigureStyle) -> QSizeF:
        metrics = QFontMetricsF(style.font)
        em, n_layers = metrics.height(), len(self.result.a_to_b)
        width = 52 * em
        return QSizeF(width, self._panels_top(width, metrics) + (5 + max(n_layers, 4) * 1.7) * em)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Size below which the maps could not be read."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        width = max(width, 30 * em)
        return QSizeF(30 * em, self._panels_top(width, metrics) + (5 + max(len(self.result.a_to_b) * 0.6, 4)) * em)

    def numbers(self) -> Numbers:
        result = self.result
        n_layers, n_heads = result.a_to_b.shape
        rows: list[tuple[str | int | float, ...]] = [
            (layer, head, float(result.a_to_b[layer, head]), float(result.b_to_a[layer, head]))
            for layer in range(n_layers)
            for head in range(n_heads)
        ]
        arrays = {"prob_next": np.array(result.prob_next), "a_to_b": result.a_to_b, "b_to_a": result.b_to_a}
        return Numbers(arrays, ("layer", "head", "a_to_b", "b_to_a"), rows)

    def describe(self, cell: Cell) -> str:
        """The number of a cell, unrounded."""
        shares = (self.result.a_to_b, self.result.b_to_a)[cell.panel]
        text = (
            _tr("Layer {}, head {}: {} of A's attention goes to B")
            if cell.panel == 0
            else _tr("Layer {}, head {}: {} of B's attention goes to A")
        )
        value = float(shares[cell.row, cell.column])
        share = _tr("unknown share") if np.isnan(value) else percent(value)
        return f"{text.format(cell.row, cell.column, share)}  ({shares[cell.row, cell.column]})"

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        metrics = QFontMetricsF(style.font)
        gap = metrics.height()
        top = rect.top() + self._panels_top(rect.width(), metrics)
        width, height = (rect.width() - gap) / 2, max(rect.bottom() - top, 1.0)
        boxes = [QRectF(rect.left() + i * (width + gap), top, width, height) for i in range(2)]
        return list(zip(self._heat_panels, boxes, strict=True))

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        metrics = QFontMetricsF(style.font)
        y = rect.top()
        for letter, (line, boxes) in zip("AB", self._sentences(rect.width(), metrics), strict=True):
            painter.setFont(resized(style.font, bold=True))
            painter.setPen(style.theme.ink)
            baseline = y + chips.chip_height(metrics) / 2 + 0.36 * metrics.ascent()
            painter.drawText(QPointF(rect.left(), baseline), letter)
            chips.paint_chips(painter, line, boxes, QPointF(rect.left() + 1.5 * metrics.height(), y), style)
            y += chips.height_of(boxes) + 0.5 * metrics.height()
        self._paint_bar(painter, QRectF(rect.left(), y + 0.3 * metrics.height(), rect.width(), 0), style)
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)
        painter.restore()

    def _sentences(self, width: float, metrics: QFontMetricsF) -> list[tuple[tuple[chips.Chip, ...], list[QRectF]]]:
        tokens = self.result.tokens
        everything = chips.chips_of(tokens)
        sentences = []
        for segment in (0, 1):
            line = tuple(chip for pos, chip in enumerate(everything) if tokens.segment[pos] == segment)
            sentences.append((line, chips.lay_out(line, width - 1.5 * metrics.height(), metrics)))
        return sentences

    def _panels_top(self, width: float, metrics: QFontMetricsF) -> float:
        em = metrics.height()
        heights = (chips.height_of(boxes) + 0.5 * em for _, boxes in self._sentences(width, metrics))
        return sum(heights) + (0.3 + 1.5 * LARGE + 1.6 + 1.2) * em

    def _paint_bar(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        large = resized(style.font, LARGE, bold=True)
        metrics, theme = QFontMetricsF(large), style.theme
        em = QFontMetricsF(style.font).height()
        painter.setFont(large)
        painter.setPen(theme.ink)
        painter.drawText(QPointF(area.left(), area.top() + metrics.ascent()), self.verdict)
        bar = QRectF(area.left(), area.top() + 1.4 * LARGE * em, area.width(), 1.5 * em)
        painter.fillRect(bar, theme.line)
        share = min(max(self.result.prob_next, 0.0), 1.0)
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), theme.series[0])
        # Even odds, the least that speaks for B.
        painter.setPen(theme.ink)
        painter.drawLine(QPointF(bar.center().x(), bar.top()), QPointF(bar.center().x(), bar.bottom()))
        painter.setFont(style.font)
        text, letters = _tr("50 %: undecided"), QFontMetricsF(style.font)
        left = bar.center().x() - 0.5 * letters.horizontalAdvance("50 %")
        if left > bar.left() + metrics.horizontalAdvance(self.verdict) + em:
            painter.setPen(theme.faint)
            painter.drawText(QPointF(left, bar.top() - 0.35 * em), text)

    @cached_property
    def _heat_panels(self) -> tuple[HeatPanel, HeatPanel]:
        result = self.result
        scale = ColorScale.from_zero(np.stack([result.a_to_b, result.b_to_a]))
        titles = (_tr("Share of A's attention that goes to B"), _tr("Share of B's attention that goes to A"))
        first, second = (
            HeatPanel(values, scale, title, _tr("Layer"), _tr("Head"), value_format=".2f", selected=self._framed)
            for values, title in zip((result.a_to_b, result.b_to_a), titles, strict=True)
        )
        return first, second

    @property
    def _framed(self) -> tuple[int, int] | None:
        if self.selected is None or any(i >= n for i, n in zip(self.selected, self.result.a_to_b.shape, strict=True)):
            return None
        return self.selected
