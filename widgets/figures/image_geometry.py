"""Where an image and its patches are on a sheet: pure arithmetic, exact to the pixel.

A grid divides its image evenly. Cells are half open: a point on the line between two patches belongs to the right
and lower one, and a pixel to the patch that its centre lies in.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QTransform

GridSize = tuple[int, int]  # rows, columns


def letterbox(height: float, width: float, area: QRectF) -> QRectF:
    """The largest box of an image's shape in the middle of an area, on whole points."""
    if area.width() < 1 or area.height() < 1:
        return QRectF(area.center(), area.center())
    scale = min(area.width() / width, area.height() / height)
    box_width, box_height = max(1, math.floor(width * scale + 1e-6)), max(1, math.floor(height * scale + 1e-6))
    left = math.ceil(area.left() + (area.width() - box_width) / 2 - 1e-6)
    top = math.ceil(area.top() + (area.height() - box_height) / 2 - 1e-6)
    # Rounding up must not push a box that fills its area over the edge.
    left, top = (
        min(left, max(math.ceil(area.left()), math.floor(area.right() - box_width + 1e-6))),
        min(top, max(math.ceil(area.top()), math.floor(area.bottom() - box_height + 1e-6))),
    )
    return QRectF(left, top, box_width, box_height)


def patch_rect(patch: int, grid: GridSize, box: QRectF) -> QRectF:
    """Where a patch is, counted row by row."""
    n_rows, n_columns = grid
    row, column = divmod(patch, n_columns)
    height, width = box.height() / n_rows, box.width() / n_columns
    return QRectF(box.left() + column * width, box.top() + row * height, width, height)


def patch_at(point: QPointF, grid: GridSize, box: QRectF) -> int | None:
    """The patch under a point; None beside the image."""
    n_rows, n_columns = grid
    if box.isEmpty():
        return None
    column = math.floor((point.x() - box.left()) * n_columns / box.width())
    row = math.floor((point.y() - box.top()) * n_rows / box.height())
    return row * n_columns + column if 0 <= row < n_rows and 0 <= column < n_columns else None


def patches_between(start: int, end: int, grid: GridSize) -> list[int]:
    """The patches that a brush meets on its straight way from one to another, both included."""
    n_columns = grid[1]
    (row, column), (last_row, last_column) = divmod(start, n_columns), divmod(end, n_columns)
    n_steps = max(abs(last_row - row), abs(last_column - column), 1)
    rows = np.rint(np.linspace(row, last_row, n_steps + 1)).astype(int)
    columns = np.rint(np.linspace(column, last_column, n_steps + 1)).astype(int)
    return list(dict.fromkeys((rows * n_columns + columns).tolist()))


def part_rect(shares: tuple[float, float, float, float], box: QRectF) -> QRectF:
    """A part given as left, top, right and bottom in shares of the whole."""
    left, top, right, bottom = shares
    return QRectF(
        box.left() + left * box.width(),
        box.top() + top * box.height(),
        (right - left) * box.width(),
        (bottom - top) * box.height(),
    )


def device_rect(box: QRectF, to_device: QTransform) -> QRect:
    """The whole pixels of a device that a box covers: its edges, rounded."""
    mapped = to_device.mapRect(box)
    left, top = math.floor(mapped.left() + 0.5), math.floor(mapped.top() + 0.5)
    right, bottom = math.floor(mapped.right() + 0.5), math.floor(mapped.bottom() + 0.5)
    return QRect(left, top, max(1, right - left), max(1, bottom - top))


def cell_of_pixel(n_cells: int, n_pixels: int) -> np.ndarray:
    """Which cell each pixel's centre lies in: int64 [pixel], ascending."""
    return (2 * np.arange(n_pixels) + 1) * n_cells // (2 * n_pixels)


def smooth(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Numbers of patches, linear between the patches' centres and level at the borders: float32 [height, width]."""
    out = values.astype(np.float32)
    for axis, n_pixels in ((0, height), (1, width)):
        n_cells = out.shape[axis]
        place = np.clip((np.arange(n_pixels) + 0.5) * n_cells / n_pixels - 0.5, 0, n_cells - 1)
        low = place.astype(int)
        share = (place - low).astype(np.float32)
        lower = np.take(out, low, axis)
        step = np.take(out, np.minimum(low + 1, n_cells - 1), axis) - lower
        out = lower + step * (share[:, None] if axis == 0 else share)
    return out


def tiles(n: int, aspect: float, area: QRectF, head: float, gap: float, n_columns: int | None = None) -> list[QRectF]:
    """Boxes for `n` images of one shape, each with a title above it, in rows; the images as large as they can be.

    Parameters
    ----------
    aspect
        Width of an image by its height.
    head
        Height of a title.
    gap
        Between boxes.
    n_columns
        How many stand side by side; those that make the images largest if not given.
    """
    if n == 0:
        return []
    columns = n_columns or max(range(1, n + 1), key=lambda k: (_image_width(n, k, aspect, area, head, gap), -k))
    width = max(1.0, _image_width(n, columns, aspect, area, head, gap))
    height = width / aspect + head
    n_rows = -(-n // columns)
    left = area.left() + max(0.0, (area.width() - columns * width - (columns - 1) * gap) / 2)
    top = area.top() + max(0.0, (area.height() - n_rows * height - (n_rows - 1) * gap) / 2)
    return [
        QRectF(left + (i % columns) * (width + gap), top + (i // columns) * (height + gap), width, height)
        for i in range(n)
    ]


def _image_width(n: int, n_columns: int, aspect: float, area: QRectF, head: float, gap: float) -> float:
    n_rows = -(-n // n_columns)
    by_width = (area.width() - (n_columns - 1) * gap) / n_columns
    by_height = ((area.height() - (n_rows - 1) * gap) / n_rows - head) * aspect
    return min(by_width, by_height)
