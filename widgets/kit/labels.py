"""Plain text: a line that is shortened to the space there is, and a sentence where there is nothing to see yet."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.kit.clean import shown
from widgets.kit.plain import PlainLabel, plain_tip


class LineLabel(PlainLabel):
    """Plain text that never widens the window; the tool tip has all of it.

    The text may change with every image that plays: it is kept here, as `setText` lays out the window anew.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setContentsMargins(8, 2, 8, 4)

    def show_text(self, text: str) -> None:
        """Show another text."""
        text = shown(text)
        if text != self._text:
            self._text = text
            self.setToolTip(plain_tip(text))
            self.setAccessibleDescription(text)
            self.update()

    def text(self) -> str:
        """What stands there."""
        return self._text

    def sizeHint(self) -> QSize:
        em, margins = self.fontMetrics().height(), self.contentsMargins()
        return QSize(20 * em, em + margins.top() + margins.bottom())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            area = self.contentsRect()
            text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            role = self.foregroundRole()
            self.style().drawItemText(painter, area, flags, self.palette(), self.isEnabled(), text, role)


class EmptyLabel(PlainLabel):
    """A sentence in the middle that says what to do."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMargin(24)
