"""What stands above the views when the checkpoint reads meshes: which mesh they look at."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import MeshInput
from inference.results.mesh import first_label
from widgets.figures.counts import number_of
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
        self._growing: int | None = None
        self._classes: tuple[str, ...] = ()
        self._line = PlainLabel(self)
        self._line.setObjectName("mesh_line")
        self._line.setAccessibleName(self.tr("Mesh"))
        make_selectable(self._line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """Begin with nothing but a class."""
        self._classes = info.classes
        self.set_input(MeshInput(first_label(info.classes)))

    def set_input(self, input: MeshInput) -> None:
        """Say what is looked at."""
        self._input, self._growing = input, None
        self._tell()

    def show_growing(self, label: int | None) -> None:
        """Say which class grows in view Mesh, while the others still look at something else; None: none does."""
        if label != self._growing:
            self._growing = label
            self._tell()

    def _tell(self) -> None:
        now = self.tr("{}: {}.").format(self._name(self._input.label), self._counts())
        if self._growing is None:
            text = self.tr("{} All views look at this mesh.").format(now)
        elif self._input.vertex_tokens:
            grows = self._name(self._growing)
            text = self.tr("{}: not finished. Until it is, the other views look at this. {}").format(grows, now)
        else:
            text = self.tr("{}: not finished. The other views look at it when it is.").format(self._name(self._growing))
        self._line.setText(text)

    def _name(self, label: int | None) -> str:
        has_name = label is not None and label < len(self._classes)
        return self._classes[label].capitalize() if has_name and label is not None else self.tr("Mesh")

    def _counts(self) -> str:
        n_vertices = len(self._input.vertex_tokens) // _N_AXES
        if not n_vertices:
            return self.tr("nothing yet")
        n_faces = sum(token == 1 for token in self._input.face_tokens) + bool(self._input.face_tokens)
        return f"{number_of(n_vertices, 'vertices')}, {number_of(n_faces, 'faces')}"

    def input(self) -> MeshInput:
        """The mesh that is looked at."""
        return self._input
