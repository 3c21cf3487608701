"""Where there is no status line, what it would say is shown over the views for some seconds."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets.kit.plain import PlainLabel
from widgets.look.theme import FigureStyle
from widgets.panels.status_line import StatusLine

SHOWN_FOR = 6_000  # ms
_WIDEST = 0.7  # of the window


class Notice(PlainLabel):
    """A line at the lower edge of a window, which goes by itself, and which the mouse goes through."""

    def __init__(self, status_line: StatusLine, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAutoFillBackground(True)
        self.setWordWrap(True)
        self.setMargin(10)
        self.hide()
        self._status_line, self._window = status_line, window
        self._fading = QTimer(self, singleShot=True, interval=SHOWN_FOR)
        self._fading.timeout.connect(self.hide)
        status_line.told.connect(self._on_status_line_told)
        for watched in (status_line, window):
            watched.installEventFilter(self)

    @Slot(str, bool)
    def _on_status_line_told(self, sentence: str, is_warning: bool) -> None:
        if not sentence or self._status_line.isVisible():
            self.hide()
            return
        self.setText(f"⚠ {sentence}" if is_warning else sentence)
        self._place()
        self.show()
        self.raise_()
        self._fading.start()

    def _place(self) -> None:
        room = self._window.rect()
        most = round(_WIDEST * room.width())
        margins = 2 * self.margin()
        one_line = self.fontMetrics().horizontalAdvance(self.text()) + margins + 2
        width = min(one_line, most)
        self.resize(width, self.heightForWidth(width))
        self.move((room.width() - width) // 2, room.height() - self.height() - self.fontMetrics().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the window, and of the status line, which says it itself once it is there."""
        if event.type() == QEvent.Type.Show and watched is self._status_line:
            self.hide()
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange) and self.isVisible():
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.setPen(QPen(FigureStyle.of(self).theme.accent, 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
