"""Figures that are as high as their contents at the width there is."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from widgets.figures.figure import Figure
from widgets.kit.figure_canvas import FigureCanvas
from widgets.look.theme import FigureStyle


class TallFigure(Figure, Protocol):
    """A figure whose parts wrap."""

    def height_for(self, width: float, style: FigureStyle) -> float: ...


class FigureScroll(QScrollArea):
    """Gives a canvas the whole width, and the height that its figure needs."""

    def __init__(self, canvas: FigureCanvas[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = canvas
        self._tall: TallFigure | None = None
        self.setWidget(canvas)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_figure(self, figure: TallFigure, style: FigureStyle) -> None:
        """Show another figure, or the same in another style."""
        self._tall = figure
        self.canvas.show_figure(figure, style)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._tall is not None:
            margins = self.canvas.width() - self.canvas.figure_rect().width()
            height = self._tall.height_for(self.viewport().width() - margins, self.canvas.style_now)
            self.canvas.setMinimumSize(0, int(height + margins) + 1)
