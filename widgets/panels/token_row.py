"""The tokens of the input as chips with their ids."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from inference.results.tokens import Tokens
from widgets.kit.clean import clean
from widgets.kit.plain import plain_tip, tip_with_terms
from widgets.kit.veil import Veil
from widgets.look.theme import FigureStyle, Theme
from widgets.selection import Position, Selected, Selection

MAX_CHIPS = 600  # more than anyone reads; the rest is counted at the end


class TokenChips(QWidget):
    """Chips that wrap like text. A click selects the token as query; double click or M masks it.

    Signals
    -------
    mask_toggled(int)
        Position of a token that the user masks or shows again.
    """

    mask_toggled = Signal(int)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self.axis = "text"  # of the sequence whose tokens these are
        self._tokens: Tokens | None = None
        self._message = ""
        self._chips: list[QRectF] = []
        self._widths: list[float] = []  # of what stands in them; measuring 512 takes longer than a frame
        self._rest_box = QRectF()
        self._can_mask = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Tokens"))
        self.setMouseTracking(True)
        selection.changed.connect(self._on_selection_changed)
        selection.masked_changed.connect(self._on_selection_masked_changed)

    def set_tokens(self, tokens: Tokens | None, message: str = "", *, can_mask: bool = False) -> None:
        """Show tokens, or instead of them a sentence that says why there are none."""
        self._tokens, self._message, self._can_mask = tokens, message, can_mask
        self.setAccessibleDescription(" ".join(tokens.shown[:MAX_CHIPS]) if tokens else message)
        self._measure()
        self._lay_out()

    @property
    def has_tokens(self) -> bool:
        """Whether there are chips."""
        return self._tokens is not None

    def chip(self, position: int) -> QRectF:
        """Where a token is painted."""
        return self._chips[position]

    def position_at(self, point: QPointF) -> int | None:
        """The token under a point."""
        return next((i for i, chip in enumerate(self._chips) if chip.contains(point)), None)

    def _fonts(self) -> tuple[QFont, QFont]:
        small = QFont(self.font())
        small.setPointSizeF(self.font().pointSizeF() * 0.72)
        return self.font(), small

    def _measure(self) -> None:
        metrics, small_metrics = (QFontMetricsF(font) for font in self._fonts())
        self._widths = [
            max(metrics.horizontalAdvance(word), small_metrics.horizontalAdvance(token_id))
            for word, token_id in self._shown()
        ]

    def _lay_out(self) -> None:
        font, small = self._fonts()
        metrics, small_metrics = QFontMetricsF(font), QFontMetricsF(small)
        gap = metrics.averageCharWidth() * 0.6
        height = metrics.height() + small_metrics.height() + gap
        x = y = gap
        self._chips = []
        for inner in self._widths:
            width = inner + 2.2 * gap
            if x + width > self.width() - gap and x > gap:
                x, y = gap, y + height + gap
            self._chips.append(QRectF(x, y, width, height))
            x += width + gap
        rest = self._rest()
        width = metrics.horizontalAdvance(rest)
        if rest and x + width > self.width() - gap:
            x, y = gap, y + height + gap
        self._rest_box = QRectF(x + gap, y, width + gap, height)
        self.setMinimumHeight(int(y + height + gap))
        self.update()

    def _rest(self) -> str:
        """How many tokens have no chip."""
        n = len(self._tokens) - MAX_CHIPS if self._tokens else 0
        return self.tr("… and {:,} more").format(n) if n > 0 else ""

    def _shown(self) -> list[tuple[str, str]]:
        if self._tokens is None:
            return []
        ids = ("" if i < 0 else str(i) for i in self._tokens.ids)  # places that are no tokens have none
        return list(zip(self._tokens.shown[:MAX_CHIPS], ids, strict=False))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            theme = FigureStyle.of(self).theme
            if self._tokens is not None:
                self._paint_chips(painter, theme, self._tokens, event.region())
                return
            painter.setPen(theme.warning if self._message else theme.faint)
            text = self._message or self.tr("Type a sentence above; its tokens appear here.")
            inside = self.rect().adjusted(8, 4, -8, -4)
            painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, text)

    def _paint_chips(self, painter: QPainter, theme: Theme, tokens: Tokens, area: QRegion) -> None:
        font, small = self._fonts()
        query = self._query()
        small_height = QFontMetricsF(small).height()
        for position, ((word, token_id), chip) in enumerate(zip(self._shown(), self._chips, strict=True)):
            if not area.intersects(_painted(chip)):
                continue  # most of a long text is scrolled away, and another choice changes two
            is_masked = position in self._selection.masked
            is_query = position == query
            painter.setPen(theme.accent if is_query else theme.line)
            painter.setBrush(theme.accent if is_query else theme.paper)
            painter.drawRoundedRect(chip, 4, 4)
            ink = theme.accent_ink if is_query else theme.faint if tokens.is_special[position] else theme.ink
            painter.setPen(theme.accent_ink if is_query else theme.warning if is_masked else ink)
            painter.setFont(font)
            upper = chip.adjusted(0, 1, 0, -small_height)
            painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, word)
            if position == tokens.pooled:
                painter.fillRect(
                    chip.adjusted(4, chip.height() - 3, -4, -1), theme.accent_ink if is_query else theme.accent
                )
            painter.setFont(small)
            painter.setPen(theme.accent_ink if is_query else theme.faint)
            lower = QRectF(chip.left(), chip.bottom() - small_height - 1, chip.width(), small_height)
            painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, token_id)
        painter.setFont(font)
        painter.drawText(self._rest_box, Qt.AlignmentFlag.AlignVCenter, self._rest())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position())
        if position is not None:
            self._choose(position)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mask(self.position_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position())
        if position is None or self._tokens is None:
            QToolTip.hideText()
            return
        text = self.tr("token {}").format(position)
        if (token_id := int(self._tokens.ids[position])) >= 0:
            text += self.tr(", id {}").format(token_id)
        if source := self._tokens.source(position):
            text += self.tr("; typed was “{}”").format(clean(source))
        if position == self._tokens.pooled:
            text += self.tr("; the vector of the text is read here")
        if self._can_mask:
            text += self.tr("; double click or M masks it")
        special = self._tokens.special(position)
        QToolTip.showText(event.globalPosition().toPoint(), tip_with_terms(plain_tip(text), special), self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        n, now = len(self._chips), self._query()
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step and n:
            self._choose(0 if now is None else min(max(now + step, 0), n - 1))
        elif event.key() == Qt.Key.Key_M:
            self._mask(now)
        else:
            super().keyPressEvent(event)

    def _query(self) -> int | None:
        """The selected token, where it is one of these."""
        return self._selection.now.query_on(self.axis)

    def _choose(self, index: int) -> None:
        self._selection.update(query=Position(self.axis, index))

    def _mask(self, position: int | None) -> None:
        if position is not None and self._can_mask and self._tokens and not self._tokens.is_special[position]:
            self.mask_toggled.emit(position)

    def _on_selection_changed(self, now: Selected, old: Selected) -> None:
        places = {now.query_on(self.axis), old.query_on(self.axis)}
        for position in places if len(places) > 1 else ():
            if position is not None and position < len(self._chips):
                self.update(_painted(self._chips[position]))

    def _on_selection_masked_changed(self, _positions: tuple[int, ...]) -> None:
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()
            self._lay_out()


def _painted(chip: QRectF) -> QRect:
    """All that painting a chip touches."""
    return chip.toAlignedRect().adjusted(-1, -1, 1, 1)


class TokenRow(QScrollArea):
    """The chips, two rows of them at a time.

    Attributes
    ----------
    veil
        Dims the chips while they are not, or not yet, of what is to be looked at.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips = TokenChips(selection, self)
        self.chips.setObjectName("token_chips")
        self.veil = Veil(self)
        self.setWidget(self.chips)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the chips take the keyboard
        self.setFocusProxy(self.chips)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> QSize:
        return QSize(400, int(QFontMetricsF(self.font()).height() * 2.6))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
