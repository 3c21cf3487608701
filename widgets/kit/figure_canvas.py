"""The screen's side of a figure: painted once, then shown again and again.

Of a figure that is longer than what is seen of it, and changes with every step, only what is seen is painted: a figure
that asks the painter for its clip leaves out the rest.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from widgets.kit.figure import Figure
from widgets.look.theme import FigureStyle

F = TypeVar("F", bound=Figure)
HINTS = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing  # with which figures are painted


class FigureCanvas(QWidget, Generic[F]):
    """Shows a figure. What follows the pointer is painted over it by `paint_over`, which a subclass may answer.

    Attributes
    ----------
    paints_what_is_seen
        Whether only as much is painted as is seen in a scroll area; the rest is painted when it comes into sight.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.paints_what_is_seen = False
        self._figure: F | None = None
        self._style = FigureStyle.of(self)
        self._image: QImage | None = None
        self._painted = QRect()  # what the image is of

    @property
    def figure(self) -> F | None:
        return self._figure

    @property
    def style_now(self) -> FigureStyle:
        return self._style

    def show_figure(self, figure: F, style: FigureStyle) -> None:
        """Show another figure, or the same in another style."""
        self._figure, self._style = figure, style
        self._image = None
        self.update()

    def restyle(self, style: FigureStyle) -> None:
        """Show the same in another style."""
        self._style, self._image = style, None
        self.update()

    def figure_rect(self) -> QRectF:
        """Where the figure is painted."""
        margin = self.margins(self._style) / 2
        return QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)

    @staticmethod
    def margins(style: FigureStyle) -> float:
        """On both sides of a figure together."""
        return 0.8 * QFontMetricsF(style.font).height()

    def image(self) -> QImage:
        """The figure as it is on screen, without what follows the pointer."""
        return self._image_of(self.rect())

    def _image_of(self, part: QRect) -> QImage:
        """What is painted in a part of the canvas, or in more."""
        ratio = self.devicePixelRatioF()
        is_other_screen = self._image is not None and self._image.devicePixelRatio() != ratio
        if self._image is None or is_other_screen or not self._painted.contains(part):
            self._painted = part
            self._image = self._blank(part.size())
            if self._figure is not None and not self.figure_rect().isEmpty():
                with QPainter(self._image) as painter:
                    painter.setRenderHints(HINTS)
                    if part != self.rect():
                        painter.translate(-part.topLeft())
                        painter.setClipRect(part)
                    self.paint_figure(painter, self._figure)
        return self._image

    def _blank(self, size: QSize) -> QImage:
        """Paper of a size, in the pixels of this screen."""
        ratio = self.devicePixelRatioF()
        image = QImage(size * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(self._style.theme.paper)
        return image

    def paint_figure(self, painter: QPainter, figure: F) -> None:
        """Paint what is kept until the figure, its style or the size changes: all that no widget upon it shows."""
        figure.paint(painter, self.figure_rect(), self._style)

    def paint_over(self, painter: QPainter, figure: F) -> None:
        """Paint what changes with the pointer, at once and on top."""

    def paintEvent(self, event: QPaintEvent) -> None:
        part = self.visibleRegion().boundingRect() | event.rect() if self.paints_what_is_seen else self.rect()
        with QPainter(self) as painter:
            image = self._image_of(part)
            painter.drawImage(self._painted.topLeft(), image)
            if self._figure is not None:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                self.paint_over(painter, self._figure)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._image = None
