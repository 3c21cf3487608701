"""The scale beside a heat map of attention: which colour stands for which number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from widgets.look import raster
from widgets.look.theme import FigureStyle

_MISSING = 1.7  # em of the bar's height that go to the colour of what is missing
_USUAL, _HELD = 99.5, 0.2  # per cent of the numbers, and share of their sum, that the last colour must leave apart
_STRIDE = 17  # prime, so that it meets all columns of a map
_FAR = 3.0  # times as large the largest number may be before it counts as far beyond the others
_CROWDED = 0.9  # of the bar: a round number above would stand in the one at the end


@dataclass(frozen=True)
class ColorBar:
    """From `low` (log: a small part of `high`) at the bottom to `high` at the top.

    Attributes
    ----------
    title
        What the numbers are.
    missing
        What the colour of cells without a number says, in a word or two; empty where every cell has one.
    is_clipped
        Some numbers lie beyond `high` and have its colour.
    """

    high: float
    scale: raster.RasterScale
    title: str
    missing: str = ""
    low: float = 0.0
    is_clipped: bool = False

    def ticks(self) -> list[tuple[float, str]]:
        """Height (0 to 1) and text of each tick."""
        if self.scale == "log":
            top = math.floor(math.log10(self.high) + 1e-9)
            lowest = math.log10(self.high) - raster.LOG_DECADES
            powers = range(top, math.ceil(lowest) - 1, -1)
            marks = [((power - lowest) / raster.LOG_DECADES, f"{10.0**power:.10g}") for power in powers]
            return [(height, text) for height, text in marks if 0 <= height <= 1]
        step, reach = _round_step(self.high - self.low), self.high - self.low
        n_digits = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step - 1e-6), int(self.high / step + 1e-6)
        values = [i * step for i in range(first, last + 1)]
        power = 0.5 if self.scale == "sqrt" else 1.0
        marks = [(max((value - self.low) / reach, 0.0) ** power, f"{value:.{n_digits}f}") for value in values]
        if not self.is_clipped:
            return marks
        end = f"\N{GREATER-THAN OR EQUAL TO} {self.high:.3g}"
        return [*((height, text) for height, text in marks if height < _CROWDED), (1.0, end)]

    def width(self, metrics: QFontMetricsF) -> float:
        """Space to reserve, the gap to the map included."""
        widest = max(metrics.horizontalAdvance(text) for text in (self.missing, *(text for _, text in self.ticks())))
        return widest + 3.6 * metrics.height()

    def paint(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        """Paint to the right of `plot`."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        height = max(plot.height(), min(4 * em, plot.width()))
        if self.missing:
            height = max(height - _MISSING * em, em)
            paint_missing(painter, QPointF(plot.right() + em, plot.top() + height + 0.6 * em), self.missing, style)
        bar = QRectF(plot.right() + em, plot.top(), 0.8 * em, height)
        gradient = raster.colored(np.arange(255, -1, -1, dtype=np.uint8)[:, None], style.color_map)
        painter.drawImage(bar, raster.image(np.repeat(gradient, 16, axis=1)))
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        left = bar.right() + 0.4 * em
        marks = [(bar.bottom() - share * bar.height(), text) for share, text in self.ticks()]
        too_close = any(abs(a[0] - b[0]) < em for a, b in pairwise(marks))
        for y, text in (marks[0], marks[-1]) if too_close else marks:
            painter.setPen(style.theme.faint)
            painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 0.25 * em, y))
            painter.setPen(style.theme.ink)
            painter.drawText(QPointF(left, y + (metrics.ascent() - metrics.descent()) / 2), text)
        self._paint_title(painter, bar, plot.right() + self.width(metrics), style, metrics)

    def _paint_title(
        self, painter: QPainter, bar: QRectF, right: float, style: FigureStyle, metrics: QFontMetricsF
    ) -> None:
        painter.save()
        painter.setPen(style.theme.faint)
        text = metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, bar.height())
        painter.translate(right - metrics.descent(), bar.center().y() + metrics.horizontalAdvance(text) / 2)
        painter.rotate(-90)
        painter.drawText(QPointF(0, 0), text)
        painter.restore()


