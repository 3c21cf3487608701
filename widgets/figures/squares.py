"""Rows of squares beside a figure: as opaque as the weight that each stands for is large."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from widgets.look import raster

_FILLED = 0.9  # of the step from one square to the next
_FAINTEST = 0.35


def paint_squares(
    painter: QPainter, x: float, tops: Sequence[float], step: float, inks: Sequence[int], weights: np.ndarray
) -> None:
    """Rows of squares, each column in a colour; none where a weight is 0.

    On screen they are one picture, on whole pixels: a look at a text has hundreds.

    Parameters
    ----------
    x, tops
        Where rows begin, and their upper edges.
    step
        From one square to the next.
    inks
        `0xffrrggbb` of each column.
    weights
        [row, column], 0 to 1.
    """
    if raster.is_vector(painter):
        for top, row in zip(tops, weights.tolist(), strict=True):
            for place, weight in enumerate(row):
                if weight:
                    box = QRectF(x + place * step, top, _FILLED * step, _FILLED * step)
                    painter.fillRect(box, QColor.fromRgba(int(_colors(inks[place])[int(255 * weight)])))
        return
    to_device = painter.deviceTransform()
    corners = [to_device.map(QPointF(x, top)) for top in tops]
    across, down = step * to_device.m11(), step * to_device.m22()
    lefts = np.rint(corners[0].x() + across * np.arange(len(inks))).astype(int)
    edges = np.rint([corner.y() for corner in corners]).astype(int)
    wide, high = max(1, round(_FILLED * across)), max(1, round(_FILLED * down))
    table = np.zeros((len(tops) + 1, len(inks) + 1), np.uint32)  # the last row and column are the gaps
    for place, ink in enumerate(inks):
        table[:-1, place] = _premultiplied(ink)[(255 * weights[:, place]).astype(np.uint8)]
    table[:-1, :-1][weights == 0] = 0
    rows, columns = _places(edges, high), _places(lefts, wide)
    picture = raster.image(np.take(np.take(table, rows, axis=0), columns, axis=1))
    box = QRectF(int(lefts.min()), int(edges.min()), len(columns), len(rows))
    painter.drawImage(to_device.inverted()[0].mapRect(box), picture)


def _places(starts: np.ndarray, length: int) -> np.ndarray:
    """Which square each pixel is part of, from the first on; -1 between them."""
    first = int(starts.min())
    places = np.full(int(starts.max()) + length - first, -1)
    for number, start in enumerate((starts - first).tolist()):
        places[start : start + length] = number
    return places


@lru_cache(maxsize=64)
def _colors(ink: int) -> np.ndarray:
    """`0xaarrggbb` for weights of 0, 1, ... 255 of 255."""
    alpha = _FAINTEST + (1 - _FAINTEST) * (np.arange(256) / 255) ** 0.5
    return np.rint(255 * alpha).astype(np.uint32) << 24 | np.uint32(ink & 0xFFFFFF)


@lru_cache(maxsize=64)
def _premultiplied(ink: int) -> np.ndarray:
    """The same as Qt blends them."""
    colors = _colors(ink)
    alpha = colors >> 24
    parts = ((((colors >> shift) & 0xFF) * alpha + 127) // 255 << shift for shift in (0, 8, 16))
    return np.asarray(sum(parts, alpha << 24), np.uint32)
