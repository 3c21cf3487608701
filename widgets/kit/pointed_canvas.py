"""A figure under the pointer and the arrow keys."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip, QWidget

from widgets.kit.figure import Figure
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.plain import plain_tip
from widgets.look.theme import FigureStyle

_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class PointedFigure(Figure, Protocol):
    """A figure with spots, such as cells, that can be pointed at. A spot is a value: spots are compared."""

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Any | None: ...
    def has_spot(self, spot: Any, rect: QRectF, style: FigureStyle) -> bool: ...
    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Any) -> None: ...
    def step(self, spot: Any | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Any | None: ...


class PointedCanvas(FigureCanvas[PointedFigure]):
    """Shows a figure; the pointer and the arrow keys move over its spots, a click or Enter chooses one.

    Signals
    -------
    spot_changed(spot | None), spot_chosen(spot)
        What a figure's `spot_at` gives.
    """

    spot_changed = Signal(object)
    spot_chosen = Signal(object)

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spot: Any | None = None
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def spot(self) -> Any | None:
        return self._spot

    def show_figure(self, figure: PointedFigure, style: FigureStyle) -> None:
        super().show_figure(figure, style)
        self.setAccessibleDescription(figure.caption)
        if self._spot is not None:
            # Another figure may be smaller; its cells have other numbers in any case.
            is_there = figure.has_spot(self._spot, self.figure_rect(), style)
            self._spot = self._spot if is_there else None
            self.spot_changed.emit(self._spot)

    def tell_again(self) -> None:
        """Emit `spot_changed` anew: what was said of the spot was taken away, and holds again."""
        self.spot_changed.emit(self._spot)

    def show_tip(self, text: str) -> None:
        """Say more of the spot where the pointer rests than fits in a line; empty for nothing."""
        if plain_tip(text, is_long=True) != self.toolTip():
            QToolTip.hideText()  # it is of another spot
            self.setToolTip(plain_tip(text, is_long=True))

    def paint_over(self, painter: QPainter, figure: PointedFigure) -> None:
        if self._spot is not None:
            figure.paint_spot(painter, self.figure_rect(), self.style_now, self._spot)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(20 * em, 10 * em)

    def _point_at(self, spot: Any | None) -> None:
        if spot != self._spot:
            self._spot = spot
            self.spot_changed.emit(spot)
            self.update()

    def _spot_at(self, point: QPointF) -> Any | None:
        return self.figure.spot_at(point, self.figure_rect(), self.style_now) if self.figure else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._spot_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and spot is not None:
            self.spot_chosen.emit(spot)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.figure is not None and key in _ARROWS:
            self._point_at(self.figure.step(self._spot, *_ARROWS[key], self.figure_rect(), self.style_now))
        elif self._spot is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.spot_chosen.emit(self._spot)
        else:
            super().keyPressEvent(event)


class QueryCanvas(PointedCanvas):
    """A figure of what a query attends to; arrow keys move the query itself.

    Signals
    -------
    query_moved(int, int)
        Patches to the right, and down.
    """

    query_moved = Signal(int, int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ARROWS and self.figure is not None:
            self.query_moved.emit(*_ARROWS[key])
        else:
            super().keyPressEvent(event)
