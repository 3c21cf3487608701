"""A part of a map as a figure of its own, without a screen that it is on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from inference.results.maps import TILE, MapResult, TilesResult
from inference.results.tokens import Tokens
from widgets.figures.color_bar import ColorBar
from widgets.look.theme import FigureStyle
from widgets.maps.coloring import RowMaxima, coloring_of
from widgets.maps.head_map import Axes, HeadMap
from widgets.maps.map_figure import MapFigure
from widgets.maps.pyramid import Box, Pyramid, level_of
from widgets.maps.scene import MapScene
from widgets.maps.tile_cache import MapPiece, PooledHead, TileCache, TileKey
from widgets.maps.viewport import Viewport

_EM = 16.0  # pixels a line, by which cells are measured
_CELL, _MOST_LABELLED = 1.35, 60  # em: a cell with a label; of more cells none is larger than their labels need


def level_for(rows: range, columns: range, n_pixels: int) -> int:
    """The finest level at which a part has no more pixels a side."""
    return level_of(max(len(rows), len(columns)) / n_pixels)


def tiles_of(level: int, rows: range, columns: range, n_rows: int, n_columns: int) -> tuple[tuple[int, int], ...]:
    """Tiles of a level that show a part."""
    box = Box(rows.start, columns.start, rows.stop, columns.stop)
    return tuple((place.row, place.column) for place in Pyramid(n_rows, n_columns).tiles(level, box))


@dataclass(frozen=True, eq=False)
class Region:
    """Queries `rows` and keys `columns` of a head.

    Attributes
    ----------
    tiles
        All that show it, of one level.
    overview
        Of the whole map, for colours scaled by row; else None.
    """

    queries: Tokens
    keys: Tokens
    rows: range
    columns: range
    tiles: TilesResult
    overview: MapResult | None = None

    def figure(self, scale: str) -> MapFigure:
        """The part on its own; `scale` is `raw`, `row` (of maxima) or `log`."""
        tiles = self.tiles
        head = PooledHead(tiles.group, tiles.layer, tiles.head, tiles.reduce)
        cache = TileCache(budget=2**40)
        for tile in tiles.tiles:
            piece = MapPiece(tile.values, tiles.level, tile.row * TILE, tile.column * TILE)
            cache.put(TileKey(head, tiles.level, tile.row, tile.column), piece)
        # No level is coarser than the next: all of them are here.
        known = HeadMap(Axes(self.queries, self.keys, tiles.level + 1), head, cache)
        viewport = self._viewport()
        values = known.values(tiles.level, viewport.seen)
        maxima = None
        if scale == "row" and self.overview is not None:
            maxima = RowMaxima.of(self.overview.overview, 2**self.overview.level)
        high = float(np.fmax.reduce(values, axis=None, initial=0)) or 1.0
        shown = coloring_of(FigureStyle(), scale if scale != "row" or maxima else "raw", high, maxima)
        missing = "no value" if np.isnan(values).any() else ""
        title = "share of row maximum" if maxima else "attention"
        scene = MapScene(known.axes, viewport, ColorBar(shown.high, shown.scale, title, missing))
        return MapFigure(scene, head, tiles.level, values, shown, _EM)

    def _viewport(self) -> Viewport:
        """A room of exactly that part, of cells as large as their labels need."""
        n = max(len(self.rows), len(self.columns))
        side = _CELL * _EM * min(max(n, 10), _MOST_LABELLED) / n
        room = Viewport(len(self.queries), len(self.keys), 1, 1, self.rows.start, self.columns.start, side)
        height, width = len(self.rows) * room.row_height, len(self.columns) * room.column_width
        return Viewport(
            room.n_rows, room.n_columns, math.nextafter(width, 0), math.nextafter(height, 0), room.top, room.left, side
        )
