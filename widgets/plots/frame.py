"""Where a plot's parts are: the same on screen and in files."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from widgets.figures.lettering import resized
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import Bars, Curve, Level, Plot, Points, Series, Zoom
from widgets.plots.ticks import Extent, Tick, extent_of, ticks

REACH = 1.6  # em from a point at which it is still pointed at
_MOST_LEFT = 0.4  # of the width, for names beside the upright axis


@dataclass(frozen=True, eq=False)
class Frame:
    """A plot laid out in a rectangle.

    Attributes
    ----------
    rect, inner
        All of it with titles and axes, and where the series are.
    x, y
        What the axes show.
    x_ticks, y_ticks
        With texts that fit.
    """

    plot: Plot
    rect: QRectF
    inner: QRectF
    x: Extent
    y: Extent
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]

    @staticmethod
    def of(
        plot: Plot,
        rect: QRectF,
        style: FigureStyle,
        zoom: Zoom | None = None,
        sides: tuple[float, float] | None = None,
    ) -> Frame:
        """Lay a plot out; `sides` says where the series begin and end, if they stand beneath something else."""
        metrics = QFontMetricsF(resized(style.font, SMALL))
        em = metrics.height()
        bold = QFontMetricsF(resized(style.font, bold=True)).height()
        titles = (bold if plot.title else 0.0) + (1.15 * em if plot.subtitle else 0.0)
        top = titles + (0.5 if titles else 0.7) * em
        bottom = 1.5 * em + (1.15 * em if plot.x.title else 0.0)
        height = max(rect.height() - top - bottom, 0.0)
        x, y = extents(plot)
        if zoom is not None:
            x, y = Extent(*zoom.x), Extent(*zoom.y)
        y_ticks = [] if plot.is_empty else ticks(plot.y, y, height, lambda _: (1.1 if plot.y.labels else 1.5) * em)
        left = max((metrics.horizontalAdvance(tick.text) for tick in y_ticks), default=0.0) + 0.4 * em
        left = min(left, _MOST_LEFT * rect.width()) + (1.5 * em if plot.y.title else 0.3 * em)
        # Whole steps, so that the picture stands still while it is panned.
        left = math.ceil(left / em * 2) * em / 2
        right = max(map(metrics.horizontalAdvance, _texts_at_the_right(plot)), default=0.3 * em) + 0.9 * em
        inner = QRectF(rect.left() + left, rect.top() + top, rect.width() - left - right, height)
        if sides is not None:
            inner.setLeft(sides[0])
            inner.setRight(sides[1])
        if inner.width() < 1 or inner.height() < 1:
            return Frame(plot, rect, QRectF(inner.topLeft(), inner.topLeft()), x, y, (), ())
        gap = 0.8 * em if plot.x.labels else 1.4 * em  # a name that is left out is missed, a number is not
        x_ticks = ticks(plot.x, x, inner.width(), lambda text: metrics.horizontalAdvance(text) + gap)
        if sides is None and zoom is None and x_ticks:
            # The number of the last tick may reach beyond the axis, but not beyond the plot.
            last = x_ticks[-1]
            end = float(x.pixels(np.array(last.at), inner.left(), inner.right()))
            over = end + metrics.horizontalAdvance(last.text) / 2 - rect.right()
            inner.setRight(inner.right() - max(over, 0.0))
        return Frame(plot, rect, inner, x, y, tuple(x_ticks), tuple(y_ticks))

    @property
    def is_too_small(self) -> bool:
        """Whether there is no room for anything."""
        return self.inner.width() < 1

    def pixels(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where distances along the axes are painted."""
        inner = self.inner
        return self.x.pixels(x, inner.left(), inner.right()), self.y.pixels(y, inner.bottom(), inner.top())

    def point(self, series: int, point: int) -> QPointF:
        """Where a point of a series is painted; it may lie beyond what is looked at."""
        x, y = self.plot.places(series)
        across, up = self.pixels(x[[point]], y[[point]])
        return QPointF(float(across[0]), float(up[0]))

    def has(self, series: int, point: int, hidden: Collection[str]) -> bool:
        """Whether a point is shown."""
        if series >= len(self.plot.series) or self.plot.series[series].name in hidden:
            return False
        x, _ = self.plot.places(series)
        if point >= len(x) or not math.isfinite(x[point]):
            return False
        return self.inner.adjusted(-1, -1, 1, 1).contains(self.point(series, point))

    def nearest(self, at: QPointF, hidden: Collection[str], style: FigureStyle) -> tuple[int, int] | None:
        """Series and point closest to a place, if it is close; in a bar, that bar."""
        if not self.inner.adjusted(-4, -4, 4, 4).contains(at) or self.is_too_small:
            return None
        best, closest = None, (REACH * QFontMetricsF(resized(style.font, SMALL)).height()) ** 2
        for number, series in enumerate(self.plot.series):
            if series.name in hidden or not _is_pointed_at(series):
                continue
            if isinstance(series, Bars):
                for point, bar in enumerate(self.bars(series)):
                    if bar.contains(at) and self.has(number, point, hidden):
                        return number, point
                continue
            across, up = self.pixels(*self.plot.places(number))
            far = (across - at.x()) ** 2 + (up - at.y()) ** 2
            far = np.where(self._is_seen(across, up), far, np.inf)
            if far.size and float(far.min()) < closest:
                best, closest = (number, int(far.argmin())), float(far.min())
        return best

    def bars(self, series: Bars) -> list[QRectF]:
        """Where bars are painted; they may reach beyond what is looked at."""
        half = series.thickness / 2
        along, across = (self.plot.x, self.plot.y) if series.are_lying else (self.plot.y, self.plot.x)
        start, end, at = along.units(series.start), along.units(series.end), across.units(series.at)
        x, y = ((start, end), (at - half, at + half)) if series.are_lying else ((at - half, at + half), (start, end))
        (lefts, bottoms), (rights, tops) = self.pixels(x[0], y[0]), self.pixels(x[1], y[1])
        corners = np.column_stack([lefts, tops, rights, bottoms]).tolist()
        return [QRectF(QPointF(x0, y0), QPointF(x1, y1)).normalized() for x0, y0, x1, y1 in corners]

    def shown(self, hidden: Collection[str]) -> list[tuple[int, int]]:
        """All points that are shown, series by series."""
        places = []
        for number, series in enumerate(self.plot.series):
            if series.name not in hidden and _is_pointed_at(series):
                across, up = self.pixels(*self.plot.places(number))
                places += [(number, int(point)) for point in np.flatnonzero(self._is_seen(across, up))]
        return places

    def step(self, spot: tuple[int, int], right: int, down: int, hidden: Collection[str]) -> tuple[int, int] | None:
        """Along a curve, or up and down to the next one; among points the nearest in that direction. None at an end."""
        shown = self.shown(hidden)
        if isinstance(self.plot.series[spot[0]], Points):
            return self._nearest_towards(spot, right, down, shown)
        if down:
            numbers = sorted({series for series, _ in shown})
            at = numbers.index(spot[0]) + down
            if not 0 <= at < len(numbers):
                return None
            own = [place for place in shown if place[0] == numbers[at]]
            return min(own, key=lambda place: abs(place[1] - spot[1]))
        at = shown.index(spot) + right
        return shown[at] if 0 <= at < len(shown) else None

    def _nearest_towards(
        self, spot: tuple[int, int], right: int, down: int, shown: list[tuple[int, int]]
    ) -> tuple[int, int] | None:
        start = self.point(*spot)

        def cost(place: tuple[int, int]) -> float:
            moved = self.point(*place) - start
            ahead, aside = (moved.x() * right, moved.y()) if right else (moved.y() * down, moved.x())
            return ahead + 2 * abs(aside) if ahead > 0 else math.inf

        best = min(shown, key=cost, default=spot)
        return best if cost(best) < math.inf else None

    def _is_seen(self, across: np.ndarray, up: np.ndarray) -> np.ndarray:
        inner = self.inner.adjusted(-1, -1, 1, 1)
        with np.errstate(invalid="ignore"):
            is_across = (inner.left() <= across) & (across <= inner.right())
            return is_across & (inner.top() <= up) & (up <= inner.bottom())


