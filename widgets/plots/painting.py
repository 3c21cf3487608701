"""Paints a plot with any painter: every curve, point and letter at its place, and nothing beyond the axes.

Clipping is done to the shapes themselves, since a painter that writes SVG does not clip.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from widgets.figures.lettering import fitted, resized
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import Bars, Callout, Curve, Level, Points, color_of
from widgets.plots.frame import Frame, text_room
from widgets.plots.point_names import callout_box, placed_names

_OUTLINED = 0.5  # em: points of that size are
_LEAST_TITLE = 0.75  # of the size of letters, for a title along a low axis
BAND = 60  # of 255: how much of a band is colour


def dot_size(em: float) -> float:
    """Diameter of the dots of a curve."""
    return 0.55 * em


def paint(painter: QPainter, frame: Frame, style: FigureStyle, hidden: Collection[str] = ()) -> None:
    """Paint a plot; series whose names are hidden are left out."""
    if frame.is_too_small:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_axes(painter, frame, style)
    for number, series in enumerate(frame.plot.series):
        if series.name in hidden:
            continue
        if isinstance(series, Curve):
            _paint_curve(painter, frame, number, series, style)
        elif isinstance(series, Points):
            _paint_points(painter, frame, number, series, style)
        elif isinstance(series, Bars):
            _paint_bars(painter, frame, series, style)
        else:
            _paint_level(painter, frame, series, style)
    paint_texts(painter, frame, style, hidden)
    painter.restore()


def _paint_axes(painter: QPainter, frame: Frame, style: FigureStyle) -> None:
    small = resized(style.font, SMALL)
    metrics, inner, theme = QFontMetricsF(small), frame.inner, style.theme
    em = metrics.height()
    painter.setFont(small)
    for tick in frame.x_ticks:
        x = float(frame.x.pixels(np.array(tick.at), inner.left(), inner.right()))
        if not frame.plot.x.labels:
            painter.setPen(QPen(theme.line, 1))
            painter.drawLine(QLineF(x, inner.top(), x, inner.bottom()))
        painter.setPen(theme.ink)
        left = x - metrics.horizontalAdvance(tick.text) / 2
        painter.drawText(QPointF(left, inner.bottom() + 0.25 * em + metrics.ascent()), tick.text)
    for tick in frame.y_ticks:
        y = float(frame.y.pixels(np.array(tick.at), inner.bottom(), inner.top()))
        if not frame.plot.y.labels:
            painter.setPen(QPen(theme.line, 1))
            painter.drawLine(QLineF(inner.left(), y, inner.right(), y))
        painter.setPen(theme.ink)
        text = metrics.elidedText(tick.text, Qt.TextElideMode.ElideRight, text_room(frame, style))
        left = inner.left() - 0.35 * em - metrics.horizontalAdvance(text)
        painter.drawText(QPointF(left, y + 0.36 * metrics.ascent()), text)
    painter.setPen(QPen(theme.faint, 1))
    painter.drawLine(QLineF(inner.topLeft(), inner.bottomLeft()))
    painter.drawLine(QLineF(inner.bottomLeft(), inner.bottomRight()))


def _paint_curve(painter: QPainter, frame: Frame, number: int, curve: Curve, style: FigureStyle) -> None:
    color = color_of(curve.ink, style)
    x, y = frame.pixels(*frame.plot.places(number))
    if curve.low is not None and curve.high is not None:
        _paint_band(painter, frame, x, curve.low, curve.high, color)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(curve_pen(curve, color))
    for line in clipped_line(x, y, frame.inner):
        painter.drawPolyline(line)
    if curve.has_dots:
        painter.setBrush(color)
        painter.setPen(QPen(style.theme.paper, 1))
        radius = dot_size(QFontMetricsF(style.font).height()) / 2
        for point in _seen(frame, x, y):
            painter.drawEllipse(point, radius, radius)


def curve_pen(curve: Curve, color: QColor) -> QPen:
    """The pen of a curve."""
    return QPen(color, curve.width, Qt.PenStyle.DashLine if curve.is_dashed else Qt.PenStyle.SolidLine)


def _paint_band(
    painter: QPainter, frame: Frame, x: np.ndarray, low: np.ndarray, high: np.ndarray, color: QColor
) -> None:
    units = frame.plot.y.units
    lower = frame.y.pixels(units(low), frame.inner.bottom(), frame.inner.top())
    upper = frame.y.pixels(units(high), frame.inner.bottom(), frame.inner.top())
    is_there = np.isfinite(x) & np.isfinite(lower) & np.isfinite(upper)
    ground = QColor(color)
    ground.setAlpha(BAND)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    for piece in _runs(is_there):
        there = np.column_stack([x[piece], upper[piece]]).tolist()
        back = np.column_stack([x[piece], lower[piece]])[::-1].tolist()
        outline = QPolygonF([QPointF(*point) for point in (*there, *back)])
        painter.drawPolygon(outline.intersected(QPolygonF(frame.inner)))


def _paint_points(painter: QPainter, frame: Frame, number: int, points: Points, style: FigureStyle) -> None:
    color, em = color_of(points.ink, style), QFontMetricsF(style.font).height()
    x, y = frame.pixels(*frame.plot.places(number))
    if points.low is not None and points.high is not None:
        painter.setPen(QPen(color, 1.4))
        for line in error_bars(frame, x, points):
            painter.drawLine(line)
    painter.setPen(points_pen(points, style))
    painter.setBrush(color)
    for point in _seen(frame, x, y):
        painter.drawEllipse(point, points.size * em / 2, points.size * em / 2)


def points_pen(points: Points, style: FigureStyle) -> QPen:
    """What is about points; small ones are colour only."""
    if points.size < _OUTLINED:
        return QPen(Qt.PenStyle.NoPen)
    return QPen(style.theme.ink, 0.06 * QFontMetricsF(style.font).height())


def error_bars(frame: Frame, x: np.ndarray, points: Points) -> list[QLineF]:
    """The whiskers of points, as far as they are seen."""
    assert points.low is not None
    assert points.high is not None
    inner, units = frame.inner, frame.plot.y.units
    ends = [frame.y.pixels(units(end), inner.bottom(), inner.top()) for end in (points.low, points.high)]
    lines = []
    for at, bottom, top in np.column_stack([x, *ends]).tolist():
        if inner.left() <= at <= inner.right() and top < inner.bottom() and bottom > inner.top():
            lines.append(QLineF(at, min(bottom, inner.bottom()), at, max(top, inner.top())))
    return lines


def _paint_bars(painter: QPainter, frame: Frame, series: Bars, style: FigureStyle) -> None:
    for bar in frame.bars(series):
        painter.fillRect(bar.intersected(frame.inner), color_of(series.ink, style))


def _paint_level(painter: QPainter, frame: Frame, level: Level, style: FigureStyle) -> None:
    inner = frame.inner
    y = float(frame.y.pixels(frame.plot.y.units(np.array(level.value)), inner.bottom(), inner.top()))
    if inner.top() <= y <= inner.bottom():
        painter.setPen(level_pen(level, style))
        painter.drawLine(QLineF(inner.left(), y, inner.right(), y))


def level_pen(level: Level, style: FigureStyle) -> QPen:
    """The pen of a level."""
    return QPen(color_of(level.ink, style), 1.5, Qt.PenStyle.DashLine)


# Texts, which pyqtgraph leaves to us


def paint_texts(painter: QPainter, frame: Frame, style: FigureStyle, hidden: Collection[str] = ()) -> None:
    """Titles, texts of bars, names of points that are called out, and the sentence where there is nothing."""
    if frame.is_too_small:
        return
    painter.save()
    _paint_titles(painter, frame, style)
    small = resized(style.font, SMALL)
    metrics = QFontMetricsF(small)
    painter.setFont(small)
    painter.setPen(style.theme.ink)
    for series in frame.plot.series:
        if isinstance(series, Bars) and series.texts and series.name not in hidden:
            for bar, text in zip(frame.bars(series), series.texts, strict=True):
                _paint_bar_text(painter, frame, series, bar, text, metrics)
    _paint_notes(painter, frame, hidden, metrics)
    for name in placed_names(frame, hidden, metrics, QFontMetricsF(style.font)):
        painter.setPen(color_of(name.ink, style))
        painter.drawText(name.at, name.text)
    if frame.plot.is_empty and frame.plot.empty:
        painter.setPen(style.theme.faint)
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignCenter
        painter.drawText(frame.inner.adjusted(8, 8, -8, -8), wrap, frame.plot.empty)
    for callout in frame.plot.callouts:
        if frame.has(callout.series, callout.point, hidden):
            paint_callout(painter, frame, callout, style, style.theme.accent, hidden=hidden)
    painter.restore()


def _paint_bar_text(
    painter: QPainter, frame: Frame, series: Bars, bar: QRectF, text: str, metrics: QFontMetricsF
) -> None:
    inner = frame.inner.adjusted(-1, -1, 1, 1)
    if series.are_lying and inner.contains(QPointF(bar.right(), bar.center().y())):
        at = QPointF(bar.right() + 0.4 * metrics.height(), bar.center().y() + 0.36 * metrics.ascent())
    elif not series.are_lying and inner.contains(QPointF(bar.center().x(), bar.top())):
        at = QPointF(bar.center().x() - metrics.horizontalAdvance(text) / 2, bar.top() - 0.3 * metrics.height())
    else:
        return
    painter.drawText(at, text)


def _paint_notes(painter: QPainter, frame: Frame, hidden: Collection[str], metrics: QFontMetricsF) -> None:
    """Beside the last points of curves, pushed apart where these are close."""
    last = dict(frame.shown(hidden))
    noted = [(number, one) for number, one in enumerate(frame.plot.series) if isinstance(one, Curve) and one.note]
    ends = sorted(
        ((frame.point(number, last[number]), curve.note) for number, curve in noted if number in last),
        key=lambda end: end[0].y(),
    )
    em, heights = metrics.height(), []
    for point, _ in ends:
        heights.append(max(point.y(), heights[-1] + em if heights else frame.inner.top()))
    floor = frame.inner.bottom()
    for i in range(len(heights) - 1, -1, -1):  # up again, as far as needed
        heights[i] = min(heights[i], floor)
        floor = heights[i] - em
    for (point, note), height in zip(ends, heights, strict=True):
        painter.drawText(QPointF(point.x() + 0.7 * em, height + 0.36 * metrics.ascent()), note)


def _paint_titles(painter: QPainter, frame: Frame, style: FigureStyle) -> None:
    plot, rect, inner, theme = frame.plot, frame.rect, frame.inner, style.theme
    bold, small = resized(style.font, bold=True), resized(style.font, SMALL)
    metrics = QFontMetricsF(small)
    em, right = metrics.height(), Qt.TextElideMode.ElideRight
    baseline = rect.top() + QFontMetricsF(bold).ascent()
    if plot.title:
        painter.setFont(bold)
        painter.setPen(theme.ink)
        painter.drawText(
            QPointF(rect.left(), baseline), QFontMetricsF(bold).elidedText(plot.title, right, rect.width())
        )
        baseline += 1.15 * em
    painter.setFont(small)
    painter.setPen(theme.faint)
    if plot.subtitle:
        painter.drawText(QPointF(rect.left(), baseline), metrics.elidedText(plot.subtitle, right, rect.width()))
    if plot.x.title:
        text = metrics.elidedText(plot.x.title, right, inner.width())
        left = inner.center().x() - metrics.horizontalAdvance(text) / 2
        painter.drawText(QPointF(left, inner.bottom() + 1.35 * em + metrics.ascent()), text)
    if plot.y.title:
        painter.save()
        title = plot.y.title
        letters = QFontMetricsF(fitted(small, title, rect.height(), _LEAST_TITLE))
        if letters.horizontalAdvance(title) > rect.height():
            title = plot.y.short_title or title
        painter.setFont(fitted(small, title, rect.height(), _LEAST_TITLE))
        letters = QFontMetricsF(painter.font())
        text = letters.elidedText(title, right, rect.height())
        half = letters.horizontalAdvance(text) / 2
        # In the middle of the axis, or as far from there as it takes to say it all.
        middle = min(max(inner.center().y(), rect.top() + half), rect.bottom() - half)
        painter.translate(rect.left() + metrics.ascent(), middle + half)
        painter.rotate(-90)
        painter.drawText(QPointF(), text)
        painter.restore()


def paint_callout(
    painter: QPainter,
    frame: Frame,
    callout: Callout,
    style: FigureStyle,
    color: QColor,
    *,
    has_lines: bool = False,
    hidden: Collection[str] = (),
) -> None:
    """Ring a point and name it; with lines to the axes where the pointer is upon it."""
    em = QFontMetricsF(style.font).height()
    at, inner = frame.point(callout.series, callout.point), frame.inner
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if has_lines:
        painter.setPen(QPen(style.theme.ink, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QLineF(inner.left(), at.y(), at.x(), at.y()))
        painter.drawLine(QLineF(at.x(), inner.bottom(), at.x(), at.y()))
    painter.setPen(QPen(color, 0.14 * em))
    painter.drawEllipse(at, 0.55 * em, 0.55 * em)
    if callout.text:
        box = callout_box(frame, at, callout.text, QFontMetricsF(style.font), hidden)
        _paint_lead(painter, at, 0.55 * em, box, color)
        _paint_name(painter, box, callout.text, color, style)
    painter.restore()


def _paint_lead(painter: QPainter, at: QPointF, ring: float, box: QRectF, color: QColor) -> None:
    """From the ring about a point to its name, where that is further away than the ring is wide."""
    end = QPointF(
        min(max(at.x(), box.left()), box.right()),
        min(max(at.y(), box.top()), box.bottom()),
    )
    line = QLineF(at, end)
    if line.length() > 2 * ring:
        painter.setPen(QPen(color, 1))
        painter.drawLine(QLineF(line.pointAt(ring / line.length()), end))


def _paint_name(painter: QPainter, box: QRectF, text: str, color: QColor, style: FigureStyle) -> None:
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    lines = text.split("\n")
    ground = QColor(style.theme.paper)
    ground.setAlpha(235)
    painter.setPen(QPen(color, 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)
    painter.setPen(style.theme.ink)
    painter.setFont(style.font)
    for i, line in enumerate(lines):
        painter.drawText(QPointF(box.left() + 0.4 * em, box.top() + (0.15 + 1.1 * i) * em + metrics.ascent()), line)


# Shapes


def _seen(frame: Frame, x: np.ndarray, y: np.ndarray) -> list[QPointF]:
    inner = frame.inner.adjusted(-1, -1, 1, 1)
    places = np.column_stack([x, y])
    points = (
        QPointF(*point) for point in places[np.isfinite(places).all(1)].tolist()
    )  # Qt would hold NaN to be inside
    return [point for point in points if inner.contains(point)]


def _runs(is_there: np.ndarray) -> list[slice]:
    """Stretches without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_there, [False]]).astype(np.int8)))
    return [slice(start, end) for start, end in edges.reshape(-1, 2).tolist()]


