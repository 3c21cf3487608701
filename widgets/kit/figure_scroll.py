"""Figures that need a certain size at the width there is, and scroll where there is less."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from widgets.kit.figure import Figure
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.theme import FigureStyle
from widgets.passed_focus import PassesFocus


class SizedFigure(Figure, Protocol):
    """A figure whose parts wrap, or that cannot be read when it is too small."""

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width; a width of 0: any will do."""
        ...


@runtime_checkable
class GrowsInside(Protocol):
    """A figure that grows, with something beneath that may wait: what is above is to be seen first."""

    def grown_to(self, rect: QRectF, style: FigureStyle) -> float:
        """Down to where it is to be seen from its top on, where there is room for that."""
        ...


class FigureScroll(PassesFocus, QScrollArea):
    """Gives a canvas the whole width, and at least the size that its figure needs.

    Of a figure that grows the end stays in sight, as in a log, unless the user has scrolled away from it.
    """

    def __init__(self, canvas: FigureCanvas[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = canvas
        self._sized: SizedFigure | None = None
        self._is_growing, self._is_at_end = False, True
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._on_bar_value_changed)
        bar.rangeChanged.connect(self._on_bar_range_changed)
        self.setWidget(canvas)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(canvas)

    def show_figure(self, figure: SizedFigure, style: FigureStyle, *, is_growing: bool = False) -> None:
        """Show another figure, or the same in another style; `is_growing`: more comes at its end."""
        self._sized, self._is_growing = figure, is_growing
        self.canvas.show_figure(figure, style)
        self._fit()

    def tell_again(self) -> None:
        """Let the canvas say anew what is pointed at, if it can be pointed at."""
        if isinstance(self.canvas, PointedCanvas):
            self.canvas.tell_again()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _on_bar_value_changed(self, value: int) -> None:
        self._is_at_end = value >= self._end()

    def _on_bar_range_changed(self, _least: int, _most: int) -> None:
        if self._is_growing and self._is_at_end:
            bar = self.verticalScrollBar()
            bar.setValue(max(bar.value(), self._end()))

    def _end(self) -> int:
        """Where the bar stands at least while the end of what grows is in sight."""
        if isinstance(self._sized, GrowsInside):
            bottom = self._sized.grown_to(self.canvas.figure_rect(), self.canvas.style_now)
            if bottom <= self.viewport().height():
                return 0
        return self.verticalScrollBar().maximum()

    def _fit(self) -> None:
        if self._sized is not None:
            margins = self.canvas.width() - self.canvas.figure_rect().width()
            least = self._sized.least_size(self.viewport().width() - margins, self.canvas.style_now)
            width = least.width() + margins if least.width() else 0
            self.canvas.setMinimumSize(int(width), int(least.height() + margins) + 1)
