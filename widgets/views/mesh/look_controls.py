"""How the meshes look: colours, faces, a slow turn; and the button that saves them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from widgets.kit.control_bar import ControlBar
from widgets.kit.option_controls import OptionControls
from widgets.scene3d.scene import MeshStyle
from widgets.views.mesh.coloring import ColorBy
from widgets.views.mesh.options import MeshLookOptions


class LookControls(QObject):
    """Adds its controls to a bar.

    Signals
    -------
    color_changed(str), style_changed(str), turning_changed(bool), fit_requested()
    save_requested()
        The user wants this mesh, or its growth, in a file.
    """

    color_changed = Signal(str)
    style_changed = Signal(str)
    turning_changed = Signal(bool)
    fit_requested = Signal()
    save_requested = Signal()

    def __init__(self, bar: ControlBar) -> None:
        super().__init__(bar)
        self.controls = OptionControls(bar, "mesh_look", MeshLookOptions)
        self._shown = self.controls.value()
        fit = bar.add_button("mesh_fit", self.tr("Fit"), self.tr("Show all of it (F in the image)"))
        self._save = bar.add_button("mesh_save", self.tr("Save mesh…"), self.tr("Save this mesh, or its growth"))
        self._save.setEnabled(False)
        self.controls.changed.connect(self._on_controls_changed)
        fit.clicked.connect(self.fit_requested)
        self._save.clicked.connect(self.save_requested)

    @property
    def color_by(self) -> ColorBy:
        return self._shown.color

    def set_style(self, style: MeshStyle) -> None:
        """Show which style was chosen by a key."""
        self._shown = replace(self._shown, style=style)
        self.controls.set_value(self._shown, quietly=True)

    def set_saving(self, is_possible: bool) -> None:
        """Whether there is a mesh to save."""
        self._save.setEnabled(is_possible)

    def _on_controls_changed(self) -> None:
        was, self._shown = self._shown, self.controls.value()
        for signal, old, new in (
            (self.color_changed, was.color, self._shown.color),
            (self.style_changed, was.style, self._shown.style),
            (self.turning_changed, was.turn, self._shown.turn),
        ):
            if new != old:
                signal.emit(new)
