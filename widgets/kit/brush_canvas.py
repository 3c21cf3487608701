"""A figure whose patches are painted on with the pointer."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent

from widgets.kit.pointed_canvas import PointedCanvas


class BrushCanvas(PointedCanvas):
    """Besides pointing: the pointer is pressed, drawn over spots, and let go.

    Signals
    -------
    stroke_begun(spot), stroke_moved(spot)
        A press on a spot, and each other spot the pointer comes to while it is pressed.
    stroke_ended()
        It was let go.
    """

    stroke_begun = Signal(object)
    stroke_moved = Signal(object)
    stroke_ended = Signal()

    _last: Any | None = None
    _is_pressed = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and spot is not None:
            self._is_pressed, self._last = True, spot
            self.stroke_begun.emit(spot)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if self._is_pressed and spot is not None and spot != self._last:
            self._last = spot
            self.stroke_moved.emit(spot)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_pressed and event.button() == Qt.MouseButton.LeftButton:
            self._is_pressed, self._last = False, None
            self.stroke_ended.emit()
        super().mouseReleaseEvent(event)
