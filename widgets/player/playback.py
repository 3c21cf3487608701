"""The place in what grows, and the clock that moves it: no pixels."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

STEPS_A_SECOND = 20.0  # at speed 1
AS_FAST_AS_IT_GOES = 0.0
SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, AS_FAST_AS_IT_GOES)

_TICK = 16  # ms: an image on most screens


class Playback(QObject):
    """Goes through the steps from the first to the last one; there may come more while it plays.

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
        self._first = self._last = self._step = 0
        self._left = 0.0  # of a step, since the last one
        self._speed, self._rate = 1.0, STEPS_A_SECOND
        self._is_open = False
        self._is_playing = False
        self._is_live = False
        self._was_live: bool | None = None  # where it played when it was held
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def step(self) -> int:
        return self._step

    @property
    def first(self) -> int:
        return self._first

    @property
    def last(self) -> int:
        """The last step that there is by now."""
        return self._last

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def is_playing(self) -> bool:
        return self._is_playing

    @property
    def is_open(self) -> bool:
        """Whether more steps are to come."""
        return self._is_open

    @property
    def is_live(self) -> bool:
        """Whether each step is shown when it comes, whatever the speed."""
        return self._is_live

    def set_range(self, first: int, last: int, *, is_open: bool = False) -> None:
        """Which steps there are; `is_open`: more are to come, and it waits for them at the end."""
        self._first, self._last, self._is_open = first, max(first, last), is_open
        self._move(min(max(self._step, self._first), self._last))
        if self._is_playing and not self._is_clocked:
            self._advance()

    def set_speed(self, speed: float) -> None:
        """Times the rate, or `AS_FAST_AS_IT_GOES`."""
        self._speed, self._left = speed, 0.0
        self._set_clock()

    def set_rate(self, steps_a_second: float) -> None:
        """How fast it goes at speed 1."""
        self._rate = steps_a_second

    def restart(self, step: int = 0) -> None:
        """Play from a step."""
        self._step = step
        self.moved.emit(step)
        self.play()

    @Slot(bool)
    def hold(self, is_held: bool) -> None:
        """Stand still while what it plays is not what was asked for; behind that, go on unless something else came."""
        if is_held and self._is_playing:
            was_live = self._is_live
            self._set_playing(False)
            self._was_live = was_live
        elif not is_held and self._was_live is not None:
            self.follow() if self._was_live else self.play()

    def play(self) -> None:
        """Go on; from the beginning if it stands at the end."""
        if self._step >= self._last and not self._is_open:
            self._move(self._first)
        self._set_playing(True)
        if not self._is_clocked:
            self._advance()

    def follow(self) -> None:
        """Show each step when it comes, until it is paused or the last one is there."""
        self._set_playing(self._is_open, is_live=self._is_open)
        self._move(self._last)

    def pause(self) -> None:
        """Stand still."""
        self._set_playing(False)

    def toggle(self) -> None:
        """Play or pause."""
        self.pause() if self._is_playing else self.play()

    def go_to(self, step: int) -> None:
        """Stand still at a step, or at the nearest that there is."""
        self.pause()
        self._move(min(max(step, self._first), self._last))

    def advance(self, milliseconds: float) -> None:
        """Move as far as the speed tells for a time."""
        if not self._is_clocked:
            self._advance()
            return
        self._left += milliseconds / 1000 * self._rate * self._speed
        n, self._left = int(self._left), self._left % 1
        self._advance(n)

    @property
    def _is_clocked(self) -> bool:
        return not self._is_live and self._speed != AS_FAST_AS_IT_GOES

    def _set_playing(self, is_playing: bool, *, is_live: bool = False) -> None:
        was_playing, self._is_playing, self._is_live = self._is_playing, is_playing, is_live
        self._was_live = None
        self._set_clock()
        if is_playing != was_playing:
            self.playing_changed.emit(is_playing)

    def _set_clock(self) -> None:
        is_running = self._is_playing and self._is_clocked
        if is_running and not self._timer.isActive():
            self._left = 0.0
            self._clock.start()
            self._timer.start()
        elif not is_running:
            self._timer.stop()

    def _advance(self, n: int | None = None) -> None:
        self._move(self._last if n is None else min(self._step + n, self._last))
        if self._step == self._last and not self._is_open:
            self.pause()

    def _move(self, step: int) -> None:
        if step != self._step:
            self._step = step
            self.moved.emit(step)

    def _on_timer_timeout(self) -> None:
        self.advance(min(self._clock.restart(), 250))  # after a hiccup it goes on where it was
