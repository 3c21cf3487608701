"""Where the dot product is drawn on screen: head and foot stay, the rows between them scroll."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from widgets.figures.lettering import points_font
from widgets.look.theme import FigureStyle
from widgets.views.scaled_dot.figure import ScaledDotFigure, TableLayout

_ENOUGH = 0.5  # of the weight of the rows that have most
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class ScaledDotCanvas(QAbstractScrollArea):
    """Shows a `ScaledDotFigure`. Hovering a row marks it, a click chooses its key.

    Signals
    -------
    clicked(int)
        A key was clicked.
    hovered(object)
        The key under the pointer, or None.
    """

    clicked = Signal(int)
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure: ScaledDotFigure | None = None
        self._hovered: int | None = None
        self._is_at_most = False  # the rows with most of the weight stay in sight, until the user scrolls
        self._style = FigureStyle.of(self)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().actionTriggered.connect(self._on_bar_action_triggered)

    @property
    def figure(self) -> ScaledDotFigure | None:
        """What is shown."""
        return self._figure

    def show_figure(self, figure: ScaledDotFigure, style: FigureStyle) -> None:
        """Show another figure, or the same in another style."""
        self._figure, self._style = figure, style
        if self._hovered is not None and self._hovered >= len(figure.order):
            self.set_hovered(None)
        self._fit_bars()
        self.viewport().update()

    @property
    def hovered_key(self) -> int | None:
        """The key under the pointer."""
        return self._hovered

    def set_hovered(self, key: int | None) -> None:
        """Mark a key's row."""
        if key != self._hovered:
            self._hovered = key
            self.viewport().update()
            self.hovered.emit(key)

    def point_of(self, key: int) -> QPointF:
        """The middle of a key's row in the viewport."""
        assert self._figure
        layout = self._layout()
        row = self._figure.order.tolist().index(key)
        y = (layout.head + (row + 0.5) * layout.row) * self._scale() - self.verticalScrollBar().value()
        return QPointF(layout.columns[0].left * self._scale() - self.horizontalScrollBar().value() + 1, y)

    def go_to_most(self) -> None:
        """Scroll to the rows that have most of the weight together: of many keys the first may have next to none."""
        self._is_at_most = True
        if self._figure is None:
            return
        bar, row = self.verticalScrollBar(), self._layout().row * self._scale()
        weights = self._figure.result.pattern[self._figure.order]
        n_seen = min(max(int(bar.pageStep() / row), 1), len(weights))
        of_each = np.convolve(weights, np.ones(n_seen), "valid")  # by the first row that is seen
        first = int(of_each.argmax())
        # Where the first ones have as good as that, one begins with them.
        bar.setValue(0 if of_each[0] >= _ENOUGH * of_each[first] else round(first * row))

    def ensure_visible(self, key: int) -> None:
        """Scroll as far as needed to show a key's row."""
        self._is_at_most = False
        layout, scale = self._layout(), self._scale()
        y, half, bar = self.point_of(key).y(), layout.row * scale / 2, self.verticalScrollBar()
        top, bottom = layout.head * scale + half, self.viewport().height() - layout.foot * scale - half
        if y < top:
            bar.setValue(math.floor(bar.value() + y - top))
        elif y > bottom:
            bar.setValue(math.ceil(bar.value() + y - bottom))

    # Geometry: the figure thinks in points, the viewport in pixels.

    def _scale(self) -> float:
        return self.viewport().logicalDpiY() / 72

    def _layout(self) -> TableLayout:
        assert self._figure
        width, height = self.viewport().width() / self._scale(), self.viewport().height() / self._scale()
        return self._figure.layout(self._style, QRectF(0, 0, width, height))

    def _fit_bars(self) -> None:
        if self._figure is None:
            return
        layout, scale = self._layout(), self._scale()
        height = layout.head + len(self._figure.order) * layout.row + layout.foot
        width = layout.right + layout.em
        down, across = self.verticalScrollBar(), self.horizontalScrollBar()
        down.setRange(0, max(0, math.ceil(height * scale - 0.5) - self.viewport().height()))
        down.setPageStep(max(1, round(self.viewport().height() - (layout.head + layout.foot) * scale)))
        down.setSingleStep(round(layout.row * scale))
        across.setRange(0, max(0, math.ceil(width * scale - 0.5) - self.viewport().width()))
        across.setPageStep(self.viewport().width())
        if self._is_at_most:
            self.go_to_most()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(self.viewport().rect(), self._style.theme.paper)
            if self._figure is not None:
                self._paint(painter, self._figure)

    def _paint(self, painter: QPainter, figure: ScaledDotFigure) -> None:
        style = self._style
        layout, scale = self._layout(), self._scale()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(points_font(style.font, painter.device()))
        painter.translate(-self.horizontalScrollBar().value(), 0)
        painter.scale(scale, scale)
        width = layout.right + layout.em
        height = self.viewport().height() / scale
        scroll = self.verticalScrollBar().value() / scale
        n_rows = len(figure.order)
        # Short tables carry their foot right below, long ones keep it in sight.
        foot = min(layout.head + n_rows * layout.row, height - layout.foot)
        painter.save()
        painter.setClipRect(QRectF(0, layout.head, width, max(0.0, foot - layout.head)))
        painter.translate(0, layout.head - scroll)
        first = int(scroll // layout.row)
        last = min(n_rows, int((scroll + foot - layout.head) // layout.row) + 1)
        figure.paint_rows(painter, layout, style, range(first, last), self._hovered)
        painter.restore()
        figure.paint_head(painter, layout, style)
        painter.translate(0, foot)
        figure.paint_foot(painter, layout, style)

    # What the user does

    def _key_at(self, point: QPointF) -> int | None:
        if self._figure is None:
            return None
        layout, scale = self._layout(), self._scale()
        bottom = self.viewport().height() / scale - layout.foot
        y = point.y() / scale
        if not layout.head <= y < bottom:
            return None
        row = int((y - layout.head + self.verticalScrollBar().value() / scale) // layout.row)
        return int(self._figure.order[row]) if row < len(self._figure.order) else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.set_hovered(self._key_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        key = self._key_at(event.position())
        if key is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS:
            event.ignore()  # they walk through heads and layers
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.set_hovered(None)
        return super().viewportEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_bars()

    def _on_bar_action_triggered(self, _action: int) -> None:
        self._is_at_most = False
