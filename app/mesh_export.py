"""Saving a mesh, as the window offers it: a dialog, a process that writes, and a sentence about how it went."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QProcess, Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QProgressDialog

from app.engine_link import ROOT
from app.export import ExportError
from app.mesh_dialog import MeshDialog
from app.mesh_files import check
from app.mesh_look import MeshLook
from app.mesh_worker import message

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from inference.results import MeshSample
    from widgets.mesh.camera import Camera
    from widgets.status_line import StatusLine

_PATIENCE = 400  # ms before progress is shown


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshExport", text)


def save_mesh(window: MainWindow, sample: MeshSample, camera: Camera | None = None) -> None:
    """Ask where to and as what, and save a mesh, its picture, its growth or its numbers.

    Parameters
    ----------
    camera
        What pictures and films are seen through; None shows the whole mesh from the front.
    """
    info = window.controller.checkpoint
    classes = info.classes if info else ()
    label = classes[sample.label] if sample.label is not None and sample.label < len(classes) else "mesh"
    dialog = MeshDialog(f"{label}-{sample.seed}".replace(" ", "-"), window.export_folder, parent=window)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return
    path, kind, look = dialog.path(), dialog.kind(), dialog.look()
    window.export_folder = path.parent
    if camera is not None:
        look = replace(look, camera=camera)
    saving = MeshSaving(window)
    saving.done.connect(partial(_tell_saved, window.status_line))
    saving.failed.connect(window.status_line.show_message)
    saving.start(sample, path, kind, look)


def _tell_saved(status_line: StatusLine, place: str) -> None:
    status_line.show_message(_tr("Saved {}").format(place), is_warning=False)


class MeshSaving(QObject):
    """One mesh on its way into a file: a process paints and encodes it, and can be cancelled.

    Signals
    -------
    done(str), failed(str)
        The file, or one sentence for the user; nothing after a cancel. Then it deletes itself.
    """

    done = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._place = ""
        self._error = ""
        self._is_cancelled = False
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(["-m", "app.mesh_worker"])
        self._process.setWorkingDirectory(str(ROOT))
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.readyReadStandardOutput.connect(self._on_process_ready_read)
        self._process.finished.connect(self._on_process_finished)
        self._process.errorOccurred.connect(self._on_process_error)
        self._progress = QProgressDialog(parent)  # type: ignore[arg-type]
        self._progress.setObjectName("mesh_progress")
        self._progress.setWindowTitle(_tr("Save the mesh"))
        self._progress.setWindowModality(Qt.WindowModality.NonModal)
        self._progress.setMinimumDuration(_PATIENCE)
        self._progress.setAutoClose(False)
        self._progress.setAutoReset(False)
        self._progress.canceled.connect(self.cancel)
        application = QCoreApplication.instance()
        assert application
        application.aboutToQuit.connect(self.cancel)

    def start(self, sample: MeshSample, path: Path, kind: str, look: MeshLook) -> None:
        """Begin; returns at once."""
        self._place = str(path.expanduser().absolute())
        try:
            check(self._place, kind)
        except ExportError as error:
            self._end(str(error))
            return
        self._progress.setLabelText(_tr("Writing {}…").format(path.name))
        self._progress.setRange(0, 0)
        self._progress.setValue(0)
        self._process.start()
        self._process.write(message(sample, self._place, kind, look.packed()))
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
