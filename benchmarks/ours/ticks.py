"""How late each turn of the event loop comes."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer

from app.window.main_window import MainWindow

INTERVAL = 5  # ms
REST = 2.0  # seconds without work, for comparison
PATIENCE = 180.0


class Ticks(QObject):
    """Lateness in ms of each turn, by phase, and how much of it this process worked itself.

    Late by work of its own, in whatever thread, is a fault of ours; late without is the machine's.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.phase = ""
        self.by_phase: dict[str, list[tuple[float, float]]] = {}
        self._last, self._last_cpu = time.perf_counter(), time.process_time()
        self._condition: Callable[[], bool] = bool
        self._loop = QEventLoop()
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()

    def _on_timeout(self) -> None:
        now, cpu = time.perf_counter(), time.process_time()
        # Qt keeps to its beat: the turn after a late one may come early, which is not counted as negative.
        late = max(0.0, 1000 * (now - self._last) - INTERVAL)
        own = min(late, 1000 * (cpu - self._last_cpu))
        self._last, self._last_cpu = now, cpu
        self.by_phase.setdefault(self.phase, []).append((late, own))
        if self._condition():
            self._loop.quit()

    def watch(self, phase: str, condition: Callable[[], bool]) -> None:
        """Let the event loop run until a condition holds; it sleeps where there is nothing to do."""
        self.phase = phase
        end, is_met = time.monotonic() + PATIENCE, False

        def is_over() -> bool:
            nonlocal is_met
            is_met = condition()
            return is_met or time.monotonic() > end

        self._condition = is_over
        self._loop.exec()
        if not is_met:
            raise TimeoutError(f"{phase}: not done after {PATIENCE} s; {self._window.status_line.message}")

    def rest(self, phase: str, seconds: float = REST) -> None:
        """The same with nothing to do."""
        end = time.monotonic() + seconds
        self.watch(phase, lambda: time.monotonic() > end)
