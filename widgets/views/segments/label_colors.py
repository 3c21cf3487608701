"""Colours of labels, and where one label ends and another begins."""

from __future__ import annotations

import colorsys

import numpy as np
from PySide6.QtGui import QColor

_GOLDEN = 0.618034  # of the circle of hues: however many there are, the next is far from those before it
_FIRST = 0.58
_LEVELS = ((0.72, 0.92), (0.85, 0.62), (0.45, 0.98))  # saturation and value, in turn


def label_color(label: int) -> QColor:
    """The colour of a label by its number; the same however many others there are."""
    saturation, value = _LEVELS[label % len(_LEVELS)]
    return QColor.fromRgbF(*colorsys.hsv_to_rgb((_FIRST + label * _GOLDEN) % 1, saturation, value))


def overlay_colors(n: int, opacity: float) -> np.ndarray:
    """uint32 [label], premultiplied ARGB."""
    alpha = round(255 * opacity)
    colors = [label_color(i) for i in range(n)]
    channels = [[round(part * alpha / 255) for part in (c.red(), c.green(), c.blue())] for c in colors]
    return np.array([alpha << 24 | r << 16 | g << 8 | b for r, g, b in channels], np.uint32)


def outlines(labels: np.ndarray) -> np.ndarray:
    """Lines between pixels of different labels, as long as they run straight: int64 [line, 4], x, y, x, y."""
    upright = _runs((labels[:, :-1] != labels[:, 1:]).T)
    level = _runs(labels[:-1] != labels[1:])
    at, start, end = upright.T
    lines = [np.stack([at + 1, start, at + 1, end], -1)]
    at, start, end = level.T
    return np.concatenate([*lines, np.stack([start, at + 1, end, at + 1], -1)])


def _runs(is_edge: np.ndarray) -> np.ndarray:
    """Row, start and end of what is True without a break: int64 [run, 3]."""
    steps = np.diff(np.pad(is_edge.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    return np.stack([rows, starts, ends], -1)
