"""The sentence as chips to click on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from widgets.figures import chips
from widgets.figures.chips import Chip
from widgets.kit.plain import plain_tip
from widgets.look.theme import FigureStyle

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_MOST_LINES = 5


class TokenStrip(QWidget):
    """Chips that wrap; a click, or Space on the framed one, chooses it. Special tokens cannot be chosen.

    Signals
    -------
    token_chosen(int)
        Position.
    """

    token_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: tuple[Chip, ...] = ()
        self._boxes: list[QRectF] = []
        self._cursor = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Words to mask"))

    @property
    def chips(self) -> tuple[Chip, ...]:
        return self._chips

    def set_chips(self, line: tuple[Chip, ...]) -> None:
        """Show other tokens, or the same in another state."""
        self._chips = line
        self._cursor = min(self._cursor, max(len(line) - 1, 0))
        self._lay_out()
        self._describe()

    def box(self, position: int) -> QRectF:
        """Where a chip is."""
        return self._boxes[position].translated(self._origin())

    def position_at(self, point: QPointF) -> int | None:
        """The token under a point."""
        return next((i for i in range(len(self._boxes)) if self.box(i).contains(point)), None)

    def needed_height(self, *, n_lines: int | None = None) -> int:
        """Height of all lines, or of so many."""
        metrics, margin = QFontMetricsF(self.font()), 2 * self._origin().y()
        if n_lines is not None:
            return int(n_lines * (chips.chip_height(metrics) + 0.35 * metrics.height()) + margin)
        return int(max(chips.height_of(self._boxes), chips.chip_height(metrics)) + margin) + 1

    def _origin(self) -> QPointF:
        margin = 0.5 * QFontMetricsF(self.font()).height()
        return QPointF(margin, margin)

    def _lay_out(self) -> None:
        width = self.width() - 2 * self._origin().x()
        self._boxes = chips.lay_out(self._chips, width, QFontMetricsF(self.font()))
        self.setMinimumHeight(self.needed_height())
        self.updateGeometry()
        self.update()

    def _describe(self) -> None:
        """Say the word under the cursor and its state, for screen readers."""
        if self._chips:
            chip = self._chips[self._cursor]
            state = self.tr("masked") if chip.kind == "masked" else self.tr("not masked")
            text = self.tr("{} of {}: {}, {}").format(self._cursor + 1, len(self._chips), chip.text, state)
            self.setAccessibleDescription(text)

    def _choose(self, position: int) -> None:
        self._cursor = position
        self.update()
        if self._chips[position].kind != "special":
            self.token_chosen.emit(position)

    def paintEvent(self, event: QPaintEvent) -> None:
        style = FigureStyle.of(self)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            chips.paint_chips(painter, self._chips, self._boxes, self._origin(), style)
            if self.hasFocus() and self._boxes:
                painter.setPen(QPen(style.theme.accent, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(self.box(self._cursor).adjusted(-3, -3, 3, 3), 5, 5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position())
        if position is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(position)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position())
        is_word = position is not None and self._chips[position].kind != "special"
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_word else Qt.CursorShape.ArrowCursor)
        if position is None:
            QToolTip.hideText()
        else:
            text = self.tr("position {}") if is_word else self.tr("position {}: a special token, cannot be masked")
            QToolTip.showText(event.globalPosition().toPoint(), plain_tip(text.format(position)), self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self._chips and key in _STEPS:
            self._cursor = min(max(self._cursor + _STEPS[key], 0), len(self._chips) - 1)
            self._describe()
            self.update()
        elif self._chips and key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._cursor)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._lay_out()


class TokenStripArea(QScrollArea):
    """As high as its chips, up to a few lines; then it scrolls."""

    def __init__(self, strip: TokenStrip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip = strip
        self.setWidget(strip)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def set_chips(self, line: tuple[Chip, ...]) -> None:
        """Show other tokens."""
        self._strip.set_chips(line)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(200, self.maximumHeight())

    def _fit(self) -> None:
        self.setFixedHeight(min(self._strip.needed_height(), self._strip.needed_height(n_lines=_MOST_LINES)))
