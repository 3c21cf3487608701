"""The picture in space with its legend on top, and a slow turn."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.figures.mesh_legend import legend_size, paint_legend
from widgets.mesh.viewer import MeshViewer, Renderer
from widgets.mesh_view.coloring import Legend
from widgets.theme import FigureStyle

_TURN = 14.0  # degrees a second


class Stage(QWidget):
    """A mesh viewer and what its colours mean.

    Signals
    -------
    turning_changed(bool)
    """

    turning_changed = Signal(bool)

    def __init__(self, *, renderer: Renderer = "auto", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewer = MeshViewer("mesh_viewer", renderer=renderer, parent=self)
        self._legend = _LegendLabel(self.viewer)
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(33)
        self._timer.timeout.connect(self._on_timer_timeout)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.viewer)

    def show_legend(self, legend: Legend | None, style: FigureStyle) -> None:
        """Say what the colours mean."""
        self._legend.show_legend(legend, style)
        self._place()

    def set_turning(self, is_on: bool) -> None:
        """Turn around, or stand still."""
        if is_on != self._timer.isActive():
            if is_on:
                self._clock.start()
                self._timer.start()
            else:
                self._timer.stop()
            self.turning_changed.emit(is_on)

    def _on_timer_timeout(self) -> None:
        if self.isVisible():
            degrees = _TURN * min(self._clock.restart(), 200) / 1000
            self.viewer.set_camera(self.viewer.camera.orbited(degrees, 0))

    def _place(self) -> None:
        size = self._legend.wanted()
        width = min(round(size.width()), self.viewer.width() - 16)
        self._legend.setGeometry(8, self.viewer.height() - round(size.height()) - 4, width, round(size.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()


class _LegendLabel(QWidget):
    """The legend; the pointer goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._legend: Legend | None = None
        self._style = FigureStyle.of(self)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("mesh_legend")

    def show_legend(self, legend: Legend | None, style: FigureStyle) -> None:
        self._legend, self._style = legend, style
        self.setVisible(legend is not None)
        self.setAccessibleName(legend.title if legend else "")
        self.update()

    def wanted(self) -> QSizeF:
        return legend_size(self._legend, self._style) if self._legend else QSizeF()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._legend is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._style.theme.paper)
        veil.setAlphaF(0.75)
        painter.fillRect(self.rect(), veil)
        area = QRectF(self.rect()).adjusted(4, 2, -4, 0)
        paint_legend(painter, self._legend, area, self._style)
        painter.end()
