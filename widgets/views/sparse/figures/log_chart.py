"""Curves on logarithmic axes: a part of figures, and what the pointer meets on them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.figures.lettering import resized
from widgets.look.theme import FigureStyle

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Spot(NamedTuple):
    """A point of one of a figure's charts, counted from 0."""

    chart: int
    curve: int
    point: int


@dataclass(frozen=True, eq=False)
class Curve:
    """Points joined by lines.

    Attributes
    ----------
    x, y
        float64 [point]; not positive or NaN where there is none.
    is_measured
        Drawn with dots and a solid line; what was worked out is drawn dashed.
    """

    label: str
    color: QColor
    x: np.ndarray
    y: np.ndarray
    is_measured: bool = False

    @property
    def shown(self) -> np.ndarray:
        """bool [point]."""
        return (self.x > 0) & (np.nan_to_num(self.y) > 0)


def count_text(value: float) -> str:
    """A power of ten."""
    return f"10{str(round(math.log10(value))).translate(_SUPERSCRIPT)}"


def bytes_text(value: float) -> str:
    """Such as 10 kB."""
    return _with_unit(value, ("B", "kB", "MB", "GB", "TB", "PB"))


def seconds_text(value: float) -> str:
    """Such as 10 ms."""
    return _with_unit(value * 1e9, ("ns", "µs", "ms", "s", "ks"))


def length_text(value: float) -> str:
    """Powers of two as they are spoken of: 4k is 4,096."""
    return f"{value / 1024:g}k" if value >= 1024 else f"{value:g}"


def _with_unit(value: float, units: tuple[str, ...]) -> str:
    thousands = min(max(math.floor(math.log10(value) / 3 + 1e-9), 0), len(units) - 1)
    return f"{value / 1000**thousands:.3g} {units[thousands]}"


