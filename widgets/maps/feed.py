"""What a deep-zoom map asks for, and what it makes of the answers. No widgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.results.inputs import Input
from inference.results.maps import TILE, MapRequest, MapResult, RowsRequest, RowsResult, TilesRequest, TilesResult
from inference.results.request import Request
from widgets.maps.head_map import Axes, HeadMap
from widgets.maps.pyramid import Box, TileIndex
from widgets.maps.tile_cache import OVERVIEW, MapPiece, PooledHead, TileCache, TileKey


@dataclass(frozen=True)
class Source:
    """A checkpoint and an input: what all maps are of."""

    checkpoint: str
    input: Input


class Feed:
    """Asks for the overview of a head, for the tiles on screen and then their neighbours, and for brushed rows.

    Who hands it an answer has dropped those to what `requests()` no longer names.
    """

    def __init__(self, cache: TileCache | None = None) -> None:
        self.cache = TileCache() if cache is None else cache
        self._source: Source | None = None
        self._head: PooledHead | None = None
        self._axes: dict[str, Axes] = {}
        self._tiles: TilesRequest | None = None
        self._to_come: set[TileIndex] = set()
        self._brush: range | None = None
        self._rows: tuple[RowsRequest, np.ndarray] | None = None

    # What is looked at

    def forget(self) -> None:
        """There is another text, or none: whatever came or comes is of no use, but to who shows it still."""
        self.cache = TileCache(self.cache.budget)
        self._source = self._head = self._tiles = self._brush = self._rows = None
        self._axes.clear()
        self._to_come.clear()

    def show(self, source: Source, head: PooledHead) -> None:
        """Look at a head."""
        if source != self._source:
            self.forget()
            self._source = source
        if head != self._head:
            self._head = head
            self._tiles = None
            self._to_come.clear()

    def look_at(self, level: int, seen: Box) -> None:
        """Want the tiles of a part; unless they are all here, or on their way."""
        known = self.map
        if known is None or self._source is None or self._head is None:
            return
        level = known.level(level)
        pyramid = known.axes.pyramid
        visible = known.missing(level, pyramid.tiles(level, seen))
        is_same_level = self._tiles is not None and self._tiles.level == level
        if is_same_level and self._to_come.issuperset(visible):
            return
        wanted = visible + known.missing(level, pyramid.ring(level, seen))
        self._to_come = set(wanted)
        head, source = self._head, self._source
        self._tiles = (
            TilesRequest(
                source.checkpoint, source.input, head.group, head.layer, head.head, level,
                tuple((place.row, place.column) for place in wanted), head.reduce,
            )
            if wanted
            else None
        )  # fmt: skip

    def brush(self, rows: range | None) -> None:
        """Want to know what some queries attend to; None: no longer."""
        self._brush = rows

    def requests(self) -> tuple[Request, ...]:
        """What has yet to come, the most important first."""
        source, head = self._source, self._head
        if source is None or head is None:
            return ()
        wanted: list[Request] = []
        overview = self.cache.get(TileKey(head, OVERVIEW))
        if overview is None or overview.is_sampled:
            of = (source.checkpoint, source.input, head.group, head.layer, head.head)
            wanted.append(MapRequest(*of, head.reduce))
        if self._tiles is not None:
            wanted.append(self._tiles)
        if (rows := self._rows_request()) is not None and self.pattern is None:
            wanted.append(rows)
        return tuple(wanted)

    def _rows_request(self) -> RowsRequest | None:
        source, head = self._source, self._head
        if source is None or head is None or self._brush is None:
            return None
        start, stop = self._brush.start, self._brush.stop
        return RowsRequest(source.checkpoint, source.input, head.group, head.layer, head.head, start, stop)

    # What came

    def take(self, request: Request, result: object) -> None:
        """Keep the answer to a request, or a part of it."""
        if isinstance(request, MapRequest) and isinstance(result, MapResult):
            self._axes[request.group] = Axes(result.query_tokens, result.key_tokens, result.level)
            overview = MapPiece(result.overview, result.level, 0, 0, result.is_sampled)
            self.cache.put(TileKey(_head_of(request), OVERVIEW), overview)
        elif isinstance(request, TilesRequest) and isinstance(result, TilesResult):
            self._take_tiles(request, result)
        elif isinstance(request, RowsRequest) and isinstance(result, RowsResult):
            self._rows = request, result.pattern

    def give_up(self) -> None:
        """Something failed: wait for no tiles; the next move asks again."""
        self._tiles = None
        self._to_come.clear()

    def _take_tiles(self, request: TilesRequest, result: TilesResult) -> None:
        for tile in result.tiles:
            self._to_come.discard(place := TileIndex(tile.row, tile.column))
            piece = MapPiece(tile.values, request.level, tile.row * TILE, tile.column * TILE)
            self.cache.put(TileKey(_head_of(request), request.level, *place), piece)
        if not self._to_come:
            self._tiles = None

    # What is known

    @property
    def map(self) -> HeadMap | None:
        """The head's map; None before the first answer for its group."""
        axes = self._axes.get(self._head.group) if self._head else None
        return HeadMap(axes, self._head, self.cache) if axes and self._head else None

    @property
    def pattern(self) -> np.ndarray | None:
        """float32 [key_pos]: what the brushed rows attend to, if that came already."""
        return self._rows[1] if self._rows is not None and self._rows[0] == self._rows_request() else None


def _head_of(request: MapRequest | TilesRequest) -> PooledHead:
    return PooledHead(request.group, request.layer, request.head, request.reduce)