def bright_end(shares: np.ndarray, usual_ones: np.ndarray | None = None) -> float:
    """The number of the last colour for shares of attention; above 0, and the largest one as a rule.

    Where a few lie far beyond all others, as the first query of a causal model or a patch that looks at itself, all
    else would be dark. Then it is less: no more than 1 in 200 lies beyond, which hold no more than a fifth of the sum.
    Such an end has two digits, so that it can be written beside the colours as it is.

    Parameters
    ----------
    shares
        Of any shape, 0 to 1; NaN is passed over, and zeros are, which a mask makes.
    usual_ones
        The shares without those that may lie beyond, whatever they hold, such as what a token keeps of itself.
    """
    usual_ones = shares if usual_ones is None else usual_ones
    largest = float(np.fmax.reduce(shares, axis=None, initial=0.0)) or 1.0
    n_found = np.count_nonzero(usual_ones > 0)  # NaN is not
    if not n_found:
        return largest
    n_rare = int(n_found * (1 - _USUAL / 100))
    return _end(largest, _strongest(usual_ones.ravel(), n_rare + 1), np.nansum(usual_ones, dtype=np.float64))


def _strongest(shares: np.ndarray, n: int) -> np.ndarray:
    """The `n` largest of more, descending; NaN is none.

    Every 17th of them tells below what it is not worth looking: to order all takes as long as to paint their map.
    """
    few = shares[::_STRIDE]
    few = few[few > 0]
    n_few = 2 * (n // _STRIDE) + _STRIDE
    if n_few < few.size:
        strong = shares[shares >= np.partition(few, -n_few)[-n_few]]
        shares = strong if strong.size >= n else shares
    found = shares[shares > 0]
    return np.sort(np.partition(found, -n)[-n:])[::-1]


def bright_level(levels: np.ndarray) -> int:
    """`bright_end` of many shares in one of 256 levels, 255 times their square root, as such a level; at least 1."""
    counts = sum(np.bincount(part.ravel(), minlength=256) for part in levels)  # by parts, which keeps to the cache
    counts = np.asarray(counts, np.int64)
    if not counts[1:].any():
        return 255
    shares = (np.arange(256) / 255) ** 2
    n_rare = int(counts[1:].sum() * (1 - _USUAL / 100))
    strongest = np.repeat(shares[:0:-1], np.minimum(counts[:0:-1], n_rare + 1))[: n_rare + 1]
    end = _end(float(shares[np.flatnonzero(counts)[-1]]), strongest, float(counts @ shares))
    return max(1, round(255 * end**0.5))


def _end(largest: float, strongest: np.ndarray, total: float) -> float:
    """Of shares with this sum: the end for these, the strongest first, of which all but the last may lie beyond."""
    held = np.cumsum(strongest, dtype=np.float64)
    usual = float(strongest[min(int(np.searchsorted(held, _HELD * total)), len(strongest) - 1)])
    if largest <= _FAR * usual:
        return largest
    digit = 10.0 ** (math.floor(math.log10(usual)) - 1)
    return math.ceil(usual / digit - 1e-6) * digit


def paint_missing(painter: QPainter, top_left: QPointF, word: str, style: FigureStyle) -> None:
    """The colour of cells without a number, and beside it what it says."""
    metrics = QFontMetricsF(style.font)
    box = QRectF(top_left, QSizeF(0.8 * metrics.height(), 0.8 * metrics.height()))
    painter.save()
    painter.setPen(QPen(style.theme.faint, 1))
    painter.setBrush(style.theme.missing)
    painter.drawRect(box)
    painter.setPen(style.theme.ink)
    baseline = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(box.right() + 0.4 * metrics.height(), baseline), word)
    painter.restore()


def missing_width(word: str, metrics: QFontMetricsF) -> float:
    """How much room that takes."""
    return 1.2 * metrics.height() + metrics.horizontalAdvance(word)


def _round_step(high: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, so that there are three to six ticks."""
    power = 10.0 ** math.floor(math.log10(high))
    return next(power * m for m in (0.1, 0.2, 0.5, 1.0, 2.0) if high / (power * m) <= 5.5)
