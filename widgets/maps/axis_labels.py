"""Token labels along the axes of a map of any length: thinned when far, every token when near, never overlapping."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from widgets.figures.token_axis import label
from widgets.look import color_maps
from widgets.look.theme import FigureStyle

LEFT, TOP = 8.5, 8.5  # em: room for the labels of queries and of keys
_SPACING = 1.05  # em between lines
_MOST_COMPARED = 64  # labels of which is asked whether they say the same


@dataclass(frozen=True)
class LabelSpot:
    """A label: the token's position, and where its cell has its middle, in pixels from the start of the axis."""

    position: int
    at: float


@dataclass(frozen=True)
class Ruler:
    """An axis as far as it is on screen.

    Attributes
    ----------
    start
        Position at the beginning of the plot; may cut through a cell.
    side
        Pixels a token.
    length
        Pixels of the axis.
    n
        Tokens in all.
    """

    start: float
    side: float
    length: float
    n: int

    def stride(self, least: float) -> int:
        """Every how manyeth token has a label, for labels at least so many pixels apart: 1, 2, 5, 10 ..."""
        wanted = max(1.0, least / self.side - 1e-9)
        power = 10 ** math.floor(math.log10(wanted))
        return next(power * m for m in (1, 2, 5, 10) if power * m >= wanted)

    def spots(self, least: float, words: Sequence[str]) -> list[LabelSpot]:
        """Labels that keep apart. A stride parts them wherever the map begins, so that they move with it."""
        stride = self.stride(least)
        shift = _shift(words, stride)
        first = math.ceil((self.start - 0.5 - shift) / stride) * stride + shift
        last = min(self.start + self.length / self.side - 0.5, self.n - 1)
        return [
            LabelSpot(position, self.at(position)) for position in range(first, math.floor(last + 1e-9) + 1, stride)
        ]

    def at(self, position: int) -> float:
        """Where the middle of a token is, in pixels from the start of the axis."""
        return (position + 0.5 - self.start) * self.side

    def has(self, position: int | None) -> bool:
        """Whether the middle of a token is on screen."""
        return position is not None and -1e-6 <= self.at(position) <= self.length + 1e-6


def _shift(words: Sequence[str], stride: int) -> int:
    """The first token with a label: 0, or a later one where most would say the same, such as what parts faces."""
    for first in range(min(stride, 10)):
        names = words[first : _MOST_COMPARED * stride : stride]
        if names and 2 * Counter(names).most_common(1)[0][1] <= len(names):
            return first
    return 0


def label_spots(ruler: Ruler, em: float, words: Sequence[str]) -> list[LabelSpot]:
    """Labels along an axis of such tokens: lines of text beside the rows, or turned above the columns."""
    return ruler.spots(_SPACING * em, words)


def paint_left(
    painter: QPainter,
    plot: QRectF,
    ruler: Ruler,
    words: Sequence[str],
    style: FigureStyle,
    marked: dict[int, QColor],
) -> None:
    """Tokens beside the rows, each with its position; the `marked` ones always, on a ground of their own."""
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    for line in _lines(ruler, tuple(words), style.font.toString(), LEFT, tuple(marked)):
        y = plot.top() + line.spot.at
        painter.save()
        painter.translate(plot.left() - 0.4 * em, y)
        text_x = -line.text_width - line.number_width - 0.5 * em
        _paint(painter, line, -line.number_width, text_x, metrics, style, marked)
        painter.restore()
        painter.setPen(style.theme.faint)
        painter.drawLine(QPointF(plot.left() - 0.25 * em, y), QPointF(plot.left(), y))


def paint_top(
    painter: QPainter,
    plot: QRectF,
    ruler: Ruler,
    words: Sequence[str],
    style: FigureStyle,
    marked: dict[int, QColor],
) -> None:
    """Tokens above the columns, written upwards, each with its position; the `marked` ones always."""
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    for line in _lines(ruler, tuple(words), style.font.toString(), TOP, tuple(marked)):
        x = plot.left() + line.spot.at
        painter.save()
        painter.translate(x, plot.top() - 0.4 * em)
        painter.rotate(-90)
        _paint(painter, line, 0.0, line.number_width + 0.5 * em, metrics, style, marked)
        painter.restore()
        painter.setPen(style.theme.faint)
        painter.drawLine(QPointF(x, plot.top() - 0.25 * em), QPointF(x, plot.top()))


class _Line(NamedTuple):
    """A label: its token, shortened to what a margin leaves, and its position as text."""

    spot: LabelSpot
    text: str
    number: str
    text_width: float
    number_width: float


@lru_cache(maxsize=8)
def _lines(ruler: Ruler, words: tuple[str, ...], font: str, room: float, marked: tuple[int, ...]) -> tuple[_Line, ...]:
    """The labels of an axis, `room` in em; every head and layer has the same."""
    letters = QFont()
    letters.fromString(font)
    metrics = QFontMetricsF(letters)
    em = metrics.height()
    lines = []
    for spot in _with_marked(label_spots(ruler, em, words), ruler, marked, em):
        number = str(spot.position)
        number_width = metrics.horizontalAdvance(number)
        left = (room - 1.1) * em - number_width
        text = metrics.elidedText(label(words[spot.position]), Qt.TextElideMode.ElideRight, left)
        lines.append(_Line(spot, text, number, metrics.horizontalAdvance(text), number_width))
    return tuple(lines)


def _with_marked(spots: list[LabelSpot], ruler: Ruler, marked: tuple[int, ...], least: float) -> list[LabelSpot]:
    """Marked labels come last; those that they would touch make way."""
    kept: list[LabelSpot] = []
    for position in reversed(marked):
        if ruler.has(position) and all(abs(ruler.at(position) - other.at) >= least for other in kept):
            kept.append(LabelSpot(position, ruler.at(position)))
    others = [spot for spot in spots if all(abs(spot.at - other.at) >= least for other in kept)]
    return others + kept


def _paint(
    painter: QPainter,
    line: _Line,
    number_x: float,
    text_x: float,
    metrics: QFontMetricsF,
    style: FigureStyle,
    marked: dict[int, QColor],
) -> None:
    """A token and its position in a line whose middle height is at the origin."""
    em = metrics.height()
    color = marked.get(line.spot.position)
    baseline = (metrics.ascent() - metrics.descent()) / 2
    if color is not None:
        start = min(number_x, text_x)
        end = max(number_x + line.number_width, text_x + line.text_width)
        painter.fillRect(QRectF(start - 0.2 * em, -em / 2, end - start + 0.4 * em, em), color)
    ink = None if color is None else color_maps.ink_on(color.rgb())
    painter.setPen(ink or style.theme.ink)
    painter.drawText(QPointF(text_x, baseline), line.text)
    painter.setPen(ink or style.theme.faint)
    painter.drawText(QPointF(number_x, baseline), line.number)
