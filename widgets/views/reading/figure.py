"""Bars over the tokens of a text: how surprised a model is by each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.reading import ReadingResult
from widgets.figures.candidate_bars import Candidate, CandidateBars
from widgets.figures.chips import chips_of
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import short
from widgets.figures.token_axis import label
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.reading.bar_chips import BarChips
from widgets.views.reading.options import ReadingOptions

_SPACE = 1.0  # em between the text and what was expected
DOT = "  \N{MIDDLE DOT}  "


class ReadToken(NamedTuple):
    """A place in the text, or in one of two that are compared: 0 the one below, 1 the one kept, 2 the differences."""

    position: int
    section: int = 0


@dataclass(frozen=True)
class ReadingFigure:
    """The tokens, wrapping like text, and over each a bar as high as its bits; below what was expected of one.

    Attributes
    ----------
    selected
        Position of the token that is framed, and of which is told what was expected; None: of the highest bar.
    longest
        Of how many bits a bar has its full length; None: of the most that there are.
    """

    result: ReadingResult
    options: ReadingOptions
    selected: int | None = None
    longest: float | None = None

    @property
    def values(self) -> np.ndarray:
        """float32 [pos], what the bars say, in bits; NaN at the first place."""
        return self.result.surprisal if self.options.bars == "surprisal" else self.result.entropy

    @property
    def caption(self) -> str:
        result = self.result
        title = _tr("Surprisal of each token") if self.options.bars == "surprisal" else _tr("Uncertainty at each token")
        text = _tr("{}, in bits; the longest bar is {:.1f} · perplexity {:,.1f}, {:.2f} bits a token, over {}")
        n = len(result.tokens) - 1
        return text.format(title, self.most_bits, result.perplexity, result.bits_per_token, number_of(n, "tokens"))

    @property
    def most_bits(self) -> float:
        """Of the highest bar."""
        finite = self.values[np.isfinite(self.values)]
        return float(finite.max()) if finite.size else 0.0

    @cached_property
    def bars(self) -> BarChips:
        """The tokens with their bars."""
        longest = self.most_bits if self.longest is None else self.longest
        chips = chips_of(self.result.tokens)
        return BarChips(chips, tuple(self.values.tolist()), longest, self.options.has_numbers)

    @cached_property
    def expected(self) -> CandidateBars | None:
        """What was expected in place of one token; None where nothing is known of it."""
        result, values = self.result, self.values
        position = self.selected
        if position is None:
            if not np.isfinite(values).any():
                return None
            position = int(np.nanargmax(values))
        if position >= len(values) or not math.isfinite(float(result.surprisal[position])):
            return None
        numbers, probs = result.top[position].tolist(), result.probs[position].tolist()
        candidates = tuple(
            Candidate(label(result.vocabulary[number]), prob, prob) for number, prob in zip(numbers, probs, strict=True)
        )
        title = _tr("Expected at position {}, after “{}”")
        if self.selected is None:
            title = _tr("At the highest bar: expected at position {}, after “{}”")
        rank = int(result.ranks[position])
        taken = rank - 1 if rank <= len(candidates) else -1
        before = label(result.tokens.shown[position - 1])
        return CandidateBars(title.format(position, before), candidates, taken)

    def _areas(self, rect: QRectF, style: FigureStyle) -> tuple[QRectF, QRectF]:
        """Of the text, and of what was expected below it."""
        em = QFontMetricsF(style.font).height()
        text = QRectF(rect.left(), rect.top(), rect.width(), rect.height() - self._below(em))
        bottom = text.top() + self.bars.spread(text, style).height(rect.width(), style) + _SPACE * em
        return text, QRectF(rect.left(), bottom, rect.width(), max(rect.bottom() - bottom, 0.0))

    def _below(self, em: float) -> float:
        # As much for every token, so that nothing moves when another one is selected.
        rows = (Candidate("", 0, 0),) * self.result.top.shape[1]
        return CandidateBars("", rows, -1).height(em) + _SPACE * em

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Height that is needed at a width."""
        return QSizeF(0, self.bars.height(width, style) + self._below(QFontMetricsF(style.font).height()))

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        boxes = self.bars.boxes(math.inf, style)
        width = min(boxes[-1].right() + 0.2 * em, 60 * em)
        return QSizeF(width, self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        text, below = self._areas(rect, style)
        self.bars.spread(text, style).paint(painter, text, style, self.selected)
        if self.expected is not None:
            self.expected.paint(painter, below, style)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> ReadToken | None:
        """The token under a point, or whose bar is."""
        text, _ = self._areas(rect, style)
        position = self.bars.spread(text, style).at(point, text, style)
        return None if position is None else ReadToken(position)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a token."""
        return isinstance(spot, ReadToken) and spot.section == 0 and spot.position < len(self.result.tokens)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: ReadToken) -> None:
        """Frame the token that is pointed at."""
        text, _ = self._areas(rect, style)
        self.bars.spread(text, style).paint_pointed(painter, text, style, spot.position)

    def step(self, spot: ReadToken | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> ReadToken | None:
        """The token beside, or the nearest one of the line above or below."""
        return ReadToken(self.bars.step(spot.position, right, down, rect.width(), style) if spot else 0)

    def describe(self, spot: ReadToken) -> str:
        """How surprising a token is, and what was expected."""
        facts, said, entropy = self._known_of(spot.position)
        expected = [_tr("expected: {}").format(", ".join(said))] if said else []
        return DOT.join((facts, *expected, *entropy))

    def describe_in_lines(self, spot: ReadToken) -> str:
        """The same with a line a word: in one line the last ones may have no room."""
        facts, said, entropy = self._known_of(spot.position)
        return "\n".join((facts, *said, *entropy))

    def _known_of(self, position: int) -> tuple[str, list[str], list[str]]:
        """Of a token how surprising it is, the words that were expected, and the rest."""
        result = self.result
        read = _tr("“{}” ({})").format(label(result.tokens.shown[position]), position)
        if not math.isfinite(float(result.surprisal[position])):
            return _tr("{}: nothing stands before it, so nothing was expected").format(read), [], []
        bits, rank = float(result.surprisal[position]), int(result.ranks[position])
        said = [
            f"{label(result.vocabulary[number])} {short(prob)}"
            for number, prob in zip(result.top[position].tolist(), result.probs[position].tolist(), strict=True)
        ]
        text = _tr("{}: {:.2f} bits, probability {}, rank {:,} of {:,}")
        facts = text.format(read, bits, short(2.0**-bits), rank, result.d_vocab)
        return facts, said, [_tr("entropy {:.2f} bits").format(result.entropy[position])]

    def numbers(self) -> Numbers:
        """A row a token; the first one has no numbers."""
        result = self.result
        words = np.array([clean(word) for word in result.tokens.words], np.str_)
        vocabulary = np.array([*(clean(word) for word in result.vocabulary), ""], np.str_)  # -1 is the last
        expected = vocabulary[result.top]
        rows: list[tuple[str | int | float, ...]] = [
            (
                position,
                str(words[position]),
                float(result.surprisal[position]),
                int(result.ranks[position]),
                float(result.entropy[position]),
                str(expected[position, 0]),
                float(result.probs[position, 0]),
            )
            for position in range(len(words))
        ]
        arrays = {
            "tokens": words,
            "surprisal": result.surprisal,
            "ranks": result.ranks,
            "entropy": result.entropy,
            "expected": expected,
            "expected_probs": result.probs,
            "perplexity": np.array(result.perplexity),
        }
        header = (
            "position", "token", "surprisal in bits", "rank", "entropy in bits", "expected", "probability of expected",
        )  # fmt: skip
        return Numbers(arrays, header, rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ReadingFigure", text)
