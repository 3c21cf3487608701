"""A tour: a callout points at one real part of the window after the other. Everything can be used meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from widgets.kit.plain import PlainLabel
from widgets.look.theme import FigureStyle

# A presenter's remote has keys for pages.
_FORTH = (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_PageDown)
_BACK = (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_PageUp)


class TourStop(NamedTuple):
    """What is said of a part of the window; `part` gives it, or None where it is not there yet.

    `if_hidden` is said, too, as long as it is not on screen: how it comes back.
    """

    title: str
    says: str
    part: Callable[[], QWidget | None]
    if_hidden: str = ""


class Tour(QObject):
    """Leads through stops, by buttons or by arrows and pages; ends with the last one, by its button, or by Esc."""

    def __init__(self, stops: Sequence[TourStop], window: QWidget) -> None:
        super().__init__(window)
        self._window, self._stops, self._at = window, tuple(stops), -1
        self._pointer = _Pointer(window)
        self._callout = _Callout(window)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), window)
        self._escape.setEnabled(False)
        self._escape.activated.connect(self.end)
        self._callout.back.clicked.connect(self._on_back_clicked)
        self._callout.forth.clicked.connect(self._on_forth_clicked)
        self._callout.leave.clicked.connect(self.end)
        self._callout.step_requested.connect(self._on_callout_step_requested)
        self._watched: QWidget | None = None
        window.installEventFilter(self)

    @property
    def at(self) -> int:
        """Number of the stop that is shown, from 0; -1 while there is none."""
        return self._at

    def begin(self) -> None:
        """Show the first stop."""
        self._escape.setEnabled(True)
        self._go(0)

    @Slot()
    def end(self) -> None:
        """Take the callout away; the window stays as it is."""
        self._at = -1
        self._escape.setEnabled(False)
        self._watch(None)
        self._callout.hide()
        self._pointer.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.FontChange
        if self._at >= 0 and event.type() in kinds:
            self._place()
        return False

    def _go(self, at: int) -> None:
        self._at = at
        self._place()
        self._callout.forth.setFocus(Qt.FocusReason.TabFocusReason)  # which is seen: the keys lead on

    def _watch(self, part: QWidget | None) -> None:
        if part is self._watched:
            return
        if self._watched is not None:
            self._watched.removeEventFilter(self)
        self._watched = part
        if part is not None:
            part.installEventFilter(self)

    def _place(self) -> None:
        """Beside the part, on the side with most room; in the middle where it is not on screen."""
        stop = self._stops[self._at]
        part = stop.part()
        is_there = part is not None and part.isVisible() and part.window() is self._window
        self._watch(part)  # also while it is hidden: it may come back
        is_elsewhere = part is not None and part.isVisible() and not is_there
        where = self.tr("It has a window of its own now.") if is_elsewhere else "" if is_there else stop.if_hidden
        self._callout.show_stop(stop, where, self._at, len(self._stops))
        room = self._window.rect()
        target = QRect()
        if is_there and part is not None:
            target = QRect(part.mapTo(self._window, QPoint()), part.size()).intersected(room)
        self._callout.fit()
        self._callout.move(_beside(self._callout.rect(), target, room))
        self._pointer.setGeometry(room)
        self._pointer.point(target, self._callout.geometry())
        for widget in (self._pointer, self._callout):
            widget.show()
            widget.raise_()

    @Slot()
    def _on_back_clicked(self) -> None:
        self._go(max(self._at - 1, 0))

    @Slot(int)
    def _on_callout_step_requested(self, step: int) -> None:
        if self._at + step in range(len(self._stops)):
            self._go(self._at + step)

    @Slot()
    def _on_forth_clicked(self) -> None:
        if self._at + 1 < len(self._stops):
            self._go(self._at + 1)
        else:
            self.end()


def _beside(callout: QRect, target: QRect, room: QRect) -> QPoint:
    """Where a callout stands: outside the target if it can, and inside the room in any case."""
    gap = 24
    if target.isEmpty():
        return room.center() - callout.center()
    x, y = target.center().x() - callout.width() // 2, target.center().y() - callout.height() // 2
    places = [
        (QPoint(target.right() + gap, y), room.right() - target.right() - gap - callout.width()),
        (QPoint(target.left() - gap - callout.width(), y), target.left() - gap - callout.width()),
        (QPoint(x, target.bottom() + gap), room.bottom() - target.bottom() - gap - callout.height()),
        (QPoint(x, target.top() - gap - callout.height()), target.top() - gap - callout.height()),
    ]
    place, spare = max(places, key=lambda each: each[1])
    if spare < 0:  # the target fills the window
        place = QPoint(target.right() - gap - callout.width(), target.bottom() - gap - callout.height())
    left = max(gap // 2, min(place.x(), room.right() - gap // 2 - callout.width()))
    top = max(gap // 2, min(place.y(), room.bottom() - gap // 2 - callout.height()))
    return QPoint(left, top)


class _Callout(QFrame):
    """What is said, and the buttons that lead on.

    Signals
    -------
    step_requested(int)
        A key: stops to go on, or back if less than 0.
    """

    step_requested = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tour")
        self.setAutoFillBackground(True)
        self._title, self._says, self._count = PlainLabel(self), PlainLabel(self), PlainLabel(self)
        font = self.font()
        font.setBold(True)
        self._title.setFont(font)
        self._says.setWordWrap(True)
        self._count.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.back, self.forth, self.leave = (QPushButton(self) for _ in range(3))
        for name, button in (("back", self.back), ("forth", self.forth), ("leave", self.leave)):
            button.setObjectName(f"tour_{name}")
            button.setAutoDefault(True)  # Enter presses it, as Space does
            button.installEventFilter(self)
        self.back.setText(self.tr("&Back"))
        self.leave.setText(self.tr("End the tour"))
        row = QHBoxLayout()
        row.addWidget(self._count)
        row.addStretch(1)
        for button in (self.leave, self.back, self.forth):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        for widget in (self._title, self._says):
            layout.addWidget(widget)
        layout.addLayout(row)
        self.hide()

    def show_stop(self, stop: TourStop, where: str, at: int, of: int) -> None:
        """Say what is to be said of a stop; `where` tells where its part is, if that is not seen."""
        says = f"{stop.says} {where}" if where else stop.says
        self._title.setText(stop.title)
        self._says.setText(says)
        self._count.setText(self.tr("{} of {}").format(at + 1, of))
        self.back.setEnabled(at > 0)
        self.forth.setText(self.tr("&Next") if at + 1 < of else self.tr("&Done"))
        self.setAccessibleName(f"{stop.title}. {says}")

    def fit(self) -> None:
        """Be as large as the text needs, with the letters that there are now."""
        self._says.setFixedWidth(22 * self.fontMetrics().height())
        self.adjustSize()

    def eventFilter(self, _button: QObject, event: QEvent) -> bool:
        """Keys that lead on; else an arrow would go to the button beside, which ends the tour."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        step = (event.key() in _FORTH) - (event.key() in _BACK)
        if step:
            self.step_requested.emit(step)
        return step != 0

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.setPen(QPen(FigureStyle.of(self).theme.accent, 3))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))


class _Pointer(QWidget):
    """A frame round the target, and a line to it from the callout. The mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._target, self._callout = QRect(), QRect()
        self.hide()

    def point(self, target: QRect, callout: QRect) -> None:
        """Point from the callout at another target; an empty one is none."""
        self._target, self._callout = target, callout
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._target.isEmpty():
            return
        frame = QRectF(self._target).adjusted(2, 2, -2, -2)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            accent = FigureStyle.of(self).theme.accent
            painter.setPen(QPen(accent, 3))
            painter.drawRoundedRect(frame, 4, 4)
            start = self._callout.center()
            end = QPoint(
                max(self._target.left() + 4, min(start.x(), self._target.right() - 4)),
                max(self._target.top() + 4, min(start.y(), self._target.bottom() - 4)),
            )
            painter.drawLine(start, end)
            painter.setBrush(accent)
            painter.drawEllipse(end, 5, 5)
