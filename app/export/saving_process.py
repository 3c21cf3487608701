"""A process that writes a file, so that painting and encoding keep no window waiting."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.link.engine_link import ROOT
from widgets.kit.plain import plain_progress

_PATIENCE = 400  # ms before progress is shown
_WORKER = "app.export.worker"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Saving", text)


class Saving(QObject):
    """Something on its way into a file: a process paints and encodes it, and can be cancelled.

    Signals
    -------
    done(str), failed(str)
        The file, or one sentence for the user; nothing after a cancel. Then it deletes itself.
    """

    done = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QWidget, title: str = "") -> None:
        super().__init__(parent)
        self._place = ""
        self._error = ""
        self._is_cancelled = False
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setWorkingDirectory(str(ROOT))
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.readyReadStandardOutput.connect(self._on_process_ready_read)
        self._process.finished.connect(self._on_process_finished)
        self._process.errorOccurred.connect(self._on_process_error)
        self._progress = plain_progress(parent)
        self._progress.setObjectName("saving_progress")
        self._progress.setWindowTitle(title)
        self._progress.setWindowModality(Qt.WindowModality.NonModal)
        self._progress.setMinimumDuration(_PATIENCE)
        self._progress.setAutoClose(False)
        self._progress.setAutoReset(False)
        self._progress.canceled.connect(self.cancel)
        application = QCoreApplication.instance()
        assert application
        application.aboutToQuit.connect(self.cancel)

    def begin(self, place: Path, content: bytes) -> None:
        """Start a process that is told `content`, a message of `app.export.worker`; returns at once."""
        self._place = str(place)
        self._progress.setLabelText(_tr("Writing {}…").format(place.name))
        self._progress.setRange(0, 0)
        self._progress.setValue(0)
        self._process.setArguments(["-m", _WORKER])
        self._process.start()
        self._process.write(content)
        self._process.closeWriteChannel()

    @Slot()
    def cancel(self) -> None:
        """Stop it; the file that was there before stays."""
        self._is_cancelled = True
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(2000)

    @Slot()
    def _on_process_ready_read(self) -> None:
        while self._process.canReadLine():
            said = json.loads(bytes(self._process.readLine().data()))
            self._error = said.get("error", self._error)
            if said.get("total"):
                self._progress.setMaximum(said["total"])
                self._progress.setValue(said["done"])

    @Slot(int, QProcess.ExitStatus)
    def _on_process_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_process_ready_read()
        is_whole = code == 0 and status == QProcess.ExitStatus.NormalExit
        died = _tr("{} could not be written: the process that writes it died.").format(self._place)
        self._end("" if is_whole else self._error or died)

    @Slot(QProcess.ProcessError)
    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(_tr("{} could not be written: no process could be started.").format(self._place))

    def _end(self, error: str) -> None:
        self._progress.canceled.disconnect(self.cancel)  # closing counts as that
        self._progress.close()
        self._progress.deleteLater()
        if not self._is_cancelled:
            self.failed.emit(error) if error else self.done.emit(self._place)
        self.deleteLater()
