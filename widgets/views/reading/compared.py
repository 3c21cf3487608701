"""Two texts, or two checkpoints on one text: how surprised each is, on one scale, and what differs a word."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.reading import ReadingResult
from widgets.figures.chips import Chip
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import MINUS
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.reading.bar_chips import BarChips
from widgets.views.reading.figure import DOT, ReadingFigure, ReadToken
from widgets.views.reading.options import ReadingOptions
from widgets.views.reading.words import Words

_TITLE, _GAP = 1.5, 0.9  # em, of the line over a text, and below it
NOW, KEPT, DIFFERENCE = 0, 1, 2  # sections of `ReadToken`
_ORDER = (KEPT, NOW, DIFFERENCE)  # from top to bottom


@dataclass(frozen=True)
class TitledReading:
    """A result, and of what it is: checkpoint and text in a line."""

    result: ReadingResult
    title: str


@dataclass(frozen=True)
class ComparedReadings:
    """Above the kept reading, below the present one, and under both what each word of that has more or less.

    Attributes
    ----------
    selected
        Position of the token of the present one that is framed.
    """

    kept: TitledReading
    now: TitledReading
    options: ReadingOptions
    selected: int | None = None

    @cached_property
    def figures(self) -> tuple[ReadingFigure, ReadingFigure]:
        """The present one and the kept one, on one scale."""
        alone = [ReadingFigure(each.result, self.options) for each in (self.now, self.kept)]
        longest = max(figure.most_bits for figure in alone)
        now, kept = (replace(figure, longest=longest) for figure in alone)
        return replace(now, selected=self.selected), kept

    @cached_property
    def words(self) -> tuple[Words, Words]:
        """Of the present one and of the kept one."""
        return Words.of(self.now.result), Words.of(self.kept.result)

    @cached_property
    def difference(self) -> np.ndarray:
        """float64 [word], bits of each present word minus those that it has in the kept one."""
        now, kept = self.words
        return now.less(kept)

    @cached_property
    def _bars(self) -> tuple[BarChips, BarChips, BarChips]:
        now, kept = self.figures
        chips = tuple(Chip(clean(word)) for word in self.words[0].texts)
        # A word may have more bits than any of its tokens.
        longest = max(now.bars.longest, *np.abs(self.difference[np.isfinite(self.difference)]), 0.0)
        difference = BarChips(chips, tuple(self.difference.tolist()), longest, self.options.has_numbers, is_signed=True)
        return now.bars, kept.bars, difference

    @property
    def caption(self) -> str:
        text = _tr("Surprisal of two readings, in bits, on one scale; the longest bar is {:.1f}")
        if self.options.bars == "entropy":
            text = _tr("Uncertainty in two readings, in bits, on one scale; the longest bar is {:.1f}")
        text = text.format(self.figures[0].bars.longest)
        told = self.difference[np.isfinite(self.difference)]
        if not told.size:
            return text + DOT + _tr("no word is in both")
        mean = f"{told.mean():+.2f}".replace("-", MINUS)
        return (
            text
            + DOT
            + _tr("below minus above: {} bits a word, over {} in both").format(mean, number_of(told.size, "words"))
        )

    def title(self, section: int) -> str:
        """What stands over a section."""
        if section == DIFFERENCE:
            return _tr("What each word has more (+) or less ({}) below than above, in bits").format(MINUS)
        return DOT.join((clean((self.now, self.kept)[section].title), self._told(section)))

    def _told(self, section: int) -> str:
        """Numbers of a reading as a whole."""
        reading, words = (self.now, self.kept)[section], self.words[section]
        parts = [
            _tr("perplexity {:,.1f} a token").format(reading.result.perplexity),
        ]
        if math.isfinite(words.bits_per_word):
            parts.append(_tr("{:.2f} bits a word").format(words.bits_per_word))
        if math.isfinite(reading.result.bits_per_letter):
            parts.append(_tr("{:.2f} bits a character").format(reading.result.bits_per_letter))
        return DOT.join(parts)

    # Where things are

    def _areas(self, rect: QRectF, style: FigureStyle) -> dict[int, QRectF]:
        """Of the bars of each section that there is, below its title."""
        em = QFontMetricsF(style.font).height()
        areas: dict[int, QRectF] = {}
        top = rect.top()
        for section in _ORDER:
            if not self._bars[section].chips:
                continue
            height = self._bars[section].height(rect.width(), style)
            areas[section] = QRectF(rect.left(), top + _TITLE * em, rect.width(), height)
            top += (_TITLE + _GAP) * em + height
        return areas

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Height that is needed at a width."""
        bottom = max(area.bottom() for area in self._areas(QRectF(0, 0, width, 0), style).values())
        return QSizeF(0, bottom)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        metrics = QFontMetricsF(style.font)
        widest = max(bars.boxes(math.inf, style)[-1].right() for bars in self._bars if bars.chips)
        titles = max(metrics.horizontalAdvance(self.title(section)) for section in _ORDER)
        width = min(max(widest, titles) + 0.2 * metrics.height(), 60 * metrics.height())
        return QSizeF(width, self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        painter.save()
        painter.setFont(style.font)
        for section, area in self._areas(rect, style).items():
            painter.setPen(style.theme.ink)
            title = self._title_within(rect.width(), section, metrics)
            painter.drawText(QPointF(area.left(), area.top() - _TITLE * metrics.height() + metrics.ascent()), title)
            self._bars[section].paint(painter, area, style, self.selected if section == NOW else None)
        painter.restore()

    def _title_within(self, width: float, section: int, metrics: QFontMetricsF) -> str:
        """What stands over a section, where its text gives way to its numbers."""
        title = self.title(section)
        if section == DIFFERENCE or metrics.horizontalAdvance(title) <= width:
            return metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, width)
        told = DOT + self._told(section)
        text = clean((self.now, self.kept)[section].title)
        room = max(width - metrics.horizontalAdvance(told), 0.0)
        title = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room) + told
        return metrics.elidedText(title, Qt.TextElideMode.ElideRight, width)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> ReadToken | None:
        """The token or word under a point, or whose bar is."""
        for section, area in self._areas(rect, style).items():
            if (position := self._bars[section].at(point, area, style)) is not None:
                return ReadToken(position, section)
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a token or word."""
        return isinstance(spot, ReadToken) and spot.position < len(self._bars[spot.section].chips)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: ReadToken) -> None:
        """Frame what is pointed at."""
        area = self._areas(rect, style)[spot.section]
        self._bars[spot.section].paint_pointed(painter, area, style, spot.position)

    def step(self, spot: ReadToken | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> ReadToken | None:
        """Along a text; across its first or last line into the section above or below."""
        if spot is None:
            return ReadToken(0, KEPT)
        position = self._bars[spot.section].step(spot.position, right, down, rect.width(), style)
        sections = list(self._areas(rect, style))
        at = sections.index(spot.section) + down
        if down and position == spot.position and 0 <= at < len(sections):
            other = self._bars[sections[at]].chips
            return ReadToken(min(position, len(other) - 1) if down > 0 else 0, sections[at])
        return ReadToken(position, spot.section)

    def describe(self, spot: ReadToken) -> str:
        """What is pointed at, with what its word has in the other reading."""
        if spot.section != DIFFERENCE:
            return self.figures[spot.section].describe(ReadToken(spot.position))
        now = self.words[NOW]
        word, bits = clean(now.texts[spot.position]), float(now.bits[spot.position])
        more = float(self.difference[spot.position])
        if not math.isfinite(bits):
            return _tr("“{}” ({}): nothing stands before it, so nothing was expected").format(word, spot.position)
        if not math.isfinite(more):
            return _tr("“{}” ({}): {:.2f} bits below; it is not told above").format(word, spot.position, bits)
        text = _tr("“{}” ({}): {:.2f} bits below, {:.2f} above, difference {}")
        return text.format(word, spot.position, bits, bits - more, f"{more:+.2f}".replace("-", MINUS))

    def describe_in_lines(self, spot: ReadToken) -> str:
        """What was expected there, a line a word; of a difference the line that `describe` gives."""
        if spot.section == DIFFERENCE:
            return self.describe(spot)
        return self.figures[spot.section].describe_in_lines(ReadToken(spot.position))

    def numbers(self) -> Numbers:
        """Both readings, a row a token, and the differences, a row a word; arrays of the kept one are named so."""
        now, kept = (figure.numbers() for figure in self.figures)
        words = self.words
        arrays = dict(now.arrays)
        arrays |= {f"kept_{name}": array for name, array in kept.arrays.items()}
        for prefix, of in (("", words[0]), ("kept_", words[1])):
            arrays[f"{prefix}words"] = np.array([clean(word) for word in of.texts], np.str_)
            arrays[f"{prefix}word_bits"] = of.bits
        arrays["word_difference"] = self.difference
        arrays["title"] = np.array(clean(self.now.title), np.str_)
        arrays["kept_title"] = np.array(clean(self.kept.title), np.str_)
        rows: list[tuple[str | int | float, ...]] = [("kept", *row, "") for row in kept.rows]
        rows += [("now", *row, "") for row in now.rows]
        for position, (word, bits) in enumerate(zip(words[0].texts, words[0].bits.tolist(), strict=True)):
            rows.append(("word", position, clean(word), bits, "", "", "", "", float(self.difference[position])))
        return Numbers(arrays, ("reading", *now.header, "bits now minus kept"), rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ComparedReadings", text)
