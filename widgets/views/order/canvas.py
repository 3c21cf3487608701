"""Frames that are dragged to other places, by mouse and by keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from widgets.figures.image_parts import paint_border, paint_image
from widgets.kit.pointed_canvas import PointedCanvas, PointedFigure
from widgets.views.order.figure import OrderFigure, OrderSpot


class OrderCanvas(PointedCanvas):
    """As `PointedCanvas`; a frame is dragged over another one to take its place, or moved by Alt and an arrow.

    Signals
    -------
    frame_moved(int, int)
        From one place to another.
    """

    frame_moved = Signal(int, int)

    _dragged = -1
    _point = QPointF()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and isinstance(spot, OrderSpot) and spot.kind == "frame":
            self._dragged, self._point = spot.place, event.position()
            self._point_at(spot)
            self.update()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged < 0:
            super().mouseMoveEvent(event)
            return
        self._point = event.position()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        dragged, self._dragged = self._dragged, -1
        self.update()
        if dragged < 0:
            super().mouseReleaseEvent(event)
            return
        place = self._place_at(event.position())
        if place >= 0 and place != dragged:
            self.frame_moved.emit(dragged, place)

    def _place_at(self, point: QPointF) -> int:
        """The place whose column a point is in; -1 beside all."""
        figure = self.figure
        if not isinstance(figure, OrderFigure):
            return -1
        laid = figure.layout(self.figure_rect(), self.style_now)
        columns = (QRectF(title.left(), 0, title.width(), self.height()) for title in laid.titles)
        return next((place for place, column in enumerate(columns) if column.contains(point)), -1)

    def paint_over(self, painter: QPainter, figure: PointedFigure) -> None:
        super().paint_over(painter, figure)
        if self._dragged < 0 or not isinstance(figure, OrderFigure):
            return
        laid = figure.layout(self.figure_rect(), self.style_now)
        image = laid.images[self._dragged]
        held = image.translated(self._point - image.center())
        painter.save()
        painter.setOpacity(0.75)
        paint_image(painter, figure.result.seen[self._dragged], held)
        painter.setOpacity(1.0)
        if (place := self._place_at(self._point)) >= 0:
            paint_border(painter, laid.images[place], self.style_now, is_selected=True)
        painter.restore()

    def event(self, event: QEvent) -> bool:
        """Alt and an arrow move a frame, also where the window has something else for these keys."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._moved(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step, spot = self._moved(event), self.spot
        if not step or not isinstance(spot, OrderSpot) or not isinstance(self.figure, OrderFigure):
            super().keyPressEvent(event)
        elif 0 <= spot.place + step < self.figure.n:
            self._point_at(OrderSpot("frame", 0, spot.place + step))
            self.frame_moved.emit(spot.place, spot.place + step)

    def _moved(self, event: QKeyEvent) -> int:
        """By how many places a frame that is pointed at is moved by a key; 0 for none."""
        spot = self.spot
        if not isinstance(spot, OrderSpot) or spot.kind != "frame":
            return 0
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        return steps.get(Qt.Key(event.key()), 0) if event.modifiers() & Qt.KeyboardModifier.AltModifier else 0
