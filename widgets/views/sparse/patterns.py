"""Attention patterns by formula: which cells of a map exist, and of which kind they are.

No model is needed. What a checkpoint with such a pattern really does is caught by the engine; tests hold the two
against each other.

References
----------
Vaswani et al. 2017, "Attention Is All You Need", section 3.2.3; Child et al. 2019, "Generating Long Sequences with
Sparse Transformers"; Beltagy, Peters and Cohan 2020, "Longformer", section 3; Zaheer et al. 2020, "Big Bird",
section 2 and appendix D.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

HIDDEN, SEEN, WINDOW, DILATED, RANDOM, GLOBAL = range(6)
# By number; where two kinds meet in a cell the higher one is shown. The engine calls them the same.
KIND_NAMES = ("hidden", "seen", "window", "dilated", "random", "global")


@dataclass(frozen=True)
class Parameters:
    """What can be chosen; a pattern uses some of it.

    Attributes
    ----------
    n
        Tokens, at least 1.
    window
        Keys of the sliding window beside the query itself, half of them on either side; even.
    dilation
        Keys of a dilated window lie so many positions apart; 1 is no dilation.
    n_global
        The first so many tokens see all and are seen by all.
    n_random
        Random blocks of each block of queries.
    block_size
        Tokens of a block.
    seed
        Of the random blocks.
    as_in_code
        Whether random blocks are drawn as in the published code, see `random_blocks`; else from all, as in the paper.
    """

    n: int = 64
    window: int = 8
    dilation: int = 2
    n_global: int = 2
    n_random: int = 2
    block_size: int = 4
    seed: int = 0
    as_in_code: bool = False


class Kind(NamedTuple):
    """A family of patterns.

    Attributes
    ----------
    title, source
        For the user.
    order
        How its cells grow, such as `n·w`.
    uses
        Fields of `Parameters` beside `n`.
    kinds
        uint8 [query_pos, key_pos], what each cell is.
    cells
        How many there are, exactly, for any length.
    """

    title: str
    source: str
    order: str
    uses: frozenset[str]
    kinds: Callable[[Parameters], np.ndarray]
    cells: Callable[[Parameters], int]


@dataclass(frozen=True)
class Pattern:
    """One pattern with its parameters; those that it does not use are left as they come, so that equals are equal."""

    name: str
    parameters: Parameters

    @staticmethod
    def of(name: str, parameters: Parameters) -> Pattern:
        """The pattern of that name; parameters that it does not use do not matter."""
        uses = PATTERNS[name].uses | {"n"}
        return Pattern(name, Parameters(**{f: getattr(parameters, f) for f in _FIELDS if f in uses}))

    @property
    def kind(self) -> Kind:
        return PATTERNS[self.name]

    @property
    def n(self) -> int:
        return self.parameters.n

    def kinds(self) -> np.ndarray:
        """uint8 [query_pos, key_pos], read-only: index into `KIND_NAMES`."""
        return _kinds(self)

    def cells(self, n: int | None = None) -> int:
        """Cells that exist, for another length on request."""
        return self.kind.cells(self.parameters if n is None else replace(self.parameters, n=n))


_FIELDS = tuple(field.name for field in fields(Parameters))


@lru_cache(maxsize=32)
def _kinds(pattern: Pattern) -> np.ndarray:
    kinds = pattern.kind.kinds(pattern.parameters)
    kinds.flags.writeable = False
    return kinds


# Windows and global tokens


def _offsets(n: int) -> np.ndarray:
    """int [query_pos, key_pos]: how far a key lies behind its query."""
    places = np.arange(n)
    return places - places[:, None]


def _full(p: Parameters) -> np.ndarray:
    return np.full((p.n, p.n), SEEN, np.uint8)


def _causal(p: Parameters) -> np.ndarray:
    return np.tril(_full(p))


def _window(p: Parameters) -> np.ndarray:
    return (np.abs(_offsets(p.n)) <= p.window // 2).astype(np.uint8) * WINDOW


def _dilated(p: Parameters) -> np.ndarray:
    offsets = _offsets(p.n)
    is_there = (np.abs(offsets) <= p.window // 2 * p.dilation) & (offsets % p.dilation == 0)
    return is_there.astype(np.uint8) * DILATED


def _longformer(p: Parameters) -> np.ndarray:
    return banded(p.n, p.window // 2, range(min(p.n_global, p.n)))


def banded(n: int, one_sided: int, global_places: range | list[int]) -> np.ndarray:
    """Longformer's cells: uint8 [query_pos, key_pos].

    Parameters
    ----------
    one_sided
        Keys seen on either side.
    global_places
        Tokens that see all and are seen by all.
    """
    kinds = (np.abs(_offsets(n)) <= one_sided).astype(np.uint8) * WINDOW
    places = list(global_places)
    kinds[places] = GLOBAL
    kinds[:, places] = GLOBAL
    return kinds


def _band_cells(n: int, one_sided: int, step: int = 1) -> int:
    """Cells of a band about the diagonal: offset m * step has n - m * step of them."""
    m = min(one_sided, (n - 1) // step)
    return n * (2 * m + 1) - step * m * (m + 1)


def _longformer_cells(p: Parameters) -> int:
    g = min(p.n_global, p.n)
    rest = p.n - g
    return 2 * g * p.n - g * g + (_band_cells(rest, p.window // 2) if rest else 0)


# Blocks


def _bigbird(p: Parameters) -> np.ndarray:
    chosen = random_blocks(n_blocks(p), p.n_random, p.seed, as_in_code=p.as_in_code)[0]
    return blocked(p.n, p.block_size, chosen)


def n_blocks(p: Parameters) -> int:
    """Blocks of a text; the last one may be cut."""
    return -(-p.n // p.block_size)


def blocked(n: int, block_size: int, random_blocks: list[list[int]]) -> np.ndarray:
    """BigBird's cells in one head: uint8 [query_pos, key_pos].

    The first and the last block see all and are seen by all; every other one sees itself, its neighbours, and its
    random blocks.

    Parameters
    ----------
    random_blocks
        Of each block but the first and the last.
    """
    blocks = np.arange(-(-n // block_size))
    last = len(blocks) - 1
    kinds = (np.abs(blocks - blocks[:, None]) <= 1).astype(np.uint8) * WINDOW
    for row in range(1, last):
        kinds[row, random_blocks[row - 1]] = RANDOM
    kinds[[0, last]] = GLOBAL
    kinds[:, [0, last]] = GLOBAL
    of = np.arange(n) // block_size
    return kinds[np.ix_(of, of)]


def random_blocks(
    n_blocks: int, n_random: int, seed: int, *, n_heads: int = 1, as_in_code: bool = False
) -> list[list[list[int]]]:
    """Which random blocks each block sees, but the first and the last: [head][block - 1][random].

    Never its own window, the first or the last block; fewer than `n_random` where there are no more.

    Parameters
    ----------
    as_in_code
        The published code draws from the first 2 r + 5 blocks only (but for texts of 1,024, 3,072 and 4,096 tokens),
        the paper from all. These are the numbers of `transformers` in training for the same seed.
    """
    among = n_drawn_from(n_blocks, n_random, as_in_code=as_in_code)
    rng = np.random.RandomState(seed)  # the generator of the published code
    heads: list[list[list[int]]] = [[] for _ in range(n_heads)]
    for row in range(1, n_blocks - 1):
        never = {0, row - 1, row, row + 1, among - 1}
        # The code spares the second and the last but one block each other.
        never |= {among - 2} if row == 1 else {1} if row == among - 2 else set()
        for head in heads:
            drawn = rng.permutation(np.arange(among, dtype=np.int32)).tolist()
            head.append([block for block in drawn if block not in never][:n_random])
    return heads


def n_drawn_from(n_blocks: int, n_random: int, *, as_in_code: bool) -> int:
    """Random blocks are drawn from the first so many."""
    return min(2 * n_random + 5, n_blocks) if as_in_code else n_blocks


def _bigbird_cells(p: Parameters) -> int:
    """Counted by blocks of queries: all full but the last."""
    b, last = n_blocks(p), n_blocks(p) - 1
    if b <= 3:
        return p.n * p.n
    rows = np.arange(1, last)
    among = n_drawn_from(b, p.n_random, as_in_code=p.as_in_code)
    n_window = 3 - (rows + 1 == last)  # without the last block
    n_free = np.maximum(among - 2, 0) - sum(((rows + i >= 1) & (rows + i <= among - 2)).astype(int) for i in (-1, 0, 1))
    n_free -= ((rows == 1) | (rows == among - 2)) & (among > 4)
    n_full = n_window + (rows > 1) + np.minimum(p.n_random, np.maximum(n_free, 0))
    size_of_last = p.n - last * p.block_size
    middle = p.block_size * int((n_full * p.block_size + size_of_last).sum())
    return middle + (p.block_size + size_of_last) * p.n


# By name, in the order of the lecture.
PATTERNS: dict[str, Kind] = {
    "full": Kind(
        "Full", "Vaswani et al. 2017", "n²", frozenset(), _full, lambda p: p.n * p.n
    ),
    "causal": Kind(
        "Causal", "Vaswani et al. 2017, decoder", "n²", frozenset(), _causal,
        lambda p: p.n * (p.n + 1) // 2,
    ),
    "window": Kind(
        "Sliding window",
        "Longformer, figure 2b",
        "n·w",
        frozenset({"window"}),
        _window,
        lambda p: _band_cells(p.n, p.window // 2),
    ),
    "dilated": Kind(
        "Dilated sliding window",
        "Longformer, figure 2c",
        "n·w",
        frozenset({"window", "dilation"}),
        _dilated,
        lambda p: _band_cells(p.n, p.window // 2, p.dilation),
    ),
    "longformer": Kind(
        "Global + sliding window",
        "Longformer, figure 2d",
        "n·(w + g)",
        frozenset({"window", "n_global"}),
        _longformer,
        _longformer_cells,
    ),
    "bigbird": Kind(
        "Random + window + global",
        "BigBird, in blocks",
        "n·(r + 5)·b",
        frozenset({"n_random", "block_size", "seed", "as_in_code"}),
        _bigbird,
        _bigbird_cells,
    ),
}  # fmt: skip
