"""The base of figures of what a model writes of an image."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.candidate_bars import CandidateBars
from widgets.figures.image_geometry import letterbox
from widgets.look.theme import FigureStyle
from widgets.writing.beam_tree import BeamPicture
from widgets.writing.beside_image import BESIDE, HEAD, BesideImage, tiles_room

_LEAST_HEIGHT = 16.0  # em


class OverImageFigure:
    """The image with the words beside it, an image for each word, or the beams that were weighed.

    A subclass answers what raises `NotImplementedError` here.
    """

    @property
    def show(self) -> str:
        """`image`, `words` or `tree`."""
        raise NotImplementedError

    @cached_property
    def bars(self) -> CandidateBars | None:
        """What was expected at the word that is looked at; None where that is none."""
        raise NotImplementedError

    @cached_property
    def _beams(self) -> BeamPicture:
        raise NotImplementedError

    @property
    def _n_tiles(self) -> int:
        """Images where there is one for each word."""
        raise NotImplementedError

    def _shape(self) -> tuple[int, int]:
        """Rows and columns of the image."""
        raise NotImplementedError

    def _places(self, rect: QRectF, style: FigureStyle) -> BesideImage:
        """Where things are when one image is shown."""
        raise NotImplementedError

    def _paint_panels(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint the images, each with its title."""
        raise NotImplementedError

    def _paint_words(self, painter: QPainter, places: BesideImage, style: FigureStyle) -> None:
        """Paint the words beside the one image, and what stands above or beneath them."""
        raise NotImplementedError

    def _image_box(self, box: QRectF, style: FigureStyle) -> QRectF:
        """The image itself in its box, below its title."""
        em = QFontMetricsF(style.font).height()
        return letterbox(*self._shape(), box.adjusted(0, HEAD * em, 0, 0))

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        em = QFontMetricsF(style.font).height()
        if self.show == "tree":
            least = self._beams.width(em)
            return QSizeF(least if least > width else 0, self._beams.height(em))
        if self.show == "words":
            return tiles_room(self._n_tiles, self._shape(), em, width)
        height, bottom = 0.0, _LEAST_HEIGHT * em
        while bottom > height:  # the higher the image is, the wider it is, and the less room words have beside it
            height = bottom
            bottom = self._places(QRectF(0, 0, max(width, 20 * em), height), style).bars.bottom()
        return QSizeF(0, height)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        """How large it is by itself."""
        em = QFontMetricsF(style.font).height()
        if self.show == "tree":
            return QSizeF(max(BESIDE * em, self._beams.width(em)), self._beams.height(em))
        if self.show == "words":
            return tiles_room(self._n_tiles, self._shape(), em)
        return QSizeF((BESIDE + 4) * em, max(self.least_size((BESIDE + 4) * em, style).height(), 25 * em))

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint all of it."""
        if self.show == "tree":
            self._beams.paint(painter, rect.topLeft(), rect.width(), style)
            return
        painter.save()
        painter.setFont(style.font)
        self._paint_panels(painter, rect, style)
        if self.show == "image":
            places = self._places(rect, style)
            self._paint_words(painter, places, style)
            if self.bars is not None:
                self.bars.paint(painter, places.room, style)
        painter.restore()
