"""The whole map in the corner, with a frame round what is on screen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets.look.theme import FigureStyle
from widgets.maps.scene import MINIMAP, MapScene

_ARROWS = {
    Qt.Key.Key_Left: (-0.5, 0.0),
    Qt.Key.Key_Right: (0.5, 0.0),
    Qt.Key.Key_Up: (0.0, -0.5),
    Qt.Key.Key_Down: (0.0, 0.5),
}
_SMALLEST = 6.0  # pixels: a frame round less is still seen
_LOWEST = 4.0  # em: its longest side where there is hardly any room


class Minimap(QWidget):
    """Click or drag to go somewhere; arrow keys go on by half of what is seen.

    Signals
    -------
    place_chosen(float, float)
        Row and column that should be in the middle.
    pages_requested(float, float)
        How many screens to move right and down.
    entered()
        The pointer came here.
    """

    place_chosen = Signal(float, float)
    pages_requested = Signal(float, float)
    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: MapScene | None = None
        self._style = FigureStyle()
        self._image: QImage | None = None
        self._room = 0.0
        self.setObjectName("attention_minimap")
        self.setAccessibleName(self.tr("Overview: click, drag or use the arrow keys to move"))
        self.setToolTip(self.tr("The whole map: click or drag to go there"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_scene(self, scene: MapScene, image: QImage | None, style: FigureStyle) -> None:
        """Show the overview's picture, and where a scene is in it."""
        self._scene, self._image, self._style = scene, image, style
        self.update()

    def set_room(self, height: float) -> None:
        """How many pixels the colour bar above leaves."""
        self._room = height

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        side = round(min(MINIMAP * em, max(self._room, _LOWEST * em)))
        if self._scene is None:
            return QSize(side, side)
        view = self._scene.viewport
        wide, high = view.n_columns / view.n_rows, view.n_rows / view.n_columns
        return QSize(round(side * min(max(wide, 0.25), 1.0)), round(side * min(max(high, 0.25), 1.0)))

    def shrink(self, n_rows: int, n_columns: int) -> tuple[int, int]:
        """How many pixels of a picture, down and across, there are for each of its own."""
        size, ratio = self.sizeHint(), self.devicePixelRatioF()
        return max(1, int(n_rows / (ratio * size.height()))), max(1, int(n_columns / (ratio * size.width())))

    def area(self) -> QRectF:
        """Where the whole map is painted."""
        return QRectF(self.rect()).adjusted(1, 1, -1, -1)

    def frame(self) -> QRectF:
        """Where what is on screen is framed."""
        assert self._scene is not None
        area, view = self.area(), self._scene.viewport
        seen = view.seen
        across, down = area.width() / view.n_columns, area.height() / view.n_rows
        box = QRectF(
            area.left() + seen.left * across,
            area.top() + seen.top * down,
            (seen.right - seen.left) * across,
            (seen.bottom - seen.top) * down,
        )
        grow_x, grow_y = max(_SMALLEST - box.width(), 0.0) / 2, max(_SMALLEST - box.height(), 0.0) / 2
        return box.adjusted(-grow_x, -grow_y, grow_x, grow_y)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            area = self.area()
            painter.fillRect(self.rect(), self._style.theme.paper)
            if self._image is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(area, self._image)
            painter.setPen(QPen(self._style.theme.accent if self.hasFocus() else self._style.theme.faint, 1))
            painter.drawRect(area)
            if self._scene is not None:
                self._paint_places(painter, area, self._scene)

    def _paint_places(self, painter: QPainter, area: QRectF, scene: MapScene) -> None:
        view, matches, theme = scene.viewport, scene.matches, self._style.theme
        across, down = area.width() / view.n_columns, area.height() / view.n_rows
        if scene.brush is not None:
            ground = QColor(theme.accent)
            ground.setAlpha(120)
            height = max(len(scene.brush) * down, 1.5)
            painter.fillRect(QRectF(area.left(), area.top() + scene.brush.start * down, area.width(), height), ground)
        for positions, step, is_row in ((matches.queries, down, True), (matches.keys, across, False)):
            painter.setPen(QPen(theme.warning, 1))
            for pixel in np.unique(np.round((positions + 0.5) * step)).tolist():
                start = area.topLeft() + (QPointF(0, pixel) if is_row else QPointF(pixel, 0))
                painter.drawLine(start, start + (QPointF(6, 0) if is_row else QPointF(0, 6)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((theme.paper, 4), (theme.accent, 2)):
            painter.setPen(QPen(color, width))
            painter.drawRect(self.frame().intersected(area))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.entered.emit()
        super().enterEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.pages_requested.emit(*step)

    def _go_to(self, point: QPointF) -> None:
        if self._scene is not None:
            area, view = self.area(), self._scene.viewport
            row = (point.y() - area.top()) / area.height() * view.n_rows
            column = (point.x() - area.left()) / area.width() * view.n_columns
            self.place_chosen.emit(row - 0.5, column - 0.5)
