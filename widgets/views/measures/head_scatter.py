"""Two measures of every head against each other: a point a head, coloured by layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QSizeF
from PySide6.QtGui import QFontMetricsF

from inference.results.measures import MeasuresResult
from widgets.figures.counts import number_of
from widgets.figures.head_measures import (
    HeadIndex,
    axis_title,
    measure_name,
    places_of,
    sample_text,
    unit_of,
    why_none,
    with_unit,
)
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Callout, Plot, PlotSpot, Points, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import percent_text


@dataclass(frozen=True)
class HeadScatter(PlottedFigure):
    """Heads as points. Those without one of the two numbers are left out, and counted.

    Attributes
    ----------
    x, y
        Names of measures.
    selected
        The head that is ringed and named.
    """

    result: MeasuresResult
    x: str = "entropy"
    y: str = "distance"
    selected: HeadIndex | None = None
    shown: Shown = ALL_SHOWN

    @property
    def caption(self) -> str:
        titles = (measure_name(name, self._axis) for name in (self.y, self.x))
        parts = [_tr("{} against {} of {}").format(*titles, number_of(len(self._places), "heads"))]
        return "; ".join(filter(None, (*parts, sample_text(self.result))))

    def numbers(self) -> Numbers:
        """Both measures of every head."""
        xs, ys = self.result.measures[self.x], self.result.measures[self.y]
        table: list[tuple[str | int | float, ...]] = [
            (*place, float(xs[place]), float(ys[place])) for place in self._places
        ]
        return Numbers({self.x: xs, self.y: ys}, ("layer", "head", self.x, self.y), table)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(34 * em, 24 * em)

    @property
    def _axis(self) -> str:
        return self.result.axes[0]

    def _axis_of(self, name: str) -> Axis:
        """Shares in per cent, as everywhere."""
        is_share = not unit_of(name, self._axis)
        title, short = axis_title(name, self._axis), measure_name(name, self._axis)
        return Axis(title, text=percent_text if is_share else None, short_title=short)

    @cached_property
    def _places(self) -> list[HeadIndex]:
        return places_of(self.result)

    @cached_property
    def points(self) -> dict[HeadIndex, tuple[float, float]]:
        """Numbers of the heads that have both."""
        xs, ys = self.result.measures[self.x], self.result.measures[self.y]
        both = {place: (float(xs[place]), float(ys[place])) for place in self._places}
        return {place: point for place, point in both.items() if not any(map(math.isnan, point))}

    # As a plot: a series a layer

    @property
    def legend_title(self) -> str:
        return _tr("Layer")

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        n_layers = len(self.result.measures[self.x])
        series = []
        for layer, places in self._by_layer.items():
            numbers = np.array([self.points[place] for place in places], float).reshape(-1, 2)
            labels = tuple(place.title for place in places)
            share = layer / max(n_layers - 1, 1)
            series.append(Points(str(layer), numbers[:, 0], numbers[:, 1], share, labels=labels))
        missing = next((name for name in (self.x, self.y) if np.isnan(self.result.measures[name]).all()), "")
        empty = f"{axis_title(missing, self._axis)}\n{why_none(self.result, missing)}" if missing else ""
        spot = None if self.selected is None else self.spot_of(self.selected)
        callouts = () if spot is None else (Callout(spot.series, spot.point, self.place_of(spot).title),)
        x, y = self._axis_of(self.x), self._axis_of(self.y)
        return (Plot(tuple(series), x, y, callouts=callouts, empty=empty),)

    @cached_property
    def _by_layer(self) -> dict[int, list[HeadIndex]]:
        """Of those that attend."""
        layers = sorted({place.layer for place in self._places})
        return {layer: [place for place in self.points if place.layer == layer] for layer in layers}

    def place_of(self, spot: PlotSpot) -> HeadIndex:
        """The head of a point."""
        return [*self._by_layer.values()][spot.series][spot.point]

    def spot_of(self, place: HeadIndex) -> PlotSpot | None:
        """The point of a head; None where one of its numbers is missing."""
        if place not in self.points:
            return None
        return PlotSpot(0, [*self._by_layer].index(place.layer), self._by_layer[place.layer].index(place))

    def describe(self, spot: PlotSpot) -> str:
        """The head and its numbers."""
        place = self.place_of(spot)
        x, y = self.points[place]
        numbers = (with_unit(self.x, x, self._axis), with_unit(self.y, y, self._axis))
        return "  \N{MIDDLE DOT}  ".join((place.title, *numbers))

    def label(self, plot: Plot, spot: PlotSpot) -> str:
        return self.describe(spot).replace("  \N{MIDDLE DOT}  ", "\n")


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadScatter", text)
