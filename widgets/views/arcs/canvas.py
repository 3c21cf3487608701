"""Where arcs are drawn on screen: scrolls, follows the pointer, and never holds the window up."""

from __future__ import annotations

import math
from time import perf_counter

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from widgets.figures.lettering import points_font
from widgets.kit.delay import Delay
from widgets.look.theme import FigureStyle
from widgets.views.arcs.drawn_lines import DrawnLines
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.lines import ArcsLayout, Focus

_FIRST = 0.002  # seconds of drawing before the first picture, which the user waits for
_POINTED = 0.0005  # the same where the pointer waits for it
_HEAD_START = 8  # milliseconds in which a picture is on its way to the screen before more is drawn
_FRAME = 0.1  # seconds between two pictures of what is drawn so far
_FADED = 0.12  # all lines, while those of one token are shown
_HEADING = 1.7  # em that it takes
_FIRST_ROWS = 64  # of a text of which nothing is known yet
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


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
        self._whole: DrawnLines | None = None
        self._part: DrawnLines | None = None
        self._before: DrawnLines | None = None  # shown until the whole is drawn
        self._spare: list[QImage] = []
        self._laid_out: tuple[QRectF, ArcsLayout] | None = None  # for a page, which every look asks for several times
        self._style = FigureStyle.of(self)
        self.lines_go_up = False  # from a query, as where the future is hidden
        self._kept: Focus | None = None  # what stays in sight at any size, until the user scrolls
        self._painted = 0.0
        self._more, self._soon = Delay(0, self), Delay(_HEAD_START, self)
        for delay in (self._more, self._soon):
            delay.elapsed.connect(self._on_more_elapsed)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().actionTriggered.connect(self._on_bar_action_triggered)

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
        """Whether all lines that are on screen are drawn."""
        if self._figure is None:
            return True
        seen, images = self._seen(), filter(None, (self._whole, self._part))
        return self._whole is not None and all(image.is_complete_in(seen) for image in images)

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
        elif whole is not None and whole.is_complete_in(self._seen()):
            self._before = whole

    def point_of(self, token: Focus) -> QPointF:
        """Where a token is in the viewport."""
        assert self._figure
        layout = self._layout()
        return layout.spot_of(token) * self._scale() - QPointF(0, self.verticalScrollBar().value())

    def rows_on_screen(self) -> range:
        """The rows of which anything is seen; those at the beginning before there is a figure."""
        if self._figure is None:
            return range(_FIRST_ROWS)
        layout, scale = self._layout(), self._scale()
        scroll = self.verticalScrollBar().value()
        first, last = (layout.pos_at(y / scale) for y in (scroll, scroll + self.viewport().height()))
        return range(first, last + 1)

    def go_to_start(self) -> None:
        """Scroll to the first row."""
        self._kept = None
        self.verticalScrollBar().setValue(0)

    def set_hovered(self, token: Focus | None) -> None:
        """Show only this token's lines."""
        if token == self._hovered:
            return
        self._hovered = token
        if self._part is not None:
            self._part.give_up()
        self._focused = self._part = None
        self._more.stop()  # what the pointer asks for is on screen before anything else is drawn
        self.viewport().update()
        self.hovered.emit(token)

    def ensure_visible(self, token: Focus) -> None:
        """Scroll to show a token, which stays in sight: row by row as far as needed, else to where its lines are."""
        self._kept = token
        y, row, height = self.point_of(token).y(), self.verticalScrollBar().singleStep(), self.viewport().height()
        bar = self.verticalScrollBar()
        if not -2 * row < y < height + 2 * row:
            bar.setValue(round(bar.value() + y - (0.9 if self.lines_go_up and token.side == "query" else 0.5) * height))
        elif y < 2 * row:
            bar.setValue(math.floor(bar.value() + y - 2 * row))
        elif y > height - row:
            bar.setValue(math.ceil(bar.value() + y - height + row))

    # Geometry: the figure thinks in points, the viewport in pixels.

    def _scale(self) -> float:
        return self.viewport().logicalDpiY() / 72

    def _layout(self) -> ArcsLayout:
        assert self._figure
        page = self._page()
        if self._laid_out is None or self._laid_out[0] != page:
            self._laid_out = page, self._figure.layout(self._style, page)
        return self._laid_out[1]

    def _seen(self) -> tuple[float, float]:
        """From where to where the figure is on screen, in points."""
        scroll = self.verticalScrollBar().value()
        return scroll / self._scale(), (scroll + self.viewport().height()) / self._scale()

    def _page(self) -> QRectF:
        """The viewport in points."""
        return QRectF(0, 0, self.viewport().width() / self._scale(), self.viewport().height() / self._scale())

    def _restart(self) -> None:
        """Draw anew: other lines, another place, other colours or letters."""
        self._whole = self._part = self._before = self._laid_out = None
        self._more.stop()  # what is drawn first comes to the screen first
        if self._figure:
            layout = self._layout()
            height = (layout.bottom + 0.4 * layout.em) * self._scale()
            bar = self.verticalScrollBar()
            bar.setRange(0, max(0, math.ceil(height) - self.viewport().height()))
            bar.setPageStep(self.viewport().height())
            bar.setSingleStep(round(layout.row * self._scale()))
            if self._kept is not None and self._kept.pos < len(self._figure.tokens(self._kept.side)):
                self.ensure_visible(self._kept)
        self.viewport().update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(self.viewport().rect(), self._style.theme.paper)
            shown = self.figure
            if self._figure is not None and shown is not None:
                self._paint(painter, self._figure, shown)
        self._painted = perf_counter()
        if any(image is not None and not image.is_complete for image in (self._whole, self._part)):
            self._soon.start_unless_waiting()

    def _paint(self, painter: QPainter, whole_figure: ArcsFigure, shown: ArcsFigure) -> None:
        """All lines, faded while those of the token pointed at are shown, and the tokens."""
        style = self._style
        scale, ratio = self._scale(), self.devicePixelRatioF()
        layout = self._layout()
        seen, drawn = self._seen(), whole_figure.drawn(layout)
        if self._whole is None:
            self._whole = DrawnLines(whole_figure, layout, style, drawn, scale, ratio, seen, [])
            self._whole.draw(seen, _FIRST)
        if self._hovered and self._part is None:
            top = max(drawn[0], seen[0])
            on_screen = (top, max(min(drawn[1], seen[1]), top + 1))
            self._part = DrawnLines(shown, layout, style, on_screen, scale, ratio, seen, self._spare)
            self._part.draw(seen, _POINTED)
        scroll = self.verticalScrollBar().value()
        painter.setOpacity(_FADED if self._part else 1.0)
        is_there = self._before is None or self._whole.is_complete_in(seen)
        whole = self._whole if is_there else self._before
        for image in filter(None, (whole, self._part)):
            image.paint(painter, QPointF(layout.left * scale, image.top * scale - scroll))
            painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(points_font(style.font, painter.device()))
        painter.translate(0, -scroll)
        painter.scale(scale, scale)
        page = self._page().translated(0, scroll / scale)
        shown.columns(layout).paint(painter, style, page)
        # What the columns are stays in sight.
        painter.fillRect(QRectF(0, page.top(), page.width(), _HEADING * layout.em), style.theme.paper)
        shown.paint_heading(painter, layout, style, page.top() + 2 * layout.em)

    def _on_more_elapsed(self) -> None:
        """Draw the part that the pointer asks for first, then the rest."""
        unfinished = [image for image in (self._part, self._whole) if image and not image.is_complete]
        if not unfinished:
            return
        seen = self._seen()
        was_complete = unfinished[0].is_complete_in(seen)
        unfinished[0].draw(seen)
        self._more.start()
        if was_complete:
            return  # the rest is drawn where nobody sees it
        if unfinished[0].is_complete_in(seen) or perf_counter() - self._painted > _FRAME:
            self.viewport().update()

    # What the user does

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.set_hovered(self._token_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        token = self._token_at(event.position())
        if token and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(token)

    def _token_at(self, point: QPointF) -> Focus | None:
        if self._figure is None or point.y() < _HEADING * self._layout().em * self._scale():
            return None
        scroll = QPointF(0, self.verticalScrollBar().value())
        return self._figure.at(self._layout(), (point + scroll) / self._scale())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        if event.key() in _ARROWS:
            event.ignore()  # they walk through heads and layers
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._kept = None
            bar.setValue(bar.minimum() if event.key() == Qt.Key.Key_Home else bar.maximum())
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.set_hovered(None)
        return super().viewportEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._part = None  # it is as high as what was on screen
        self.viewport().update()
        self.scrolled.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._restart()
        self.scrolled.emit()

    def _on_bar_action_triggered(self, _action: int) -> None:
        self._kept = None
