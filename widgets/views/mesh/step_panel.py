"""Beside the image: what was expected of the token that is shown, and all tokens."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.theme import FigureStyle
from widgets.views.mesh.figures.expected import MeshExpected
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.token_list import TokenList


class StepPanel(QWidget):
    """Signals

    -------
    step_chosen(int)
        A token of the list.
    pointed_at(str)
        A choice under the pointer, in words; empty for none.
    """

    step_chosen = Signal(int)
    pointed_at = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._growth: Growth | None = None
        self._style = FigureStyle.of(self)
        self.canvas = PointedCanvas("mesh_expected", self.tr("What the model expected"))
        self.tokens = TokenList()
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setObjectName("mesh_step_splitter")
        splitter.addWidget(self.canvas)
        splitter.addWidget(self.tokens)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        self.tokens.step_chosen.connect(self.step_chosen)
        self.canvas.spot_changed.connect(self._on_canvas_spot_changed)

    def show_growth(self, growth: Growth | None, style: FigureStyle) -> None:
        """Show another mesh, or the same in another style."""
        self._growth, self._style = growth, style
        self.tokens.show_growth(growth, style)

    def show_step(self, step: int) -> MeshExpected | None:
        """Show another token; gives the figure."""
        self.tokens.show_step(step)
        if self._growth is None or not self._growth.n_steps:
            return None
        expected = MeshExpected.of(self._growth, min(step, self._growth.n_steps - 1))
        self.canvas.show_figure(expected, self._style)
        return expected

    def _on_canvas_spot_changed(self, spot: int | None) -> None:
        figure = self.canvas.figure
        if spot is not None and isinstance(figure, MeshExpected):
            self.pointed_at.emit(figure.read_out(spot))
        else:
            self.pointed_at.emit("")
