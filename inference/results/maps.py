"""Attention maps at any length: an overview of one head, tiles of it at any zoom, and single rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


# Side of a tile in pixels.
TILE = 256


@dataclass(frozen=True, slots=True)
class MapRequest(Request["MapResult"]):
    """One head's map from far away; `size` is its longest side in pixels, `reduce` is `max` or `mean`."""

    needs = frozenset({Capability.ATTENTION})
    refines = True

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int
    reduce: str = "max"
    size: int = 512


@dataclass(frozen=True, slots=True)
class MapResult:
    """One head's map, pooled until it fits.

    Attributes
    ----------
    level
        A pixel covers 2**level x 2**level cells.
    overview
        float16 [row, column]: maximum or mean of the probabilities of a pixel's cells.
    is_sampled
        Whether every pixel stands for one query row of its cells only: a first look, replaced by the exact one.
    """

    group: str
    layer: int
    head: int
    reduce: str
    query_tokens: Tokens
    key_tokens: Tokens
    level: int
    overview: np.ndarray
    is_sampled: bool


@dataclass(frozen=True, slots=True)
class TilesRequest(Request["TilesResult"]):
    """Tiles of one head's map, answered one by one as partial results, in the order of `tiles`.

    Attributes
    ----------
    level
        A pixel covers 2**level x 2**level cells; 0 shows every cell.
    tiles
        (row, column) counted in tiles of `TILE` x `TILE` pixels.
    with_kinds
        Whether to say of every pixel which kind of cell it shows (window, global, random ...).
    """

    needs = frozenset({Capability.ATTENTION})

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int
    level: int
    tiles: tuple[tuple[int, int], ...]
    reduce: str = "max"
    with_kinds: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a map; the last ones of a row and a column are smaller.

    Attributes
    ----------
    row, column
        In tiles of its level.
    values
        float16 [row, column], 0-1: the probability where a pixel is a cell, else maximum or mean over its cells.
    kinds
        uint8 [row, column], index into `TilesResult.kind_names`; of several kinds the highest. None if not asked for.
    """

    row: int
    column: int
    values: np.ndarray
    kinds: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class TilesResult:
    """Tiles that are ready: one in a partial result, none or the last ones in the final one.

    Attributes
    ----------
    kind_names
        `hidden` first, then such as `seen`, `window`, `random`, `global`.
    """

    group: str
    layer: int
    head: int
    level: int
    reduce: str
    tiles: tuple[Tile, ...]
    kind_names: tuple[str, ...] = ("hidden", "seen")


@dataclass(frozen=True, slots=True)
class RowsRequest(Request["RowsResult"]):
    """What the queries from `start` to before `stop` look at, in one head."""

    needs = frozenset({Capability.ATTENTION})

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class RowsResult:
    """`pattern`: float32 [key_pos], mean over the rows from `start` to before `stop`; sums to 1."""

    group: str
    layer: int
    head: int
    start: int
    stop: int
    pattern: np.ndarray
