"""The lines of arcs on pixmaps, drawn a slice at a time: what is on screen first, and of that the strongest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from time import perf_counter

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPixmap

from widgets.look.theme import FigureStyle
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.lines import ArcsLayout
from widgets.views.arcs.scatter import strips
from widgets.views.arcs.strokes import Strokes

_SLICE = 0.006  # seconds of drawing between two looks at the event queue
_UNDER = QPainter.CompositionMode.CompositionMode_DestinationOver
_CLEAR = 0.45  # opacity from which lines are few, and one above another has to cover it: those are painted


class DrawnLines:
    """Lines on transparent pixmaps, one above the other.

    Parameters
    ----------
    rows
        From where to where they are drawn, in points.
    scale, ratio
        Pixels of the window a point, and pixels of the screen to one of the window.
    seen
        What is on screen now, from where to where in points.
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
    ) -> None:
        self.top, bottom = rows
        self._left, self._scale, self._ratio = layout.left, scale * ratio, ratio
        self._width = math.ceil((layout.right - layout.left) * self._scale)
        height = math.ceil((bottom - self.top) * self._scale)
        strokes = figure.strokes(layout)
        is_clear = strokes.alpha >= _CLEAR
        self._clear, self._faint = strokes.where(is_clear), strokes.where(~is_clear)
        self._theme = style.theme
        self._pixmaps: dict[range, QPixmap] = {}  # by the rows of pixels that they are of
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
        end = perf_counter() + seconds
        middle = (sum(seen) / 2 - self.top) * self._scale
        while not self.is_complete:
            if self._tile is None:
                self._tile = min(self._tiles, key=lambda tile: abs(tile.start + tile.stop - 2 * middle))
                self._tiles.remove(self._tile)
                self._pieces = self._draw_tile(self._tile)
            if next(self._pieces, self) is self:
                self._tile = None
            if perf_counter() >= end:
                break

    def paint(self, painter: QPainter, corner: QPointF) -> None:
        """Paint what is drawn so far, its corner at a point of the window."""
        for tile, pixmap in self._pixmaps.items():
            pixmap.setDevicePixelRatio(self._ratio)
            painter.drawPixmap(corner + QPointF(0, tile.start / self._ratio), pixmap)
            pixmap.setDevicePixelRatio(1)  # it is drawn in pixels of the screen

    def _draw_tile(self, tile: range) -> Iterator[None]:
        """Pauses after each piece."""
        pixmap = QPixmap(self._width, len(tile))
        pixmap.fill(Qt.GlobalColor.transparent)
        self._pixmaps[tile] = pixmap
        top, bottom = self.top + tile.start / self._scale, self.top + tile.stop / self._scale
        for pen, lines in _near(self._clear, top, bottom).batches(self._theme):
            with QPainter(pixmap) as painter:
                painter.setCompositionMode(_UNDER)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.scale(self._scale, self._scale)
                painter.translate(-self._left, -top)
                painter.setPen(pen)
                painter.drawLines(lines)
            yield
        faint, corner = _near(self._faint, top, bottom), (self._left, top)
        for x, strip in strips(faint, self._theme, corner, self._scale, (pixmap.width(), pixmap.height())):
            with QPainter(pixmap) as painter:
                painter.setCompositionMode(_UNDER)
                painter.drawImage(x, 0, strip)
            yield


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
