"""Saving a mesh, as the window offers it: a dialog, a process that writes, and a sentence about how it went."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QDialog

from app.export.export import ExportError
from app.export.mesh_dialog import MeshDialog
from app.export.mesh_files import check
from app.export.mesh_look import MeshLook
from app.export.mesh_worker import message
from app.export.saving import Saving

if TYPE_CHECKING:
    from app.window.main_window import MainWindow
    from inference.results.mesh import MeshSample
    from widgets.panels.status_line import StatusLine
    from widgets.scene3d.camera import Camera


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshExport", text)


def save_mesh(window: MainWindow, sample: MeshSample, camera: Camera | None = None) -> None:
    """Ask where to and as what, and save a mesh, its image, its growth or its numbers.

    Parameters
    ----------
    camera
        What images and films are seen through; None shows the whole mesh from the front.
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


class MeshSaving(Saving):
    """One mesh on its way into a file."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, _tr("Save the mesh"))

    def start(self, sample: MeshSample, path: Path, kind: str, look: MeshLook) -> None:
        """Begin; returns at once."""
        place = path.expanduser().absolute()
        try:
            check(str(place), kind)
        except ExportError as error:
            self.refuse(str(error))
            return
        self.begin("app.export.mesh_worker", place, message(sample, str(place), kind, look.packed()))
