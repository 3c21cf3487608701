"""A mesh on its way into a file: checked, handed to a process that writes it, and told how it went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from app.export.export import ExportError
from app.export.mesh_files import check
from app.export.mesh_look import MeshLook
from app.export.mesh_worker import message
from app.export.saving import Saving

if TYPE_CHECKING:
    from inference.results.mesh import MeshSample


class MeshSaving(Saving):
    """One mesh on its way into a file."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, QCoreApplication.translate("MeshExport", "Save the mesh"))

    def start(self, sample: MeshSample, path: Path, kind: str, look: MeshLook) -> None:
        """Begin; returns at once."""
        place = path.expanduser().absolute()
        try:
            check(str(place), kind)
        except ExportError as error:
            self.refuse(str(error))
            return
        self.begin("app.export.mesh_worker", place, message(sample, str(place), kind, look.packed()))
