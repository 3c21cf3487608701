"""Beside the image: what a mesh costs the model, in words and bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from inference.results.inputs import MESH_ENDINGS
from widgets.kit.control_bar import ControlBar
from widgets.kit.labels import LineLabel
from widgets.kit.plain import PlainLabel
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.views.mesh.figures.bits import MeshBits, told_of_parts
from widgets.views.mesh.growth import Growth

_ALIKE = 0.05


class SurprisalPanel(QWidget):
    """Signals

    -------
    label_chosen(int)
        The class that a mesh of the user's is taken for.
    open_requested()
        The user wants to look at a mesh of his own.
    """

    label_chosen = Signal(int)
    open_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bar = ControlBar(self)
        self._bar = bar
        self._label = bar.add_choice("mesh_scored_as", self.tr("Looked at as"), ())
        self._text = PlainLabel()
        self._text.setObjectName("mesh_surprisal_words")
        self._text.setWordWrap(True)
        self._text.setMargin(8)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._text.setAccessibleName(self.tr("Surprisal in words"))
        self.canvas = PlotCanvas("mesh_bits", self.tr("Bits per vertex"))
        self._read_out = LineLabel(self.tr("What is pointed at"))
        self._read_out.setObjectName("mesh_bits_read_out")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._open = QPushButton(self.tr("Open a mesh of your own…"))
        self._open.setObjectName("mesh_open")
        self._open.setAccessibleName(self._open.text())
        self._open.setToolTip(self.tr("OBJ, PLY, STL, OFF, glTF or GLB; dropping the file on the image does it, too"))
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 0, 8, 8)
        foot.addWidget(self._open)
        layout.addWidget(bar)
        layout.addWidget(self._text)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._read_out)
        layout.addLayout(foot)
        self._bar.setVisible(False)
        self.canvas.read_out_changed.connect(self._read_out.show_text)
        self._open.clicked.connect(self.open_requested)
        self._label.currentIndexChanged.connect(self._on_label_current_index_changed)

    def offer_classes(self, names: tuple[str, ...], chosen: int | None) -> None:
        """Classes that the mesh may be taken for; none where it was sampled as one."""
        with QSignalBlocker(self._label):
            self._label.clear()
            for number, name in enumerate(names):
                self._label.addItem(name, number)
            if chosen is not None:
                self._label.setCurrentIndex(chosen)
        self._bar.setVisible(bool(names))

    def show_growth(
        self,
        growth: Growth | None,
        compressed_bits: int | None,
        style: FigureStyle,
        *,
        name: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        """Tell of a mesh; `name` is the file that it came from."""
        self.canvas.setVisible(growth is not None and growth.n_vertices > 0)
        if growth is None or not growth.n_vertices:
            self._text.setText(self.tr("There is no mesh yet."))
            return
        bits = MeshBits.of(growth, compressed_bits)
        self.canvas.show_figure(bits, style)
        self._text.setText(" ".join((*self._sentences(growth, bits, name), *notes)))

    def show_growing(self) -> None:
        """A mesh grows: numbers of the one before are not its own."""
        self.canvas.hide()
        self._read_out.show_text("")
        self._text.setText(self.tr("What the mesh costs is told when it is whole."))

    def _sentences(self, growth: Growth, bits: MeshBits, name: str) -> list[str]:
        total = sum(bits.model)
        what = name or self.tr("This mesh")
        costs = self.tr("{} costs the model {:.2f} bits a vertex: {} for its coordinates and {} for its faces.")
        sentences = [costs.format(what, total, *told_of_parts(bits.model))]
        if bits.compressed is not None and total > 0:
            ratio = bits.compressed / total
            if abs(ratio - 1) < _ALIKE:
                compared = self.tr("about as many")
            elif ratio > 1:
                compared = self.tr("{:.1f} times as many").format(ratio)
            else:
                compared = self.tr("{:.0f} % of that: the model is surprised by nearly everything").format(100 * ratio)
            lzma = self.tr("LZMA, a compressor that knows nothing of meshes, needs {:.1f} for the same tokens, {}.")
            sentences.append(lzma.format(bits.compressed, compared))
        if len(growth.faces):
            face = int(growth.face_bits.argmax())
            most, half = float(growth.face_bits[face]), float(np.median(growth.face_bits))
            surprising = self.tr(
                "With its share of its vertices, the most surprising face is face {}, at {:.2f} bits; "
                "half of all have at most {:.2f}."
            )
            sentences.append(surprising.format(face, most, half))
        return sentences

    def _on_label_current_index_changed(self) -> None:
        if self._label.currentData() is not None:
            self.label_chosen.emit(self._label.currentData())


def dropped_mesh(data: QMimeData) -> str:
    """The first mesh file among what is dragged; empty if there is none."""
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    return next((path for path in paths if Path(path).suffix.lower() in MESH_ENDINGS), "")
