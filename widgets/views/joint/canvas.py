"""The image under the pointer: a click pins a place, a drag draws a box."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from widgets.figures.image_parts import paint_frame
from widgets.kit.pointed_canvas import PointedCanvas, PointedFigure
from widgets.views.joint.figure import JointFigure

_LEAST = 6.0  # pixels of the screen that a box is wide and high


class BoxCanvas(PointedCanvas):
    """As `PointedCanvas`; over the image a box can be drawn.

    Signals
    -------
    box_drawn(float, float, float, float)
        x0, y0, x1, y1 in pixels of the image.
    box_taken_back()
        Backspace or Delete was pressed.
    """

    box_drawn = Signal(float, float, float, float)
    box_taken_back = Signal()

    _start: QPointF | None = None
    _end: QPointF | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._drawable().contains(event.position()):
            self._start = self._end = event.position()  # a click or a drag: that shows when it is let go
        else:
            super().mousePressEvent(event)

    def _drawable(self) -> QRectF:
        """Where a box can be drawn; empty where there is no image."""
        figure = self.figure
        if not isinstance(figure, JointFigure):
            return QRectF()
        return figure.image_box(self.figure_rect(), self.style_now)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._start is None:
            super().mouseMoveEvent(event)
            return
        self._end = event.position()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        start, figure = self._start, self.figure
        self._start = self._end = None
        self.update()
        if start is None or not isinstance(figure, JointFigure):
            super().mouseReleaseEvent(event)
            return
        drawn = QRectF(start, event.position()).normalized()
        if drawn.width() < _LEAST or drawn.height() < _LEAST:
            if (spot := self._spot_at(start)) is not None:
                self.spot_chosen.emit(spot)
            return
        image = self._drawable()
        (x0, y0), (x1, y1) = (figure.to_pixels(corner, image) for corner in (drawn.topLeft(), drawn.bottomRight()))
        self.box_drawn.emit(round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1))

    def paint_over(self, painter: QPainter, figure: PointedFigure) -> None:
        super().paint_over(painter, figure)
        if self._start is not None and self._end is not None:
            box = QRectF(self._start, self._end).normalized()
            paint_frame(painter, box, self.style_now.theme.accent, Qt.PenStyle.DashLine)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self.box_taken_back.emit()
        else:
            super().keyPressEvent(event)
