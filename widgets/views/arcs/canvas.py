"""Where arcs are drawn on screen: scrolls, follows the pointer, and never holds the window up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from time import perf_counter

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from widgets.figures.lettering import points_font
from widgets.look.theme import FigureStyle
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.lines import ArcsLayout, Focus

_SLICE = 0.006  # seconds of drawing between two looks at the event queue
_FIRST = 0.003  # the same where the pointer waits for it
_FRAME = 0.1  # seconds between two pictures of what is drawn so far
_FADED = 0.12  # all lines, while those of one token are shown
_FIRST_ROWS = 64  # of a text of which nothing is known yet
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class _DrawnLines:
    """Lines on a transparent pixmap, drawn strongest first, a slice at a time."""

    def __init__(self, figure: ArcsFigure, layout: ArcsLayout, style: FigureStyle, scale: float, ratio: float) -> None:
        self._left = layout.left
        self.top, bottom = figure.drawn(layout)
        size = QSize(
            math.ceil((layout.right - layout.left) * scale * ratio), math.ceil((bottom - self.top) * scale * ratio)
        )
        self.pixmap = QPixmap(size)
        self.pixmap.setDevicePixelRatio(ratio)
        self.pixmap.fill(Qt.GlobalColor.transparent)
        self._scale = scale
        self._batches: Iterator[tuple[QPen, list[QLineF]]] | None = figure.batches(layout, style)

    @property
    def is_complete(self) -> bool:
        return self._batches is None

    def draw(self, seconds: float = _SLICE) -> None:
        """Draw some more lines, under those that are there."""
        if self._batches is None:
            return
        end = perf_counter() + seconds
        with QPainter(self.pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOver)
            painter.scale(self._scale, self._scale)
            painter.translate(-self._left, -self.top)
            for pen, lines in self._batches:
                painter.setPen(pen)
                painter.drawLines(lines)
                if perf_counter() > end:
                    return
        self._batches = None


class ArcsCanvas(QAbstractScrollArea):
    """Shows an `ArcsFigure` at the width of the window. Hovering a token shows its lines alone; a click chooses it.

    Signals
    -------
    clicked(Focus)
        A token was clicked.
    hovered(object)
        The token under the pointer, or None.
    scrolled()
        Other rows are on screen.
    """

    clicked = Signal(object)
    hovered = Signal(object)
    scrolled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure: ArcsFigure | None = None
        self._hovered: Focus | None = None
        self._focused: ArcsFigure | None = None  # what the figure is while a token is pointed at
        self._whole: _DrawnLines | None = None
        self._part: _DrawnLines | None = None
        self._before: _DrawnLines | None = None  # shown until the whole is drawn
        self._style = FigureStyle.of(self)
        self._painted = 0.0
        self._more = QTimer(self)
        self._more.setInterval(0)
        self._more.timeout.connect(self._draw_more)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)

    @property
    def figure(self) -> ArcsFigure | None:
        """What is shown, with the focus of now."""
        if self._figure is None or self._hovered is None:
            return self._figure
        if self._focused is None:
            self._focused = self._figure.focused(self._hovered)
        return self._focused

    @property
    def is_complete(self) -> bool:
        """Whether all lines are drawn."""
        return all(image is None or image.is_complete for image in (self._whole, self._part))

    def show_figure(self, figure: ArcsFigure, style: FigureStyle) -> None:
        """Show another figure, or the same in another style."""
        self._figure, self._focused, self._style = figure, None, style
        if self._hovered and self._hovered.pos >= len(figure.tokens(self._hovered.side)):
            self._hovered = None
        self._restart()

    def go_on(self, figure: ArcsFigure, *, has_same_lines: bool) -> None:
        """Show the same with lines of more rows, or of the token pointed at: what is drawn stays until those are."""
        whole = self._whole
        self.show_figure(figure, self._style)
        if has_same_lines:
            self._whole = whole
        elif whole is not None and whole.is_complete:
            self._before = whole

    def point_of(self, token: Focus) -> QPointF:
        """Where a token is in the viewport."""
        assert self._figure
        layout = self._layout()
        return layout.label_rect(token).center() * self._scale() - QPointF(0, self.verticalScrollBar().value())

    def rows_on_screen(self) -> range:
        """The rows of which anything is seen; those at the beginning before there is a figure."""
        if self._figure is None:
            return range(_FIRST_ROWS)
        layout, scale = self._layout(), self._scale()
        scroll = self.verticalScrollBar().value()
        first = int((scroll / scale - layout.top) // layout.row)
        last = int(((scroll + self.viewport().height()) / scale - layout.top) // layout.row)
        return range(max(first, 0), max(min(last + 1, layout.n_rows), 1))

    def go_to_start(self) -> None:
        """Scroll to the first row."""
        self.verticalScrollBar().setValue(0)

    def set_hovered(self, token: Focus | None) -> None:
        """Show only this token's lines."""
        if token == self._hovered:
            return
        self._hovered = token
        self._focused = self._part = None
        self.viewport().update()
        self.hovered.emit(token)

    def ensure_visible(self, token: Focus) -> None:
        """Scroll as far as needed to show a token."""
        y, row = self.point_of(token).y(), self.verticalScrollBar().singleStep()
        bar = self.verticalScrollBar()
        if y < 2 * row:
            bar.setValue(math.floor(bar.value() + y - 2 * row))
        elif y > self.viewport().height() - row:
            bar.setValue(math.ceil(bar.value() + y - self.viewport().height() + row))

    # Geometry: the figure thinks in points, the viewport in pixels.

    def _scale(self) -> float:
        return self.viewport().logicalDpiY() / 72

    def _layout(self) -> ArcsLayout:
        assert self._figure
        return self._figure.layout(self._style, self._page())

    def _page(self) -> QRectF:
        """The viewport in points."""
        return QRectF(0, 0, self.viewport().width() / self._scale(), self.viewport().height() / self._scale())

    def _restart(self) -> None:
        """Draw anew: other lines, another place, other colours or letters."""
        self._whole = self._part = self._before = None
        if self._figure:
            layout = self._layout()
            height = (layout.bottom + 0.4 * layout.em) * self._scale()
            bar = self.verticalScrollBar()
            bar.setRange(0, max(0, math.ceil(height) - self.viewport().height()))
            bar.setPageStep(self.viewport().height())
            bar.setSingleStep(round(layout.row * self._scale()))
        self.viewport().update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(self.viewport().rect(), self._style.theme.paper)
            shown = self.figure
            if self._figure is not None and shown is not None:
                self._paint(painter, self._figure, shown)
        self._painted = perf_counter()
        if not self.is_complete:
            self._more.start()

    def _paint(self, painter: QPainter, whole_figure: ArcsFigure, shown: ArcsFigure) -> None:
        """All lines, faded while those of the token pointed at are shown, and the tokens."""
        style = self._style
        scale, ratio = self._scale(), self.devicePixelRatioF()
        layout = self._layout()
        if self._whole is None:
            self._whole = _DrawnLines(whole_figure, layout, style, scale, ratio)
            self._whole.draw()
        if self._hovered and self._part is None:
            self._part = _DrawnLines(shown, layout, style, scale, ratio)
            self._part.draw(_FIRST)
        scroll = self.verticalScrollBar().value()
        painter.setOpacity(_FADED if self._part else 1.0)
        whole = self._whole if self._whole.is_complete or self._before is None else self._before
        for image in filter(None, (whole, self._part)):
            painter.drawPixmap(QPointF(layout.left * scale, image.top * scale - scroll), image.pixmap)
            painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(points_font(style.font, painter.device()))
        painter.translate(0, -scroll)
        painter.scale(scale, scale)
        shown.paint_heading(painter, layout, style)
        shown.paint_tokens(painter, layout, style, self._page().translated(0, scroll / scale))

    def _draw_more(self) -> None:
        """The part that the pointer asks for first, then the rest."""
        unfinished = [image for image in (self._part, self._whole) if image and not image.is_complete]
        if not unfinished:
            self._more.stop()
            return
        unfinished[0].draw()
        if unfinished[0].is_complete or perf_counter() - self._painted > _FRAME:
            self.viewport().update()

    # What the user does

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.set_hovered(self._token_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        token = self._token_at(event.position())
        if token and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(token)

    def _token_at(self, point: QPointF) -> Focus | None:
        if self._figure is None:
            return None
        scroll = QPointF(0, self.verticalScrollBar().value())
        return self._figure.at(self._layout(), (point + scroll) / self._scale())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        if event.key() in _ARROWS:
            event.ignore()  # they walk through heads and layers
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            bar.setValue(bar.minimum() if event.key() == Qt.Key.Key_Home else bar.maximum())
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.set_hovered(None)
        return super().viewportEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()
        self.scrolled.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._restart()
        self.scrolled.emit()
