"""Puts application, runner and window together, and imports what a tab needs before it is clicked."""

from __future__ import annotations

import pkgutil
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from types import TracebackType

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

import widgets
from app.link.engine_link import EngineLink, ProcessLink, ThreadLink
from app.link.runner import Runner
from app.window.main_window import MainWindow
from app.window.settings import settings_file

# Milliseconds: before the first module, in which the worker brings NumPy, which cannot be had in small pieces; and
# between two, so that the window stays awake.
DELAY, PAUSE = 1000, 25


def open_window(checkpoint: str, engine: str) -> int:
    """Show the window until it is closed; exit status of the program."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Headlight")
    application.setOrganizationName("Headlight")
    window = make_window(checkpoint, engine)
    sys.excepthook = _Reporter(window)
    window.show()
    return application.exec()


def make_window(checkpoint: str = "", engine: str = "process") -> MainWindow:
    """A window with an engine of its own, not shown yet."""
    link: EngineLink = ThreadLink() if engine == "thread" else ProcessLink()
    window = MainWindow(Runner(link), settings_file(), checkpoint)
    window.painted.connect(WarmUp(window).start)
    return window


class _Reporter:
    """A fault in a slot becomes a message; the program goes on."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        self._window.status_line.show_message(f"Something went wrong: {kind.__name__}: {error}")


class WarmUp(QObject):
    """Imports the modules of all views one by one, while the engine starts: together they take half a second."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._modules = pkgutil.walk_packages(widgets.__path__, f"{widgets.__name__}.")
        self._timer = QTimer(self, interval=PAUSE)
        self._timer.timeout.connect(self._on_timeout)

    def start(self) -> None:
        """Begin, after a moment."""
        QTimer.singleShot(DELAY, self._timer.start)

    @Slot()
    def _on_timeout(self) -> None:
        module = next(self._modules, None)
        if module is None:
            self._timer.stop()
        else:
            with suppress(ImportError):  # a library of the system is missing, which the view that needs it will say
                import_module(module.name)
