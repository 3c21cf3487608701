"""Looks after processes that may hang, from a thread that does nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable

INTERVAL = 1.0  # seconds


class Watchdog:
    """Calls `look` again and again. The window's thread would not do for this: it may be what waits for the process."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="inference-watchdog", daemon=True)

    def start(self) -> None:
        """Begin; nothing where it has begun already."""
        if not self._thread.is_alive() and not self._is_over.is_set():
            self._thread.start()

    def stop(self) -> None:
        """End for good; returns when it has."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(INTERVAL):
            self._look()
