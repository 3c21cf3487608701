"""Matrices as pixels: levels of a colour map, then colours, by one look-up each."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPaintEngine, QPainter

from widgets.look import color_maps

RasterScale = Literal["raw", "sqrt", "log"]
MOST_IN_TABLE = 256  # colours of a picture with a byte a pixel
LOG_DECADES = 4  # below 1/10000 of the highest value all cells look alike

EMBEDDED = 600  # least pixels a side in vector files, whose viewers blur pictures that they must enlarge


def levels(values: np.ndarray, high: float = 1.0, scale: RasterScale = "raw", *, low: float = 0.0) -> np.ndarray:
    """Places in a colour map: uint8 of the same shape, 0 for `low` (log: for less than `high` / 10000), 255 for `high`.

    What is beyond them has the colour of the nearer one; `low` is less than `high`, and 0 for logarithmic colours.
    """
    with np.errstate(over="ignore"):  # far beyond
        share = ((values - low) / (high - low)).astype(np.float32, copy=False)
    np.fmin(np.fmax(share, 0, out=share), 1, out=share)  # NaN, too, is 0
    if scale == "sqrt":
        np.sqrt(share, out=share)
    elif scale == "log":
        share = 1 + np.log10(np.maximum(share, 10.0**-LOG_DECADES)) / LOG_DECADES
    return np.rint(share * 255).astype(np.uint8)


def colored(places: np.ndarray, color_map: str, highest: int = 255) -> np.ndarray:
    """Colours of places in a colour map, uint8 up to `highest`: uint32 `0xffrrggbb` of the same shape."""
    colors = color_maps.lookup(color_map)
    if highest < 255:
        colors = colors[np.minimum(np.rint(np.arange(256) * (255 / highest)), 255).astype(np.uint8)]
    return np.take(colors, places)


def pixels(
    values: np.ndarray,
    color_map: str,
    missing: QColor,
    *,
    high: float = 1.0,
    scale: RasterScale = "raw",
    low: float = 0.0,
) -> np.ndarray:
    """Colours of a matrix; NaN has a colour of its own."""
    colors = colored(levels(values, high, scale, low=low), color_map)
    is_missing = np.isnan(values)
    if is_missing.any():
        colors[is_missing] = missing.rgb()
    return colors


def image(colors: np.ndarray) -> QImage:
    """A picture of uint32 [row, column] colours, one pixel each; colours with alpha must be premultiplied."""
    return _lent(np.ascontiguousarray(colors, np.uint32)).copy()  # which owns its pixels


def _lent(colors: np.ndarray) -> QImage:
    """The same of colours without a gap, for as long as they live."""
    height, width = colors.shape
    is_opaque = bool((colors >= 0xFF000000).all())
    kind = QImage.Format.Format_RGB32 if is_opaque else QImage.Format.Format_ARGB32_Premultiplied
    return QImage(colors.data, width, height, 4 * width, kind)


def pixels_in(painter: QPainter, plot: QRectF, shape: tuple[int, int]) -> tuple[int, int]:
    """How high and how wide, in pixels, a matrix of this shape is to be painted in a plot.

    As the device has there, so that Qt need not scale; in files that can be enlarged `EMBEDDED` or more, each cell as
    many as the others.
    """
    if is_vector(painter):
        height, width = (-(-EMBEDDED // n) * n for n in shape)
    else:
        to_device = painter.deviceTransform()
        height, width = round(plot.height() * abs(to_device.m22())), round(plot.width() * abs(to_device.m11()))
    return max(1, height), max(1, width)


def paint_cells(painter: QPainter, plot: QRectF, colors: np.ndarray, height: int, width: int) -> None:
    """Paint a matrix of opaque colours so many pixels high and wide: cells are repeated, as `resample` does."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    if is_vector(painter):  # which may keep the picture
        painter.drawImage(plot, _in_table(colors, height, width) or image(resample(colors, height, width)))
    else:
        repeated = np.ascontiguousarray(resample(colors, height, width), np.uint32)
        painter.drawImage(plot, _lent(repeated))


def _in_table(colors: np.ndarray, height: int, width: int) -> QImage | None:
    """A picture with a byte a pixel, which is packed into a file in a fifth of the time; None of too many colours."""
    table, places = np.unique(colors, return_inverse=True)
    if len(table) > MOST_IN_TABLE:
        return None
    rows = np.ascontiguousarray(resample(places.reshape(colors.shape).astype(np.uint8), height, width))
    picture = QImage(rows.data, width, height, width, QImage.Format.Format_Indexed8).copy()  # which owns its pixels
    picture.setColorTable(table.tolist())
    return picture


def is_vector(painter: QPainter) -> bool:
    """Whether it paints into a file that can be enlarged, and not into pixels."""
    engine = painter.paintEngine()
    # One of our own only listens to what is written, as it stands on screen.
    return engine is None or engine.type() not in (QPaintEngine.Type.Raster, QPaintEngine.Type.User)


def resample(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """The last two axes at another size: cells are repeated, or the maximum taken where several meet in a pixel.

    So a lone strong link is seen however small the picture is.
    """
    return _resample_axis(_resample_axis(values, height, -2), width, -1)


def _resample_axis(values: np.ndarray, n: int, axis: int) -> np.ndarray:
    n_cells = values.shape[axis]
    if n == n_cells:
        return values
    starts = np.arange(n) * n_cells // n
    out = np.take(values, starts, axis=axis)
    ends = np.append(starts[1:], n_cells)
    # A few whole-array maxima: ten times faster than np.maximum.reduceat.
    for step in range(1, int((ends - starts).max())):
        np.fmax(out, np.take(values, np.minimum(starts + step, ends - 1), axis=axis), out=out)
    return out


def n_of_mean(n_cells: int, n: int) -> int:
    """How many neighbours among some cells have one mean, for no more than `n` pixels: an even number, or 1 for all."""
    return 1 if n_cells <= n else 2 * math.ceil(n_cells / (2 * n))


def means(values: np.ndarray, n: int, axis: int) -> np.ndarray:
    """Cells along an axis for no more than `n` pixels: as many neighbours each time have their mean.

    Of alternating sines and cosines, every fourth row alone, or now two and now three, show bands that are not there.
    """
    n_cells: int = values.shape[axis]
    starts = np.arange(0, n_cells, n_of_mean(n_cells, n))
    counts = np.diff(np.append(starts, n_cells))
    with np.errstate(invalid="ignore"):  # infinities of both signs
        sums = np.add.reduceat(values, starts, axis=axis)
    return (sums / (counts[:, None] if axis == 0 else counts).astype(np.float32)).repeat(counts, axis)


def spread(values: np.ndarray, n: int, axis: int) -> np.ndarray:
    """Cells along an axis on as many or more pixels: one that two cells share has their mean, by how much each has.

    Of alternating sines and cosines on one pixel and a half each, whole pixels alone show bands that are not there.
    """
    n_cells: int = values.shape[axis]
    edges = np.arange(n + 1) * n_cells / n
    cells = np.minimum(edges.astype(int), n_cells - 1)
    first, last = cells[:-1], np.minimum(np.ceil(edges[1:]).astype(int) - 1, n_cells - 1)
    share = np.where(last > first, (edges[1:] - last) * n / n_cells, 0).astype(np.float32)
    share = share[:, None] if axis == 0 else share
    return np.take(values, first, axis) * (1 - share) + np.take(values, last, axis) * share
