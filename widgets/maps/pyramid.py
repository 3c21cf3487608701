"""A map in levels of tiles: which there are, and which are needed to see a part. Arithmetic only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from inference.results.maps import TILE


class Box(NamedTuple):
    """A part of a map in cells: from `top` and `left` to before `bottom` and `right`; may cut through cells."""

    top: float
    left: float
    bottom: float
    right: float


class TileIndex(NamedTuple):
    """A tile of a level, counted in tiles."""

    row: int
    column: int


def level_of(cells_per_pixel: float) -> int:
    """The finest level that has no more pixels than the screen: none of its pixels is ever left out."""
    return max(0, math.ceil(math.log2(cells_per_pixel) - 1e-9))


@dataclass(frozen=True)
class Pyramid:
    """Level 0 has a pixel for every cell, each level above one for 2 x 2 pixels of the level below."""

    n_rows: int
    n_columns: int

    def shape(self, level: int) -> tuple[int, int]:
        """Pixels of a level."""
        side = 2**level
        return -(-self.n_rows // side), -(-self.n_columns // side)

    def grid(self, level: int) -> tuple[int, int]:
        """Tiles of a level, down and across."""
        rows, columns = self.shape(level)
        return -(-rows // TILE), -(-columns // TILE)

    def cells(self, level: int, place: TileIndex) -> Box:
        """Cells that a tile covers; the last ones of a row and a column are smaller."""
        side = TILE * 2**level
        top, left = place.row * side, place.column * side
        return Box(top, left, min(top + side, self.n_rows), min(left + side, self.n_columns))

    def tiles(self, level: int, seen: Box) -> list[TileIndex]:
        """Tiles that show any part of a box, the ones nearest to its middle first."""
        return self._nearest_first(self._spans(level, seen, 0), level, seen)

    def ring(self, level: int, seen: Box) -> list[TileIndex]:
        """The tiles round those that are seen: what is looked at next."""
        inside = set(self.tiles(level, seen))
        around = self._nearest_first(self._spans(level, seen, 1), level, seen)
        return [place for place in around if place not in inside]

    def _spans(self, level: int, seen: Box, margin: int) -> tuple[range, range]:
        side = TILE * 2**level
        n_down, n_across = self.grid(level)
        return (
            range(max(int(seen.top // side) - margin, 0), min(math.ceil(seen.bottom / side) + margin, n_down)),
            range(max(int(seen.left // side) - margin, 0), min(math.ceil(seen.right / side) + margin, n_across)),
        )

    @staticmethod
    def _nearest_first(spans: tuple[range, range], level: int, seen: Box) -> list[TileIndex]:
        side = TILE * 2**level
        row, column = (seen.top + seen.bottom) / 2 / side - 0.5, (seen.left + seen.right) / 2 / side - 0.5
        places = [TileIndex(i, j) for i in spans[0] for j in spans[1]]
        return sorted(places, key=lambda place: (place.row - row) ** 2 + (place.column - column) ** 2)
