"""Puts application, runner and window together, and imports what a tab needs before it is clicked."""

from __future__ import annotations

import os
import pkgutil
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QTimer, QtMsgType, Slot, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

import widgets
from app import quick_start
from app.link.collector import Collector
from app.link.engine_link import EngineLink, ProcessLink, ThreadLink
from app.link.remote.address import SCHEME, parse_address
from app.link.runner import Runner
from app.window.main_window import MainWindow
from app.window.quitting import Quitting
from app.window.settings import settings_file
from inference import results
from inference.results.devices import WISH

# Milliseconds: before the first module, in which the worker brings NumPy, which cannot be had in small pieces; and
# between two, so that the window stays awake.
DELAY, PAUSE = 1000, 25
_ROOMS = ("look", "kit", "figures", "plots", "maps", "scene3d", "player", "writing", "panels")  # from below
SLICE = 0.004  # seconds that Qt's types, or modules, may take between two turns of the window
# Seconds that any other thread may keep the window waiting, such as one that imports, or reads an answer; Python's own
# 5 ms add up in a paint.
HAND_OVER = 0.001


def open_window(checkpoint: str, engine: str, device: str = "") -> int:
    """Show the window until it is closed; exit status of the program."""
    application = _make_application()
    application.setApplicationName("Headlight")
    application.setOrganizationName("Headlight")
    window = make_window(checkpoint, engine, device)
    sys.excepthook = _Reporter(window)
    quitting = Quitting(window)
    window.show()
    status = application.exec()
    quitting.stop()
    return status


def _make_application() -> QApplication:
    """Qt ends the process itself where it can open no window: then a sentence says so, and the exit status is 2."""
    qInstallMessageHandler(_on_qt_message)
    try:
        return QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(None)


def _on_qt_message(kind: QtMsgType, _context: QMessageLogContext, _text: str) -> None:
    if kind == QtMsgType.QtFatalMsg:
        platform, display = os.environ.get("QT_QPA_PLATFORM", ""), os.environ.get("DISPLAY", "")
        asked = f"QT_QPA_PLATFORM={platform}" if platform and platform != "xcb" else f"DISPLAY={display}"
        reason = f"No window can be opened with {asked}"
        sys.stderr.write(f"headlight: {reason}; headlight figure makes figures without one.\n")
        sys.stderr.flush()
        os._exit(2)


def make_window(checkpoint: str = "", engine: str = "process", device: str = "") -> MainWindow:
    """A window with an engine of its own, not shown yet; a device that is named is that of this session.

    `engine` is `process`, `thread`, or the address of another machine: see `app.link.remote.address`.
    """
    sys.setswitchinterval(HAND_OVER)
    if engine.startswith(SCHEME):
        runner, file = _runner_elsewhere(engine)
    else:
        link: EngineLink = ThreadLink() if engine == "thread" else ProcessLink()
        runner, file = Runner(link), settings_file()
    window = MainWindow(runner, file, checkpoint, device)
    window.painted.connect(WarmUp(window).start)
    return window


def _runner_elsewhere(engine: str) -> tuple[Runner, Path]:
    """A runner whose engine is on another machine, and the file of settings for that one."""
    from app.link.remote.elsewhere import Elsewhere
    from app.window.elsewhere.hosts import settings_elsewhere

    elsewhere = Elsewhere(parse_address(engine))
    os.environ.pop(WISH, None)  # a device of this machine
    return Runner(elsewhere.link, elsewhere=elsewhere), settings_elsewhere(elsewhere.address, settings_file())


class _Reporter:
    """A fault in a slot becomes a message; the program goes on, and what is looked at next begins without it."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        fault = f"{kind.__name__}: {error}"
        self._window.status_line.show_message(f"Something went wrong: {fault}", about=f"fault {fault}")


class WarmUp(QObject):
    """Imports the modules of all views, a few at a time, while the engine starts: together they take half a second.

    pyqtgraph comes first and in a thread: it is 190 modules that cannot be had one by one, because its package imports
    them all. It makes no Qt object meanwhile, and knows nothing of ours, so that no two threads ever wait for each
    other's modules. Ours make some, and stay in the window's thread, as do Qt's types, which have to be there before a
    thread asks for them: see `quick_start.each_qt_type`.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._modules = _modules()
        self._types = quick_start.each_qt_type()
        self._plots = threading.Thread(target=_import, args=("pyqtgraph",), name="warm-up")
        self._timer = QTimer(self, interval=PAUSE)
        self._timer.timeout.connect(self._on_timeout)
        self._collector = Collector(self)

    def start(self) -> None:
        """Begin, after a moment."""
        QTimer.singleShot(DELAY, self, self._begin)

    @Slot()
    def _begin(self) -> None:
        self._timer.start()

    @Slot()
    def _on_timeout(self) -> None:
        if self._plots.ident is None:
            end = time.perf_counter() + SLICE
            if not any(time.perf_counter() > end for _ in self._types):  # none is left
                self._plots.start()
            return
        if self._plots.is_alive():
            return
        end = time.perf_counter() + SLICE
        for name in self._modules:
            _import(name)
            if time.perf_counter() > end:
                return
        self._timer.stop()
        quick_start.end()
        self._collector.start()


def _modules() -> Iterator[str]:
    """Those that others use come first, so that one brings few others with it; the rest in their own order."""
    for package in (results, *(import_module(f"widgets.{room}") for room in _ROOMS), widgets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name not in sys.modules:
                yield module.name


def _import(name: str) -> None:
    with suppress(ImportError):  # a library of the system is missing, which the view that needs it will say
        import_module(name)
