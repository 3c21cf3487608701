"""One bar that plays whatever grows: buttons, speed, and a scrubber."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QIcon,
    QKeyEvent,
    QPainter,
    QPalette,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QBoxLayout, QToolButton, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.layouts import direction_of
from widgets.kit.plain import plain_tip
from widgets.player.playback import AS_FAST_AS_IT_GOES, SPEEDS, Playback
from widgets.player.step_slider import StepSlider
from widgets.player.surprisal_scrubber import SurprisalScrubber

_LEAST_SLIDER = 16.0  # em, of what shares a line with the buttons
_Icon = Literal["first", "back", "play", "pause", "forth", "last"]


class Player(QWidget):
    """Plays, steps and scrubs. It rests while it is hidden and goes on when it is shown again.

    Keys: Space plays and pauses, comma and full stop step, Home and End go to the first and the last step.

    Signals
    -------
    step_requested(int)
        The user wants to see a step; whoever shows what grows goes there, and says so with `show_step`.

    Parameters
    ----------
    name
        Begins the names of the controls.
    scrubber
        Stands beneath the buttons; a slider stands beside them where all have room in one line.

    Attributes
    ----------
    controls
        The bar of the buttons, for what else there is to choose.
    """

    step_requested = Signal(int)

    def __init__(
        self,
        name: str,
        playback: Playback,
        scrubber: StepSlider | SurprisalScrubber,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}_player")
        self._playback = playback
        self._scrubber = scrubber
        self._step = 0
        self._goes_on = False  # when it is shown again
        bar = self.controls = ControlBar(self, is_beside=True)
        self._first, self._back, self._play, self._forth, self._last = bar.add_buttons(
            (f"{name}_first", "", self.tr("To the first step (Home)")),
            (f"{name}_back", "", self.tr("One step back (comma)")),
            (f"{name}_play", "", self.tr("Play (Space)")),
            (f"{name}_forth", "", self.tr("One step forth (full stop)")),
            (f"{name}_last", "", self.tr("To the last step (End)")),
        )
        speeds = ((self._speed_text(speed), speed) for speed in SPEEDS)
        self._speed = bar.add_choice(f"{name}_speed", self.tr("Speed"), speeds)
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._lines = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(0)
        self._lines.addWidget(bar)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.addWidget(scrubber, 2)
        self._lines.addLayout(self._row, 1)
        self._dress()

        self._first.clicked.connect(self._on_first_clicked)
        self._back.clicked.connect(self._on_back_clicked)
        self._play.clicked.connect(playback.toggle)
        self._forth.clicked.connect(self._on_forth_clicked)
        self._last.clicked.connect(self._on_last_clicked)
        self._speed.currentIndexChanged.connect(self._on_speed_current_index_changed)
        scrubber.step_chosen.connect(self.step_requested)
        playback.playing_changed.connect(self._dress)

    def _speed_text(self, speed: float) -> str:
        return self.tr("fastest") if speed == AS_FAST_AS_IT_GOES else f"{speed:g} ×"

    def add_beside(self, widget: QWidget) -> None:
        """Let the scrubber share its line with what is told of a step."""
        self._row.addWidget(widget, 3)

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column: what is told of a step is below the scrubber."""
        self._row.setDirection(direction_of(is_narrow))

    def show_step(self, step: int) -> None:
        """Mark the step that is shown."""
        self._step = step
        self._scrubber.show_step(step)

    def act_on(self, event: QKeyEvent) -> bool:
        """Do what a key says; whether it says anything. For keys that arrive at what is played."""
        actions: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Space: self._playback.toggle,
            Qt.Key.Key_Comma: self._on_back_clicked,
            Qt.Key.Key_Period: self._on_forth_clicked,
            Qt.Key.Key_Home: self._on_first_clicked,
            Qt.Key.Key_End: self._on_last_clicked,
        }
        act = actions.get(Qt.Key(event.key()))
        if act is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        act()
        return True

    # What the user does

    def _on_first_clicked(self) -> None:
        self.step_requested.emit(self._playback.first)

    def _on_back_clicked(self) -> None:
        self.step_requested.emit(max(self._step - 1, self._playback.first))

    def _on_forth_clicked(self) -> None:
        self.step_requested.emit(self._step + 1)

    def _on_last_clicked(self) -> None:
        self.step_requested.emit(self._playback.last)
        if self._playback.is_open:  # the end is where it grows
            self._playback.follow()

    def _on_speed_current_index_changed(self) -> None:
        self._playback.set_speed(self._speed.currentData())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.act_on(event):
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._goes_on:
            self._playback.play()
        self._goes_on = False

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._playback.is_playing and not self._playback.is_live:
            self._goes_on = True
            self._playback.pause()

    # The looks

    def _arrange(self) -> None:
        """One line of all where there is room for a slider beside the buttons."""
        room = self.width() - self.controls.sizeHint().width()
        needed = _LEAST_SLIDER * self._row.count() * self.fontMetrics().height()
        is_one = isinstance(self._scrubber, StepSlider) and room >= needed
        direction = direction_of(not is_one)
        if direction != self._lines.direction():
            self._lines.setDirection(direction)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        """Controls that come and go leave more room, or less."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    def _dress(self) -> None:
        is_playing = self._playback.is_playing
        icons: tuple[tuple[QToolButton, _Icon], ...] = (
            (self._first, "first"),
            (self._back, "back"),
            (self._play, "pause" if is_playing else "play"),
            (self._forth, "forth"),
            (self._last, "last"),
        )
        side, color = round(0.9 * self.fontMetrics().height()), self.palette().color(QPalette.ColorRole.ButtonText)
        for button, kind in icons:
            button.setIcon(_icon(kind, color, side))
        tip = self.tr("Pause (Space)") if is_playing else self.tr("Play (Space)")
        self._play.setToolTip(plain_tip(tip))
        self._play.setAccessibleName(tip)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress()


# Parts of a square of side 1: triangles by their back and their tip, bars by their middle.
_TRIANGLES: dict[_Icon, tuple[tuple[float, float], ...]] = {
    "first": ((0.85, 0.3),),
    "back": ((0.65, 0.2),),
    "play": ((0.2, 0.9),),
    "pause": (),
    "forth": ((0.35, 0.8),),
    "last": ((0.15, 0.7),),
}
_BARS: dict[_Icon, tuple[float, ...]] = {
    "first": (0.2,),
    "back": (0.78,),
    "play": (),
    "pause": (0.32, 0.68),
    "forth": (0.22,),
    "last": (0.8,),
}


def _icon(kind: _Icon, color: QColor, side: int) -> QIcon:
    """An image for a button, `side` points wide, in the colour of its text; sharp on fine screens, too."""
    pixmap = QPixmap(QSize(side, side) * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        for back, tip in _TRIANGLES[kind]:
            painter.drawPolygon(QPolygonF([QPointF(back, 0.12), QPointF(tip, 0.5), QPointF(back, 0.88)]))
        for middle in _BARS[kind]:
            width = 0.2 if kind == "pause" else 0.12
            painter.drawRect(QRectF(middle - width / 2, 0.12, width, 0.76))
    return QIcon(pixmap)
