"""All round a map of any length: axes, colour bar, frames, marks, and the strip of what some queries attend to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from widgets.figures.badge import badge_size, paint_badge
from widgets.figures.color_bar import ColorBar
from widgets.figures.map_frame import paint_cross_hair, paint_map_frame
from widgets.look.theme import FigureStyle
from widgets.maps import axis_labels
from widgets.maps.axis_labels import Ruler
from widgets.maps.head_map import Axes
from widgets.maps.numerals import short, span
from widgets.maps.viewport import Viewport

MINIMAP = 10.0  # em, its longest side
_STRIP = 5.0  # em: height of the strip below the map, with its gap


def room_in(rect: QRectF, em: float, right: float, *, has_strip: bool) -> QRectF:
    """What the margins leave for cells; `right` is the width of what stands beside them."""
    bottom = (_STRIP + 0.4 if has_strip else 0.4) * em
    # It begins at a whole pixel, so that those of an overview at its own size are those of the screen.
    return rect.adjusted(round(axis_labels.LEFT * em), round(axis_labels.TOP * em), -right, -bottom)


def _nowhere() -> np.ndarray:
    return np.empty(0, np.int64)


@dataclass(frozen=True)
class Matches:
    """Positions where something was found, int64 and ascending, and the one that was gone to."""

    queries: np.ndarray = field(default_factory=_nowhere)
    keys: np.ndarray = field(default_factory=_nowhere)
    query: int | None = None
    key: int | None = None


@dataclass(frozen=True)
class MapScene:
    """What is on screen, but for the cells.

    Attributes
    ----------
    query_pos, key_pos
        Positions whose row and column are framed.
    brush, pattern
        Queries that were brushed, and float32 [key_pos] what they attend to once it is known.
    is_sampled
        Whether some cells are a first look only.
    """

    axes: Axes
    viewport: Viewport
    bar: ColorBar
    query_pos: int | None = None
    key_pos: int | None = None
    brush: range | None = None
    pattern: np.ndarray | None = None
    matches: Matches = field(default_factory=Matches)
    is_sampled: bool = False

    # Where things are

    def plot(self, room: QRectF) -> QRectF:
        """Where the cells are: the upper left part of the room, if not all of it."""
        return QRectF(room.left(), room.top(), self.viewport.plot_width, self.viewport.plot_height)

    def rulers(self) -> tuple[Ruler, Ruler]:
        """Of queries and keys."""
        view = self.viewport
        return (
            Ruler(view.top, view.row_height, view.plot_height, view.n_rows),
            Ruler(view.left, view.column_width, view.plot_width, view.n_columns),
        )

    def strip(self, plot: QRectF, em: float) -> QRectF:
        """Below the map: what the brushed queries attend to."""
        return QRectF(plot.left(), plot.bottom() + 1.4 * em, plot.width(), (_STRIP - 1.6) * em)

    # Painting

    def paint(
        self,
        painter: QPainter,
        plot: QRectF,
        style: FigureStyle,
        pointed: tuple[range, range] | None = None,
        bar: QRectF | None = None,
    ) -> None:
        """Paint all of it; the cells are there already.

        A cross-hair lies on the rows and columns pointed at. `bar` has the colour bar at its right, if not the plot.
        """
        painter.save()
        painter.setFont(style.font)
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(plot)
        self._paint_titles(painter, plot, style)
        self._paint_labels(painter, plot, style, pointed)
        self._paint_marks(painter, plot, style)
        self.bar.paint(painter, plot if bar is None else bar, style)
        if self.brush is not None:
            self._paint_brush(painter, plot, self.brush, style)
        self._paint_selected(painter, plot, style)
        if self.is_sampled:
            self._paint_sampled(painter, plot, style)
        if pointed is not None:
            self._paint_pointed(painter, plot, style, *pointed)
        painter.restore()

    def _paint_titles(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        """In the corner between the labels, where nothing else is at any zoom."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        painter.setPen(style.theme.faint)
        for line, text in enumerate((_tr("to (keys) →"), _tr("from (queries) ↓"))):
            x = plot.left() - 0.9 * em - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(x, plot.top() + (line - axis_labels.TOP) * em + metrics.ascent()), text)

    def _paint_labels(
        self, painter: QPainter, plot: QRectF, style: FigureStyle, pointed: tuple[range, range] | None
    ) -> None:
        rulers, theme = self.rulers(), style.theme
        rows, columns = pointed or (range(0), range(0))
        for axis, found, selected, under, ruler, tokens in (
            (axis_labels.paint_left, self.matches.query, self.query_pos, rows, rulers[0], self.axes.queries),
            (axis_labels.paint_top, self.matches.key, self.key_pos, columns, rulers[1], self.axes.keys),
        ):
            colors = {found: theme.warning, selected: theme.accent, (under.start if under else None): theme.ink}
            marked = {position: color for position, color in colors.items() if position is not None}
            axis(painter, plot, ruler, tokens.words, style, marked)

    def _paint_marks(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        """A stroke at the edge for each match that is on screen; no more than there are pixels."""
        em = QFontMetricsF(style.font).height()
        rows, columns = self.rulers()
        painter.setPen(QPen(style.theme.warning, 2))
        for y in _on_screen(self.matches.queries, rows):
            painter.drawLine(QPointF(plot.left() - 0.35 * em, plot.top() + y), QPointF(plot.left() - 1, plot.top() + y))
        for x in _on_screen(self.matches.keys, columns):
            painter.drawLine(QPointF(plot.left() + x, plot.top() - 0.35 * em), QPointF(plot.left() + x, plot.top() - 1))

    def _paint_selected(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        view = self.viewport
        painter.save()
        painter.setClipRect(plot.adjusted(-4, -4, 4, 4))
        for position, color in ((self.matches.query, style.theme.warning), (self.query_pos, style.theme.accent)):
            if position is not None:
                y = plot.top() + view.y_of(position)
                paint_map_frame(painter, QRectF(plot.left(), y, plot.width(), view.row_height), style, color)
        for position, color in ((self.matches.key, style.theme.warning), (self.key_pos, style.theme.accent)):
            if position is not None:
                x = plot.left() + view.x_of(position)
                paint_map_frame(painter, QRectF(x, plot.top(), view.column_width, plot.height()), style, color)
        painter.restore()

    def _paint_brush(self, painter: QPainter, plot: QRectF, brush: range, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        view = self.viewport
        top = min(max(plot.top() + view.y_of(brush.start), plot.top()), plot.bottom())
        bottom = min(max(plot.top() + view.y_of(brush.stop), plot.top()), plot.bottom())
        if bottom > top:
            ground = QColor(style.theme.accent)
            ground.setAlpha(70)
            box = QRectF(plot.left() - axis_labels.LEFT * em, top, 0, max(bottom - top, 1.0))
            box.setRight(plot.left())
            painter.fillRect(box, ground)
            paint_map_frame(
                painter, QRectF(plot.left(), top, plot.width(), max(bottom - top, 1.0)), style, style.theme.accent
            )
        self._paint_strip(painter, self.strip(plot, em), brush, style)

    def _paint_strip(self, painter: QPainter, strip: QRectF, brush: range, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        title = _tr("what queries {} attend to, on average").format(span(brush))
        if len(brush) == 1:
            title = _tr("what query {} attends to").format(brush.start)
        painter.drawText(QPointF(strip.left(), strip.top() - 0.3 * em), title)
        painter.drawLine(strip.bottomLeft(), strip.bottomRight())
        if self.pattern is None:
            return
        heights = self._strip_heights(max(int(strip.width()), 1))
        high = float(heights.max(initial=0.0))
        if high > 0:
            x = strip.left() + np.linspace(0, strip.width(), len(heights) + 1)
            y = strip.bottom() - heights / high * strip.height()
            points = [QPointF(strip.left(), strip.bottom())]
            for i, level in enumerate(y.tolist()):
                points += [QPointF(x[i], level), QPointF(x[i + 1], level)]
            points.append(strip.bottomRight())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.theme.accent)
            painter.drawPolygon(QPolygonF(points))
        painter.setPen(style.theme.ink)
        heights_of = {short(high): strip.top() + metrics.ascent() * 0.7, "0": strip.bottom()}  # of none only the 0
        for text, height in heights_of.items():
            painter.drawText(QPointF(strip.left() - metrics.horizontalAdvance(text) - 0.4 * em, height), text)

    def _strip_heights(self, n_pixels: int) -> np.ndarray:
        """The largest number of each pixel's keys; each key's own where it has several pixels."""
        assert self.pattern is not None
        view = self.viewport
        edges = view.left + np.arange(n_pixels) / view.column_width
        starts = np.minimum(edges.astype(int), view.n_columns - 1)
        stop = min(int(np.ceil(view.left + n_pixels / view.column_width)), view.n_columns)
        if view.column_width >= 1:
            return self.pattern[starts]
        return np.maximum.reduceat(self.pattern[:stop], starts)

    def _paint_sampled(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        text, metrics = _tr("sampled rows"), QFontMetricsF(style.font)
        size, gap = badge_size(text, metrics), 0.5 * metrics.height()
        if size.width() + gap <= plot.width() and size.height() + gap <= plot.height():
            paint_badge(painter, plot.bottomRight() - QPointF(gap, gap), text, style)

    def _paint_pointed(self, painter: QPainter, plot: QRectF, style: FigureStyle, rows: range, columns: range) -> None:
        view = self.viewport
        box = QRectF(
            plot.left() + view.x_of(columns.start),
            plot.top() + view.y_of(rows.start),
            len(columns) * view.column_width,
            len(rows) * view.row_height,
        ).intersected(plot)
        paint_cross_hair(painter, plot, box, style)

    def scaled(self, factor: float) -> MapScene:
        """The same picture at another size of its cells."""
        view = self.viewport
        return replace(self, viewport=view.enlarged(factor))


def _on_screen(positions: np.ndarray, ruler: Ruler) -> list[float]:
    """Pixels at which one or more positions lie."""
    at = (positions + 0.5 - ruler.start) * ruler.side
    return np.unique(np.round(at[(at >= 0) & (at <= ruler.length)])).tolist()


def _tr(text: str) -> str:
    return QCoreApplication.translate("DeepZoom", text)
