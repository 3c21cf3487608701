"""Attention maps at any length: an overview of one head, tiles of it at any zoom, and single rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.common import Tokens

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input

# Side of a tile in pixels.
TILE = 256


@dataclass(frozen=True, slots=True)
class MapRequest:
    """One head's map from far away; `size` is its longest side in pixels, `reduce` is `max` or `mean`."""

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
class TilesRequest:
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
class RowsRequest:
    """What the queries from `start` to before `stop` look at, in one head."""

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


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """How much of what attention received is held, and how much may be; a `budget` of 0 leaves that as it is."""

    budget: int = 0


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """What the engine holds of the last forward passes.

    Attributes
    ----------
    held, budget
        Bytes.
    n_calls, n_held
        Attention calls of the run looked at last, and how many of them are held; the others are computed again.
    n_tokens
        Longest axis of that run; 0 if nothing ran yet.
    has_qk
        Whether queries and keys are held, rather than patterns.
    """

    held: int
    budget: int
    n_calls: int
    n_held: int
    n_tokens: int
    has_qk: bool
