"""What a tab needs, imported before it is clicked."""

from __future__ import annotations

import pkgutil
from contextlib import suppress
from importlib import import_module

from PySide6.QtCore import QObject, QTimer, Slot

import widgets

# Milliseconds: before the first module, in which the worker brings NumPy, which cannot be had in small pieces; and
# between two, so that the window stays awake.
DELAY, PAUSE = 1000, 25


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
