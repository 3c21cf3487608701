"""Puts application, runner and window together."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from PySide6.QtWidgets import QApplication

from app.link.engine_link import EngineLink, ProcessLink, ThreadLink
from app.link.runner import Runner
from app.window.main_window import MainWindow
from app.window.settings import settings_file


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
    return MainWindow(Runner(link), settings_file(), checkpoint)


class _Reporter:
    """A fault in a slot becomes a message; the program goes on."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        self._window.status_line.show_message(f"Something went wrong: {kind.__name__}: {error}")
