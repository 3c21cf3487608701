"""Numbers of a map as colours: raw, per row or logarithmic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from widgets.look import raster
from widgets.look.theme import FigureStyle


@dataclass(frozen=True)
class RowMaxima:
    """The largest number of every `n_rows` rows of a map; none is 0."""

    values: tuple[float, ...]
    n_rows: int

    @staticmethod
    def of(overview: np.ndarray, n_rows: int) -> RowMaxima:
        """From the maxima of a map's pixels, each of which covers `n_rows` rows."""
        highest = overview.max(axis=1).astype(np.float32)
        return RowMaxima(tuple(np.where(highest > 0, highest, 1).tolist()), n_rows)

    def at(self, rows: np.ndarray) -> np.ndarray:
        """float32, for any rows of the map."""
        return np.asarray(self.values, np.float32)[rows // self.n_rows]


@dataclass(frozen=True)
class Coloring:
    """How numbers become colours.

    Attributes
    ----------
    high
        The number of the last colour.
    maxima
        By which every row is divided before; then `high` is 1.
    """

    color_map: str
    missing: int
    high: float
    scale: raster.RasterScale = "raw"
    maxima: RowMaxima | None = None

    def colors(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Colours of float16 [row, column] as Qt's `0xffrrggbb`; `rows` are the rows of the map that they begin at."""
        if self.maxima is None:
            return np.take(_table(self.color_map, self.missing, self.high, self.scale), _bits(values))
        shares = self.share(values, rows)  # to make these float16 again takes longer than all else
        colors = raster.colored(raster.levels(shares, self.high, self.scale), self.color_map)
        colors[np.isnan(shares)] = self.missing
        return colors

    def share(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """float32: the numbers that the colours stand for."""
        values = values.astype(np.float32)
        return values if self.maxima is None else values / self.maxima.at(rows)[:, None]


def _bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).view(np.uint16)


@lru_cache(maxsize=8)
def _table(color_map: str, missing: int, high: float, scale: raster.RasterScale) -> np.ndarray:
    """The colour of every float16 that there is: one look-up a pixel, ten times faster than working it out."""
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        colors = raster.colored(raster.levels(numbers, high, scale), color_map)
    colors[np.isnan(numbers)] = missing
    return colors


def coloring_of(style: FigureStyle, scale: str, high: float, maxima: RowMaxima | None) -> Coloring:
    """The colours of a map in a style; `scale` is `raw`, `row` or `log`."""
    missing = style.theme.missing.rgb()
    if scale == "row" and maxima is not None:
        return Coloring(style.color_map, missing, 1.0, "raw", maxima)
    return Coloring(style.color_map, missing, high, "log" if scale == "log" else "raw")
