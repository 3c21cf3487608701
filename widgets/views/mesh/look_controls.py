"""How the meshes look: colours, faces, a slow turn; and the button that saves them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSignalBlocker, Signal

from widgets.kit.control_bar import ControlBar
from widgets.scene3d.scene import STYLES, MeshStyle
from widgets.views.mesh.coloring import ColorBy


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
        self._color = bar.add_choice("mesh_color", self.tr("Colour"), self._colors())
        self._style = bar.add_choice("mesh_style", self.tr("Faces"), zip(self._styles(), STYLES, strict=True))
        fit = bar.add_button("mesh_fit", self.tr("Fit"), self.tr("Show all of it (F in the image)"))
        turn = bar.add_check("mesh_turn", self.tr("Turn"), self.tr("Let the scene turn slowly"))
        self._save = bar.add_button("mesh_save", self.tr("Save mesh…"), self.tr("Save this mesh, or its growth"))
        self._save.setEnabled(False)
        self._color.currentIndexChanged.connect(self._on_color_current_index_changed)
        self._style.currentIndexChanged.connect(self._on_style_current_index_changed)
        fit.clicked.connect(self.fit_requested)
        turn.toggled.connect(self.turning_changed)
        self._save.clicked.connect(self.save_requested)

    def _colors(self) -> tuple[tuple[str, ColorBy], ...]:
        return (
            (self.tr("surprisal"), "bits"),
            (self.tr("order"), "order"),
            (self.tr("part"), "part"),
            (self.tr("plain"), "plain"),
        )

    def _styles(self) -> tuple[str, ...]:
        return self.tr("solid"), self.tr("wires"), self.tr("X-ray")

    @property
    def color_by(self) -> ColorBy:
        return self._color.currentData()

    def set_style(self, style: MeshStyle) -> None:
        """Show which style was chosen by a key."""
        with QSignalBlocker(self._style):
            self._style.setCurrentIndex(STYLES.index(style))

    def set_saving(self, is_possible: bool) -> None:
        """Whether there is a mesh to save."""
        self._save.setEnabled(is_possible)

    def _on_color_current_index_changed(self) -> None:
        self.color_changed.emit(self._color.currentData())

    def _on_style_current_index_changed(self) -> None:
        self.style_changed.emit(self._style.currentData())
