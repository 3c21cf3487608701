"""A map of any length under the pointer and the keyboard: zoom, pan, brush, cross-hair."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from widgets.look.theme import FigureStyle
from widgets.maps.cells import has_values, paint_cells, paint_values
from widgets.maps.coloring import Coloring
from widgets.maps.head_map import HeadMap, Reading
from widgets.maps.scene import MINIMAP, MapScene, room_in
from widgets.maps.viewport import Viewport

_STEP = 1.3
_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_PAGES = {
    Qt.Key.Key_PageUp: (0.0, -0.9),
    Qt.Key.Key_PageDown: (0.0, 0.9),
    Qt.Key.Key_Home: (-1e9, -1e9),
    Qt.Key.Key_End: (1e9, 1e9),
}


class DeepZoomCanvas(QWidget):
    """Shows a part of a map. The wheel zooms about the pointer, dragging pans, a drag along the queries brushes them.

    Keys: arrows walk through heads and layers, with Shift they move the chosen cell, with Ctrl the map; Space brushes
    the chosen query, Shift+Space all from there to it; Escape ends that.

    Signals
    -------
    viewport_changed()
        Another part is to be shown.
    cell_hovered(), cell_clicked(int, int)
        Another cell is `pointed`; row and column.
    brushed(object)
        `range` of queries, or None for none any more.
    step_requested(int, int), cell_step_requested(int, int)
        An arrow key: layers and heads to walk; with Shift: rows and columns to move the chosen cell.
    """

    viewport_changed = Signal()
    cell_hovered = Signal()
    cell_clicked = Signal(int, int)
    brushed = Signal(object)
    step_requested = Signal(int, int)
    cell_step_requested = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport: Viewport | None = None
        self.corner = QRectF()  # what lies over the lower right
        self._scene: MapScene | None = None
        self._map: HeadMap | None = None
        self._coloring: Coloring | None = None
        self._style = FigureStyle()
        self._pointer: QPointF | None = None
        self._pressed: QPointF | None = None
        self._pressed_view: Viewport | None = None
        self._brush_from: range | None = None
        self._is_dragging = self._has_strip = False
        self.setObjectName("attention_deep_zoom")
        self.setAccessibleName(self.tr("Attention map"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        em = self.fontMetrics().height()
        self.setMinimumSize(28 * em, 14 * em)

    # What is shown

    def show_scene(self, scene: MapScene, known: HeadMap, coloring: Coloring, style: FigureStyle) -> None:
        """Show another scene, tile or style."""
        self._scene, self._map, self._coloring, self._style = scene, known, coloring, style
        self.update()

    def fill_room(self, n_rows: int, n_columns: int, *, has_strip: bool) -> None:
        """Fit the viewport to the room that there is, and to a map of this size; says nothing of it."""
        self._has_strip = has_strip
        room, old = self.room(), self.viewport
        if old is None or (old.n_rows, old.n_columns) != (n_rows, n_columns):
            self.viewport = Viewport.fitted(n_rows, n_columns, room.width(), room.height())
        elif (old.width, old.height) != (room.width(), room.height()):
            self.viewport = old.resized(room.width(), room.height())

    def room(self) -> QRectF:
        """What the margins leave for cells."""
        em = QFontMetricsF(self.font()).height()
        return room_in(QRectF(self.rect()), em, (MINIMAP + 1) * em, has_strip=self._has_strip)

    def plot(self) -> QRectF:
        """Where the cells are; there must be a viewport."""
        assert self.viewport is not None
        room = self.room()
        return QRectF(room.left(), room.top(), self.viewport.plot_width, self.viewport.plot_height)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column under a point."""
        if self.viewport is None:
            return None
        room = self.room()
        return self.viewport.cell_at(point.x() - room.left(), point.y() - room.top())

    def cell_center(self, row: int, column: int) -> QPointF:
        """The middle of a cell; there must be a viewport."""
        assert self.viewport is not None
        offset = QPointF(self.viewport.x_of(column + 0.5), self.viewport.y_of(row + 0.5))
        return self.room().topLeft() + offset

    def level(self) -> int:
        """The level that is sharp on this screen; there must be a viewport."""
        assert self.viewport is not None
        return self.viewport.level(self.devicePixelRatioF())

    def pointed(self) -> Reading | None:
        """What is shown under the pointer."""
        cell = self.cell_at(self._pointer) if self._pointer is not None else None
        if cell is None or self._map is None:
            return None
        return self._map.read(self._map.level(self.level()), *cell)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._style.theme.paper)
            if self._scene is not None and self._map is not None and self._coloring is not None:
                plot, pointed = self.plot(), self.pointed()
                paint_cells(painter, plot, self._scene.viewport, self._map, self._coloring, self.devicePixelRatioF())
                painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
                if self._map.level(self.level()) == 0 and has_values(self._scene.viewport, self._style):
                    seen = self._scene.viewport.seen
                    values = self._map.values(0, seen)
                    paint_values(painter, plot, self._scene.viewport, values, self._coloring, self._style)
                cells = (pointed.rows, pointed.columns) if pointed else None
                self._scene.paint(painter, plot, self._style, cells, self._bar())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.viewport_changed.emit()

    def _bar(self) -> QRectF:
        """What the colour bar stands beside: the cells, as far down as the minimap leaves room for it."""
        room, em = self.room(), QFontMetricsF(self._style.font).height()
        plot, height = self.plot(), room.height()
        if not self.corner.isEmpty() and self.corner.left() < plot.right() + (MINIMAP + 1) * em:
            height = min(height, self.corner.top() - em - room.top())
        return QRectF(room.left(), room.top(), plot.width(), height)

    # Moves

    def go(self, viewport: Viewport) -> None:
        """Show another part."""
        if viewport != self.viewport:
            self.viewport = viewport
            self.viewport_changed.emit()
            self.cell_hovered.emit()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Larger by a factor; what is at a point of the widget (else in the middle) stays there."""
        if self.viewport is not None:
            corner = self.room().topLeft()
            place = () if at is None else (at.x() - corner.x(), at.y() - corner.y())
            self.go(self.viewport.zoomed(factor, *place))

    def fit(self) -> None:
        """Show the whole map."""
        if self.viewport is not None:
            self.go(self.viewport.zoomed(0.0))

    def turn_pages(self, right: float, down: float) -> None:
        """Move by so many times what is on screen."""
        if self.viewport is not None:
            self.go(self.viewport.moved(right * self.viewport.plot_width, down * self.viewport.plot_height))

    # Brush

    def _queries_at(self, y: float) -> range:
        """The queries of a pixel, as far as the map goes."""
        assert self.viewport is not None
        row = int(self.viewport.top + (y - self.room().top()) / self.viewport.row_height)
        row = min(max(row, 0), self.viewport.n_rows - 1)
        side = 2 ** self.level()
        return range(row // side * side, min((row // side + 1) * side, self.viewport.n_rows))

    def _is_on_queries(self, point: QPointF) -> bool:
        return self.viewport is not None and point.x() < self.plot().left() and self._is_beside(point)

    def _is_beside(self, point: QPointF) -> bool:
        plot = self.plot()
        return plot.top() <= point.y() < plot.bottom()

    def _brush_over(self, queries: range, *, is_extending: bool) -> None:
        """Brush some queries, or all from where the brush began to there."""
        if self._brush_from is None or not is_extending:
            self._brush_from = queries
        start = self._brush_from
        self.brushed.emit(range(min(start.start, queries.start), max(start.stop, queries.stop)))

    # Pointer and keys

    def point_nowhere(self) -> None:
        """The pointer is at no cell, but at what lies over the canvas: of that Qt tells the canvas nothing."""
        self._point_at(None)

    def _point_at(self, point: QPointF | None) -> None:
        self._pointer = point
        self.cell_hovered.emit()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if event.button() != Qt.MouseButton.LeftButton or self.viewport is None:
            return
        self._is_dragging = False
        is_extending = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) and self._is_beside(point)
        if is_extending or self._is_on_queries(point):
            self._pressed = self._pressed_view = None
            self._brush_over(self._queries_at(point.y()), is_extending=is_extending)
        elif self.cell_at(point) is not None:
            self._pressed, self._pressed_view = point, self.viewport

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        is_held = bool(event.buttons() & Qt.MouseButton.LeftButton)
        if is_held and self._pressed is not None and self._pressed_view is not None:
            moved = self._pressed - point
            self._is_dragging = self._is_dragging or moved.manhattanLength() >= QApplication.startDragDistance()
            if self._is_dragging:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.go(self._pressed_view.moved(moved.x(), moved.y()))
        elif is_held and self._brush_from is not None:
            self._brush_over(self._queries_at(point.y()), is_extending=True)
        elif self._is_on_queries(point):
            self.setCursor(Qt.CursorShape.SplitVCursor)
        else:
            self.unsetCursor()
        self._point_at(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if self._pressed is not None and not self._is_dragging and cell is not None:
            self._brush_from = range(cell[0], cell[0] + 1)
            self.cell_clicked.emit(*cell)
        self._pressed, self._is_dragging = None, False
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.cell_at(event.position()) is not None:
            self.zoom(2.0, event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.cell_at(event.position()) is None or not event.angleDelta().y():
            event.ignore()
            return
        self._pointer = event.position()
        self.zoom(_STEP ** (event.angleDelta().y() / 120), event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        at = self._pointer if self._pointer is not None and self.cell_at(self._pointer) else None
        if key in _ARROWS and modifiers & Qt.KeyboardModifier.ControlModifier:
            down, right = _ARROWS[key]
            self.turn_pages(right / 4, down / 4)
        elif key in _ARROWS:
            is_cell = modifiers & Qt.KeyboardModifier.ShiftModifier
            (self.cell_step_requested if is_cell else self.step_requested).emit(*_ARROWS[key])
        elif key in _PAGES:
            self.turn_pages(*_PAGES[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_STEP, at)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP, at)
        elif key == Qt.Key.Key_Z:
            self.fit()
        elif key == Qt.Key.Key_Space and self._scene is not None and self._scene.query_pos is not None:
            query = self._scene.query_pos
            self._brush_over(range(query, query + 1), is_extending=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Escape and self._scene is not None and self._scene.brush is not None:
            self._brush_from = None
            self.brushed.emit(None)
        else:
            super().keyPressEvent(event)
