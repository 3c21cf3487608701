"""Which part of a map is on screen, and at what size. Arithmetic only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from widgets.maps.pyramid import Box, level_of

LARGEST = 64.0  # pixels a cell at the strongest zoom
_LONGEST = 4.0  # times as long as wide is a whole map drawn at most,
_STRETCHED = 20.0  # for which cells are stretched, up to this many pixels

Places = TypeVar("Places", float, np.ndarray)


@dataclass(frozen=True)
class Viewport:
    """A part of a map in a room of `width` x `height` pixels; the map's first cell never lies inside of the room.

    Cells are square, but those of a map far longer than wide are stretched as long as they are small.

    Attributes
    ----------
    top, left
        Cell at the upper left corner of the room; may cut through a cell.
    scale
        Pixels a cell along the longer axis of the map.
    factor
        How many times as large all of it is drawn elsewhere, such as on paper.
    """

    n_rows: int
    n_columns: int
    width: float
    height: float
    top: float
    left: float
    scale: float
    factor: float = 1.0

    @staticmethod
    def fitted(n_rows: int, n_columns: int, width: float, height: float) -> Viewport:
        """The whole map, as large as there is room for."""
        whole = Viewport(n_rows, n_columns, max(width, 1.0), max(height, 1.0), 0.0, 0.0, 1.0)
        return replace(whole, scale=whole.least)

    # Sizes

    @property
    def column_width(self) -> float:
        """Pixels."""
        return self.factor * (self.scale if self.n_columns >= self.n_rows else self._stretched(self.scale))

    @property
    def row_height(self) -> float:
        """Pixels."""
        return self.factor * (self.scale if self.n_rows >= self.n_columns else self._stretched(self.scale))

    @property
    def least(self) -> float:
        """The `scale` at which the whole map fits."""
        across, down = self.width / self.n_columns, self.height / self.n_rows
        if self.n_columns >= self.n_rows:
            return min(across, self._unstretched(down), LARGEST)
        return min(down, self._unstretched(across), LARGEST)

    @property
    def is_whole(self) -> bool:
        """Whether the whole map is seen."""
        return self.scale <= self.least * (1 + 1e-9)

    @property
    def seen(self) -> Box:
        """The cells on screen."""
        bottom = min(self.top + self.height / self.row_height, self.n_rows)
        return Box(self.top, self.left, bottom, min(self.left + self.width / self.column_width, self.n_columns))

    @property
    def plot_width(self) -> float:
        """Pixels that cells are painted on; less than the room's where the map ends before."""
        seen = self.seen
        return (seen.right - seen.left) * self.column_width

    @property
    def plot_height(self) -> float:
        """Pixels, as `plot_width`."""
        seen = self.seen
        return (seen.bottom - seen.top) * self.row_height

    def level(self, ratio: float = 1.0) -> int:
        """The level of the pyramid that is sharp at `ratio` pixels of the device a pixel."""
        return level_of(1 / (ratio * max(self.row_height, self.column_width)))

    def shrink(self, level: int, ratio: float = 1.0) -> tuple[int, int]:
        """How many pixels of a level share one of the screen, down and across: powers of two."""
        down, across = (1 / (ratio * side * 2**level) for side in (self.row_height, self.column_width))
        return 2 ** level_of(max(down, 1.0)), 2 ** level_of(max(across, 1.0))

    # Places

    def x_of(self, column: Places) -> Places:
        """Where a column begins, or each of several, in pixels from the left of the room."""
        return (column - self.left) * self.column_width

    def y_of(self, row: Places) -> Places:
        """Where a row begins, or each of several, in pixels from the top of the room."""
        return (row - self.top) * self.row_height

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column under a point."""
        if not (0 <= x < self.plot_width and 0 <= y < self.plot_height):
            return None
        row, column = int(self.top + y / self.row_height), int(self.left + x / self.column_width)
        return min(row, self.n_rows - 1), min(column, self.n_columns - 1)

    # Moves

    def moved(self, right: float, down: float) -> Viewport:
        """Further on by some pixels."""
        return self._at(self.top + down / self.row_height, self.left + right / self.column_width)

    def zoomed(self, factor: float, x: float | None = None, y: float | None = None) -> Viewport:
        """Larger by a factor; what is at a point of the room (its middle if not given) stays there."""
        x = self.plot_width / 2 if x is None else x
        y = self.plot_height / 2 if y is None else y
        row, column = self.top + y / self.row_height, self.left + x / self.column_width
        other = replace(self, scale=min(max(self.scale * factor, self.least), LARGEST))
        return other._at(row - y / other.row_height, column - x / other.column_width)

    def centred(self, row: float, column: float, scale: float | None = None) -> Viewport:
        """With a cell in the middle, as far as the map's edges allow; enlarged to `scale` if that is more."""
        scale = min(max(self.scale, scale or 0.0), LARGEST)
        other = replace(self, scale=scale)
        return other._at(
            row + 0.5 - other.height / other.row_height / 2, column + 0.5 - other.width / other.column_width / 2
        )

    def revealing(self, row: int, column: int) -> Viewport:
        """Moved just so far that a cell is inside."""
        rows, columns = self.height / self.row_height, self.width / self.column_width
        top = min(max(self.top, row + 1 - rows), row)
        return self._at(top, min(max(self.left, column + 1 - columns), column))

    def resized(self, width: float, height: float) -> Viewport:
        """In another room: a whole map stays whole, else the middle and the size of the cells stay."""
        if self.is_whole:
            return Viewport.fitted(self.n_rows, self.n_columns, width, height)
        other = replace(self, width=max(width, 1.0), height=max(height, 1.0))
        other = replace(other, scale=max(self.scale, other.least))
        seen = self.seen
        middle = (seen.top + seen.bottom) / 2, (seen.left + seen.right) / 2
        return other._at(
            middle[0] - other.height / other.row_height / 2, middle[1] - other.width / other.column_width / 2
        )

    def enlarged(self, factor: float) -> Viewport:
        """The same cells in a room some times as large, beyond what the pointer may zoom to."""
        return replace(
            self, width=self.plot_width * factor, height=self.plot_height * factor, factor=self.factor * factor
        )

    def _at(self, top: float, left: float) -> Viewport:
        # At the far edges some room stays free where a whole map leaves it free: with less, a map that is zoomed would
        # be pushed away from under the pointer.
        whole = replace(self, scale=self.least)
        height = min(self.height, whole.row_height * self.n_rows)
        width = min(self.width, whole.column_width * self.n_columns)
        last_top = max(self.n_rows - height / self.row_height, 0.0)
        last_left = max(self.n_columns - width / self.column_width, 0.0)
        return replace(self, top=min(max(top, 0.0), last_top), left=min(max(left, 0.0), last_left))

    @property
    def _stretch(self) -> float:
        """How many times as long as wide a cell is while it is small."""
        ratio = max(self.n_rows, self.n_columns) / min(self.n_rows, self.n_columns)
        return max(1.0, ratio / _LONGEST)

    def _stretched(self, side: float) -> float:
        return max(side, min(self._stretch * side, _STRETCHED))

    def _unstretched(self, side: float) -> float:
        """The largest side that is stretched to no more than this."""
        return side / self._stretch if side < _STRETCHED else side


def whole_pixels(seen: Box, level: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The pixels of a level that show any part of a box: rows and columns."""
    side = 2**level
    return (
        slice(int(seen.top // side), min(math.ceil(seen.bottom / side), shape[0])),
        slice(int(seen.left // side), min(math.ceil(seen.right / side), shape[1])),
    )
