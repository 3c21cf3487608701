"""Pages of theory: the learning rate, and label smoothing, with sliders."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.options import Options
from widgets.plots.canvas import PlotCanvas
from widgets.views.training.options import ScheduleOptions, SmoothingOptions
from widgets.views.training.schedule import ScheduleFigure, SmoothingFigure


class FormulaPage(Page):
    """A figure that follows from its options alone.

    Signals
    -------
    figure_changed()
    """

    figure_changed = Signal()

    def __init__(self, name: str, title: str, kind: type[Options], parent: QWidget | None = None) -> None:
        canvas = PlotCanvas(f"{name}_canvas", title)
        super().__init__(name, canvas, _tr("What is shown"), _tr("Number pointed at"), parent)
        self._canvas, self.is_of_subject = canvas, False
        self.options: OptionControls[Any] = OptionControls(self.controls, name, kind)
        self.figure = self.chosen()
        self.caption.show_text(self.figure.caption)
        self.show_canvas()
        self.options.changed.connect(self._on_options_changed)
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)
        self._on_canvas_read_out_changed("")

    def chosen(self) -> ScheduleFigure | SmoothingFigure:
        """The figure that the options ask for."""
        raise NotImplementedError

    def figure_now(self) -> ScheduleFigure | SmoothingFigure:
        """The figure as it is looked at."""
        return self._canvas.figure_now() or self.figure

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        self._canvas.show_figure(self.figure, style)

    def _on_options_changed(self) -> None:
        self.figure = self.chosen()
        self.caption.show_text(self.figure.caption)
        self._canvas.show_figure(self.figure, self._canvas.style_now)
        self.figure_changed.emit()

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self.read_out.show_text(text or _tr("Point at the curve to see its numbers; drag or wheel to pan and zoom."))


class SchedulePage(FormulaPage):
    """Warm-up and decay."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("schedule", _tr("Learning rate by step"), ScheduleOptions, parent)
        for field in ("warm_up", "steps", "d_model"):  # short enough for one row of a small screen
            slider = self.options.control(field)
            assert isinstance(slider, NumberSlider)
            slider.slider.setMinimumWidth(4 * self.fontMetrics().height())
        self._offer()
        self.options.changed.connect(self._offer)

    def chosen(self) -> ScheduleFigure:
        return ScheduleFigure(self.options.value().schedule)

    def _offer(self) -> None:
        is_2017 = self.options.value().kind == "2017"
        self.options.set_shown("peak", not is_2017)
        self.options.set_shown("d_model", is_2017)


class SmoothingPage(FormulaPage):
    """The target that label smoothing makes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("label_smoothing", _tr("Label smoothing"), SmoothingOptions, parent)

    def chosen(self) -> SmoothingFigure:
        options = self.options.value()
        return SmoothingFigure(options.smoothing, options.classes, options.given)


def _tr(text: str) -> str:
    return QCoreApplication.translate("FormulaPage", text)
