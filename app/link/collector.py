"""Cycles of garbage are looked for in the window's thread, and in no other."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

PERIOD = 100  # milliseconds
_LIVING: list[None] = []  # one for each: a window may be closed while the next one is open already


class Collector(QObject):
    """Python's collector, run by a timer of the window's thread while this object lives.

    By itself it runs in whatever thread happens to allocate. A timer or a widget that is part of a cycle would be
    deleted there, while the window's thread delivers an event to it, and the process crashes.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        _LIVING.append(None)
        self._timer = QTimer(self, interval=PERIOD)
        self._timer.timeout.connect(self._on_timeout)
        self.destroyed.connect(_let_python_collect)

    def start(self) -> None:
        """Begin; until then nothing is collected."""
        self._timer.start()

    @Slot()
    def _on_timeout(self) -> None:
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return


def _let_python_collect() -> None:
    """Once the window is deleted and not amid that: Qt holds a lock for which what is collected then would wait."""
    _LIVING.pop()
    QTimer.singleShot(0, _enable)


def _enable() -> None:
    if not _LIVING:
        gc.enable()
