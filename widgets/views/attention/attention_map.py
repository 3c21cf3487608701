"""The attention heat map under the pointer and the keyboard: zoom, pan, cross-hair, cells."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPaintEngine, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from widgets.kit.figure_canvas import HINTS, FigureCanvas
from widgets.kit.plain import tip_with_terms
from widgets.views.attention.figure import AttentionFigure, MapPart

_LEAST = 4  # cells along an axis at the strongest zoom
_STEP = 1.3
_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class AttentionMap(FigureCanvas[AttentionFigure]):
    """A heat map that is zoomed with the wheel and dragged; a click chooses a cell.

    Signals
    -------
    cell_hovered(object)
        Row and column under the pointer, or None.
    cell_clicked(int, int), part_changed(object)
        Row and column; the `MapPart` that should be shown, or None for all.
    step_requested(int, int), cell_step_requested(int, int)
        An arrow key: layers and heads to walk; with Shift: rows and columns to move the chosen cell.
    """

    cell_hovered = Signal(object)
    cell_clicked = Signal(int, int)
    part_changed = Signal(object)
    step_requested = Signal(int, int)
    cell_step_requested = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointed: tuple[int, int] | None = None
        self._pressed: QPoint | None = None
        self._pressed_part: MapPart | None = None
        self._is_dragging = False
        self._axes: tuple[object, QImage] | None = None  # painted last, and what they depend on
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Attention map"))
        metrics = self.fontMetrics().height()
        self.setMinimumSize(14 * metrics, 12 * metrics)

    @property
    def pointed(self) -> tuple[int, int] | None:
        """Row and column under the pointer."""
        return self._pointed

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column under a point."""
        if self.figure is None:
            return None
        return self.figure.cell_at(point, self.figure.plot(self.figure_rect(), self.style_now))

    def cell_center(self, row: int, column: int) -> QPointF:
        """The middle of a cell; there must be a figure."""
        assert self.figure is not None
        plot = self.figure.plot(self.figure_rect(), self.style_now)
        return self.figure.cell_rect(row, column, plot).center()

    def paint_figure(self, painter: QPainter, figure: AttentionFigure) -> None:
        if painter.paintEngine().type() != QPaintEngine.Type.Raster:  # nothing but pixels can be kept
            super().paint_figure(painter, figure)
            return
        painter.drawImage(QPointF(), self._painted_axes(figure))
        figure.paint_map(painter, self.figure_rect(), self.style_now)

    def _painted_axes(self, figure: AttentionFigure) -> QImage:
        """The labels, which take as long to paint as all else, and are the same for other heads."""
        shown = self.size(), self.devicePixelRatioF(), figure.axes(self.figure_rect(), self.style_now)
        if self._axes is None or self._axes[0] != shown:
            image = self._blank(self.size())
            with QPainter(image) as painter:
                painter.setRenderHints(HINTS)
                figure.paint_axes(painter, self.figure_rect(), self.style_now)
            self._axes = shown, image
        return self._axes[1]

    def paint_over(self, painter: QPainter, figure: AttentionFigure) -> None:
        rows, columns = figure.shown
        if self._pointed and self._pointed[0] in rows and self._pointed[1] in columns:
            figure.paint_pointed(painter, self.figure_rect(), self.style_now, self._pointed)

    # Zoom and pan

    def zoom(self, factor: float, cell: tuple[int, int] | None = None) -> None:
        """Show `1 / factor` as many rows and columns, so that `cell` (else the middle) stays where it is."""
        if self.figure is None:
            return
        rows, columns = self.figure.shown
        row, column = cell or (rows[len(rows) // 2], columns[len(columns) // 2])
        part = MapPart(
            _zoomed(rows, len(self.figure.queries), row, factor),
            _zoomed(columns, len(self.figure.keys), column, factor),
        )
        self._show(part)

    def fit(self) -> None:
        """Show the whole map."""
        self.part_changed.emit(None)

    def reveal(self, row: int, column: int) -> None:
        """Move the zoomed part so that a cell is inside."""
        if self.figure is not None:
            rows, columns = self.figure.shown
            self._show(MapPart(_moved_to(rows, row), _moved_to(columns, column)))

    def _show(self, part: MapPart) -> None:
        assert self.figure is not None
        is_all = len(part.rows) == len(self.figure.queries) and len(part.columns) == len(self.figure.keys)
        wanted = None if is_all else part
        if wanted != self.figure.part:
            self.part_changed.emit(wanted)

    def _pan(self, to: QPoint) -> None:
        if self.figure is None or self._pressed is None or self._pressed_part is None:
            return
        plot = self.figure.plot(self.figure_rect(), self.style_now)
        rows, columns = self._pressed_part
        n_rows = round((self._pressed.y() - to.y()) / plot.height() * len(rows))
        n_columns = round((self._pressed.x() - to.x()) / plot.width() * len(columns))
        self._show(
            MapPart(
                _shifted(rows, n_rows, len(self.figure.queries)), _shifted(columns, n_columns, len(self.figure.keys))
            )
        )

    # Pointer and keys

    def _point_at(self, cell: tuple[int, int] | None) -> None:
        if cell != self._pointed:
            self._pointed = cell
            self.cell_hovered.emit(cell)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.figure is not None:
            self._pressed, self._is_dragging = event.position().toPoint(), False
            self._pressed_part = self.figure.shown

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = (point.toPoint() - self._pressed).manhattanLength()
            self._is_dragging = self._is_dragging or moved >= QApplication.startDragDistance()
        if self._is_dragging:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._pan(point.toPoint())
        self._point_at(self.cell_at(point))
        if self.figure is not None:
            plot = self.figure.plot(self.figure_rect(), self.style_now)
            self.setToolTip(tip_with_terms("", *self.figure.specials_at(point, plot)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if self._pressed is not None and not self._is_dragging and cell is not None:
            self.cell_clicked.emit(*cell)
        self._pressed, self._is_dragging = None, False
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is None or not event.angleDelta().y():
            event.ignore()
            return
        self.zoom(_STEP ** (event.angleDelta().y() / 120), cell)
        self._point_at(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ARROWS:
            is_cell = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.cell_step_requested if is_cell else self.step_requested).emit(*_ARROWS[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_STEP, self._pointed)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP, self._pointed)
        elif key == Qt.Key.Key_Z:
            self.fit()
        else:
            super().keyPressEvent(event)


def _zoomed(cells: range, n_all: int, fixed: int, factor: float) -> range:
    """Fewer or more cells about one that stays where it is."""
    n = round(len(cells) / factor)
    # Rounding must not stop a small step.
    n += (n == len(cells)) * (-1 if factor > 1 else 1 if factor < 1 else 0)
    n = min(max(n, min(_LEAST, n_all)), n_all)
    share = (fixed - cells.start + 0.5) / len(cells)
    start = round(fixed + 0.5 - share * n)
    return _shifted(range(start, start + n), 0, n_all)


def _shifted(cells: range, step: int, n_all: int) -> range:
    """As many cells, further on, within `0 .. n_all - 1`."""
    start = min(max(cells.start + step, 0), n_all - len(cells))
    return range(start, start + len(cells))


def _moved_to(cells: range, cell: int) -> range:
    step = min(cell - cells.start, 0) or max(cell - cells.stop + 1, 0)
    return range(cells.start + step, cells.stop + step)