def clipped_line(x: np.ndarray, y: np.ndarray, inner: QRectF) -> list[list[QPointF]]:
    """The parts of a line that lie in a rectangle; NaN parts it, too.

    Liang and Barsky 1984: of each piece, the shares of its length at which it enters and leaves.
    """
    if len(x) < 2:
        return []
    dx, dy = np.diff(x), np.diff(y)
    enter, leave = np.zeros(len(dx)), np.ones(len(dx))
    with np.errstate(divide="ignore", invalid="ignore"):
        is_in = np.isfinite(dx) & np.isfinite(dy)
        for step, room in (
            (-dx, x[:-1] - inner.left()),
            (dx, inner.right() - x[:-1]),
            (-dy, y[:-1] - inner.top()),
            (dy, inner.bottom() - y[:-1]),
        ):
            share = room / step
            enter = np.where(step < 0, np.fmax(enter, share), enter)
            leave = np.where(step > 0, np.fmin(leave, share), leave)
            is_in &= (step != 0) | (room >= 0)
        is_in &= enter <= leave
    lines: list[list[QPointF]] = []
    for piece in _runs(is_in):
        line: list[QPointF] = []
        for i in range(piece.start, piece.stop):
            if not line or enter[i] > 0:  # it came in from outside
                if line:
                    lines.append(line)
                line = [QPointF(x[i] + enter[i] * dx[i], y[i] + enter[i] * dy[i])]
            line.append(QPointF(x[i] + leave[i] * dx[i], y[i] + leave[i] * dy[i]))
        lines.append(line)
    return lines
