"""What lies over a picture that is not, or not yet, what was asked for."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.kit.clean import shown
from widgets.kit.plain import plain_tip

_BREAK = "\u200b"  # a space without width
_DIMMED = 170  # of 255: the old picture can be recognised, and not be taken for the new one


class Veil(QWidget):
    """Dims a widget and says of what its picture is, or says in a corner that it is a first look.

    It lies over the whole of `host` and keeps clicks away while it dims: positions of an old picture mean other tokens.

    Signals
    -------
    dimmed(bool)
        The picture is an old one now, or is not old any more.

    Attributes
    ----------
    lets_clicks_through
        For pictures that are painted on, stroke by stroke, while the answer to the last one is awaited. Whoever sets it
        sees to it himself that nothing old is meant.
    """

    dimmed = Signal(bool)

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("veil")
        self._text, self._is_dimmed = "", False
        self.lets_clicks_through, self._host = False, host
        host.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty where nothing lies over the picture."""
        return self._text if not self.isHidden() else ""

    @property
    def is_dimmed(self) -> bool:
        return self._is_dimmed and not self.isHidden()

    def dim(self, text: str) -> None:
        """The picture is an old one: say of what."""
        self._show(text, is_dimmed=True)

    def note(self, text: str) -> None:
        """The picture is right as far as it goes: say how far."""
        self._show(text, is_dimmed=False)

    def lift(self) -> None:
        """The picture is what was asked for."""
        was_dimmed = self.is_dimmed
        self.hide()
        if was_dimmed:
            self.dimmed.emit(False)

    def _show(self, text: str, *, is_dimmed: bool) -> None:
        was_dimmed = self.is_dimmed
        self._text, self._is_dimmed = shown(text), is_dimmed
        self.setAccessibleName(self._text)
        self.setToolTip(plain_tip(text if is_dimmed else ""))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, self.lets_clicks_through or not is_dimmed)
        self.setGeometry(self._host.rect())
        self.raise_()
        self.show()
        self.update()
        if was_dimmed != is_dimmed:
            self.dimmed.emit(is_dimmed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and watched is self._host:
            self.setGeometry(self._host.rect())
        elif event.type() == QEvent.Type.ChildAdded:
            self.raise_()
        return False

    def sizeHint(self) -> QSize:
        return QSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            ground = QColor(self.palette().color(self.palette().ColorRole.Base))
            if self._is_dimmed:
                dimmed = QColor(ground)
                dimmed.setAlpha(_DIMMED)
                painter.fillRect(self.rect(), dimmed)
            font = self.font()
            font.setBold(self._is_dimmed)
            painter.setFont(font)
            metrics = QFontMetricsF(font)
            em = metrics.height()
            room = max(4 * em, self.width() - 4 * em)
            text = breakable(self._text, metrics, room)
            wanted = metrics.boundingRect(QRectF(0, 0, room, 12 * em), int(Qt.TextFlag.TextWordWrap), text)
            box = QRectF(0, 0, wanted.width() + 1.5 * em, wanted.height() + 0.7 * em)
            if self._is_dimmed:
                box.moveCenter(QRectF(self.rect()).center())
            else:
                box.moveBottomRight(QRectF(self.rect()).bottomRight() - QRectF(0, 0, 0.4 * em, 0.4 * em).bottomRight())
            if self._is_dimmed and box.height() > self.height():
                return  # the tool tip has it
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self.palette().color(self.palette().ColorRole.Mid))
            painter.setBrush(ground)
            painter.drawRoundedRect(box, 0.3 * em, 0.3 * em)
            painter.setPen(self.palette().color(self.palette().ColorRole.WindowText))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            inner = box.adjusted(0.5 * em, 0, -0.5 * em, 0)  # in the whole box another word would fit in a line
            painter.drawText(inner, flags, text)


def breakable(text: str, metrics: QFontMetricsF, room: float) -> str:
    """A text whose words that are wider than the room can be broken anywhere."""
    words = re.split(r"(\s+)", text)
    return "".join(_BREAK.join(word) if metrics.horizontalAdvance(word) > room else word for word in words)
