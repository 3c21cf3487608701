"""Something that is done a little later, once for all that asked for it meanwhile."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Delay(QObject):
    """Waits some milliseconds; each `start` begins anew. With 0 it waits until what happens now is done.

    Signals
    -------
    elapsed()
    """

    elapsed = Signal()

    def __init__(self, milliseconds: int, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=milliseconds, singleShot=True)
        self._timer.timeout.connect(self.elapsed)

    @property
    def is_waiting(self) -> bool:
        return self._timer.isActive()

    def start(self) -> None:
        """Wait, or wait again from now on."""
        self._timer.start()

    def start_unless_waiting(self) -> None:
        """Wait, if it does not yet: what comes again and again is done every so often."""
        if not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Do nothing after all."""
        self._timer.stop()
