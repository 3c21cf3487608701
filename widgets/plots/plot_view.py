"""One plot on screen, by pyqtgraph. Importing this imports pyqtgraph: only a canvas that is shown does so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QGraphicsItem, QWidget

from widgets.figures.lettering import resized
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import Axis, Bars, Callout, Level, Plot, Points, Zoom, color_of
from widgets.plots.frame import Frame, extents, text_room
from widgets.plots.painting import BAND, curve_pen, dot_size, level_pen, paint_callout, paint_texts, points_pen
from widgets.plots.ticks import Extent, Tick

_STEP = 1.25  # of a zoom by key
_PAN = 0.1  # of what is looked at, by arrow key
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class _TickAxis(pg.AxisItem):
    """An axis whose ticks are those of the frame, so that a file has the same."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._ticks: tuple[Tick, ...] = ()
        self._em = 0.0
        self.enableAutoSIPrefix(False)
        self.setZValue(-1000)  # the grid, which is its ticks made long, lies behind the curves

    def show_ticks(self, ticks: tuple[Tick, ...]) -> None:
        """Draw these."""
        self._ticks = ticks
        self.picture = None
        self.update()

    def restyle(self, style: FigureStyle, axis: Axis) -> None:
        """Take on colours and letters."""
        small = resized(style.font, SMALL)
        self._em = em = QFontMetricsF(small).height()
        gap = 0.35 * em if self.orientation == "left" else 0.25 * em
        self.setStyle(
            tickFont=small,
            tickTextOffset=round(gap),
            tickLength=0,
            tickAlpha=255,
            maxTextLevel=0,
            autoExpandTextSpace=False,
        )
        self.setPen(_cosmetic(QPen(style.theme.faint, 1)))
        self.setTickPen(_cosmetic(QPen(style.theme.line, 1)))
        self.setTextPen(_cosmetic(QPen(style.theme.ink, 1)))
        self.setGrid(False if axis.labels else 255)  # names need no lines

    def boundingRect(self) -> QRectF:
        """With room for the texts at either end, which pyqtgraph leaves out where there is a grid."""
        across, up = (0.0, self._em) if self.orientation == "left" else (4 * self._em, 0.0)
        return super().boundingRect().adjusted(-across, -up, across, up)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802, N803
        return [(1.0, [tick.at for tick in self._ticks])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str | None]:
        return [tick.text for tick in self._ticks]


