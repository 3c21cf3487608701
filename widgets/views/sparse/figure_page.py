"""A figure that can be pointed at, with a line that says what is under the pointer."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.kit.labels import LineLabel
from widgets.kit.pointed_canvas import PointedCanvas, PointedFigure
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas


class DescribedFigure(PointedFigure, Protocol):
    """A figure that says what its spots are."""

    def describe(self, spot: Any) -> str: ...


class FigurePage(QWidget):
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

    def __init__(
        self,
        name: str,
        title: str,
        hint: str,
        parent: QWidget | None = None,
        canvas: type[PointedCanvas] = PointedCanvas,
    ) -> None:
        super().__init__(parent)
        self._hint = hint
        self._figure: DescribedFigure | None = None
        self.canvas = canvas(f"{name}_canvas", title, self)
        self._read_out = LineLabel(self.tr("What is pointed at"), self)
        self._read_out.setObjectName(f"{name}_read_out")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._read_out)
        self.setFocusProxy(self.canvas)
        self.canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self.canvas.spot_chosen.connect(self.spot_chosen)
        if isinstance(self.canvas, PlotCanvas):
            self.canvas.shown_changed.connect(self.shown_changed)
        self._on_canvas_spot_changed(None)

    def show_figure(self, figure: DescribedFigure, style: FigureStyle) -> None:
        """Show another figure, or the same in another style."""
        self._figure = figure
        self.canvas.show_figure(figure, style)
        self._on_canvas_spot_changed(self.canvas.spot)

    def figure_now(self) -> DescribedFigure | None:
        """The figure as it is looked at."""
        return self.canvas.figure_now() if isinstance(self.canvas, PlotCanvas) else self._figure

    def _on_canvas_spot_changed(self, spot: Any | None) -> None:
        text = self._figure.describe(spot) if self._figure is not None and spot is not None else ""
        self._read_out.show_text(text or self._hint)
        self.canvas.setAccessibleDescription(text or (self._figure.caption if self._figure else ""))
