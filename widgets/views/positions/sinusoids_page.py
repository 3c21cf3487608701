"""The sinusoids of 2017 with sliders."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.figures.panel_figure import Cell
from widgets.kit.control_bar import ControlBar
from widgets.kit.labels import LineLabel
from widgets.kit.number_slider import NumberSlider
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import PlotSpot
from widgets.views.positions.sinusoids import SinusoidsFigure


class SinusoidsPage(QWidget):
    """The encoding as heat map, one pair of dimensions as curves, and the sum behind the number pointed at.

    A click chooses the pair of a cell.

    Signals
    -------
    figure_changed()
    """

    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure = SinusoidsFigure(128, 64, 4)
        self._d_model = NumberSlider("sinusoids_d_model", self.tr("Dimensions"), 8, 1024, step=2)
        self._length = NumberSlider("sinusoids_length", self.tr("Positions"), 8, 1024)
        self._pair = NumberSlider("sinusoids_pair", self.tr("Pair i"), 0, 63)
        for slider, value in (
            (self._d_model, self.figure.d_model),
            (self._length, self.figure.length),
            (self._pair, self.figure.pair),
        ):
            slider.set_value(value)
            slider.value_changed.connect(self._on_slider_value_changed)
        controls = ControlBar(self)
        for slider in (self._d_model, self._length, self._pair):
            controls.add_widget(slider)
        self.canvas = PlotCanvas("sinusoids_canvas", self.tr("Sinusoidal position encoding"), self)
        self._read_out = LineLabel(self.tr("Number pointed at"), self)
        self._read_out.setObjectName("sinusoids_read_out")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(controls)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._read_out)
        self.canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        self.canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self.canvas.shown_changed.connect(self.figure_changed)
        self._on_canvas_read_out_changed("")

    def figure_now(self) -> SinusoidsFigure:
        """The figure as it is looked at."""
        return self.canvas.figure_now() or self.figure

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        self.canvas.show_figure(self.figure, style)

    def _on_slider_value_changed(self, _value: int) -> None:
        self._pair.set_range(0, self._d_model.value() // 2 - 1)
        figure = SinusoidsFigure(self._d_model.value(), self._length.value(), self._pair.value())
        if figure != self.figure:
            self.figure = figure
            self.canvas.show_figure(figure, self.canvas.style_now)
            self.figure_changed.emit()

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self._read_out.show_text(text or self.tr("Point at a cell to see its number; click to see its pair as curves."))

    def _on_canvas_spot_chosen(self, spot: Cell | PlotSpot) -> None:
        if isinstance(spot, Cell):
            self._pair.set_value(spot.row // 2)
