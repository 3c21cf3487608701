"""Figures that have plots: where these are, how they are painted into files, and what the pointer meets on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Bars, Callout, Level, Plot, PlotSpot, Points, Shown
from widgets.plots.frame import Frame
from widgets.plots.legend import entries, legend_height, named_series, paint_legend
from widgets.plots.painting import paint, paint_callout

_GAP = 1.2  # em between plots
_SHAPE = 1.3  # width to height that plots look best in


class Placed(NamedTuple):
    """A plot, and where it is; `sides` says where its series begin and end, if they stand beneath something else."""

    plot: Plot
    rect: QRectF
    sides: tuple[float, float] | None = None


class PlottedFigure:
    """Paints plots with one legend above them; a subclass, a frozen dataclass, says what they are.

    Attributes
    ----------
    shown
        What is looked at of the plots; a field of the subclass.
    legend_title
        Stands before the legend's entries; may be empty.
    """

    shown: Shown
    legend_title = ""

    # What a subclass answers

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        """The plots, from left to right."""
        raise NotImplementedError

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the plots and their legend are: what a subclass leaves of the figure."""
        return rect

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint what is neither plot nor legend."""

    # What follows from it

    def legend_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the legend is; empty if there is none."""
        area = self.plots_rect(rect, style)
        series = named_series(self.plots)
        return QRectF(
            area.topLeft(), QSizeF(area.width(), legend_height(series, self.legend_title, area.width(), style))
        )

    def placed(self, rect: QRectF, style: FigureStyle) -> list[Placed]:
        """The plots and where they are: beside each other where that is wide enough."""
        area = QRectF(self.plots_rect(rect, style))
        area.setTop(self.legend_rect(rect, style).bottom())
        return list(map(Placed, self.plots, side_by_side(len(self.plots), area, style)))

    def laid_out(self, rect: QRectF, style: FigureStyle) -> list[Frame]:
        """The plots laid out, as far as they are looked at."""
        return [
            Frame.of(plot, area, style, self.shown.zoom(number), sides)
            for number, (plot, area, sides) in enumerate(self.placed(rect, style))
        ]

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint everything; what is switched off is left out."""
        self.paint_around(painter, rect, style)
        box = self.legend_rect(rect, style)
        series = [one for one in named_series(self.plots) if one.name not in self.shown.hidden]
        if series:
            paint_legend(painter, entries(series, self.legend_title, box, style), self.legend_title, box, style)
        for frame in self.laid_out(rect, style):
            paint(painter, frame, style, self.shown.hidden)

    # Under the pointer

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Any | None:
        """Nothing: plots answer the pointer themselves."""
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a point."""
        frames = self.laid_out(rect, style)
        if not isinstance(spot, PlotSpot) or spot.plot >= len(frames):
            return False
        return frames[spot.plot].has(spot.series, spot.point, self.shown.hidden)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Any) -> None:
        """Ring the point that is pointed at."""
        frame = self.laid_out(rect, style)[spot.plot]
        text = self.label(frame.plot, spot)
        paint_callout(painter, frame, Callout(spot.series, spot.point, text), style, style.theme.ink, has_lines=True)

    def step(self, spot: Any | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Any | None:
        """The point beside, across the end of a plot into the next one; first of all what is called out."""
        return next_spot(self.laid_out(rect, style), self.shown, spot, right, down)

    def label(self, plot: Plot, spot: PlotSpot) -> str:
        """What stands beside a point that is pointed at."""
        series = plot.series[spot.series]
        return series.labels[spot.point] if isinstance(series, Points) and series.labels else ""

    def describe(self, spot: Any) -> str:
        """A point in words."""
        plot = self.plots[spot.plot]
        series = plot.series[spot.series]
        assert not isinstance(series, Level)
        name = self.label(plot, spot) or series.name
        parts = [
            f"{axis.title} {axis.written(float(values[spot.point]))}".strip()
            for axis, values in ((plot.x, series.x), (plot.y, series.y))
        ]
        return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def next_spot(frames: Sequence[Frame], shown: Shown, spot: object | None, right: int, down: int) -> PlotSpot | None:
    """The point beside another one of a figure's plots."""
    if isinstance(spot, PlotSpot) and spot.plot < len(frames):
        frame = frames[spot.plot]
        if frame.has(spot.series, spot.point, shown.hidden):
            found = frame.step((spot.series, spot.point), right, down, shown.hidden)
            if found is not None:
                return PlotSpot(spot.plot, *found)
            number, points = spot.plot + (right + down), None
            if 0 <= number < len(frames):
                points = frames[number].shown(shown.hidden)
            return PlotSpot(number, *points[0 if right + down > 0 else -1]) if points else spot
    for number, frame in enumerate(frames):
        for callout in frame.plot.callouts:
            if frame.has(callout.series, callout.point, shown.hidden):
                return PlotSpot(number, callout.series, callout.point)
    first = ((number, frame.shown(shown.hidden)) for number, frame in enumerate(frames))
    return next((PlotSpot(number, *points[0]) for number, points in first if points), None)


def side_by_side(n: int, area: QRectF, style: FigureStyle) -> list[QRectF]:
    """`n` equal parts of an area: beside or beneath each other, whichever gives them the better shape."""
    gap = _GAP * QFontMetricsF(style.font).height()
    width, height = (area.width() - (n - 1) * gap) / max(n, 1), (area.height() - (n - 1) * gap / 2) / max(n, 1)

    def misfit(width: float, height: float) -> float:
        return abs(math.log(max(width, 1.0) / max(height, 1.0) / _SHAPE))

    if misfit(width, area.height()) <= misfit(area.width(), height):
        return [QRectF(area.left() + i * (width + gap), area.top(), width, area.height()) for i in range(n)]
    return [QRectF(area.left(), area.top() + i * (height + gap / 2), area.width(), height) for i in range(n)]


@dataclass(frozen=True, eq=False)
class PlotFigure(PlottedFigure):
    """Plots that are a figure by themselves; their numbers are a row a point.

    Attributes
    ----------
    charts
        The plots, from left to right.
    """

    charts: tuple[Plot, ...]
    caption: str
    shown: Shown = ALL_SHOWN

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        return self.charts

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF((6 + 28 * len(self.charts)) * em, 26 * em)

    def numbers(self) -> Numbers:
        """Arrays `<plot>_<series>_x` and so on, counted from 0."""
        return self._numbers

    @cached_property
    def _numbers(self) -> Numbers:
        arrays: dict[str, np.ndarray] = {}
        rows: list[tuple[str | int | float, ...]] = []
        for p, plot in enumerate(self.charts):
            for s, series in enumerate(plot.series):
                if isinstance(series, Level):
                    arrays[f"{p}_{s}_level"] = np.array(series.value)
                    rows.append((plot.title, series.name, "", series.value, "", ""))
                    continue
                ends = (series.start, series.end) if isinstance(series, Bars) else (series.low, series.high)
                columns = {"x": series.x, "y": series.y, "low": ends[0], "high": ends[1]}
                arrays |= {f"{p}_{s}_{name}": values for name, values in columns.items() if values is not None}
                cells = [[""] * len(series.x) if column is None else column.tolist() for column in columns.values()]
                rows += [(plot.title, series.name, *row) for row in zip(*cells, strict=True)]
        return Numbers(arrays, ("plot", "series", "x", "y", "low", "high"), rows)
