"""What is known of one head's map so far, at any level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inference.results.maps import TILE
from inference.results.tokens import Tokens
from widgets.maps.coloring import RowMaxima
from widgets.maps.pyramid import Box, Pyramid, TileIndex
from widgets.maps.tile_cache import OVERVIEW, MapPiece, PooledHead, TileCache, TileKey
from widgets.maps.viewport import whole_pixels


@dataclass(frozen=True)
class Axes:
    """Tokens along a map, and the level of its overview."""

    queries: Tokens
    keys: Tokens
    level: int

    @property
    def pyramid(self) -> Pyramid:
        return Pyramid(len(self.queries), len(self.keys))

    @property
    def are_same(self) -> bool:
        """Whether queries and keys are one sequence."""
        return self.queries.words == self.keys.words


class Reading(NamedTuple):
    """A number of a map: the maximum or mean of the cells `rows` x `columns`, or of one cell."""

    value: np.float16
    rows: range
    columns: range
    is_sampled: bool


@dataclass(frozen=True)
class HeadMap:
    """Looks into the cache, and makes do with coarser tiles where the fine ones are not there yet."""

    axes: Axes
    head: PooledHead
    cache: TileCache

    def level(self, wanted: int) -> int:
        """The level to show: the overview's is the coarsest that there is."""
        return min(wanted, self.axes.level)

    def overview(self) -> MapPiece | None:
        """The whole map at a glance."""
        return self.cache.get(TileKey(self.head, OVERVIEW))

    def best(self, level: int, place: TileIndex) -> MapPiece | None:
        """A tile, or what shows its cells more coarsely."""
        for coarser in range(level, self.axes.level):
            up = coarser - level
            piece = self.cache.get(TileKey(self.head, coarser, place.row >> up, place.column >> up))
            if piece is not None:
                return piece
        return self.overview()

    def high(self, level: int) -> float:
        """The number of the last colour at a level: the largest that is known, of means a round one above it."""
        high = self.cache.highest(self.head, level)
        if high is None:  # until the first tile of that level comes
            high = self.cache.highest(self.head, self.axes.level)
        return _round_up(high or 1.0) if self.head.reduce == "mean" else high or 1.0

    def maxima(self) -> RowMaxima | None:
        """The largest number of each row of the overview; None where means are shown."""
        overview = self.overview() if self.head.reduce == "max" else None
        return overview.maxima if overview else None

    def has_any(self, level: int, seen: Box) -> bool:
        """Whether anything of what is seen is known."""
        places = self.axes.pyramid.tiles(level, seen)
        return any(self.best(level, place) is not None for place in places)

    def missing(self, level: int, places: list[TileIndex]) -> tuple[TileIndex, ...]:
        """Those that have yet to come. The overview's own level has no tiles."""
        if level >= self.axes.level:
            return ()
        return tuple(place for place in places if TileKey(self.head, level, *place) not in self.cache)

    def is_sampled(self, level: int, seen: Box) -> bool:
        """Whether any number on screen is a first look only."""
        overview = self.overview()
        if overview is None or not overview.is_sampled:
            return False
        places = self.axes.pyramid.tiles(level, seen)
        return any((piece := self.best(level, place)) is not None and piece.is_sampled for place in places)

    def read(self, level: int, row: int, column: int) -> Reading | None:
        """The number that is shown for a cell."""
        side = TILE * 2**level
        piece = self.best(level, TileIndex(row // side, column // side))
        if piece is None:
            return None
        n = 2**piece.level
        i, j = row // n, column // n
        pyramid = self.axes.pyramid
        return Reading(
            np.float16(piece.values[i - piece.row, j - piece.column]),
            range(i * n, min((i + 1) * n, pyramid.n_rows)),
            range(j * n, min((j + 1) * n, pyramid.n_columns)),
            piece.is_sampled,
        )

    def values(self, level: int, seen: Box) -> np.ndarray:
        """float16 [row, column]: the pixels of a level that show any part of a box.

        Where a tile is not there yet, the numbers are those of a coarser one; NaN where nothing is.
        """
        pyramid = self.axes.pyramid
        rows, columns = whole_pixels(seen, level, pyramid.shape(level))
        out = np.full((rows.stop - rows.start, columns.stop - columns.start), np.nan, np.float16)
        for place in pyramid.tiles(level, seen):
            piece = self.best(level, place)
            if piece is None:
                continue
            top, left = place.row * TILE, place.column * TILE
            i = np.arange(max(rows.start, top), min(rows.stop, top + TILE))
            j = np.arange(max(columns.start, left), min(columns.stop, left + TILE))
            up = piece.level - level
            out[np.ix_(i - rows.start, j - columns.start)] = piece.values[
                np.ix_((i >> up) - piece.row, (j >> up) - piece.column)
            ]
        return out


def _round_up(value: float) -> float:
    """1, 2 or 5 times a power of ten, so that not every tile changes all colours."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= value * (1 - 1e-6))
