"""How wrong every method is, how much it works out and how long it takes, against its size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QSizeF
from PySide6.QtGui import QFontMetricsF

from inference.results.approximation import (
    ERRORS,
    METHOD_BY_NAME,
    N_REPEATS,
    N_SEEDS,
    ApproximationErrorsResult,
    ApproximationTimesResult,
)
from widgets.figures.counts import number_of
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Curve, Level, Plot, PlotSpot, Series, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import count_text, seconds_text

_INKS = {
    "favor": 0, "favor_trig": 7, "linear": 2, "pooling": 4, "gaussian": 1, "gaussian_pattern": 6, "nystroem": 3,
    "nystroem_exact": 8, "svd": 9, "own": 5,
}  # fmt: skip
_LEAST = 1e-4  # what is smaller lies on the edge: exact but for rounding is 13 powers of ten further down


@dataclass(frozen=True, eq=False)
class ApproximationErrorsFigure(PlottedFigure):
    """Error, cells and time as curves, a colour a method; the exact attention is a dashed line.

    Attributes
    ----------
    times
        None while they are being measured.
    error
        A name of `ERRORS`.
    """

    result: ApproximationErrorsResult
    times: ApproximationTimesResult | None = None
    error: str = "pattern"
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        result = self.result
        text = _tr("{} of cheaper attention by size, layer {}, head {}; median of {} seeds, the band has all of them")
        return text.format(_titles()[self.error], result.layer, result.head, N_SEEDS)

    def least_width(self, style: FigureStyle) -> float:
        """Three plots beside each other."""
        return 60 * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(90 * em, 32 * em)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        return self._errors(), self._cells(), self._times()

    @property
    def _sizes(self) -> Axis:
        return Axis(_tr("rank, features or landmarks"), is_log=True, base=2)

    def _curve(self, name: str, y: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None) -> Curve:
        method = METHOD_BY_NAME[name]
        has_sizes = bool(method.unit)
        is_there = np.isfinite(y)
        x = np.array(self.result.sizes, float)[is_there]
        ends = [None if end is None else end[is_there] for end in (low, high)]
        return Curve(
            method.title, x, y[is_there], _INKS[name], *ends, has_dots=has_sizes,
            is_dashed=method.is_bound or not has_sizes,
        )  # fmt: skip

    def _errors(self) -> Plot:
        curves = []
        for name, values in zip(self.result.methods, self.result.errors[self.error], strict=True):
            values = np.maximum(values, _LEAST)
            is_there = np.isfinite(values).all(1)
            spread = [np.full(len(values), math.nan) for _ in range(3)]
            for out, share in zip(spread, (0, 50, 100), strict=True):
                out[is_there] = np.percentile(values[is_there], share, axis=1)
            band = (spread[0], spread[2]) if METHOD_BY_NAME[name].is_random else (None, None)
            curves.append(self._curve(name, spread[1], *band))
        is_share = self.error != "row_sum"
        y = Axis("", is_log=True, text=_share_text if is_share else lambda value: f"{value:g}")
        empty = _tr("The values of this head were not caught.") if self.error == "output" else ""
        subtitle = _tr("{}; {} × {}").format(
            _formulas()[self.error],
            number_of(self.result.n_queries, "queries"),
            number_of(self.result.n_keys, "keys"),
        )
        return Plot(tuple(curves), self._sizes, y, _titles()[self.error], subtitle, empty=empty)

    def _cells(self) -> Plot:
        series: list[Series] = [
            self._curve(name, np.where(cells > 0, cells, math.nan).astype(float))
            for name, cells in zip(self.result.methods, self.result.n_cells, strict=True)
            if not METHOD_BY_NAME[name].is_bound
        ]
        series.append(Level(_tr("Exact"), float(self.result.n_cells_exact)))
        y = Axis("", is_log=True, text=count_text)
        return Plot(tuple(series), self._sizes, y, _tr("Numbers worked out"), _tr("scores and features of this head"))

    def _times(self) -> Plot:
        series: list[Series] = []
        subtitle = ""
        if self.times is not None:
            series = [
                self._curve(name, seconds)
                for name, seconds in zip(self.times.methods, self.times.seconds, strict=True)
                if name in self.result.methods
            ]
            series.append(Level(_tr("Exact"), self.times.seconds_exact))
            threads = _tr("1 thread") if self.times.n_threads == 1 else _tr("{} threads").format(self.times.n_threads)
            subtitle = _tr("CPU, {}, float32, median of {}").format(threads, N_REPEATS)
        empty = _tr("Measuring …")
        y = Axis("", is_log=True, text=seconds_text)
        return Plot(tuple(series), self._sizes, y, _tr("Time"), subtitle, empty=empty)

    def describe(self, spot: PlotSpot) -> str:
        """A method at a size: the number, unrounded by the edge of the plot, with its spread."""
        plot = self.plots[spot.plot]
        series = plot.series[spot.series]
        if not isinstance(series, Curve):
            return super().describe(spot)
        size = int(series.x[spot.point])
        if spot.plot == 0:
            values = self.result.errors[self.error][spot.series, self.result.sizes.index(size)]
            texts = [self._error_text(float(value)) for value in np.percentile(values, (50, 0, 100))]
            name = self.result.methods[spot.series]
            spread = _tr(" ({} to {})").format(*texts[1:]) if METHOD_BY_NAME[name].is_random else ""
            return _tr("{} at {:,}: {} {}{}").format(series.name, size, _titles()[self.error].lower(), texts[0], spread)
        value = float(series.y[spot.point])
        text = f"{value:,.0f}" if spot.plot == 1 else seconds_text(value)
        return _tr("{} at {:,}: {}").format(series.name, size, text)

    def _error_text(self, value: float) -> str:
        return f"{100 * value:.3g} %" if self.error != "row_sum" else f"{value:.3g}"

    def numbers(self) -> Numbers:
        """A row a method, size and seed."""
        result, times = self.result, self.times
        seconds = {} if times is None else dict(zip(times.methods, times.seconds, strict=True))
        rows: list[tuple[str | int | float, ...]] = []
        for at, name in enumerate(result.methods):
            method = METHOD_BY_NAME[name]
            for column, size in enumerate(result.sizes):
                n_seeds = N_SEEDS if method.is_random else 1
                if not np.isfinite(result.errors["pattern"][at, column, 0]):
                    continue
                time = float(seconds[name][column]) if name in seconds else math.nan
                for seed in range(n_seeds):
                    errors = (_cell(float(result.errors[error][at, column, seed])) for error in ERRORS)
                    cells = int(result.n_cells[at, column])
                    rows.append((method.title, size if method.unit else "", seed, *errors, cells, _cell(time)))
        arrays = {
            "methods": np.array(result.methods),
            "sizes": np.array(result.sizes),
            "n_cells": result.n_cells,
            "n_cells_exact": np.array(result.n_cells_exact),
            **{f"error_{name}": values for name, values in result.errors.items()},
        }
        if times is not None:
            arrays |= {
                "timed_methods": np.array(times.methods),
                "seconds": times.seconds,
                "seconds_exact": np.array(times.seconds_exact),
                "n_threads": np.array(times.n_threads),
            }
        header = ("method", "size", "seed", *(f"error of {name}" for name in ERRORS), "numbers", "seconds (median)")
        return Numbers(arrays, header, rows)


def _cell(value: float) -> str | float:
    return "" if math.isnan(value) else value


def _share_text(value: float) -> str:
    return f"{100 * value:g} %" if value < 10 else f"{value:,.0f} ×"


def _titles() -> dict[str, str]:
    return {
        "pattern": _tr("Error of the pattern"),
        "output": _tr("Error of the output"),
        "row_sum": _tr("Error of row sums"),
    }


def _formulas() -> dict[str, str]:
    return {"pattern": "‖P̃ − P‖ / ‖P‖", "output": "‖P̃V − PV‖ / ‖PV‖", "row_sum": "max |Σ P̃ − 1|"}


def _tr(text: str) -> str:
    return QCoreApplication.translate("ApproximationErrors", text)
