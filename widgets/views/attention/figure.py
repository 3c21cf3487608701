"""One head's attention as a heat map."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.attention import AttentionResult
from inference.results.tokens import Tokens
from widgets.figures.color_bar import ColorBar, bright_end
from widgets.figures.counts import number_of
from widgets.figures.labels import AxisLabels, paint_left, paint_top
from widgets.figures.lettering import in_cells
from widgets.figures.map_frame import paint_cross_hair, paint_map_frame
from widgets.figures.token_axis import TokenAxis, by_unit, names_explained
from widgets.kit.figure import Numbers
from widgets.look import color_maps, raster
from widgets.look.theme import FigureStyle
from widgets.views.attention.options import AttentionOptions

# Margins in em: left of and above the labels stand the titles of the axes.
_LEFT, _TOP, _BOTTOM = 2.2, 1.8, 0.5


class MapPart(NamedTuple):
    """The part of a map that is looked at, in units of its axes."""

    rows: range
    columns: range


class _MapLayout(NamedTuple):
    plot: QRectF
    left: AxisLabels
    top: AxisLabels
    row_height: float
    column_width: float


@dataclass(frozen=True)
class AttentionFigure:
    """Queries from top to bottom, keys from left to right.

    Attributes
    ----------
    part
        Rows and columns that are zoomed into; None is all.
    query_pos, key_pos
        Positions (of tokens) whose row and column are framed.
    """

    result: AttentionResult
    layer: int
    head: int
    options: AttentionOptions = field(default_factory=AttentionOptions)
    part: MapPart | None = None
    query_pos: int | None = field(default=None, kw_only=True)
    key_pos: int | None = field(default=None, kw_only=True)

    # What is shown

    @cached_property
    def queries(self) -> TokenAxis:
        return self._axis(self.result.query_tokens)

    @cached_property
    def keys(self) -> TokenAxis:
        return self._axis(self.result.key_tokens)

    def _axis(self, tokens: Tokens) -> TokenAxis:
        options = self.options
        return TokenAxis.of(tokens, hide_special=options.hide_special, merge_words=options.merge_words)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """float32 [query unit, key unit], before rows are divided by their maximum."""
        layer = self.result.pattern[self.result.layers.index(self.layer)]
        if self.options.aggregate == "head":
            return by_unit(layer[self.result.heads.index(self.head)], self.queries, self.keys)
        combined = by_unit(layer, self.queries, self.keys)
        return combined.mean(0) if self.options.aggregate == "mean" else combined.max(0)

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [query unit, key unit], what the colours stand for."""
        if self.options.scale != "row":
            return self.probabilities
        highest = np.fmax.reduce(self.probabilities, axis=-1, keepdims=True)
        return self.probabilities / np.where(highest > 0, highest, 1)

    @cached_property
    def bar(self) -> ColorBar:
        options = self.options
        largest = float(np.fmax.reduce(self.values, axis=None, initial=0.0))
        high = options.high
        if high is None:
            high = bright_end(self.values) if options.scale == "raw" else largest or 1.0
            high = high if (options.low or 0.0) < high else largest
        low = 0.0 if options.low is None or options.scale == "log" or options.low >= high else options.low
        title = _tr("share of row maximum") if self.options.scale == "row" else _tr("attention")
        missing = _tr("no value") if np.isnan(self.values).any() else ""
        scale: raster.RasterScale = "log" if options.scale == "log" else "raw"
        return ColorBar(high, scale, title, missing, low, is_clipped=largest > high)

    @property
    def shown(self) -> MapPart:
        """Rows and columns on screen."""
        return self.part or MapPart(range(len(self.queries)), range(len(self.keys)))

    def seen(self, **changes: object) -> AttentionFigure:
        """The same numbers with another `part`, `query_pos` or `key_pos`; nothing is computed again."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        for name in ("queries", "keys", "probabilities", "values", "bar", "_layouts"):
            other.__dict__[name] = getattr(self, name)
        return other

    @property
    def caption(self) -> str:
        n_heads = number_of(len(self.result.heads), "heads")
        heads = {
            "head": _tr("Layer {}, head {}").format(self.layer, self.head),
            "mean": _tr("Layer {}, mean of {}").format(self.layer, n_heads),
            "max": _tr("Layer {}, maximum of {}").format(self.layer, n_heads),
        }
        parts = [heads[self.options.aggregate]]
        if self.options.scale == "row":
            parts.append(_tr("each row divided by its maximum"))
        elif self.options.scale == "log":
            parts.append(_tr("logarithmic colours"))
        if self.options.high is not None or self.bar.low:
            parts.append(_tr("colours from {:.3g} to {:.3g}").format(self.bar.low, self.bar.high))
        if self.options.low and not self.bar.low:
            parts.append(_tr("colours from {:.3g} are not heeded").format(self.options.low))
        if self.options.high is None and self.bar.is_clipped:
            beyond = self.values[self.values > self.bar.high]
            parts.append(
                _tr("{} beyond the last colour, up to {:.3g}").format(number_of(len(beyond), "values"), beyond.max())
            )
        if self.options.merge_words:
            parts.append(_tr("words: sum over a key's pieces, mean over a query's"))
        if self.hides_tokens:
            parts.append(_tr("special tokens hidden, the rest unchanged"))
        if self.part is not None:
            parts.append(_tr("zoomed in"))
        parts.append(names_explained((*self.queries.labels, *self.keys.labels)))
        return "; ".join(filter(None, parts))

    @property
    def hides_tokens(self) -> bool:
        return self.queries.n_hidden + self.keys.n_hidden > 0

    def numbers(self) -> Numbers:
        """The whole pattern of the result, and as `shown` (and table) the values on screen."""
        rows, columns = self.shown
        shown = self._cells()
        query_labels = self.queries.labels[rows.start : rows.stop]
        key_labels = self.keys.labels[columns.start : columns.stop]
        arrays = {
            "pattern": self.result.pattern,
            "layers": np.array(self.result.layers),
            "heads": np.array(self.result.heads),
            "query_tokens": np.array(self.result.query_tokens.words),
            "tokens": np.array(self.result.key_tokens.words),
            "shown": shown,
            "shown_queries": np.array(query_labels),
            "shown_keys": np.array(key_labels),
        }
        table = [(query, *map(float, row)) for query, row in zip(query_labels, shown, strict=True)]
        return Numbers(arrays, (_tr("from \\ to"), *key_labels), table)

    # Where things are

    def natural_size(self, style: FigureStyle) -> QSizeF:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        rows, columns = self.shown
        # Up to 60 labels are all written; more would make a poster.
        n = max(len(rows), len(columns))
        cell = max(1.0, float(int(1.35 * em * min(max(n, 10), 60) / n)))
        left = AxisLabels.left(self.queries.labels[rows.start : rows.stop], cell, metrics, math.inf)
        top = AxisLabels.top(self.keys.labels[columns.start : columns.stop], cell, metrics, math.inf)
        width = _LEFT * em + left.extent + cell * len(columns) + self.bar.width(metrics)
        height = (_TOP + _BOTTOM) * em + top.extent + max(cell * len(rows), 4 * em)  # room for the colour bar
        return QSizeF(math.ceil(width), math.ceil(height) + 1)

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the cells are."""
        return self._layout(rect, style).plot

    def cell_rect(self, row: int, column: int, plot: QRectF) -> QRectF:
        """Where a cell is painted, or would be."""
        rows, columns = self.shown
        height, width = plot.height() / len(rows), plot.width() / len(columns)
        return QRectF(
            plot.left() + (column - columns.start) * width, plot.top() + (row - rows.start) * height, width, height
        )

    def cell_at(self, point: QPointF, plot: QRectF) -> tuple[int, int] | None:
        """Row and column under a point."""
        if not (plot.left() <= point.x() < plot.right() and plot.top() <= point.y() < plot.bottom()):
            return None
        rows, columns = self.shown
        row = int((point.y() - plot.top()) / plot.height() * len(rows))
        column = int((point.x() - plot.left()) / plot.width() * len(columns))
        return rows[min(row, len(rows) - 1)], columns[min(column, len(columns) - 1)]

    def specials_at(self, point: QPointF, plot: QRectF) -> tuple[str, ...]:
        """The special tokens among the row and the column under a point, labels included."""
        rows, columns = self.shown
        row = int((point.y() - plot.top()) // (plot.height() / len(rows)))
        column = int((point.x() - plot.left()) // (plot.width() / len(columns)))
        found = []
        if row in range(len(rows)) and point.x() < plot.right():
            found.append(self.result.query_tokens.special(int(self.queries.starts[rows[row]])))
        if column in range(len(columns)) and point.y() < plot.bottom():
            found.append(self.result.key_tokens.special(int(self.keys.starts[columns[column]])))
        return tuple(dict.fromkeys(filter(None, found)))

    @cached_property
    def _layouts(self) -> dict[object, _MapLayout]:
        return {}

    def _layout(self, rect: QRectF, style: FigureStyle) -> _MapLayout:
        """Kept, since every move of the pointer asks for it."""
        key = (self.part, rect.getRect(), style.font.key())
        if key not in self._layouts:
            self._layouts.clear()
            self._layouts[key] = self._lay_out(rect, style)
        return self._layouts[key]

    def _lay_out(self, rect: QRectF, style: FigureStyle) -> _MapLayout:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        rows, columns = self.shown
        row_words = self.queries.labels[rows.start : rows.stop]
        column_words = self.keys.labels[columns.start : columns.stop]
        left = AxisLabels.left(row_words, 1e6, metrics, 0.3 * rect.width())
        room = rect.adjusted(left.extent + _LEFT * em, (_TOP + 1) * em, -self.bar.width(metrics), -_BOTTOM * em)
        spacing = max(1e-3, min(room.width() / len(columns), room.height() / len(rows)))

        def labels(width: float) -> AxisLabels:
            return AxisLabels.top(column_words, width, metrics, 0.3 * rect.height())

        def cell_size(top: AxisLabels) -> tuple[float, float]:
            room.setTop(rect.top() + _TOP * em + top.extent)
            return self._cell_size(room)

        top = labels(spacing)
        height, width = cell_size(top)
        if top.angle and labels(width).extent > top.extent:  # they turn further, which takes more of the height
            height, width = cell_size(labels(width))
        top = labels(width) if top.angle else top
        plot = QRectF(room.left(), room.top(), width * len(columns), height * len(rows))
        plot.translate(max(0.0, float(int((room.width() - plot.width()) / 2))), 0)
        return _MapLayout(
            QRectF(QPointF(round(plot.left()), round(plot.top())), plot.size()),
            AxisLabels.left(row_words, height, metrics, 0.3 * rect.width()),
            top,
            height,
            width,
        )

    def _cell_size(self, room: QRectF) -> tuple[float, float]:
        """Height and width of a cell: square, unless one axis is far longer than the other."""
        rows, columns = self.shown
        height, width = max(room.height(), 1.0) / len(rows), max(room.width(), 1.0) / len(columns)
        height, width = min(height, 2 * width), min(width, 2 * height)
        if len(rows) == len(columns):
            height = width = min(height, width)
        if min(height, width) >= 8:  # whole pixels, so that all cells look alike
            height, width = float(int(height)), float(int(width))
        return height, width

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        self.paint_axes(painter, rect, style)
        self.paint_map(painter, rect, style)

    def axes(self, rect: QRectF, style: FigureStyle) -> object:
        """All that `paint_axes` depends on, to be compared: other heads and layers mostly have the same axes."""
        return self._layout(rect, style), self.shown, self._selected_units, style

    def paint_axes(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Titles and labels, but for the marked ones."""
        layout = self._layout(rect, style)
        painter.save()
        painter.setFont(style.font)
        self._paint_titles(painter, layout, style)
        rows, columns = self.shown
        row, column = self._selected_units
        for cell in layout.left.shown_beside(None if row is None else row - rows.start):
            paint_left(painter, layout.left, cell, self.cell_rect(rows[cell], columns.start, layout.plot), style)
        for cell in layout.top.shown_beside(None if column is None else column - columns.start):
            paint_top(painter, layout.top, cell, self.cell_rect(rows.start, columns[cell], layout.plot), style)
        painter.restore()

    def paint_map(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """All but the axes, which are there already."""
        layout = self._layout(rect, style)
        painter.save()
        painter.setFont(style.font)
        self._paint_cells(painter, layout.plot, style)
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(layout.plot)
        self._paint_values(painter, layout, style)
        self.bar.paint(painter, layout.plot, style)
        self._paint_selected(painter, layout, style)
        painter.restore()

    def paint_pointed(self, painter: QPainter, rect: QRectF, style: FigureStyle, cell: tuple[int, int]) -> None:
        """A cross-hair on a cell, with the labels of its row and column: for the screen only."""
        layout = self._layout(rect, style)
        plot, box = layout.plot, self.cell_rect(*cell, layout.plot)
        rows, columns = self.shown
        painter.save()
        painter.setFont(style.font)
        paint_cross_hair(painter, plot, box, style)
        first = self.cell_rect(cell[0], columns.start, plot)
        paint_left(painter, layout.left, cell[0] - rows.start, first, style, mark=style.theme.ink)
        first = self.cell_rect(rows.start, cell[1], plot)
        paint_top(painter, layout.top, cell[1] - columns.start, first, style, mark=style.theme.ink)
        painter.restore()

    def _paint_cells(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        values = self._cells()
        height, width = raster.pixels_in(painter, plot, values.shape)
        values = raster.resample(values, min(height, values.shape[0]), min(width, values.shape[1]))
        raster.paint_cells(painter, plot, self._colors(values, style), height, width)

    def _cells(self) -> np.ndarray:
        rows, columns = self.shown
        return self.values[rows.start : rows.stop, columns.start : columns.stop]

    def _colors(self, values: np.ndarray, style: FigureStyle) -> np.ndarray:
        bar, missing = self.bar, style.theme.missing
        return raster.pixels(values, style.color_map, missing, high=bar.high, scale=bar.scale, low=bar.low)

    def _paint_titles(self, painter: QPainter, layout: _MapLayout, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em, plot = metrics.height(), layout.plot
        painter.setPen(style.theme.faint)
        text = _tr("to (keys)")
        x = plot.center().x() - metrics.horizontalAdvance(text) / 2
        painter.drawText(QPointF(max(x, plot.left()), plot.top() - layout.top.extent - 0.9 * em), text)
        text = _tr("from (queries)")
        painter.save()
        y = max(plot.center().y(), plot.top() + metrics.horizontalAdvance(text) / 2)
        painter.translate(plot.left() - layout.left.extent - em, y + metrics.horizontalAdvance(text) / 2)
        painter.rotate(-90)
        painter.drawText(QPointF(0, 0), text)
        painter.restore()

    def _paint_values(self, painter: QPainter, layout: _MapLayout, style: FigureStyle) -> None:
        font = in_cells(style.font, "0.00", QSizeF(layout.column_width, layout.row_height))
        if font is None:
            return
        rows, columns = self.shown
        values, colors = self._cells(), self._colors(self._cells(), style)
        painter.save()
        painter.setFont(font)
        for (i, j), value in np.ndenumerate(values):
            painter.setPen(color_maps.ink_on(int(colors[i, j])))
            text = "\N{EN DASH}" if np.isnan(value) else f"{value:.2f}"
            painter.drawText(self.cell_rect(rows[i], columns[j], layout.plot), Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    @property
    def _selected_units(self) -> tuple[int | None, int | None]:
        """Row and column that are framed."""
        return self.queries.unit_of(self.query_pos), self.keys.unit_of(self.key_pos)

    def _paint_selected(self, painter: QPainter, layout: _MapLayout, style: FigureStyle) -> None:
        rows, columns = self.shown
        plot = layout.plot
        row, column = self._selected_units
        if row is not None and row in rows:
            box = self.cell_rect(row, columns.start, plot)
            paint_map_frame(
                painter, QRectF(plot.left(), box.top(), plot.width(), box.height()), style, style.theme.accent
            )
            paint_left(painter, layout.left, row - rows.start, box, style, mark=style.theme.accent)
        if column is not None and column in columns:
            box = self.cell_rect(rows.start, column, plot)
            paint_map_frame(
                painter, QRectF(box.left(), plot.top(), box.width(), plot.height()), style, style.theme.accent
            )
            paint_top(painter, layout.top, column - columns.start, box, style, mark=style.theme.accent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("AttentionFigure", text)
