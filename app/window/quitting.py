"""Ends that come from outside: Ctrl+C in the terminal, and the system's wish that the program ends."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress

from PySide6.QtCore import QObject, QSocketNotifier, Slot
from PySide6.QtWidgets import QApplication, QWidget

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Quitting(QObject):
    """Closes the window as the user would, with all that it saves and ends, when a signal asks for it.

    Python would see the signal only once Qt's loop calls Python again: its number comes through a socket instead.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._receiver, self._sender = socket.socketpair()
        for end in (self._receiver, self._sender):
            end.setblocking(False)
        signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _do_nothing)
        self._notifier = QSocketNotifier(self._receiver.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_notifier_activated)

    def stop(self) -> None:
        """Leave signals to Python again."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        self._receiver.close()
        self._sender.close()

    @Slot()
    def _on_notifier_activated(self) -> None:
        with suppress(OSError):
            if set(self._receiver.recv(64)) & set(SIGNALS):
                self._window.close()
                QApplication.exit(0)  # also where a dialog is open


def _do_nothing(_number: int, _frame: object) -> None:
    """That there is a handler keeps the signal from ending the program at once."""
