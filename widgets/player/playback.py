"""The place in a mesh's growth, and the clock that moves it."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

TOKENS_A_SECOND = 20.0  # at speed 1
AS_FAST_AS_IT_GOES = 0.0
SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, AS_FAST_AS_IT_GOES)

_TICK = 16  # ms: a picture on most screens


class Playback(QObject):
    """Goes through the steps 0 to `n - 1`; there may come more while it plays.

    Signals
    -------
    moved(int)
        Another step.
    playing_changed(bool)
    """

    moved = Signal(int)
    playing_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._n = 0
        self._step = 0
        self._left = 0.0  # of a step, since the last one
        self._speed = 1.0
        self._is_open = False
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def step(self) -> int:
        return self._step

    @property
    def n_steps(self) -> int:
        return self._n

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def set_steps(self, n: int, *, is_open: bool = False) -> None:
        """How many steps there are; `is_open`: more are to come, and it waits for them at the end."""
        self._n, self._is_open = n, is_open
        if self._step >= n:
            self._move(max(n - 1, 0))
        if self.is_playing and self._speed == AS_FAST_AS_IT_GOES:
            self._advance()

    def set_speed(self, speed: float) -> None:
        """Times `TOKENS_A_SECOND`, or `AS_FAST_AS_IT_GOES`."""
        self._speed, self._left = speed, 0.0

    def restart(self, step: int = 0) -> None:
        """Play from a step."""
        self._step = step
        self.moved.emit(step)
        self.play()

    def play(self) -> None:
        """Go on; from the beginning if it stands at the end."""
        if self._n and self._step >= self._n - 1 and not self._is_open:
            self._move(0)
        if not self.is_playing:
            self._left = 0.0
            self._clock.start()
            self._timer.start()
            self.playing_changed.emit(True)
        if self._speed == AS_FAST_AS_IT_GOES:
            self._advance()

    def pause(self) -> None:
        """Stand still."""
        if self.is_playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Play or pause."""
        self.pause() if self.is_playing else self.play()

    def go_to(self, step: int) -> None:
        """Stand still at a step, or at the nearest that there is."""
        self.pause()
        self._move(min(max(step, 0), max(self._n - 1, 0)))

    def advance(self, milliseconds: float) -> None:
        """Move as far as the speed tells for a time."""
        if self._speed == AS_FAST_AS_IT_GOES:
            self._advance()
            return
        self._left += milliseconds / 1000 * TOKENS_A_SECOND * self._speed
        n, self._left = int(self._left), self._left % 1
        self._advance(n)

    def _advance(self, n: int | None = None) -> None:
        last = max(self._n - 1, 0)
        self._move(last if n is None else min(self._step + n, last))
        if self._step == last and not self._is_open:
            self.pause()

    def _move(self, step: int) -> None:
        if step != self._step:
            self._step = step
            self.moved.emit(step)

    def _on_timer_timeout(self) -> None:
        self.advance(min(self._clock.restart(), 250))  # after a hiccup it goes on where it was
