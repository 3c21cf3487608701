"""The sinusoids of 2017 with sliders."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from widgets.figures.panel_figure import Cell
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import PlotSpot
from widgets.views.positions.command import SinusoidsOptions
from widgets.views.positions.sinusoids import SinusoidsFigure

LEAST, MOST = 8, 1024  # dimensions and positions that can be dragged through


class SinusoidsPage(Page):
    """The encoding as heat map, one pair of dimensions as curves, and the sum behind the number pointed at.

    A click chooses the pair of a cell.

    Signals
    -------
    figure_changed()
    """

    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = PlotCanvas("sinusoids_canvas", _tr("Sinusoidal position encoding"))
        super().__init__("sinusoids", canvas, _tr("What is shown"), _tr("Number pointed at"), parent)
        self._canvas, self.is_of_subject = canvas, False
        self.options = OptionControls(self.controls, "sinusoids", SinusoidsOptions)
        for name in ("d_model", "length"):
            slider = self.options.control(name)
            assert isinstance(slider, NumberSlider)
            slider.set_range(LEAST, MOST)
        self._pair = NumberSlider("sinusoids_pair", _tr("Pair i"), 0, 63)
        self._pair.set_value(4)
        self.controls.add_widget(self._pair)
        self.figure = self._chosen()
        self.caption.show_text(self.figure.caption)
        self.show_canvas()

        self.options.changed.connect(self._on_options_changed)
        self._pair.value_changed.connect(self._on_options_changed)
        self._canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.shown_changed.connect(self.figure_changed)
        self._on_canvas_read_out_changed("")

    def figure_now(self) -> SinusoidsFigure:
        """The figure as it is looked at."""
        return self._canvas.figure_now() or self.figure

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        self._canvas.show_figure(self.figure, style)

    def _chosen(self) -> SinusoidsFigure:
        options = self.options.value()
        return SinusoidsFigure(options.d_model, options.length, self._pair.value())

    def _on_options_changed(self) -> None:
        self._pair.set_range(0, self.options.value().d_model // 2 - 1)
        figure = self._chosen()
        if figure != self.figure:
            self.figure = figure
            self.caption.show_text(figure.caption)
            self._canvas.show_figure(figure, self._canvas.style_now)
            self.figure_changed.emit()

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self.read_out.show_text(text or _tr("Point at a cell to see its number; click to see its pair as curves."))

    def _on_canvas_spot_chosen(self, spot: Cell | PlotSpot) -> None:
        if isinstance(spot, Cell):
            self._pair.set_value(spot.row // 2)


def _tr(text: str) -> str:
    return QCoreApplication.translate("SinusoidsPage", text)
