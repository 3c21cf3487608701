"""Lines between two columns as pixels, quicker than any rasteriser: at each column of pixels a line is one short span.

What all spans of a column make is a running sum over its rows of where they begin and end. That adds up optical
depths, -ln(1 - opacity), so that lines above each other cover as when they are painted one by one. A pixel has the
colours of all its lines, each by its depth: the order within one picture is left out, and who minds it makes several,
one under the other. Compared with Qt's painted lines in `tests/views/arcs/test_scatter.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import Qt

from widgets.look.theme import Theme
from widgets.views.arcs.lines import head_dash
from widgets.views.arcs.strokes import Strokes

_PARTS = 4  # of a pixel in which spans begin and end
_BITS = 20  # of a place that are less than such a part: enough for the sum of thousands of steps
_COLUMNS = 16  # of pixels in one go; fewer where lines are steep
_REACH = 64  # pixels that a line may rise meanwhile
_STEPS = 4  # towards a depth, after which nothing of it changes that is seen
_LEAST = 1e-6  # optical depth that is not seen
_PHASE_BITS = 6
_PHASES = 2**_PHASE_BITS  # of a pattern of dashes
# Of what begins in a part of a row: what there is of it further down, and what the row itself lacks.
_PARTS_OF_ROW = np.stack([np.ones(_PARTS), np.arange(_PARTS) / _PARTS], 1)

# Lengths of dashes and gaps in widths of the line, as Qt has them.
_PATTERNS = {
    Qt.PenStyle.DashLine: (4, 2),
    Qt.PenStyle.DotLine: (1, 2),
    Qt.PenStyle.DashDotLine: (4, 2, 1, 2),
}


class _Spans(NamedTuple):
    """What lines are to columns of pixels; one value a line.

    Attributes
    ----------
    y, slope
        Middle at `x` = 0, and how much it sinks a column; in pixels.
    length, depth
        Of the span in a column, in pixels, and its optical depth.
    color
        Its place among those of the theme.
    pace
        Patterns of dashes a column; 0 without.
    style
        Which pattern.
    """

    y: np.ndarray
    slope: np.ndarray
    length: np.ndarray
    depth: np.ndarray
    color: np.ndarray
    pace: np.ndarray
    style: np.ndarray


def strips(
    strokes: Strokes, theme: Theme, corner: tuple[float, float], scale: float, size: tuple[int, int]
) -> Iterator[tuple[int, np.ndarray]]:
    """Where a strip of columns begins, and its pixels, uint32 [row, column], premultiplied; from the left to the right.

    Parameters
    ----------
    corner
        Where the picture begins from the left and from the top, in points.
    scale
        Pixels a point.
    size
        Columns and rows of pixels.
    """
    width, height = size
    x0, x1 = ((x - corner[0]) * scale for x in (strokes.x0, strokes.x1))
    spans = _spans(strokes, theme, x0, x1, scale, corner[1] * scale)
    dashes = _dashes()
    colors = np.array(
        [[1.0, color.redF(), color.greenF(), color.blueF()] for color in theme.series]
    ).T  # [depth and r, g, b, color]
    first, last = max(int(x0), 0), min(int(np.ceil(x1)), width)
    n_columns = int(np.clip(_REACH // (np.abs(spans.slope).max(initial=0) + 1), 1, _COLUMNS))
    for x in range(first, last, n_columns):
        n = min(n_columns, last - x)
        columns = np.arange(x, x + n, dtype=np.float32)
        seen = np.clip(columns + 1 - x0, 0, 1) * np.clip(x1 - columns, 0, 1)  # the first and the last in part
        depths = _strip(spans, x, n, height, colors, dashes)
        depths *= seen[:, None]
        yield x, _pixels(depths)


def _spans(strokes: Strokes, theme: Theme, x0: float, x1: float, scale: float, top: float) -> _Spans:
    slope = (strokes.y1 - strokes.y0) * scale / (x1 - x0)
    steepness = np.hypot(1, slope)
    high = strokes.width * scale * steepness
    # Within a column a line also sinks: as much span with as much ink, as far as one can see.
    length = np.ceil(np.hypot(high, slope) * _PARTS) / _PARTS
    depth = _depth(np.minimum(strokes.alpha * high / length, 0.98), length)
    n_colors = len(theme.series)
    styles = [head_dash(head, theme) for head in range(int(strokes.head.max(initial=0)) + 1)]
    places = np.array([list(_PATTERNS).index(style) if style in _PATTERNS else -1 for style in styles])
    periods = np.array([sum(_PATTERNS.get(style, (0,))) for style in styles])
    period = periods[strokes.head] * strokes.width * scale
    pace = np.divide(steepness, period, out=np.zeros_like(period), where=period > 0)
    y = strokes.y0 * scale - top - slope * x0
    order = np.argsort(period > 0, kind="stable")  # dashed ones last
    columns = (y, slope, length, depth, strokes.head % n_colors, pace, places[strokes.head])
    return _Spans(*(column[order] for column in columns))


def _depth(alpha: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Optical depth of spans that are so opaque and long, seen in pixels of which they cover some in part.

    Parts of a pixel add up as depths, not as opacities, so that a span would look denser than it is. What a span at
    any place makes all pixels together in the mean is what it is to make: found in some steps.
    """
    inner, edge = np.abs(1 - length), np.minimum(length, 1)  # pixels covered as far as a span can, and most of that
    depth = alpha
    for _ in range(_STEPS):
        seen = -np.expm1(-depth * edge)
        depth = depth * alpha * length / (inner * seen + 2 * (edge - seen / depth))
    return depth


