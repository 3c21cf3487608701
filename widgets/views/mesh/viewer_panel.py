"""The viewer of the meshes with a legend beneath, and a slow turn."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from widgets.look.theme import FigureStyle
from widgets.scene3d.turntable import Turntable
from widgets.scene3d.viewer import MeshViewer, Renderer
from widgets.views.mesh.coloring import ColorLegend
from widgets.views.mesh.figures.legend import paint_legend


class ViewerPanel(QWidget):
    """A mesh viewer and what its colours mean."""

    def __init__(self, *, renderer: Renderer = "auto", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewer = MeshViewer("mesh_viewer", renderer=renderer, parent=self)
        self._legend = _LegendLabel(self)
        self.turntable = Turntable(self.viewer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.viewer, 1)
        layout.addWidget(self._legend)

    def show_legend(self, legend: ColorLegend | None, style: FigureStyle) -> None:
        """Say what the colours mean."""
        self._legend.show_legend(legend, style)


class _LegendLabel(QWidget):
    """What the colours mean."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._legend: ColorLegend | None = None
        self._style = FigureStyle.of(self)
        self.setObjectName("mesh_legend")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_legend(self, legend: ColorLegend | None, style: FigureStyle) -> None:
        if (legend, style) != (self._legend, self._style):
            self._legend, self._style = legend, style
            self.setAccessibleName(legend.title if legend else "")
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(0, round(2.5 * self.fontMetrics().height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), self._style.theme.paper)
            if self._legend is not None:
                paint_legend(painter, self._legend, QRectF(self.rect()).adjusted(8, 2, -8, 0), self._style)