class PlotView(pg.GraphicsView):
    """A plot that is panned, zoomed and pointed at.

    Drag or arrow keys pan, wheel or + and - zoom, 0, Home or a double click shows all; Shift with the arrow keys
    walks over the points.

    Signals
    -------
    pointed((int, int) | None), chosen((int, int)), opened((int, int))
        Series and point: under the pointer; clicked, or Enter; clicked twice.
    step_requested(int, int)
        To the right, and down.
    zoom_changed()
    """

    pointed = Signal(object)
    chosen = Signal(object)
    opened = Signal(object)
    step_requested = Signal(int, int)
    zoom_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, useOpenGL=False)
        self.setCentralItem(None)
        self.frame: Frame | None = None
        self._style = FigureStyle()
        self._sides: tuple[float, float] | None = None
        self._hidden: frozenset[str] = frozenset()
        self._items: list[tuple[str, QGraphicsItem]] = []
        self._spot: tuple[int, int] | None = None
        self._is_reached = False  # by the user, with keys or a click
        self._spot_text = ""
        self._pressed: QPointF | None = None
        self._is_zoomed = False
        self._box = pg.ViewBox(enableMenu=False)
        self._box.setDefaultPadding(0)
        self._box.disableAutoRange()
        self._across, self._up = _TickAxis("bottom"), _TickAxis("left")
        for item in (self._box, self._across, self._up):
            self.addItem(item)
        for axis in (self._across, self._up):
            axis.linkToView(self._box)
        self._box.sigRangeChanged.connect(self._on_box_range_changed)
        self._box.sigRangeChangedManually.connect(self._on_box_range_changed_manually)

    # Data in

    def show_plot(
        self, plot: Plot, style: FigureStyle, hidden: frozenset[str], sides: tuple[float, float] | None = None
    ) -> None:
        """Show another plot, or the same in another style; what is zoomed stays so on axes of the same kind."""
        is_kin = self.frame is not None and _kind(self.frame.plot) == _kind(plot)
        zoom = self.zoom if is_kin else None
        self._style, self._hidden, self._sides = style, hidden, sides
        self._is_zoomed = zoom is not None
        self.setBackground(style.theme.paper)
        self._across.restyle(style, plot.x)
        self._up.restyle(style, plot.y)
        for _, item in self._items:
            self._box.removeItem(item)
        self._items = [(series.name, item) for n, series in enumerate(plot.series) for item in self._made(plot, n)]
        for name, item in self._items:
            item.setVisible(name not in hidden)
            self._box.addItem(item, ignoreBounds=True)
        self._limit(plot)
        self._lay_out(plot)
        self._look_at(zoom)

    def show_hidden(self, hidden: frozenset[str]) -> None:
        """Switch series off and on."""
        self._hidden = hidden
        for name, item in self._items:
            item.setVisible(name not in hidden)
        self.viewport().update()

    def show_spot(self, spot: tuple[int, int] | None, text: str = "") -> None:
        """Ring a point, and write something beside it."""
        self._spot, self._spot_text = spot, text
        self.viewport().update()

    # What is looked at

    @property
    def zoom(self) -> Zoom | None:
        """The part that is looked at; None: all of it."""
        if not self._is_zoomed:
            return None
        x, y = self._box.viewRange()
        return Zoom((float(x[0]), float(x[1])), (float(y[0]), float(y[1])))

    def pan(self, right: float, down: float) -> None:
        """Look further by a share of what is looked at."""
        x, y = self._box.viewRange()
        self._move(lambda: self._box.translateBy(x=right * (x[1] - x[0]), y=-down * (y[1] - y[0])))

    def zoom_by(self, factor: float) -> None:
        """Larger by a factor, about the middle."""
        self._move(lambda: self._box.scaleBy((1 / factor, 1 / factor)))

    def fit(self) -> None:
        """Look at all of it."""
        self._look_at(None)
        self._is_zoomed = False
        self.zoom_changed.emit()

    def _move(self, move: Any) -> None:
        self._is_zoomed = True
        move()
        self.zoom_changed.emit()

    def _look_at(self, zoom: Zoom | None) -> None:
        assert self.frame is not None
        whole = extents(self.frame.plot)
        x, y = (Extent(*zoom.x), Extent(*zoom.y)) if zoom else whole
        self._box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def _limit(self, plot: Plot) -> None:
        """Nobody gets lost: a length beyond either end, and not closer than is sensible."""
        x, y = extents(plot)
        width, height = x.high - x.low, y.high - y.low
        self._box.setLimits(
            xMin=x.low - width, xMax=x.high + width, minXRange=1e-4 * width, maxXRange=3 * width,
            yMin=y.low - height, yMax=y.high + height, minYRange=1e-4 * height, maxYRange=3 * height,
        )  # fmt: skip

    def _lay_out(self, plot: Plot) -> None:
        """Put axes and series where a file has them."""
        frame = Frame.of(plot, QRectF(self.rect()), self._style, self.zoom, self._sides)
        if self.frame is None or self.frame.inner != frame.inner or self.frame.rect != frame.rect:
            inner = frame.inner
            left, bottom = inner.left() - frame.rect.left(), frame.rect.bottom() - inner.bottom()
            self._up.setWidth(left)  # type: ignore[arg-type]
            self._across.setHeight(bottom)  # type: ignore[arg-type]
            self._box.setGeometry(inner)
            self._up.setGeometry(QRectF(frame.rect.left(), inner.top(), left, inner.height()))
            self._across.setGeometry(QRectF(inner.left(), inner.bottom(), inner.width(), bottom))
        self.frame = frame
        metrics, room = QFontMetricsF(resized(self._style.font, SMALL)), text_room(frame, self._style)
        self._up.show_ticks(
            tuple(Tick(at, metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)) for at, text in frame.y_ticks)
        )
        self._across.show_ticks(frame.x_ticks)

    def _on_box_range_changed(self, *_: object) -> None:
        if self.frame is not None:
            self._lay_out(self.frame.plot)

    def _on_box_range_changed_manually(self, *_: object) -> None:
        self._move(self._on_box_range_changed)

    # Series as pyqtgraph's items

    def _made(self, plot: Plot, number: int) -> list[QGraphicsItem]:
        series, style = plot.series[number], self._style
        color, em = color_of(series.ink, style), QFontMetricsF(style.font).height()
        if isinstance(series, Level):
            at = float(plot.y.units(np.array(series.value)))
            return [pg.InfiniteLine(at, angle=0, pen=_cosmetic(level_pen(series, style)))]
        if isinstance(series, Bars):
            return [_bars(plot, series, color)]
        x, y = plot.places(number)
        items: list[QGraphicsItem] = []
        ends = [None if end is None else plot.y.units(end) for end in (series.low, series.high)]
        if isinstance(series, Points):
            if ends[0] is not None and ends[1] is not None:
                pen = _cosmetic(QPen(color, 1.4))
                items.append(pg.ErrorBarItem(x=x, y=y, top=ends[1] - y, bottom=y - ends[0], pen=pen))
            return [*items, _dots(x, y, series.size * em, color, points_pen(series, style))]
        if ends[0] is not None and ends[1] is not None:
            items.append(_band(x, ends[0], ends[1], color))
        items.append(pg.PlotCurveItem(x, y, pen=_cosmetic(curve_pen(series, color)), connect="finite", antialias=True))
        if series.has_dots:
            items.append(_dots(x, y, dot_size(em), color, QPen(style.theme.paper, 1)))
        return items

    # Painting

    def drawForeground(self, painter: QPainter, rect: QRectF | Any) -> None:  # noqa: N802
        frame, style = self.frame, self._style
        if frame is None:
            return
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        paint_texts(painter, frame, style, self._hidden)
        if self._spot is not None and frame.has(*self._spot, self._hidden):
            callout = Callout(*self._spot, self._spot_text)
            paint_callout(painter, frame, callout, style, style.theme.ink, has_lines=True)
        if self._is_reached and self.hasFocus():
            painter.setPen(QPen(style.theme.accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(frame.inner)
        painter.restore()

    def resizeEvent(self, ev: QResizeEvent | None) -> None:
        super().resizeEvent(ev)
        if getattr(self, "frame", None) is not None:  # pyqtgraph resizes before we are made
            self._lay_out(self.frame.plot)  # type: ignore[union-attr]

    # Pointer and keys

    def _spot_at(self, point: QPointF) -> tuple[int, int] | None:
        return self.frame.nearest(point, self._hidden, self._style) if self.frame else None

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        if not ev.buttons():
            self.pointed.emit(self._spot_at(ev.position()))
        elif self._is_dragged(ev):
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        ev.accept()

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.pointed.emit(None)

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        super().mousePressEvent(ev)
        self._pressed = ev.position() if ev.button() == Qt.MouseButton.LeftButton else None
        ev.accept()

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        super().mouseReleaseEvent(ev)
        self.viewport().unsetCursor()
        spot = self._spot_at(ev.position())
        if self._pressed is not None and not self._is_dragged(ev) and spot is not None:
            self.chosen.emit(spot)
        self._pressed = None
        ev.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        spot = self._spot_at(event.position())
        if spot is not None:
            self.opened.emit(spot)
        else:
            self.fit()
        event.accept()

    def _is_dragged(self, event: QMouseEvent) -> bool:
        moved = QPointF() if self._pressed is None else event.position() - self._pressed
        return moved.manhattanLength() >= QApplication.startDragDistance()

    def focusInEvent(self, ev: QFocusEvent) -> None:
        """Framed if the user went there: a window that opens gives the focus to its first plot."""
        if ev.reason() != Qt.FocusReason.ActiveWindowFocusReason:
            self._is_reached = ev.reason() != Qt.FocusReason.OtherFocusReason
        super().focusInEvent(ev)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        self._is_reached = True
        key = Qt.Key(ev.key())
        if key in _ARROWS and ev.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.step_requested.emit(*_ARROWS[key])
        elif key in _ARROWS:
            right, down = _ARROWS[key]
            self.pan(_PAN * right, _PAN * down)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / _STEP)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._spot is not None:
            self.chosen.emit(self._spot)
        else:
            ev.ignore()


def _kind(plot: Plot) -> tuple[object, ...]:
    """What two plots have in common whose numbers can be compared."""
    return plot.x.title, plot.x.is_log, plot.x.labels, plot.y.title, plot.y.is_log, plot.y.labels, plot.title


def _cosmetic(pen: QPen) -> QPen:
    """As wide on screen as it says, however the plot is scaled."""
    pen.setCosmetic(True)
    return pen


def _dots(x: np.ndarray, y: np.ndarray, size: float, color: QColor, pen: QPen) -> QGraphicsItem:
    is_there = np.isfinite(x)
    return pg.ScatterPlotItem(
        x[is_there], y[is_there], size=size, brush=color, pen=_cosmetic(pen), pxMode=True, antialias=True
    )


def _band(x: np.ndarray, low: np.ndarray, high: np.ndarray, color: QColor) -> QGraphicsItem:
    ground = QColor(color)
    ground.setAlpha(BAND)
    is_there = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    edges = (pg.PlotCurveItem(x[is_there], edge[is_there]) for edge in (low, high))
    return pg.FillBetweenItem(*edges, brush=ground, pen=pg.mkPen(None))


def _bars(plot: Plot, series: Bars, color: QColor) -> QGraphicsItem:
    along, across = (plot.x, plot.y) if series.are_lying else (plot.y, plot.x)
    start, end, at = along.units(series.start), along.units(series.end), across.units(series.at)
    length, middle = {"0": start, "1": end}, at - series.thickness / 2
    names = ("x", "y", "height") if series.are_lying else ("y", "x", "width")
    places = {f"{names[0]}0": length["0"], f"{names[0]}1": length["1"], f"{names[1]}0": middle}
    return pg.BarGraphItem(**places, **{names[2]: series.thickness}, pen=pg.mkPen(None), brush=color)
