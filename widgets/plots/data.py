"""What a plot shows, as data: curves, points, bars and levels on two axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtGui import QColor

from widgets.look import color_maps
from widgets.look.theme import FigureStyle

Ink = int | float | str


@dataclass(frozen=True)
class PlotSpot:
    """A point of a figure's plots, counted from 0: which plot, which of its series, which of its points."""

    plot: int
    series: int
    point: int


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes
    ----------
    is_log
        Equal steps are equal factors; numbers that are not positive have no place.
    base
        Of a logarithmic axis: ticks stand at its powers.
    low, high
        Where it begins and ends; worked out from the numbers where None.
    text
        How a number is written; rounded to the step between ticks where None.
    labels
        Names of the places 0, 1, 2 ..., instead of numbers.
    main
        Places whose names stand where not all have room, the last one in any case; empty: every second, third ...
    short_title
        What it is called where its title has no room beside it; its title is cut there if there is none.
    """

    title: str = ""
    is_log: bool = False
    base: int = 10
    low: float | None = None
    high: float | None = None
    text: Callable[[float], str] | None = None
    labels: tuple[str, ...] = ()
    main: tuple[int, ...] = ()
    short_title: str = ""

    def units(self, values: np.ndarray) -> np.ndarray:
        """Distances along the axis: the numbers themselves, or their logarithms to base 10; NaN where there is none."""
        values = np.asarray(values, float)
        if not self.is_log:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log10(values), np.nan)

    def number(self, units: float) -> float:
        """The number at a distance along the axis."""
        return 10.0**units if self.is_log else units

    def written(self, value: float) -> str:
        """A number or name as a sentence has it."""
        if self.labels and 0 <= round(value) < len(self.labels):
            return self.labels[round(value)]
        return self.text(value) if self.text else f"{value:.6g}"


@dataclass(frozen=True, eq=False)
class Curve:
    """Points joined by lines; a number that is NaN leaves a gap.

    Attributes
    ----------
    x, y
        float [point].
    ink
        A colour: a number of the theme's series, a share (0.0 to 1.0) of the colours of the map that are
        seen on the paper, or a role of the theme.
    low, high
        float [point]: a band about the curve, such as an error; None where there is none.
    has_dots, is_dashed
        Dots mark what was measured; what was worked out is dashed.
    width
        Of the line, in points.
    note
        Written at its end; may be empty.
    is_guide
        It only leads the eye: its points are not pointed at.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    ink: Ink = 0
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    has_dots: bool = False
    is_dashed: bool = False
    width: float = 2.2
    note: str = ""
    is_guide: bool = False


@dataclass(frozen=True, eq=False)
class Points:
    """Points by themselves.

    Attributes
    ----------
    x, y, ink, low, high
        As of a `Curve`; `low` and `high` are the ends of error bars.
    labels
        A name a point, shown beside the one that is pointed at; may be empty.
    size
        Diameter in em.
    has_names
        Whether the labels of all points are written, as many as there is room for, the first ones first.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    ink: Ink = 0
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    labels: tuple[str, ...] = ()
    size: float = 0.68
    has_names: bool = False


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars that lie at places of the upright axis, or stand on places of the other.

    Attributes
    ----------
    at
        float [bar]: the middle of each.
    start, end
        float [bar]: bars that go on where others end are stacked.
    ink
        As of a `Curve`.
    texts
        Written at their ends; may be empty.
    are_lying
        Whether they run to the right.
    thickness
        In places.
    """

    name: str
    at: np.ndarray
    start: np.ndarray
    end: np.ndarray
    ink: Ink = 0
    texts: tuple[str, ...] = ()
    are_lying: bool = False
    thickness: float = 0.66

    @property
    def x(self) -> np.ndarray:
        """Where they end, along the lower axis."""
        return self.end if self.are_lying else self.at

    @property
    def y(self) -> np.ndarray:
        """Where they end, along the upright axis."""
        return self.at if self.are_lying else self.end


@dataclass(frozen=True)
class Level:
    """A number that all of a plot is compared with: a dashed line from side to side."""

    name: str
    value: float
    ink: Ink = "faint"


Series = Curve | Points | Bars | Level


@dataclass(frozen=True)
class Callout:
    """A point of a plot that is ringed and named."""

    series: int
    point: int
    text: str


@dataclass(frozen=True, eq=False)
class Plot:
    """Series on two axes.

    Attributes
    ----------
    title, subtitle
        Above it; may be empty.
    empty
        What stands in the middle where there is nothing to show.
    """

    series: tuple[Series, ...]
    x: Axis
    y: Axis
    title: str = ""
    subtitle: str = ""
    callouts: tuple[Callout, ...] = ()
    empty: str = ""

    def places(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances of a series' points along both axes, NaN where they have no place; a level has no points."""
        series = self.series[number]
        if isinstance(series, Level):
            return np.empty(0), np.empty(0)
        x, y = self.x.units(series.x), self.y.units(series.y)
        has_place = np.isfinite(x) & np.isfinite(y)
        return np.where(has_place, x, np.nan), np.where(has_place, y, np.nan)

    @property
    def is_empty(self) -> bool:
        """Whether no series has a point."""
        return not any(np.isfinite(self.places(number)[0]).any() for number in range(len(self.series)))


class Zoom(NamedTuple):
    """The part of a plot that is looked at, in distances along its axes."""

    x: tuple[float, float]
    y: tuple[float, float]


@dataclass(frozen=True)
class Shown:
    """What is looked at of a figure's plots.

    Attributes
    ----------
    zooms
        One a plot; None, or none at all: all of it.
    hidden
        Names of series that are switched off.
    """

    zooms: tuple[Zoom | None, ...] = ()
    hidden: frozenset[str] = frozenset()

    def zoom(self, number: int) -> Zoom | None:
        """The part that is looked at of a plot."""
        return self.zooms[number] if number < len(self.zooms) else None


ALL_SHOWN = Shown()


def color_of(ink: Ink, style: FigureStyle) -> QColor:
    """A colour in a style."""
    if isinstance(ink, str):
        return QColor(getattr(style.theme, ink))
    if isinstance(ink, float):
        first, last = color_maps.seen_on(style.color_map, style.theme.paper.rgb())
        place = first + (last - first) * min(max(ink, 0.0), 1.0)
        return QColor.fromRgb(int(color_maps.lookup(style.color_map)[round(place)]))
    return QColor(style.theme.series[ink % len(style.theme.series)])
