"""The complexity table of 2017 beside what the same layers take on this machine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.layer_times import LAYER_TYPES, LayerTimesRequest, LayerTimesResult
from widgets.figures.lettering import resized
from widgets.kit.figure import Numbers
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Plot, PlotSpot, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import count_text, seconds_text
from widgets.views.sparse.cost import SOURCE, TABLE
from widgets.views.sparse.figures.cost import length_axis

_SERIES = {"full": 9, "recurrent": 4, "convolutional": 3, "restricted": 0}
_ROW = 1.75  # em
_COLUMNS = (0.0, 0.32, 0.53, 0.77)  # where they begin


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparseComplexity", text)


def _titles() -> tuple[str, ...]:
    return _tr("Layer type"), _tr("Complexity per layer"), _tr("Sequential operations"), _tr("Maximum path length")


@dataclass(frozen=True, eq=False)
class SparseComplexityFigure(PlottedFigure):
    """The table as printed, its first column as curves, and medians of measured times.

    Attributes
    ----------
    request
        Lengths and sizes; a result for other ones is not shown.
    result
        What was measured, as far as it came.
    """

    request: LayerTimesRequest
    result: LayerTimesResult | None = None
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        r = self.request
        text = _tr("Complexity of layer types ({}); d = {}, k = {}, r = {}")
        text = text.format(SOURCE, r.d_model, r.kernel, r.neighbourhood)
        return text + (_tr("; measured on {}").format(self.measured_on()) if self.result else "")

    def measured_on(self) -> str:
        """Where and how it was measured."""
        assert self.result is not None
        device = self.result.device
        if self.result.n_threads:
            threads = _tr("1 thread") if self.result.n_threads == 1 else _tr("{} threads")
            device += ", " + threads.format(self.result.n_threads)
        return _tr("{}: median of {} repetitions, float32, batch of one").format(device, self.result.request.n_repeats)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(66 * em, 36 * em)

    def numbers(self) -> Numbers:
        """A row for each layer type and length; the time is empty where nothing was measured."""
        r = self.request
        rows: list[tuple[str | int | float, ...]] = []
        operations = np.array(
            [[t.operations(n, r.d_model, r.kernel, r.neighbourhood) for n in r.lengths] for t in TABLE]
        )
        seconds = np.full(operations.shape, math.nan) if self.result is None else self.result.seconds
        for row, layer in enumerate(TABLE):
            for column, n in enumerate(r.lengths):
                time = float(seconds[row, column])
                rows.append(
                    (layer.title, n, layer.per_layer, int(operations[row, column]), layer.sequential, layer.path,
                     "" if math.isnan(time) else time)
                )  # fmt: skip
        header = (
            "layer type", "length", "complexity per layer (theory)", "operations without constant factor (theory)",
            "sequential operations (theory)", "maximum path length (theory)", "median seconds (measured)",
        )  # fmt: skip
        arrays = {
            "layer_types": np.array(LAYER_TYPES),
            "lengths": np.array(r.lengths),
            "operations_theory": operations,
            "seconds_measured": seconds,
            "d_model": np.array(r.d_model),
            "kernel": np.array(r.kernel),
            "neighbourhood": np.array(r.neighbourhood),
            "n_repeats": np.array(r.n_repeats),
            "device": np.array(self.result.device if self.result else ""),
        }
        return Numbers(arrays, header, rows)

    # Where things are

    def _table_height(self, style: FigureStyle) -> float:
        return (_ROW * (len(TABLE) + 1) + 1.5) * QFontMetricsF(style.font).height()

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        gap = 0.8 * QFontMetricsF(style.font).height()
        return rect.adjusted(0, self._table_height(style) + gap, 0, 0)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        return self._theory(), self._measured()

    def _theory(self) -> Plot:
        r = self.request
        x = np.array(r.lengths, float)
        curves = tuple(
            Curve(
                _short(layer.name),
                x,
                np.array([layer.operations(n, r.d_model, r.kernel, r.neighbourhood) for n in r.lengths], float),
                _SERIES[layer.name],
                is_dashed=True,
            )
            for layer in TABLE
        )
        kind = _tr("operations by the table, d = {}, k = {}, r = {}").format(r.d_model, r.kernel, r.neighbourhood)
        return Plot(curves, self._lengths, Axis("", True, text=count_text), _tr("Theory"), kind)

    def _measured(self) -> Plot:
        x = np.array(self.request.lengths, float)
        curves: tuple[Curve, ...] = ()
        kind = _tr("nothing yet")
        if self.result is not None:
            kind, seconds = self.measured_on(), self.result.seconds
            curves = tuple(
                Curve(_short(name), x, seconds[row], _SERIES[name], has_dots=True, note=self._growth(row))
                for row, name in enumerate(LAYER_TYPES)
            )
        empty = _tr("Press Measure: each layer type is run on this machine, and its time stands here.")
        y = Axis("", True, text=seconds_text)
        return Plot(curves, self._lengths, y, _tr("Measured"), kind, empty=empty)

    @property
    def _lengths(self) -> Axis:
        return length_axis(_tr("length n"), self.request.lengths)

    def _growth(self, row: int) -> str:
        """By which power of n the time grew over the last three lengths: the slope of a line through them."""
        assert self.result is not None
        seconds, lengths = self.result.seconds[row, -3:], self.request.lengths[-3:]
        if len(seconds) < 3 or not np.isfinite(seconds).all():
            return ""
        return f"∝ n^{np.polyfit(np.log(lengths), np.log(seconds), 1)[0]:.1f}"

    # Painting

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        self._paint_table(painter, rect, style)
        painter.restore()

    def _paint_table(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        lefts = [rect.left() + share * rect.width() for share in _COLUMNS]
        ends = [*lefts[1:], rect.right()]
        rows = [_titles(), *((t.title, t.per_layer, t.sequential, t.path) for t in TABLE)]
        for number, texts in enumerate(rows):
            top = rect.top() + number * _ROW * em
            baseline = top + 0.5 * (_ROW * em - metrics.height()) + metrics.ascent()
            if number % 2 == 0 and number:
                painter.fillRect(QRectF(rect.left(), top, rect.width(), _ROW * em), style.theme.panel)
            for column, (text, left, end) in enumerate(zip(texts, lefts, ends, strict=True)):
                font = resized(style.font, bold=True) if number == 0 else style.font
                painter.setFont(font)
                painter.setPen(style.theme.ink)
                x = left + (1.6 if column == 0 else 0.0) * em
                room = end - x - 0.5 * em
                painter.drawText(
                    QPointF(x, baseline), QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
                )
            if number:
                color = style.theme.series[_SERIES[TABLE[number - 1].name]]
                painter.fillRect(QRectF(rect.left() + 0.3 * em, top + 0.5 * em, 0.8 * em, 0.75 * em), color)
        painter.setPen(QPen(style.theme.faint, 1))
        y = rect.top() + _ROW * em
        painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
        small = resized(style.font, SMALL)
        painter.setFont(small)
        painter.setPen(style.theme.faint)
        text = _tr("Theory: {}. n: length, d: dimensions, k: kernel, r: neighbourhood.").format(SOURCE)
        line = QFontMetricsF(small).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(QPointF(rect.left(), rect.top() + _ROW * em * len(rows) + 1.2 * em), line)

    def describe(self, spot: PlotSpot) -> str:
        """The exact number of a point, and whether it is theory or measured."""
        r, n = self.request, self.request.lengths[spot.point]
        layer = TABLE[spot.series]
        if spot.plot == 0:
            text = _tr("Theory: {} at length {}: {} = {} operations, up to a constant factor; path length {}.")
            operations = layer.operations(n, r.d_model, r.kernel, r.neighbourhood)
            path = layer.path_length(n, r.kernel, r.neighbourhood)
            return text.format(layer.title, f"{n:,}", layer.per_layer, f"{operations:,}", f"{path:.4g}")
        assert self.result is not None
        seconds = float(self.result.seconds[spot.series, spot.point])
        return _tr("Measured: {} at length {}: {} on {}.").format(
            layer.title, f"{n:,}", seconds_text(seconds), self.measured_on()
        )


def _short(name: str) -> str:
    return {
        "full": _tr("self-attention"),
        "recurrent": _tr("recurrent"),
        "convolutional": _tr("convolutional"),
        "restricted": _tr("restricted"),
    }[name]
