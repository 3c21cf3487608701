"""Token labels along the axes of a map: turned, shortened and thinned so that they never overlap."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from widgets.figures.token_axis import COORDINATE
from widgets.look import color_maps
from widgets.look.theme import FigureStyle

_LONGEST = 8.0  # em
# Labels that were shortened last, as the next figure is mostly of the same tokens: by words and greatest width.
_kept: dict[tuple[tuple[str, ...], float], tuple[QFontMetricsF, tuple[str, ...], float]] = {}
_N_KEPT = 16
_MOST_WORDS = 2**15


@dataclass(frozen=True)
class AxisLabels:
    """Labels that fit.

    Attributes
    ----------
    texts
        One a cell, shortened.
    angle
        Degrees that they are turned: 0, 45 or 90; only above a map.
    step
        Every how manyeth is painted.
    extent
        Space that they need across the axis.
    """

    texts: tuple[str, ...]
    angle: int
    step: int
    extent: float

    @staticmethod
    def left(words: Iterable[str], spacing: float, metrics: QFontMetricsF, longest: float) -> AxisLabels:
        """Beside rows that are `spacing` apart, at most `longest` wide."""
        texts, widest = _shortened(words, metrics, min(longest, _LONGEST * metrics.height()))
        return AxisLabels(texts, 0, _step(texts, metrics.height() * 0.98 / spacing), widest)

    @staticmethod
    def top(words: Iterable[str], spacing: float, metrics: QFontMetricsF, longest: float) -> AxisLabels:
        """Above columns that are `spacing` apart, at most `longest` high."""
        em = metrics.height()
        texts, widest = _shortened(words, metrics, min(longest, _LONGEST * em))
        if widest + 0.5 * em <= spacing:
            return AxisLabels(texts, 0, 1, em)
        if spacing >= 1.3 * em:
            return AxisLabels(texts, 45, 1, (widest + em) * math.sqrt(0.5))
        return AxisLabels(texts, 90, _step(texts, em * 0.98 / spacing), widest)

    def shown(self) -> range:
        """Cells whose labels are painted."""
        return range(0, len(self.texts), self.step)

    def shown_beside(self, marked: int | None) -> list[int]:
        """Those that the ground of a marked label does not cut; a cell is marked by its number, None is none."""
        return [cell for cell in self.shown() if marked is None or not 0 < abs(cell - marked) < self.step]


def paint_left(
    painter: QPainter, labels: AxisLabels, cell: int, box: QRectF, style: FigureStyle, *, mark: QColor | None = None
) -> None:
    """Paint the label of a row whose first cell is `box`; a marked one has a ground of its own."""
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    painter.save()
    painter.translate(box.left() - 0.4 * em, box.center().y())
    width = metrics.horizontalAdvance(labels.texts[cell])
    _paint(painter, labels.texts[cell], -width, metrics, style, mark)
    painter.restore()
    if labels.step > 1:
        _paint_tick(painter, QPointF(box.left(), box.center().y()), QPointF(-0.25 * em, 0), style)


def paint_top(
    painter: QPainter, labels: AxisLabels, cell: int, box: QRectF, style: FigureStyle, *, mark: QColor | None = None
) -> None:
    """Paint the label of a column whose first cell is `box`; a marked one has a ground of its own."""
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    text = labels.texts[cell]
    painter.save()
    if labels.angle == 0:
        painter.translate(box.center().x(), box.top() - 0.75 * em)
        _paint(painter, text, -metrics.horizontalAdvance(text) / 2, metrics, style, mark)
    else:
        painter.translate(box.center().x(), box.top() - (0.55 if labels.angle == 45 else 0.4) * em)
        painter.rotate(-labels.angle)
        _paint(painter, text, 0.0, metrics, style, mark)
    painter.restore()
    if labels.step > 1:
        _paint_tick(painter, QPointF(box.center().x(), box.top()), QPointF(0, -0.25 * em), style)


def _paint(
    painter: QPainter, text: str, x: float, metrics: QFontMetricsF, style: FigureStyle, mark: QColor | None
) -> None:
    """Text with its middle height at the origin."""
    if mark is not None:
        pad = 0.15 * metrics.height()
        box = QRectF(x - pad, -metrics.height() / 2, metrics.horizontalAdvance(text) + 2 * pad, metrics.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark)
        painter.drawRoundedRect(box, pad, pad)
    painter.setPen(style.theme.ink if mark is None else color_maps.ink_on(mark.rgb()))
    painter.drawText(QPointF(x, (metrics.ascent() - metrics.descent()) / 2), text)


def _paint_tick(painter: QPainter, start: QPointF, step: QPointF, style: FigureStyle) -> None:
    painter.setPen(style.theme.faint)
    painter.drawLine(start, start + step)


def _step(texts: tuple[str, ...], least: float) -> int:
    """Every how manyeth is painted: one more where it would be the same each time, as the first of each face."""
    step = max(1, math.ceil(least))
    if step == 1:  # all are
        return step
    is_one_kind = _n_kinds(texts, step) == 1 < _n_kinds(texts, step + 1)
    return step + 1 if is_one_kind else step


def _n_kinds(texts: tuple[str, ...], step: int) -> int:
    """Of those that are painted behind the first one."""
    return len(set(map(_kind, texts[step::step])))


def _kind(text: str) -> str:
    """Of a vertex's coordinate which one it is, as every third is an x; else the word itself."""
    coordinate = re.fullmatch(COORDINATE, text)
    return coordinate[1] if coordinate else text


@dataclass
class _ShortenedWords:
    """Words that were shortened in some letters, as another part of a map has many of them: by word and width."""

    metrics: QFontMetricsF | None = None
    kept: dict[tuple[str, float], tuple[str, float]] = field(default_factory=dict)

    def use(self, metrics: QFontMetricsF) -> None:
        """From now on in these letters."""
        if self.metrics != metrics or len(self.kept) > _MOST_WORDS:
            self.metrics, self.kept = QFontMetricsF(metrics), {}

    def of(self, word: str, longest: float) -> tuple[str, float]:
        """A word that is at most so wide, and how wide it is."""
        assert self.metrics is not None
        known = self.kept.get((word, longest))
        if known is None:
            text = self.metrics.elidedText(word, Qt.TextElideMode.ElideRight, longest)
            known = self.kept[word, longest] = text, self.metrics.horizontalAdvance(text)
        return known


_shortened_words = _ShortenedWords()


def _shortened(words: Iterable[str], metrics: QFontMetricsF, longest: float) -> tuple[tuple[str, ...], float]:
    """Words that are at most so wide, and how wide the widest is."""
    key = tuple(words), longest
    known = _kept.pop(key, None)
    if known is None or known[0] != metrics:
        _shortened_words.use(metrics)
        each = [_shortened_words.of(word, longest) for word in key[0]]
        known = QFontMetricsF(metrics), tuple(text for text, _ in each), max((width for _, width in each), default=0.0)
    _kept[key] = known
    if len(_kept) > _N_KEPT:
        del _kept[next(iter(_kept))]
    return known[1:]
