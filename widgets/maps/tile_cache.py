"""Tiles that have come, as many as memory is set aside for."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtGui import QImage

from widgets.look import raster
from widgets.maps.coloring import Coloring, RowMaxima

OVERVIEW = -1  # stands for the level of the whole map at a glance, whichever that is


class PooledHead(NamedTuple):
    """Whose map it is, and how several cells become one pixel (`max` or `mean`)."""

    group: str
    layer: int
    head: int
    reduce: str


class TileKey(NamedTuple):
    """A tile among all that there can be."""

    head: PooledHead
    level: int
    row: int = 0
    column: int = 0


@dataclass
class MapPiece:
    """A rectangle of pixels of a level, and their picture once it was painted.

    Attributes
    ----------
    values
        float16 [row, column].
    level, row, column
        Its level, and its first pixel there.
    is_sampled
        Whether the numbers are a first look only.
    """

    values: np.ndarray
    level: int
    row: int
    column: int
    is_sampled: bool = False
    _image: QImage | None = None
    _shown: object = None

    @property
    def n_bytes(self) -> int:
        """Numbers and picture, whether it was painted or not."""
        return self.values.nbytes + 4 * self.values.size

    @cached_property
    def maxima(self) -> RowMaxima:
        """The largest number of its rows; for an overview of maxima."""
        return RowMaxima.of(self.values, 2**self.level)

    def image(self, coloring: Coloring, shrink: tuple[int, int], reduce: str) -> QImage:
        """One pixel each, or for `shrink` [down, across] of them together; painted once."""
        wanted = coloring, shrink
        if self._image is None or self._shown != wanted:
            values = pooled(self.values, shrink, reduce)
            side = 2**self.level
            starts = (self.row + np.arange(values.shape[0]) * shrink[0]) * side
            self._image, self._shown = raster.image(coloring.colors(values, starts)), wanted
        return self._image


class TileCache:
    """Pieces by key; those that were not looked at for longest go first."""

    def __init__(self, budget: int = 128 * 2**20) -> None:
        self._pieces: OrderedDict[TileKey, MapPiece] = OrderedDict()
        self.budget = budget
        self._highest: dict[tuple[PooledHead, int], float] = {}
        self.n_bytes = 0

    def get(self, key: TileKey) -> MapPiece | None:
        """A piece, which counts as looked at."""
        piece = self._pieces.get(key)
        if piece is not None:
            self._pieces.move_to_end(key)
        return piece

    def put(self, key: TileKey, piece: MapPiece) -> None:
        """Keep a piece, in place of an older one of that key."""
        old = self._pieces.pop(key, None)
        self.n_bytes += piece.n_bytes - (old.n_bytes if old else 0)
        self._pieces[key] = piece
        at = _place_of_highest(key.head, piece.level)
        self._highest[at] = max(self._highest.get(at, 0.0), largest(piece.values))
        while self.n_bytes > self.budget:
            _, oldest = self._pieces.popitem(last=False)
            self.n_bytes -= oldest.n_bytes

    def highest(self, head: PooledHead, level: int) -> float | None:
        """The largest number that ever came of a head; of means that of a level."""
        return self._highest.get(_place_of_highest(head, level))

    def __contains__(self, key: object) -> bool:
        return key in self._pieces

    def __len__(self) -> int:
        return len(self._pieces)


def _place_of_highest(head: PooledHead, level: int) -> tuple[PooledHead, int]:
    """A maximum is the same at all levels; means are smaller the more cells they are of."""
    return head, (OVERVIEW if head.reduce == "max" else level)


def pooled(values: np.ndarray, shrink: tuple[int, int], reduce: str) -> np.ndarray:
    """Maximum or mean of `shrink` [down, across] pixels each; the last ones of an axis may be of fewer.

    `values` are float16, none of them negative.
    """
    for axis, step in enumerate(shrink):
        if step == 1:
            continue
        if reduce == "max":
            values = _maxima(values, step, axis)
        else:
            starts = np.arange(0, values.shape[axis], step)
            counts = np.diff(np.append(starts, values.shape[axis])).astype(np.float32)
            sums = np.add.reduceat(values.astype(np.float32), starts, axis=axis)
            values = (sums / (counts[:, None] if axis == 0 else counts)).astype(np.float16)
    return values


def largest(values: np.ndarray) -> float:
    """Of float16 of which none is negative; 0 where there are none."""
    return float(values.view(np.uint16).max(initial=0).view(np.float16))


def _maxima(values: np.ndarray, step: int, axis: int) -> np.ndarray:
    """As integers such numbers have the same order, NaN above all, and are compared in a fortieth of the time."""
    bits = values.view(np.uint16)
    parts = [bits[first::step] if axis == 0 else bits[:, first::step] for first in range(step)]
    best = parts[0].copy()
    for part in parts[1:]:  # the last of which may lack a row or a column
        beside = best[: part.shape[0], : part.shape[1]]
        np.maximum(beside, part, out=beside)
    return best.view(np.float16)
