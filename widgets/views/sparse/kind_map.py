"""One head's whole map with the kinds of its cells: what is asked for, and what is made of the answers. No widgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from inference.results.inputs import Input
from inference.results.maps import TILE, MapRequest, MapResult, Tile, TilesRequest, TilesResult
from inference.results.request import Request
from inference.results.tokens import Tokens

SIZE = 512  # pixels of the longer side, at most


class MappedHead(NamedTuple):
    """A head of a checkpoint that reads an input."""

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int


@dataclass(frozen=True, eq=False)
class KindMap:
    """The map as far as it came.

    Attributes
    ----------
    level
        A pixel covers 2**level x 2**level cells.
    values
        float16 [row, column]: the attention of a pixel, the maximum over its cells.
    kinds
        uint8 [row, column], index into `kind_names`.
    """

    head: MappedHead
    level: int
    queries: Tokens
    keys: Tokens
    values: np.ndarray
    kinds: np.ndarray
    kind_names: tuple[str, ...]


@dataclass
class _Axes:
    queries: Tokens
    keys: Tokens
    level: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of pixels."""
        return -(-len(self.queries) >> self.level), -(-len(self.keys) >> self.level)

    @property
    def tiles(self) -> tuple[tuple[int, int], ...]:
        """Places of all tiles."""
        n_rows, n_columns = (-(-side // TILE) for side in self.shape)
        return tuple((row, column) for row in range(n_rows) for column in range(n_columns))


@dataclass
class KindMapFeed:
    """First asks for an overview, which says how long the text is, then for tiles with kinds that cover all of it.

    The map that was there stays until all tiles of the next one came.
    """

    map: KindMap | None = None
    _head: MappedHead | None = None
    _axes: dict[tuple[str, Input, str], _Axes] = field(default_factory=dict)
    _tiles: dict[tuple[int, int], Tile] = field(default_factory=dict)

    def look_at(self, head: MappedHead | None) -> None:
        """Want to see a head; None: nothing."""
        if head == self._head:
            return
        old, self._head = self._head, head
        self._tiles.clear()
        if head is None or old is None or head[:2] != old[:2]:
            self.map = None  # it is of another text
            self._axes.clear()

    def requests(self) -> tuple[Request, ...]:
        """What the picture is made of: it stays asked for when it has come."""
        head, axes = self._head, self._known
        if head is None:
            return ()
        if axes is None:
            return (MapRequest(*head, size=SIZE),)
        return (TilesRequest(*head, axes.level, axes.tiles, with_kinds=True),)

    def take(self, result: object) -> bool:
        """Keep a result; says whether something else is to be asked or shown now."""
        head = self._head
        if head is None or not isinstance(result, MapResult | TilesResult):
            return False
        if (result.group, result.layer, result.head) != (head.group, head.layer, head.head):
            return False
        if isinstance(result, MapResult):
            is_new = self._known is None
            self._axes[head[:3]] = _Axes(result.query_tokens, result.key_tokens, result.level)
            return is_new
        axes = self._known
        if axes is None or result.level != axes.level:
            return False
        self._tiles.update(((tile.row, tile.column), tile) for tile in result.tiles if tile.kinds is not None)
        if set(axes.tiles) - set(self._tiles):
            return False
        self._join(head, axes, result.kind_names)
        return True

    @property
    def _known(self) -> _Axes | None:
        return self._axes.get(self._head[:3]) if self._head else None

    def _join(self, head: MappedHead, axes: _Axes, kind_names: tuple[str, ...]) -> None:
        """One picture of all tiles."""
        values, kinds = np.zeros(axes.shape, np.float16), np.zeros(axes.shape, np.uint8)
        for (row, column), tile in self._tiles.items():
            top, left = row * TILE, column * TILE
            n_rows, n_columns = tile.values.shape
            values[top : top + n_rows, left : left + n_columns] = tile.values
            assert tile.kinds is not None
            kinds[top : top + n_rows, left : left + n_columns] = tile.kinds
        self._tiles.clear()
        self.map = KindMap(head, axes.level, axes.queries, axes.keys, values, kinds, kind_names)
