"""A play button and a scrubber over something that grows."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

_FRAME = 40  # ms
_LENGTH = 4_000  # ms from end to end


class Playback(QWidget):
    """Follows what grows; paused, it stays where it is. At the end the button plays everything again.

    Signals
    -------
    moved(int)
        The place that is to be shown.
    """

    moved = Signal(int)

    def __init__(self, name: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._what = what
        self._known = 0  # how far there is something to show
        self._is_following = True
        self._button = QToolButton(self)
        self._button.setObjectName(f"{name}_play")
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setObjectName(f"{name}_slider")
        self._slider.setAccessibleName(what)
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._timer = QTimer(self, interval=_FRAME)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.addWidget(self._button)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._label)
        self._button.clicked.connect(self._on_button_clicked)
        self._slider.valueChanged.connect(self._on_slider_value_changed)
        self._slider.sliderPressed.connect(self.pause)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._dress()

    @property
    def place(self) -> int:
        """What is to be shown."""
        return min(self._slider.value(), self._known)

    @property
    def is_playing(self) -> bool:
        """Whether it moves by itself, now or when there is more."""
        return self._timer.isActive() or (self._is_following and self._known < self._slider.maximum())

    def set_known(self, low: int, known: int, high: int) -> None:
        """There is something from `low` to `known`, and there will be up to `high`."""
        is_new = (self._slider.minimum(), self._slider.maximum()) != (low, high) or known < self._known
        if is_new:  # another thing grows
            self._timer.stop()
            self._is_following = True
        self._known = known
        with QSignalBlocker(self._slider):
            self._slider.setRange(low, high)
            self._slider.setPageStep(max(1, (high - low) // 10))
            if self._is_following and not self._timer.isActive():
                self._slider.setValue(known)
        self._dress()

    @Slot()
    def pause(self) -> None:
        """Stay here."""
        self._timer.stop()
        self._is_following = False
        self._dress()

    @Slot()
    def _on_button_clicked(self) -> None:
        if self.is_playing:
            self.pause()
            return
        if self._slider.value() >= self._slider.maximum():
            self._slider.setValue(self._slider.minimum())
        self._is_following = True
        self._timer.start()
        self._dress()

    @Slot()
    def _on_timer_timeout(self) -> None:
        low, high = self._slider.minimum(), self._slider.maximum()
        step = max(1, round((high - low) * _FRAME / _LENGTH))
        place = min(self._slider.value() + step, self._known)
        if place == self._known:  # the end, or what grows is caught up with
            self._timer.stop()
        self._slider.setValue(place)
        self._dress()

    @Slot(int)
    def _on_slider_value_changed(self, value: int) -> None:
        if value > self._known:
            self._slider.setValue(self._known)
            return
        if not self._timer.isActive() and value < self._known:
            self._is_following = False
        self._dress()
        self.moved.emit(value)

    def _dress(self) -> None:
        is_playing = self.is_playing
        self._button.setText(self.tr("Pause") if is_playing else self.tr("Play"))
        tip = self.tr("Stay at what is shown") if is_playing else self.tr("Watch it grow")
        self._button.setToolTip(tip)
        self._button.setAccessibleName(tip)
        self._label.setText(f"{self._what} {self.place} / {self._slider.maximum()}")
