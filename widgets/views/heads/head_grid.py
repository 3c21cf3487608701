"""The thumbnails of all heads under the pointer and the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from widgets.kit.figure_canvas import FigureCanvas
from widgets.views.heads.card import paint_card
from widgets.views.heads.figure import HeadsFigure
from widgets.views.heads.thumbnail_grid import ThumbnailGrid


class HeadGrid(FigureCanvas[HeadsFigure]):
    """Thumbnails; the pointer enlarges one, a click or an arrow key selects it, a double click or Enter opens it.

    Signals
    -------
    head_chosen(int, int), head_opened(int, int)
        Layer and head.
    pointed_changed()
        The pointer is over another head, or over none.
    """

    pointed_changed = Signal()
    head_chosen = Signal(int, int)
    head_opened = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointed: tuple[int, int] | None = None
        self._selected: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("All heads"))

    @property
    def pointed(self) -> tuple[int, int] | None:
        """The head under the pointer."""
        return self._pointed

    @property
    def selected(self) -> tuple[int, int] | None:
        return self._selected

    def select(self, place: tuple[int, int] | None) -> None:
        """Frame a head; nothing else is painted again."""
        if place != self._selected:
            self._selected = place
            self.update()

    def box_of(self, place: tuple[int, int]) -> QRectF | None:
        """Where a head's thumbnail is."""
        figure = self.figure
        return figure.box_of(place, self._grid_of(figure)) if figure else None

    def head_at(self, point: QPointF) -> tuple[int, int] | None:
        """Layer and head under a point."""
        figure = self.figure
        return figure.head_at(point, self._grid_of(figure)) if figure else None

    def _grid_of(self, figure: HeadsFigure) -> ThumbnailGrid:
        return figure.grid(self.figure_rect(), self.style_now)

    def paint_over(self, painter: QPainter, figure: HeadsFigure) -> None:
        grid = self._grid_of(figure)
        if self._selected is not None:
            figure.paint_frame(painter, self._selected, grid, self.style_now)
        box = figure.box_of(self._pointed, grid) if self._pointed else None
        if self._pointed is not None and box is not None:
            painter.setPen(QPen(self.style_now.theme.ink, 1))
            painter.drawRect(box.adjusted(-1, -1, 1, 1))
            bounds = QRectF(self.visibleRegion().boundingRect()).adjusted(2, 2, -2, -2)
            paint_card(painter, figure.result, self._pointed, figure.colors, box, bounds, self.style_now)

    def _point_at(self, place: tuple[int, int] | None) -> None:
        if place != self._pointed:
            self._pointed = place
            self.update()
            self.pointed_changed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self.head_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.head_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.head_chosen.emit(*place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self.head_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.head_opened.emit(*place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        key = Qt.Key(event.key())
        if key in steps and self.figure is not None:
            self._point_at(None)
            self._walk(self.figure, *steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._selected is not None:
            self.head_opened.emit(*self._selected)
        else:
            super().keyPressEvent(event)

    def _walk(self, figure: HeadsFigure, rows: int, columns: int) -> None:
        """To the next head on screen in a direction; stays where there is none."""
        n_columns = self._grid_of(figure).n_columns
        if self._selected not in figure.heads:
            self.head_chosen.emit(*figure.heads[0])
            return
        row, column = divmod(figure.heads.index(self._selected), n_columns)
        if figure.order is not None and not 0 <= column + columns < n_columns:
            # Sorted heads flow like text.
            row, column = row + columns, column - columns * n_columns
        row, column = row + rows, column + columns
        index = row * n_columns + column
        if 0 <= column < n_columns and 0 <= index < len(figure.heads) and figure.exists[figure.heads[index]]:
            self.head_chosen.emit(*figure.heads[index])
