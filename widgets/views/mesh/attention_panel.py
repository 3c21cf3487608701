"""Beside the image: which head's attention is drawn as lines, and its numbers."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.layouts import labelled
from widgets.kit.number_box import NumberBox
from widgets.kit.option_controls import OptionControls
from widgets.kit.plain import PlainLabel
from widgets.look.theme import FigureStyle
from widgets.views.mesh.figures.attention import MeshAttention
from widgets.views.mesh.options import Attending, MeshAttentionOptions


class AttentionPanel(QWidget):
    """Signals

    -------
    attending_changed(str)
        `step`: the shown token attends to earlier ones; `encoder`: a vertex attends to all vertices.
    head_chosen(int, int)
        Layer and head, counted from 0.
    """

    attending_changed = Signal(str)
    head_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bar = ControlBar(self)
        self.controls = OptionControls(bar, "mesh_attention", MeshAttentionOptions)
        self._layer, self._head = NumberBox(), NumberBox()
        bar.add_widget(labelled(self._layer, "mesh_layer", self.tr("Layer")))
        bar.add_widget(labelled(self._head, "mesh_head", self.tr("Head")))
        self._hint = PlainLabel()
        self._hint.setObjectName("mesh_attention_hint")
        self._hint.setWordWrap(True)
        self._hint.setMargin(8)
        self.canvas: FigureCanvas[MeshAttention] = FigureCanvas()
        self.canvas.setObjectName("mesh_attention")
        self.canvas.setAccessibleName(self.tr("Attention in numbers"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self._hint)
        layout.addWidget(self.canvas, 1)
        self._tell()
        self.controls.changed.connect(self._on_controls_changed)
        self._layer.valueChanged.connect(self._on_head_changed)
        self._head.valueChanged.connect(self._on_head_changed)

    @property
    def attending(self) -> Attending:
        return self.controls.value().lines

    def offer_heads(self, n_layers: int, n_heads: int, layer: int, head: int) -> None:
        """How many there are, and which is shown."""
        for box, n, value in ((self._layer, n_layers, layer), (self._head, n_heads, head)):
            with QSignalBlocker(box):
                box.setRange(0, max(n - 1, 0))
                box.setValue(value)

    def show_attention(self, figure: MeshAttention, style: FigureStyle) -> None:
        """Show what a step attends to."""
        self.canvas.show_figure(figure, style)
        self.canvas.setAccessibleDescription(figure.caption)

    def _tell(self) -> None:
        texts = {
            "step": self.tr("Lines lead to the vertices whose tokens this one attends to; the thicker, the more."),
            "encoder": self.tr("Click a vertex: lines lead to the vertices that the face model's encoder mixes in."),
        }
        self._hint.setText(texts[self.attending])

    def _on_controls_changed(self) -> None:
        self._tell()
        self.attending_changed.emit(self.attending)

    def _on_head_changed(self) -> None:
        self.head_chosen.emit(self._layer.value(), self._head.value())