def extents(plot: Plot) -> tuple[Extent, Extent]:
    """What the axes show if all of a plot is looked at."""
    places = [plot.places(number) for number in range(len(plot.series))]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    for series in plot.series:
        if isinstance(series, Level):
            ys.append(plot.y.units(np.array([series.value])))
        elif isinstance(series, Bars):
            (xs if series.are_lying else ys).append(series.start)
        else:
            ys += [plot.y.units(end) for end in (series.low, series.high) if end is not None]
    nothing = np.empty(0)
    return extent_of(plot.x, np.concatenate([nothing, *xs])), extent_of(plot.y, np.concatenate([nothing, *ys]))


def _is_pointed_at(series: Series) -> bool:
    return not isinstance(series, Level) and not (isinstance(series, Curve) and series.is_guide)


def _texts_at_the_right(plot: Plot) -> list[str]:
    texts: list[str] = []
    for series in plot.series:
        if isinstance(series, Bars) and series.are_lying:
            texts += series.texts
        elif isinstance(series, Curve) and series.note:
            texts.append(series.note)
    return texts


def text_room(frame: Frame, style: FigureStyle) -> float:
    """What texts beside the upright axis may take."""
    em = QFontMetricsF(resized(style.font, SMALL)).height()
    return frame.inner.left() - frame.rect.left() - (1.7 if frame.plot.y.title else 0.35) * em
