"""Beside the image: what of a mesh is kept, and how many ways to go on from there."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.plain import PlainLabel
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.options import MeshCompletingOptions


class CompletePanel(QWidget):
    """A plane to cut at, faces to take out, and buttons that let the model go on.

    Signals
    -------
    height_changed(int)
        The plane: vertices up to this value of z stay.
    above_requested(int), faces_requested(int)
        Write anew what is above the plane, or from the first chosen face on; so many variants.
    clear_requested(), undo_requested()
        Choose no face; go back to the mesh that was completed.
    """

    height_changed = Signal(int)
    above_requested = Signal(int)
    faces_requested = Signal(int)
    clear_requested = Signal()
    undo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._growth: Growth | None = None
        bar = ControlBar(self)
        self.controls = OptionControls(bar, "mesh_completing", MeshCompletingOptions)
        above = _text(self.tr("Take away what is above the plane and let the model go on from there:"))
        self._plane = NumberSlider("mesh_plane", self.tr("Plane"), 0, 255)
        self._plane.slider.setMinimumWidth(4 * self.fontMetrics().height())
        self._kept = _text("")
        self._above = _button("mesh_above", self.tr("Complete above the plane"))
        faces = _text(self.tr("Or click faces in the image to have them written anew:"))
        self._chosen = _text("")
        self._faces = _button("mesh_faces", self.tr("Write faces anew"))
        self._clear = _button("mesh_clear", self.tr("Choose none"))
        self._undo = _button("mesh_undo", self.tr("Back to the mesh before"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.addWidget(bar)
        for widget in (above, self._plane, self._kept, self._above, faces, self._chosen, self._faces, self._clear):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addWidget(self._undo)
        layout.addStretch(1)
        layout.setContentsMargins(8, 4, 8, 4)
        self.show_growth(None)
        self.show_chosen(())
        self.set_undo(False)

        self._plane.value_changed.connect(self._on_plane_value_changed)
        self._above.clicked.connect(self._on_above_clicked)
        self._faces.clicked.connect(self._on_faces_clicked)
        self._clear.clicked.connect(self.clear_requested)
        self._undo.clicked.connect(self.undo_requested)

    @property
    def height_value(self) -> int:
        return self._plane.value()

    @property
    def count(self) -> int:
        return self.controls.value().variants

    def show_growth(self, growth: Growth | None) -> None:
        """Another mesh; the plane goes to its middle."""
        self._growth = growth if growth is not None and growth.n_vertices and not growth.is_growing else None
        if self._growth is not None:
            z = self._growth.values[:, 2]
            low, high = int(z.min()), int(z.max())
            self._plane.show_value((low + high) // 2, max(low - 1, 0), high)
        for widget in (self._plane, self._above):
            widget.setEnabled(self._growth is not None)
        self._tell()

    def show_chosen(self, faces: tuple[int, ...]) -> None:
        """Which faces will be written anew."""
        self._faces.setEnabled(bool(faces))
        self._clear.setEnabled(bool(faces))
        if not faces or self._growth is None:
            self._chosen.setText(self.tr("No face is chosen."))
            return
        first, n = min(faces), len(self._growth.faces)
        behind = n - first - 1
        self._chosen.setText(
            self.tr("Faces are written in order: face {} and the {} after it are written anew.").format(first, behind)
        )

    def set_undo(self, is_possible: bool) -> None:
        """Whether there is a mesh to go back to."""
        self._undo.setEnabled(is_possible)

    def _tell(self) -> None:
        growth = self._growth
        if growth is None:
            self._kept.setText(self.tr("There is no finished mesh yet."))
            return
        n = int((growth.values[:, 2] <= self._plane.value()).sum())
        self._kept.setText(self.tr("{} of {} vertices stay.").format(n, growth.n_vertices))

    def _on_plane_value_changed(self, height: int) -> None:
        self._tell()
        self.height_changed.emit(height)

    def _on_above_clicked(self) -> None:
        self.above_requested.emit(self.count)

    def _on_faces_clicked(self) -> None:
        self.faces_requested.emit(self.count)


def _text(text: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    return label


def _button(name: str, text: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    return button
