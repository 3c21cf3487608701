"""All parts of the view Mesh in their places."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from widgets.look.theme import FigureStyle
from widgets.scene3d.viewer import Renderer
from widgets.views.mesh.attention_panel import AttentionPanel
from widgets.views.mesh.complete_panel import CompletePanel
from widgets.views.mesh.read_out import ReadOut
from widgets.views.mesh.sample_bar import DrawBar
from widgets.views.mesh.scene_panel import Stage
from widgets.views.mesh.scrubber import Lanes
from widgets.views.mesh.step_panel import StepPanel
from widgets.views.mesh.surprisal_panel import SurprisePanel
from widgets.views.mesh.transport import Transport


class Page(IntEnum):
    """What stands beside the picture; it also says what is drawn in the picture besides the mesh."""

    STEP = 0
    ATTENTION = 1
    COMPLETE = 2
    SURPRISE = 3


class MeshBoard(QWidget):
    """What to draw above, the picture in the middle with pages beside it, the player and all tokens beneath."""

    def __init__(self, renderer: Renderer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draw_bar = DrawBar()
        self.stage = Stage(renderer=renderer)
        self.viewer = self.stage.viewer
        self.step_panel = StepPanel()
        self.attention = AttentionPanel()
        self.complete = CompletePanel()
        self.surprise = SurprisePanel()
        self.transport = Transport()
        self.lanes = Lanes()
        self.pages = QTabWidget()
        self.pages.setObjectName("mesh_pages")
        self.pages.setDocumentMode(True)
        self.pages.tabBar().setUsesScrollButtons(False)  # all four are seen
        self.pages.tabBar().setAccessibleName(self.tr("Pages"))
        for page, title in (
            (self.step_panel, self.tr("Step")),
            (self.attention, self.tr("Attention")),
            (self.complete, self.tr("Complete")),
            (self.surprise, self.tr("Surprise")),
        ):
            self.pages.addTab(page, title)
        self.read_out = ReadOut("mesh_read_out", self.tr("What is shown"))
        self._drawn_by = ReadOut("mesh_renderer", self.tr("What draws the picture"))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("mesh_splitter")
        split.addWidget(self.stage)
        split.addWidget(self.pages)
        split.setStretchFactor(0, 5)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        foot = QHBoxLayout()
        foot.addWidget(self.read_out, 3)
        foot.addWidget(self._drawn_by, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.draw_bar)
        layout.addWidget(split, 1)
        layout.addWidget(self.transport)
        layout.addWidget(self.lanes)
        layout.addLayout(foot)
        self.viewer.renderer_changed.connect(self._on_viewer_renderer_changed)

    @property
    def page(self) -> Page:
        return Page(self.pages.currentIndex())

    def restyle(self, style: FigureStyle) -> None:
        """What is painted, in other colours or letters."""
        for canvas in (self.step_panel.canvas, self.attention.canvas, self.surprise.canvas):
            canvas.restyle(style)

    def tell_renderer(self) -> None:
        """Say whether OpenGL draws, or why the picture is painted."""
        self._on_viewer_renderer_changed(self.viewer.renderer_name)

    def _on_viewer_renderer_changed(self, name: str) -> None:
        self._drawn_by.show_text(
            self.tr("Drawn by {}").format(name) if name.startswith("OpenGL") else name.capitalize()
        )