def _dashes() -> np.ndarray:
    """Whether there is ink, by phase, one pattern after the other."""
    tables = []
    for pattern in _PATTERNS.values():
        ends = np.cumsum(pattern) / sum(pattern)
        tables.append(np.searchsorted(ends, (np.arange(_PHASES) + 0.5) / _PHASES) % 2 == 0)
    return np.concatenate(tables).astype(np.float64)


def _strip(spans: _Spans, x: int, n: int, height: int, colors: np.ndarray, dashes: np.ndarray) -> np.ndarray:
    """Depth, and depth times red, green and blue, of some columns: [4, column, row]."""
    begin = spans.y + spans.slope * (x + 0.5)
    end = begin + spans.slope * (n - 1)
    half = spans.length / 2
    is_there = (np.maximum(begin, end) + half > 0) & (np.minimum(begin, end) - half < height)
    which = np.flatnonzero(is_there)
    begin, half, slope, depth = begin[which], half[which], spans.slope[which], spans.depth[which]
    margin = int((np.abs(slope) * n + 2 * half).max(initial=0)) + 2  # what begins or ends outside has room there
    n_parts = (height + 2 * margin) * _PARTS
    color = spans.color[which]
    is_used = np.bincount(color, minlength=colors.shape[1]) > 0
    used, plane = np.flatnonzero(is_used), (np.cumsum(is_used) - 1)[color]
    ends = np.concatenate([begin - half, begin + half]) + margin
    # Places in one row of all colours, one behind the other, as whole numbers that a step is added to.
    place = ((ends * _PARTS + 0.5 + np.tile(plane * n_parts, 2)) * 2**_BITS).astype(np.int64)
    step = np.tile((slope * _PARTS * 2**_BITS).astype(np.int64), 2)
    dashed = which[spans.pace[which] > 0]
    n_dashed, n_lines = len(dashed), len(which)
    weight = np.concatenate([depth, -depth])
    inked = depth[n_lines - n_dashed :]
    phase = ((spans.pace[dashed] * (x + 0.5) % 1) * 2**_BITS).astype(np.int64)
    pace = (spans.pace[dashed] * 2**_BITS).astype(np.int64)
    pattern = spans.style[dashed] * _PHASES
    mixed = colors[:, used]
    sinks = np.empty((4, n, margin + height), np.float32)  # by how much a row has more than the one above
    lacks = np.empty_like(sinks)  # what of that is not yet so in the row itself
    part = np.empty_like(place)
    for column in range(n):
        if n_dashed:
            ink = inked * dashes[pattern + ((phase >> (_BITS - _PHASE_BITS)) & (_PHASES - 1))]
            weight[n_lines - n_dashed : n_lines] = ink
            weight[2 * n_lines - n_dashed :] = -ink
            phase += pace
        np.right_shift(place, _BITS, out=part)
        planes = np.bincount(part, weight, minlength=len(used) * n_parts)
        rows = (mixed @ planes.reshape(len(used), n_parts)).reshape(-1, _PARTS) @ _PARTS_OF_ROW
        rows = rows.reshape(4, -1, 2)[:, : margin + height]
        sinks[:, column], lacks[:, column] = rows[..., 0], rows[..., 1]
        place += step
    np.cumsum(sinks, axis=-1, out=sinks)
    sinks -= lacks
    return sinks[..., margin:]


def _pixels(depths: np.ndarray) -> np.ndarray:
    """uint32 [row, column], premultiplied, of [depth and its r, g, b, column, row]."""
    depth = np.maximum(depths[0], _LEAST)
    share = np.float32(255) - np.float32(255) * np.exp(-depth)
    parts = depths[1:] * (share / depth)
    np.clip(parts, 0, 255, out=parts)
    red, green, blue = np.rint(parts, out=parts).astype(np.int32)
    alpha = np.rint(share, out=share).astype(np.int32)
    return (alpha << 24 | red << 16 | green << 8 | blue).view(np.uint32).T
