"""The lines of arcs on pictures, drawn a slice at a time: what is on screen first, and of that the strongest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from time import perf_counter

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from widgets.look.theme import FigureStyle
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.lines import ArcsLayout
from widgets.views.arcs.scatter import strips
from widgets.views.arcs.strokes import Strokes

_SLICE = 0.002  # seconds of drawing between two looks at the event queue
_UNDER = QPainter.CompositionMode.CompositionMode_DestinationOver
# Opacity from which one above another has to cover it, and is painted: a line takes 0.2 ms. Among all lines these are
# fewer, and crossings of two colours smaller, than among those of one token.
_CLEAR, _CLEAR_ALONE = 0.6, 0.45


class DrawnLines:
    """Lines on transparent pictures, one above the other.

    Parameters
    ----------
    rows
        From where to where they are drawn, in points.
    scale, ratio
        Pixels of the window a point, and pixels of the screen to one of the window.
    seen
        What is on screen now, from where to where in points.
    spare
        Pictures that nobody shows any more. Memory that was written to before is cleared in a tenth of the time.
    """

    def __init__(
        self,
        figure: ArcsFigure,
        layout: ArcsLayout,
        style: FigureStyle,
        rows: tuple[float, float],
        scale: float,
        ratio: float,
        seen: tuple[float, float],
        spare: list[QImage],
    ) -> None:
        self.top, bottom = rows
        self._left, self._scale, self._ratio = layout.left, scale * ratio, ratio
        self._width = math.ceil((layout.right - layout.left) * self._scale)
        height = math.ceil((bottom - self.top) * self._scale)
        strokes = figure.strokes(layout)
        is_clear = strokes.alpha >= (_CLEAR if figure.focus is None else _CLEAR_ALONE)
        self._clear, self._faint = strokes.where(is_clear), strokes.where(~is_clear)
        self._theme, self._spare = style.theme, spare
        self._images: dict[range, QImage] = {}  # by the rows of pixels that they are of
        self._tiles = _tiles(height, *((y - self.top) * self._scale for y in seen))
        self._tile: range | None = None  # being drawn, if any; of those before it nothing is there yet
        self._pieces: Iterator[None] = iter(())

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to draw."""
        return self._tile is None and not self._tiles

    def is_complete_in(self, seen: tuple[float, float]) -> bool:
        """Whether nothing is left to draw from here to there, in points."""
        top, bottom = ((y - self.top) * self._scale for y in seen)
        left = [*self._tiles, *([self._tile] if self._tile is not None else [])]
        return not any(tile.start < bottom and top < tile.stop for tile in left)

    def draw(self, seen: tuple[float, float], seconds: float = _SLICE) -> None:
        """Draw some more, under what is there; what is on screen first, from here to there in points."""
        now = perf_counter()
        end, piece = now + seconds, 0.0
        middle = (sum(seen) / 2 - self.top) * self._scale
        while not self.is_complete:
            if self._tile is None:
                self._tile = min(self._tiles, key=lambda tile: abs(tile.start + tile.stop - 2 * middle))
                self._tiles.remove(self._tile)
                self._pieces = self._draw_tile(self._tile)
            if next(self._pieces, self) is self:
                self._tile = None
            before, now = now, perf_counter()
            piece = max(piece, now - before)
            if now + piece > end:  # another one would take too long
                break

    def paint(self, painter: QPainter, corner: QPointF) -> None:
        """Paint what is drawn so far, its corner at a point of the window."""
        for tile, picture in self._images.items():
            picture.setDevicePixelRatio(self._ratio)
            painter.drawImage(corner + QPointF(0, tile.start / self._ratio), picture)
            picture.setDevicePixelRatio(1)  # it is drawn in pixels of the screen

    def give_up(self) -> None:
        """Nobody shows these any more: the next lines may be drawn where they are."""
        self._spare[:] = self._images.values()
        self._images, self._tiles, self._tile = {}, [], None

    def _blank(self, width: int, height: int) -> QImage:
        fitting = [picture for picture in self._spare if (picture.width(), picture.height()) == (width, height)]
        if fitting:
            self._spare.remove(fitting[0])
        picture = fitting[0] if fitting else QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(0)
        return picture

    def _draw_tile(self, tile: range) -> Iterator[None]:
        """Pauses after each piece."""
        size = (self._width, len(tile))
        picture = self._images[tile] = self._blank(*size)
        top, bottom = self.top + tile.start / self._scale, self.top + tile.stop / self._scale
        for pen, lines in _near(self._clear, top, bottom).batches(self._theme):
            with QPainter(picture) as painter:
                painter.setCompositionMode(_UNDER)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.scale(self._scale, self._scale)
                painter.translate(-self._left, -top)
                painter.setPen(pen)
                painter.drawLines(lines)
            yield
        faint, corner = _near(self._faint, top, bottom), (self._left, top)
        for x, strip in strips(faint, self._theme, corner, self._scale, size):
            # Anew each time: should anything hold the picture too, its pixels move to another place.
            pixels = np.frombuffer(picture.bits(), np.uint32).reshape(len(tile), self._width)
            _put_under(pixels[:, x : x + strip.shape[1]], strip)
            yield


def _put_under(above: np.ndarray, below: np.ndarray) -> None:
    """Pixels under those that are there, both premultiplied: in a tenth of the time of Qt for so narrow a strip."""
    covered = np.flatnonzero(above)
    left = 255 - (above.ravel()[covered] >> 24)  # of what is below, in 255ths
    parts = below.ravel()[covered]
    # Red and blue in one number, alpha and green in another: eight bits lie free above each.
    mixed = [((parts >> shift & 0x00FF00FF) * left + 0x00800080) for shift in (0, 8)]
    red_blue, alpha_green = ((both + (both >> 8 & 0x00FF00FF)) >> 8 & 0x00FF00FF for both in mixed)
    seen = above.ravel()[covered] + (alpha_green << 8 | red_blue)
    above[...] = below
    above[np.unravel_index(covered, above.shape)] = seen


def _tiles(height: int, top: float, bottom: float) -> list[range]:
    """Rows of pixels in parts as high as what is on screen, which is one of them."""
    step = max(math.ceil(bottom - top), 1)
    first = math.floor(top) % step
    cuts = sorted({0, *range(first, height, step), height})
    return [range(start, stop) for start, stop in pairwise(cuts)]


def _near(strokes: Strokes, top: float, bottom: float) -> Strokes:
    """Those of which anything is between two heights."""
    reach = strokes.width
    is_above = (strokes.y0 + reach < top) & (strokes.y1 + reach < top)
    is_below = (strokes.y0 - reach > bottom) & (strokes.y1 - reach > bottom)
    return strokes.where(~(is_above | is_below))
