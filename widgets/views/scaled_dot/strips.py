"""Vectors as strips of signed cells."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from widgets.look.theme import FigureStyle, Theme
from widgets.views.scaled_dot.steps import MINUS

_SMALL = 0.25  # weight; bars of larger ones end at 1
CELL = 8  # pixels a cell, so that no viewer of a file blurs it


def largest(values: np.ndarray) -> float:
    """The largest distance from zero; 1 where all is zero."""
    return float(np.abs(values).max(initial=0.0)) or 1.0


def strip_image(values: np.ndarray, limit: float, theme: Theme) -> QImage:
    """Blue below zero, orange above, paper in between; a square of pixels a cell."""
    ends = ("#6FB1FF", "#232A35", "#FF9E4A") if theme.is_dark else ("#0B56A8", "#FFFFFF", "#C85200")
    low, middle, high = (
        np.array([color.red(), color.green(), color.blue()], dtype=np.float32) for color in map(QColor, ends)
    )
    share = np.clip(values / limit, -1, 1)[..., None]
    rgb = np.rint(np.where(share < 0, middle + (middle - low) * share, middle + (high - middle) * share))
    red, green, blue = np.moveaxis(rgb.astype(np.uint32), -1, 0)
    pixels = np.ascontiguousarray((0xFF000000 | red << 16 | green << 8 | blue).repeat(CELL, 1).repeat(CELL, 0))
    height, width = pixels.shape
    # The copy owns its pixels; this array goes.
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()


def scale_width(metrics: QFontMetricsF, limit: float, em: float) -> float:
    """The least room in which the colours of a scale can be told apart, in points."""
    return 2 * metrics.horizontalAdvance(f"{MINUS}{limit:.2g}") + (1.6 + 0.6) * em


def paint_scale(painter: QPainter, rect: QRectF, limit: float, em: float, style: FigureStyle) -> None:
    """What the colours stand for, from `-limit` to `limit`, at the left end of a room."""
    text = f"{limit:.2g}"
    wide = QFontMetricsF(painter.font(), painter.device()).horizontalAdvance(MINUS + text)
    length = max(min(4 * em, rect.width() - 2 * wide - 0.6 * em), em)
    bar = QRectF(rect.left() + wide + 0.3 * em, rect.center().y() - 0.25 * em, length, 0.5 * em)
    painter.drawImage(bar, strip_image(np.linspace(-1, 1, 33)[None], 1.0, style.theme))
    painter.setPen(style.theme.faint)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(QRectF(rect.left(), rect.top(), wide, rect.height()), flags, MINUS + text)
    painter.drawText(QRectF(bar.right() + 0.3 * em, rect.top(), wide, rect.height()), flags, text)


def end_of_bars(largest_weight: float) -> float:
    """1, or where all weights are so small that bars of them could not be compared, a round number above all."""
    if not 0 < largest_weight < _SMALL:
        return 1.0
    digit = 10.0 ** math.floor(math.log10(largest_weight))
    return round(math.ceil(largest_weight / digit) * digit, 12)


def paint_weight(painter: QPainter, room: QRectF, share: float, theme: Theme) -> None:
    """A bar that takes a share of its room."""
    ground = QColor(theme.line)
    ground.setAlphaF(0.5)
    painter.fillRect(room, ground)
    bar = QRectF(room.left(), room.top(), room.width() * share, room.height())
    if bar.width() > 0:  # a PDF shows a line for nothing
        painter.fillRect(bar, theme.accent)
