"""What a deep-zoom map asks for, and what it makes of the answers. No widgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.results.inputs import Input
from inference.results.maps import TILE, MapRequest, MapResult, RowsRequest, RowsResult, TilesRequest, TilesResult
from widgets.maps.head_map import Axes, HeadMap
from widgets.maps.pyramid import Box, Place
from widgets.maps.tile_cache import OVERVIEW, Head, Key, Piece, TileCache


@dataclass(frozen=True)
class Source:
    """A checkpoint and an input: what all maps are of."""

    checkpoint: str
    input: Input


class Feed:
    """Asks for the overview of a head, for the tiles on screen and then their neighbours, and for brushed rows.

    Results carry no input: those that nobody waits for any more are dropped, so that no other text's numbers are shown.
    """

    def __init__(self, cache: TileCache | None = None) -> None:
        self.cache = TileCache() if cache is None else cache
        self._source: Source | None = None
        self._head: Head | None = None
        self._axes: dict[str, Axes] = {}
        self._asked: Head | None = None
        self._tiles: TilesRequest | None = None
        self._to_come: set[Place] = set()
        self._brush: range | None = None
        self._rows: RowsResult | None = None

    # What is looked at

    def forget(self) -> None:
        """There is another text, or none: whatever came or comes is of no use, but to who shows it still."""
        self.cache = TileCache(self.cache.budget)
        self._source = self._head = self._asked = self._tiles = self._brush = self._rows = None
        self._axes.clear()
        self._to_come.clear()

    def show(self, source: Source, head: Head) -> None:
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
        """Want to know what some queries look at; None: no longer."""
        self._brush = rows

    def requests(self) -> tuple[object, ...]:
        """What has yet to come, the most important first."""
        source, head = self._source, self._head
        if source is None or head is None:
            return ()
        wanted: list[object] = []
        place = (source.checkpoint, source.input, head.group, head.layer, head.head)
        overview = self.cache.get(Key(head, OVERVIEW))
        self._asked = head if overview is None or overview.is_sampled else None
        if self._asked is not None:
            wanted.append(MapRequest(*place, head.reduce))
        if self._tiles is not None:
            wanted.append(self._tiles)
        if self._brush is not None and self.pattern is None:
            wanted.append(RowsRequest(*place, self._brush.start, self._brush.stop))
        return tuple(wanted)

    # What came

    def waits_for(self, result: object) -> bool:
        """Whether a result is one that was asked for, and still is wanted."""
        if isinstance(result, MapResult):
            return _head_of(result) == self._asked
        if isinstance(result, TilesResult):
            return self._tiles is not None and (_head_of(result), result.level) == (self._head, self._tiles.level)
        if isinstance(result, RowsResult) and self._head is not None and self._brush is not None:
            wanted = (*self._head[:3], self._brush.start, self._brush.stop)
            return (result.group, result.layer, result.head, result.start, result.stop) == wanted
        return False

    def take(self, result: object) -> bool:
        """Keep a result; says whether it was waited for."""
        if not self.waits_for(result):
            return False
        if isinstance(result, MapResult):
            self._take_map(result)
        elif isinstance(result, TilesResult):
            self._take_tiles(result)
        elif isinstance(result, RowsResult):
            self._rows = result
        return True

    def give_up(self) -> None:
        """Something failed: wait for no tiles; the next move asks again."""
        self._tiles = None
        self._to_come.clear()

    def _take_map(self, result: MapResult) -> None:
        head = _head_of(result)
        self._axes[result.group] = Axes(result.query_tokens, result.key_tokens, result.level)
        self.cache.put(Key(head, OVERVIEW), Piece(result.overview, result.level, 0, 0, result.is_sampled))
        if not result.is_sampled:
            self._asked = None

    def _take_tiles(self, result: TilesResult) -> None:
        head = _head_of(result)
        for tile in result.tiles:
            if (place := Place(tile.row, tile.column)) in self._to_come:
                self._to_come.discard(place)
                piece = Piece(tile.values, result.level, tile.row * TILE, tile.column * TILE)
                self.cache.put(Key(head, result.level, *place), piece)
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
        """float32 [key_pos]: what the brushed rows look at, if that came already."""
        return self._rows.pattern if self._rows is not None and self.waits_for(self._rows) else None


def _head_of(result: MapResult | TilesResult) -> Head:
    return Head(result.group, result.layer, result.head, result.reduce)
