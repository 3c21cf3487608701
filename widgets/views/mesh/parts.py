"""All widgets of the view Mesh in their places."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QWidget

from widgets.kit.labels import LineLabel
from widgets.kit.layouts import fill_column
from widgets.kit.page import Page
from widgets.look.tabs import Tabs
from widgets.look.theme import FigureStyle
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.surprisal_scrubber import Lane, SurprisalScrubber
from widgets.scene3d.viewer import Renderer
from widgets.views.mesh.attention_panel import AttentionPanel
from widgets.views.mesh.complete_panel import CompletePanel
from widgets.views.mesh.growth import Growth, MeshPart
from widgets.views.mesh.look_controls import LookControls
from widgets.views.mesh.overlay import SidePage
from widgets.views.mesh.sample_controls import SampleControls
from widgets.views.mesh.step_panel import StepPanel
from widgets.views.mesh.surprisal_panel import SurprisalPanel
from widgets.views.mesh.viewer_panel import ViewerPanel


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshParts", text)


class MeshParts(Page):
    """What to sample above, the meshes in the middle with pages beside them, the player and all tokens beneath.

    Keys: those of the player; N samples with the next seed.
    """

    def __init__(self, renderer: Renderer, playback: Playback, parent: QWidget | None = None) -> None:
        both = QWidget()  # a veil over a splitter itself would become one of its parts
        super().__init__("mesh", both, "", _tr("What is shown"), parent)
        self.sampling = SampleControls(self.controls)
        self.viewer_panel = ViewerPanel(renderer=renderer)
        self.viewer = self.viewer_panel.viewer
        self.step_panel = StepPanel()
        self.attention = AttentionPanel()
        self.complete = CompletePanel()
        self.surprisal = SurprisalPanel()
        self.scrubber = SurprisalScrubber("mesh_lanes", _tr("All tokens"))
        self.player = Player("mesh", playback, self.scrubber)
        self.look = LookControls(self.player.controls)
        self.pages = Tabs()
        self.pages.setObjectName("mesh_pages")
        self.pages.setDocumentMode(True)
        self.pages.tabBar().setUsesScrollButtons(False)  # all four are seen
        self.pages.tabBar().setAccessibleName(_tr("Pages"))
        for page, title in (
            (self.step_panel, _tr("Step")),
            (self.attention, _tr("Attention")),
            (self.complete, _tr("Complete")),
            (self.surprisal, _tr("Surprisal")),
        ):
            self.pages.addTab(page, title)
        self._drawn_by = LineLabel(_tr("What draws the image"))
        self._drawn_by.setObjectName("mesh_renderer")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("mesh_splitter")
        split.addWidget(self.viewer_panel)
        split.addWidget(self.pages)
        split.setStretchFactor(0, 5)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        fill_column(both, split, split)
        self.add_above(self.sampling.chips)
        self.add_below(self.player)
        self.add_beside_read_out(self._drawn_by)
        self.setFocusProxy(self.scrubber)
        self.viewer.renderer_changed.connect(self._on_viewer_renderer_changed)
        self.show_lanes(None, FigureStyle.of(self))

    @property
    def page(self) -> SidePage:
        return SidePage(self.pages.currentIndex())

    def restyle(self, style: FigureStyle) -> None:
        """What is painted, in other colours or letters."""
        for canvas in (self.step_panel.canvas, self.attention.canvas, self.surprisal.canvas):
            canvas.restyle(style)

    def show_lanes(self, growth: Growth | None, style: FigureStyle) -> None:
        """The tokens of a mesh in the scrubber."""
        parts: tuple[MeshPart, MeshPart] = ("vertices", "faces")
        tokens = [None if growth is None else growth.tokens_of(part) for part in parts]
        names, lanes, first = (_tr("{} coordinate tokens"), _tr("{} face tokens")), [], 0
        for name, part in zip(names, tokens, strict=True):
            bits = np.zeros(0) if part is None else part.bits
            lanes.append(Lane(name.format(len(bits)), first, bits, 0 if part is None else part.n_given))
            first += len(bits)
        if growth is None:
            self.scrubber.show_lanes(lanes, style)
        else:
            self.scrubber.show_lanes(lanes, style, growth.word)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_N and not event.modifiers():
            self.sampling.next_seed()
        elif not self.player.act_on(event):
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_viewer_renderer_changed(self.viewer.renderer_name)

    def _on_viewer_renderer_changed(self, name: str) -> None:
        # Only where OpenGL cannot be had is there something to know: why drawing is slower.
        is_gl = name.startswith("OpenGL")
        self._drawn_by.show_text("" if is_gl else name.capitalize())
        self._drawn_by.setVisible(not is_gl)
