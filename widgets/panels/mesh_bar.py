"""What stands above the views when the checkpoint reads meshes: which mesh they look at."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import MeshInput
from widgets.kit.labels import make_selectable
from widgets.kit.plain import PlainLabel

_N_AXES = 3


class MeshBar(QWidget):
    """The mesh in a line; it is drawn, loaded and changed in the view Mesh.

    Signals
    -------
    input_changed(MeshInput)
        Another class to begin with, when another checkpoint is opened.
    """

    input_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._input = MeshInput()
        self._classes: tuple[str, ...] = ()
        self._line = PlainLabel(self)
        self._line.setObjectName("mesh_line")
        self._line.setAccessibleName(self.tr("Mesh"))
        make_selectable(self._line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self._line, 1)

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """Begin with nothing but a class."""
        self._classes = info.classes
        self.set_input(MeshInput(0 if info.classes else None))

    def set_input(self, input: MeshInput) -> None:
        """Say what is looked at."""
        self._input = input
        n_vertices = len(input.vertex_tokens) // _N_AXES
        n_faces = sum(token == 1 for token in input.face_tokens) + bool(input.face_tokens)
        name = self._classes[input.label] if input.label is not None and self._classes else self.tr("Mesh")
        counts = self.tr("{} vertices, {} faces").format(n_vertices, n_faces) if n_vertices else self.tr("nothing yet")
        self._line.setText(self.tr("{}: {}. All views look at this mesh.").format(name.capitalize(), counts))

    def input(self) -> MeshInput:
        """The mesh that is looked at."""
        return self._input
