"""What the token that a class is read at attends to: before fine-tuning, after it, and the difference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.fine_tuning import SIDES, FineTuningResult
from inference.results.prediction import PredictionResult
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.figures.token_axis import TokenAxis
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.fine_tuning.options import FineTuningOptions

_MOST_CLASSES = 5
_ROW, _AROUND, _CLASS = 1.5, 7.2, 1.5  # em: of a layer, around the layers, and of a class
_COLUMN = 2.6  # em of a token


def _tr(text: str) -> str:
    return QCoreApplication.translate("FineTunedAttentionFigure", text)


@dataclass(frozen=True)
class FineTunedAttentionFigure(PanelFigure):
    """Three maps, rows layers and columns tokens; below them what the fine-tuned model tells of the text.

    Attributes
    ----------
    head
        Which one, where one is shown.
    told
        The answer of the fine-tuned model's head; None where it has none.
    """

    result: FineTuningResult
    options: FineTuningOptions
    head: int = 0
    told: PredictionResult | None = None

    @property
    def caption(self) -> str:
        which = _tr("mean of the heads") if self.options.heads == "mean" else _tr("head {}").format(self.head)
        text = _tr("What “{}” attends to, from which the class is read, {}: {} before and {} after fine-tuning")
        return text.format(self._reader, which, *map(clean, self.result.names))

    @property
    def _reader(self) -> str:
        return clean(self.result.tokens.words[self.result.read_pos])

    @cached_property
    def _axis(self) -> TokenAxis:
        return TokenAxis.of(self.result.tokens, hide_special=self.options.hide_special)

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [before, after, difference][layer, shown token]."""
        pattern = self.result.pattern
        chosen = pattern.mean(2) if self.options.heads == "mean" else pattern[:, :, self.head]
        before, after = chosen[:, :, self._axis.starts]
        return np.stack([before, after, after - before])

    @cached_property
    def _maps(self) -> list[HeatPanel]:
        before, after, difference = self.values
        same = ColorScale.from_zero(self.values[:2])
        names = [clean(name) for name in self.result.names]
        titles = (
            _tr("Before: {}").format(names[0]),
            _tr("After: {}").format(names[1]),
            _tr("After − before"),
        )
        scales = (same, same, ColorScale.signed(difference))
        rows = tuple(_tr("Layer {}").format(layer) for layer in self.result.layers)
        return [
            HeatPanel(values, scale, title, "", "", row_names=rows, column_names=self._axis.labels, turns_names=True)
            for values, scale, title in zip((before, after, difference), scales, titles, strict=True)
        ]

    def _classes(self) -> list[tuple[str, float]]:
        """Names and probabilities, the most probable first."""
        told = self.told
        if told is None or told.predicts != "text" or told.is_regression:
            return []
        order = np.argsort(-told.probs, kind="stable")[:_MOST_CLASSES]
        return [(clean(told.labels[number]), float(told.probs[number])) for number in order]

    # Where things are

    def _foot(self, style: FigureStyle) -> float:
        n = len(self._classes())
        return (_CLASS * (n + 1) + 0.6 if n else 0) * QFontMetricsF(style.font).height()

    def _n_columns(self, width: float, style: FigureStyle) -> int:
        """Maps beside each other: all three, or each below the other."""
        em = QFontMetricsF(style.font).height()
        return 3 if width / 3 >= (len(self._axis) * 1.3 + 9) * em else 1

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        area = rect.adjusted(0, 0, 0, -self._foot(style))
        n_columns = self._n_columns(rect.width(), style)
        n_rows = len(self._maps) // n_columns
        width, height = area.width() / n_columns, area.height() / n_rows
        places = (divmod(i, n_columns) for i in range(len(self._maps)))
        return [
            (panel, QRectF(area.left() + column * width, area.top() + row * height, width, height))
            for panel, (row, column) in zip(self._maps, places, strict=True)
        ]

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Below this tokens and layers cannot be told apart."""
        em = QFontMetricsF(style.font).height()
        n_rows = len(self._maps) // self._n_columns(width, style)
        least = (len(self._axis) * 1.1 + 9) * em
        return QSizeF(least if width < least else 0, n_rows * self._height(em) + self._foot(style))

    def _height(self, em: float) -> float:
        return (len(self.result.layers) * _ROW + _AROUND) * em

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        width = max(36.0, len(self._axis) * _COLUMN + 9) * em
        n_rows = len(self._maps) // self._n_columns(width, style)
        return QSizeF(width, n_rows * self._height(em) + self._foot(style))

    # The picture

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)
        self._paint_classes(painter, rect, style)

    def _paint_classes(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        classes = self._classes()
        if not classes:
            return
        metrics = QFontMetricsF(style.font)
        em, theme = metrics.height(), style.theme
        panel, area = self.panels(rect, style)[0]
        left = panel.plot(area, style).left()
        top = rect.bottom() - self._foot(style) + 0.3 * em
        names = max(metrics.horizontalAdvance(name) for name, _ in classes) + 0.8 * em
        names = min(names, 0.4 * rect.width())
        room = min(24 * em, rect.right() - left - names - 5 * em)
        painter.save()
        painter.setFont(style.font)
        painter.setPen(theme.faint)
        says = _tr("What {} tells of the text").format(clean(self.result.names[1]))
        painter.drawText(QPointF(left, top + metrics.ascent()), says)
        for number, (name, prob) in enumerate(classes, 1):
            line = QRectF(left, top + number * _CLASS * em, names, _CLASS * em)
            painter.setPen(theme.ink)
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - 0.5 * em)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)
            bar = QRectF(line.right(), line.top() + 0.3 * em, max(room, 1.0) * prob, 0.9 * em)
            painter.fillRect(bar, theme.accent if number == 1 else theme.faint)
            place = QPointF(bar.right() + 0.4 * em, line.center().y() + 0.36 * metrics.ascent())
            painter.drawText(place, f"{100 * prob:.1f} %")
        painter.restore()

    def describe(self, cell: Cell) -> str:
        """A number of a map in words."""
        layer, word = self.result.layers[cell.row], self._axis.labels[cell.column]
        before, after, difference = self.values[:, cell.row, cell.column]
        text = _tr("Layer {}: {} attends to “{}” with {} before and {} after fine-tuning, a difference of {}")
        return text.format(layer, self._reader, word, *(short(float(each)) for each in (before, after, difference)))

    def numbers(self) -> Numbers:
        """A row a side and layer of what is shown; in arrays all heads and tokens."""
        result, told = self.result, self.told
        rows: list[tuple[str | int | float, ...]] = [
            (side, layer, *map(float, values))
            for side, table in zip((*SIDES, "difference"), self.values, strict=True)
            for layer, values in zip(result.layers, table, strict=True)
        ]
        arrays = {
            "pattern": result.pattern,
            "tokens": np.array([clean(word) for word in result.tokens.words], np.str_),
            "read_pos": np.array(result.read_pos),
            "layers": np.array(result.layers),
            "checkpoints": np.array([clean(name) for name in result.names], np.str_),
        }
        if told is not None and told.predicts == "text":
            arrays |= {"labels": np.array([clean(label) for label in told.labels], np.str_), "probs": told.probs}
        return Numbers(arrays, ("side", "layer", *self._axis.labels), rows)
