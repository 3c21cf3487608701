"""Figures that need a certain size at the width there is, and scroll where there is less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from widgets.kit.figure import Figure
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.letters import GROWN, resized
from widgets.look.theme import FigureStyle
from widgets.passed_focus import PassesFocus

_ALIKE = 1.15  # of its height, for a figure whose letters are larger and stand where they stood


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

    def __init__(
        self, canvas: FigureCanvas[Any], parent: QWidget | None = None, *, has_growing_letters: bool = False
    ) -> None:
        """`has_growing_letters`: where a figure, made of words, is small in its room, all its letters are larger."""
        super().__init__(parent)
        self.canvas = canvas
        self._has_growing_letters = has_growing_letters
        self._sized: SizedFigure | None = None
        self._style = canvas.style_now  # that was asked for
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
        self._sized, self._is_growing, self._style = figure, is_growing, style
        self.canvas.show_figure(figure, self._grown(figure))
        self._fit()

    def tell_again(self) -> None:
        """Let the canvas say anew what is pointed at, if it can be pointed at."""
        if isinstance(self.canvas, PointedCanvas):
            self.canvas.tell_again()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()  # before the canvas has its new size: with the letters of the old one its end may be out of sight
        super().resizeEvent(event)

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

    def _grown(self, figure: SizedFigure) -> FigureStyle:
        """The style with letters as large as all of the figure has room for, as long as nothing stands elsewhere then:
        of a line that is broken the last word looks lost."""
        if not self._has_growing_letters:
            return self._style
        room, usual = self.maximumViewportSize(), self._needs(figure, self._style)
        for factor in GROWN:
            style = replace(self._style, font=resized(self._style.font, factor))
            needs = self._needs(figure, style)
            is_alike = needs.height() < _ALIKE * factor * usual.height()
            if is_alike and needs.height() < room.height() and needs.width() <= room.width():
                return style
        return self._style

    def _needs(self, figure: SizedFigure, style: FigureStyle) -> QSizeF:
        margins = self.canvas.margins(style)
        least = figure.least_size(self.maximumViewportSize().width() - margins, style)
        return QSizeF(least.width() + margins if least.width() else 0, least.height() + margins)

    def _fit(self) -> None:
        if self._sized is not None:
            if (style := self._grown(self._sized)) != self.canvas.style_now:
                self.canvas.restyle(style)
            margins = self.canvas.margins(style)
            least = self._sized.least_size(self.viewport().width() - margins, self.canvas.style_now)
            width = least.width() + margins if least.width() else 0
            self.canvas.setMinimumSize(int(width), int(least.height() + margins) + 1)