@dataclass(frozen=True, eq=False)
class LogChart:
    """Both axes logarithmic: what grows as a power is a straight line.

    Attributes
    ----------
    kind
        What the numbers are, such as theory or measured; stands under the title.
    y_text
        How a number on the upright axis is written.
    empty
        What stands in the middle where there is no curve.
    """

    title: str
    kind: str
    x_label: str
    y_text: Callable[[float], str]
    curves: tuple[Curve, ...]
    x_range: tuple[float, float]
    empty: str = ""

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the curves are."""
        metrics = _metrics(style)
        em = metrics.height()
        left = max((metrics.horizontalAdvance(self.y_text(y)) for y in self._decades()), default=0.0) + 0.8 * em
        right = max((metrics.horizontalAdvance(curve.label) for curve in self.curves), default=0.0) + 0.9 * em
        right = min(right, 0.42 * rect.width())
        return rect.adjusted(left, 3.1 * em, -right, -2.6 * em)

    def point(self, curve: Curve, point: int, plot: QRectF) -> QPointF:
        """Where a point of a curve is painted."""
        x, y = self._to_plot(curve.x[[point]], curve.y[[point]], plot)
        return QPointF(x[0], y[0])

    def nearest(self, at: QPointF, rect: QRectF, style: FigureStyle) -> tuple[int, int] | None:
        """Curve and point closest to a place."""
        plot = self.plot(rect, style)
        best, closest = None, (1.6 * _metrics(style).height()) ** 2
        for number, curve in enumerate(self.curves):
            x, y = self._to_plot(curve.x, curve.y, plot)
            far = np.where(curve.shown, (x - at.x()) ** 2 + (y - at.y()) ** 2, np.inf)
            if len(far) and float(far.min()) < closest:
                best, closest = (number, int(far.argmin())), float(far.min())
        return best

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint into `rect`."""
        plot = self.plot(rect, style)
        if plot.width() < 1 or plot.height() < 1:
            return
        painter.save()
        self._paint_title(painter, rect, style)
        painter.setFont(resized(style.font, 0.9))
        self._paint_decades(painter, plot, style)
        self._paint_lengths(painter, plot, style)
        if not any(curve.shown.any() for curve in self.curves):
            painter.setPen(style.theme.faint)
            wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignCenter
            painter.drawText(plot.adjusted(8, 8, -8, -8), wrap, self.empty)
        for curve in self.curves:
            self._paint_curve(painter, curve, plot, style)
        self._paint_labels(painter, plot, rect, style)
        painter.restore()

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, curve: int, point: int) -> None:
        """Ring the point that is pointed at, with hairlines to the axes."""
        plot = self.plot(rect, style)
        at = self.point(self.curves[curve], point, plot)
        painter.save()
        painter.setPen(QPen(style.theme.ink, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(plot.left(), at.y()), at)
        painter.drawLine(QPointF(at.x(), plot.bottom()), at)
        painter.setBrush(style.theme.paper)
        painter.setPen(QPen(self.curves[curve].color, 2.5))
        painter.drawEllipse(at, 5.5, 5.5)
        painter.restore()

    def _y_range(self) -> tuple[float, float]:
        """Whole decades."""
        values = [curve.y[curve.shown] for curve in self.curves if curve.shown.any()]
        if not values:
            return 1.0, 1.0
        together = np.concatenate(values)
        low, high = math.floor(math.log10(together.min()) + 1e-9), math.ceil(math.log10(together.max()) - 1e-9)
        return 10.0**low, 10.0 ** max(high, low + 1)

    def _decades(self) -> list[float]:
        low, high = self._y_range()
        return [] if low == high else [10.0**p for p in range(round(math.log10(low)), round(math.log10(high)) + 1)]

    def _to_plot(self, x: np.ndarray, y: np.ndarray, plot: QRectF) -> tuple[np.ndarray, np.ndarray]:
        (x_low, x_high), (y_low, y_high) = np.log(self.x_range), np.log(self._y_range())
        with np.errstate(divide="ignore", invalid="ignore"):
            right = (np.log(x) - x_low) / max(x_high - x_low, 1e-9)
            up = (np.log(y) - y_low) / max(y_high - y_low, 1e-9)
        return plot.left() + right * plot.width(), plot.bottom() - up * plot.height()

    def _paint_title(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        bold, small = resized(style.font, bold=True), resized(style.font, 0.9)
        baseline = rect.top() + QFontMetricsF(bold).ascent()
        below = baseline + 1.15 * QFontMetricsF(small).height()
        for text, font, ink, y in (
            (self.title, bold, style.theme.ink, baseline),
            (self.kind, small, style.theme.faint, below),
        ):
            painter.setFont(font)
            painter.setPen(ink)
            line = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(QPointF(rect.left(), y), line)

    def _paint_decades(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        metrics = _metrics(style)
        em = metrics.height()
        decades = self._decades()
        step = max(1, math.ceil(len(decades) * 1.5 * em / plot.height()))
        for i, y in enumerate(decades):
            at = float(self._to_plot(np.array([1.0]), np.array([y]), plot)[1][0])
            painter.setPen(QPen(style.theme.line, 1))
            painter.drawLine(QPointF(plot.left(), at), QPointF(plot.right(), at))
            if i % step == 0:
                painter.setPen(style.theme.ink)
                text = self.y_text(y)
                x = plot.left() - 0.4 * em - metrics.horizontalAdvance(text)
                painter.drawText(QPointF(x, at + 0.36 * metrics.ascent()), text)

    def _paint_lengths(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        """Powers of two along the lower axis."""
        metrics = _metrics(style)
        em = metrics.height()
        first, last = (round(math.log2(x)) for x in self.x_range)
        widest = max(metrics.horizontalAdvance(length_text(2.0**p)) for p in range(first, last + 1)) + 0.7 * em
        step = max(1, math.ceil((last - first + 1) * widest / plot.width()))
        for power in range(first, last + 1):
            at = float(self._to_plot(np.array([2.0**power]), np.array([1.0]), plot)[0][0])
            is_labelled = (power - first) % step == 0
            painter.setPen(QPen(style.theme.line, 1))
            tick = (0.35 if is_labelled else 0.2) * em
            painter.drawLine(QPointF(at, plot.bottom()), QPointF(at, plot.bottom() + tick))
            if is_labelled:
                painter.setPen(style.theme.ink)
                text = length_text(2.0**power)
                x = at - metrics.horizontalAdvance(text) / 2
                painter.drawText(QPointF(x, plot.bottom() + 0.45 * em + metrics.ascent()), text)
        painter.setPen(QPen(style.theme.faint, 1))
        painter.drawLines([QLineF(plot.topLeft(), plot.bottomLeft()), QLineF(plot.bottomLeft(), plot.bottomRight())])
        x = plot.center().x() - metrics.horizontalAdvance(self.x_label) / 2
        painter.drawText(QPointF(x, plot.bottom() + 1.45 * em + metrics.ascent()), self.x_label)

    def _paint_curve(self, painter: QPainter, curve: Curve, plot: QRectF, style: FigureStyle) -> None:
        x, y = self._to_plot(curve.x[curve.shown], curve.y[curve.shown], plot)
        points = [QPointF(*point) for point in np.column_stack([x, y]).tolist()]
        line = Qt.PenStyle.SolidLine if curve.is_measured else Qt.PenStyle.DashLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(curve.color, 2.2, line))
        if len(points) > 1:
            painter.drawPolyline(points)
        if curve.is_measured:
            painter.setBrush(curve.color)
            painter.setPen(QPen(style.theme.paper, 1))
            for point in points:
                painter.drawEllipse(point, 4.2, 4.2)

    def _paint_labels(self, painter: QPainter, plot: QRectF, rect: QRectF, style: FigureStyle) -> None:
        """The name of each curve at its end, pushed apart where ends are close."""
        metrics = _metrics(style)
        em = metrics.height()
        ends: list[tuple[QPointF, Curve]] = []
        for curve in self.curves:
            if curve.shown.any():
                last = int(np.flatnonzero(curve.shown)[-1])
                ends.append((self.point(curve, last, plot), curve))
        ends.sort(key=lambda end: end[0].y())
        heights: list[float] = []
        for point, _ in ends:
            heights.append(max(point.y(), heights[-1] + em if heights else plot.top()))
        floor = plot.bottom()
        for i in range(len(heights) - 1, -1, -1):  # up again, as far as needed
            heights[i] = min(heights[i], floor)
            floor = heights[i] - em
        for (point, curve), height in zip(ends, heights, strict=True):
            left = point.x() + 0.7 * em
            painter.setPen(QPen(curve.color, 1))
            painter.drawLine(QPointF(point.x() + 2, point.y()), QPointF(left - 2, height))
            painter.setPen(style.theme.ink)
            text = metrics.elidedText(curve.label, Qt.TextElideMode.ElideRight, rect.right() - left)
            painter.drawText(QPointF(left, height + 0.36 * metrics.ascent()), text)


class ChartFigure:
    """Figures made of such charts: finds, rings and steps through points; a subclass says where its charts are."""

    def charts(self, rect: QRectF, style: FigureStyle) -> list[tuple[LogChart, QRectF]]:
        """The charts, and where they are painted."""
        raise NotImplementedError

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Spot | None:
        """The point of a curve close to a place."""
        for number, (chart, area) in enumerate(self.charts(rect, style)):
            if area.contains(point) and (found := chart.nearest(point, area, style)) is not None:
                return Spot(number, *found)
        return None

    def has_spot(self, spot: Spot, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a point."""
        charts = self.charts(rect, style)
        if spot.chart >= len(charts) or spot.curve >= len(charts[spot.chart][0].curves):
            return False
        shown = charts[spot.chart][0].curves[spot.curve].shown
        return spot.point < len(shown) and bool(shown[spot.point])

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Spot) -> None:
        """Ring the point that is pointed at."""
        chart, area = self.charts(rect, style)[spot.chart]
        chart.paint_spot(painter, area, style, spot.curve, spot.point)

    def step(self, spot: Spot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Spot | None:
        """The next point along a curve, across its end into the next one; up and down from curve to curve."""
        places = [
            Spot(c, i, int(p))
            for c, (chart, _) in enumerate(self.charts(rect, style))
            for i, curve in enumerate(chart.curves)
            for p in np.flatnonzero(curve.shown)
        ]
        if spot is None or spot not in places:
            return places[0] if places else None
        if down:
            curves = sorted({place[:2] for place in places})
            at = min(max(curves.index(spot[:2]) + down, 0), len(curves) - 1)
            own = [place for place in places if place[:2] == curves[at]]
            return min(own, key=lambda place: abs(place.point - spot.point))
        return places[min(max(places.index(spot) + right, 0), len(places) - 1)]


def _metrics(style: FigureStyle) -> QFontMetricsF:
    """Of the small letters."""
    return QFontMetricsF(resized(style.font, 0.9))
