"""When a window is on screen. Imports no more than it must: it is part of what is timed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QWidget


class PaintWatcher(QObject):
    """Calls `then` once, when the first picture of a window has reached the screen."""

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._window, self._then = window, then
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            # Posted events come after the picture was handed over and before any timer.
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.User))
        return False

    def customEvent(self, _event: QEvent) -> None:
        wait_for_screen(self._window)
        self._then()


def wait_for_screen(widget: QWidget) -> None:
    """Until the X server has drawn what it was sent: it answers in order, so one pixel read back will do."""
    widget.screen().grabWindow(widget.window().winId(), 0, 0, 1, 1)


def seconds_since_start() -> float:
    """Of this process, since before it was made."""
    return time.monotonic() - float(os.environ["BENCHMARK_STARTED"])
