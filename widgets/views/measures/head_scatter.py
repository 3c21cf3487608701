"""Two measures of every head against each other: a point a head, coloured by layer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.measures import MeasuresResult
from widgets.figures.figure import Numbers
from widgets.figures.head_measures import (
    MEASURE_BY_NAME,
    Place,
    axis_title,
    places_of,
    sample_text,
    why_none,
    with_unit,
)
from widgets.look import color_maps
from widgets.look.theme import FigureStyle

_RADIUS = 0.34  # em
_REACH = 1.0  # em from a point at which it is still pointed at


@dataclass(frozen=True)
class Span:
    """An axis: from a round number to a round number, with ticks between."""

    low: float
    high: float
    step: float

    @staticmethod
    def of(values: np.ndarray, n_most: int) -> Span:
        """Round all numbers; from 0 unless they crowd far above it."""
        low, high = float(values.min()), float(values.max())
        if low < 0.4 * high or low == high:
            low = 0.0
        step = _round_step((high - low or 1.0) / max(n_most, 1))
        return Span(math.floor(low / step + 1e-9) * step, max(math.ceil(high / step - 1e-9), 1) * step, step)

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Numbers and their texts."""
        n_digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        for i in range(round((self.high - self.low) / self.step) + 1):
            value = self.low + i * self.step
            yield value, f"{value:.{n_digits}f}"

    def share(self, value: float) -> float:
        """How far along the axis a number is."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class HeadScatter:
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
    selected: Place | None = None

    @property
    def caption(self) -> str:
        titles = (MEASURE_BY_NAME[name].title for name in (self.y, self.x))
        parts = [_tr("{} against {} of {} heads").format(*titles, len(self._places))]
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

    @cached_property
    def _places(self) -> list[Place]:
        return places_of(self.result)

    @cached_property
    def points(self) -> dict[Place, tuple[float, float]]:
        """Numbers of the heads that have both."""
        xs, ys = self.result.measures[self.x], self.result.measures[self.y]
        both = {place: (float(xs[place]), float(ys[place])) for place in self._places}
        return {place: point for place, point in both.items() if not any(map(math.isnan, point))}

    # Where things are

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """What the axes and the legend leave."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        legend = max(metrics.horizontalAdvance(_tr("Layer")), 2 * em) + 1.2 * em
        return rect.adjusted(5.2 * em, 0.8 * em, -legend, -3.0 * em)

    def _spans(self, plot: QRectF, em: float) -> tuple[Span, Span]:
        values = np.array(list(self.points.values()))
        return Span.of(values[:, 0], int(plot.width() / (4.5 * em))), Span.of(
            values[:, 1], int(plot.height() / (3 * em))
        )

    def at(self, rect: QRectF, style: FigureStyle) -> dict[Place, QPointF]:
        """Where the heads are."""
        if not self.points:
            return {}
        plot = self.plot(rect, style)
        across, up = self._spans(plot, QFontMetricsF(style.font).height())
        return {
            place: QPointF(
                plot.left() + across.share(x) * plot.width(), plot.bottom() - up.share(y) * plot.height()
            )
            for place, (x, y) in self.points.items()
        }  # fmt: skip

    # Under the pointer

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Place | None:
        """The nearest head, if it is near."""
        at = self.at(rect, style)
        nearest = min(at, key=lambda place: _length(at[place] - point), default=None)
        reach = _REACH * QFontMetricsF(style.font).height()
        return nearest if nearest is not None and _length(at[nearest] - point) <= reach else None

    def has_spot(self, spot: Place, rect: QRectF, style: FigureStyle) -> bool:
        """Whether that head is drawn."""
        return spot in self.points

    def step(self, spot: Place | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Place | None:
        """The nearest head in a direction, or the one where one is."""
        at = self.at(rect, style)
        start = spot if spot in at else self.selected if self.selected in at else None
        if start is None or spot is None:
            return start or next(iter(at), None)

        def cost(place: Place) -> float:
            moved = at[place] - at[start]
            ahead, aside = (moved.x() * right, moved.y()) if right else (moved.y() * down, moved.x())
            return ahead + 2 * abs(aside) if ahead > 0 else math.inf

        best = min(at, key=cost)
        return best if cost(best) < math.inf else start

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Place) -> None:
        """Ring the head that is pointed at, and say its numbers."""
        at = self.at(rect, style)
        if spot in at:
            x, y = self.points[spot]
            text = (spot.title, with_unit(self.x, x), with_unit(self.y, y))
            self._paint_ring(painter, at[spot], rect, style, "\n".join(text), style.theme.ink)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        plot = self.plot(rect, style)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(style.font)
        self._paint_legend(painter, plot, style)
        if not self.points:
            painter.setPen(style.theme.faint)
            text = f"{axis_title(missing)}\n{why_none(self.result, missing)}" if (missing := self._missing()) else ""
            painter.drawText(plot, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            painter.restore()
            return
        self._paint_axes(painter, plot, style)
        at = self.at(rect, style)
        radius = _RADIUS * QFontMetricsF(style.font).height()
        painter.setPen(QPen(style.theme.ink, 0.06 * QFontMetricsF(style.font).height()))
        for place, center in at.items():
            painter.setBrush(self._color(place.layer, style))
            painter.drawEllipse(center, radius, radius)
        if self.selected is not None and self.selected in at:
            self._paint_ring(painter, at[self.selected], rect, style, self.selected.title, style.theme.accent)
        painter.restore()

    def seen(self, selected: Place | None) -> HeadScatter:
        """The same with another head selected."""
        return replace(self, selected=selected)

    def _missing(self) -> str:
        """The measure that no head has."""
        return next((name for name in (self.x, self.y) if np.isnan(self.result.measures[name]).all()), "")

    def _color(self, layer: int, style: FigureStyle) -> QColor:
        n_layers = len(self.result.measures[self.x])
        return QColor.fromRgb(int(color_maps.lookup(style.color_map)[round(255 * layer / max(n_layers - 1, 1))]))

    def _paint_axes(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        across, up = self._spans(plot, em)
        for value, text in across.ticks():
            x = plot.left() + across.share(value) * plot.width()
            painter.setPen(QPen(theme.line, 0.05 * em))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(theme.ink)
            painter.drawText(
                QPointF(x - metrics.horizontalAdvance(text) / 2, plot.bottom() + 0.3 * em + metrics.ascent()), text
            )
        for value, text in up.ticks():
            y = plot.bottom() - up.share(value) * plot.height()
            painter.setPen(QPen(theme.line, 0.05 * em))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(theme.ink)
            painter.drawText(
                QPointF(plot.left() - 0.4 * em - metrics.horizontalAdvance(text), y + 0.36 * metrics.ascent()), text
            )
        painter.setPen(theme.faint)
        title = axis_title(self.x)
        painter.drawText(
            QPointF(
                plot.center().x() - metrics.horizontalAdvance(title) / 2, plot.bottom() + 1.6 * em + metrics.ascent()
            ),
            title,
        )
        title = metrics.elidedText(axis_title(self.y), Qt.TextElideMode.ElideRight, plot.height() + 3 * em)
        painter.save()
        painter.translate(plot.left() - 4.0 * em, plot.center().y() + metrics.horizontalAdvance(title) / 2)
        painter.rotate(-90)
        painter.drawText(QPointF(0, 0), title)
        painter.restore()

    def _paint_legend(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        n_layers = len(self.result.measures[self.x])
        x, y = plot.right() + 1.0 * em, plot.top() + metrics.ascent()
        painter.setPen(style.theme.faint)
        painter.drawText(QPointF(x, y), _tr("Layer"))
        n_lines = max(int(plot.height() / (1.25 * em)) - 1, 1)
        step = -(-n_layers // n_lines)
        for line, layer in enumerate(range(0, n_layers, step), start=1):
            middle = y + 1.25 * line * em
            painter.setPen(QPen(style.theme.ink, 0.06 * em))
            painter.setBrush(self._color(layer, style))
            painter.drawEllipse(QPointF(x + _RADIUS * em, middle - 0.36 * metrics.ascent()), _RADIUS * em, _RADIUS * em)
            painter.setPen(style.theme.ink)
            painter.drawText(QPointF(x + 1.1 * em, middle), str(layer))

    def _paint_ring(
        self, painter: QPainter, center: QPointF, rect: QRectF, style: FigureStyle, text: str, color: QColor
    ) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        lines = text.split("\n")
        size = QSizeF(max(map(metrics.horizontalAdvance, lines)) + 0.8 * em, (1.1 * len(lines) + 0.3) * em)
        box = QRectF(center + QPointF(0.8 * em, -size.height() - 0.3 * em), size)
        if box.right() > rect.right():
            box.moveRight(center.x() - 0.8 * em)
        if box.top() < rect.top():
            box.moveTop(center.y() + 0.5 * em)
        painter.save()
        painter.setFont(style.font)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 0.14 * em))
        painter.drawEllipse(center, 0.55 * em, 0.55 * em)
        ground = QColor(style.theme.paper)
        ground.setAlpha(235)
        painter.setPen(QPen(color, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)
        painter.setPen(style.theme.ink)
        for i, line in enumerate(lines):
            painter.drawText(QPointF(box.left() + 0.4 * em, box.top() + (0.15 + 1.1 * i) * em + metrics.ascent()), line)
        painter.restore()


def _length(vector: QPointF) -> float:
    return math.hypot(vector.x(), vector.y())


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= least * (1 - 1e-9))


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadScatter", text)
