"""A figure that can be pointed at, with a line that says what is under the pointer."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas, PointedFigure
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas


class DescribedFigure(PointedFigure, Protocol):
    """A figure that says what its spots are."""

    def describe(self, spot: Any) -> str: ...


class FigurePage(Page):
    """Shows a figure and describes the spot that the pointer or the arrow keys are on.

    Signals
    -------
    spot_chosen(spot)
        By a click or Enter.
    shown_changed()
        Another part of a plot is looked at: `figure_now` is another picture.
    """

    spot_chosen = Signal(object)
    shown_changed = Signal()

    def __init__(self, canvas: PointedCanvas, hint: str, parent: QWidget | None = None) -> None:
        name = canvas.objectName().removesuffix("_canvas")
        super().__init__(name, canvas, _tr("What is shown"), _tr("What is pointed at"), parent)
        self._hint = hint
        self._figure: DescribedFigure | None = None
        self._pointed = canvas
        canvas.spot_changed.connect(self._on_canvas_spot_changed)
        canvas.spot_chosen.connect(self.spot_chosen)
        if isinstance(canvas, PlotCanvas):
            canvas.shown_changed.connect(self.shown_changed)
        self._on_canvas_spot_changed(None)

    def show_figure(self, figure: DescribedFigure, style: FigureStyle) -> None:
        """Show another figure, or the same in another style."""
        self._figure = figure
        self.show_on(self._pointed, figure, style)
        self._on_canvas_spot_changed(self._pointed.spot)

    def figure_now(self) -> DescribedFigure | None:
        """The figure as it is looked at."""
        return self._pointed.figure_now() if isinstance(self._pointed, PlotCanvas) else self._figure

    def _on_canvas_spot_changed(self, spot: Any | None) -> None:
        text = self._figure.describe(spot) if self._figure is not None and spot is not None else ""
        self.read_out.show_text(text or self._hint)
        self._pointed.setAccessibleDescription(text or (self._figure.caption if self._figure else ""))


def _tr(text: str) -> str:
    return QCoreApplication.translate("FigurePage", text)
