"""What the model answers with the image, without it and with another: words under masks, and whether the pair fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.joint import JointWordsResult
from widgets.figures import chips, prediction_cards
from widgets.figures.candidate_bars import Candidate, CandidateBars
from widgets.figures.heat_panel import short
from widgets.figures.image_parts import paint_title
from widgets.figures.prediction_cards import Card, percent
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_LINE = 1.6  # em


class AnswerWord(NamedTuple):
    """A word of the text."""

    pos: int


def _em(style: FigureStyle) -> float:
    return QFontMetricsF(style.font).height()


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointAnswersFigure", text)


def _title_of(given: str) -> str:
    texts = {"image": _tr("with the image"), "image hidden": _tr("image hidden"), "no tags": _tr("without tags")}
    return texts.get(given, _tr("another image"))


def _score_of(given: str) -> str:
    texts = {
        "image": _tr("with the image"),
        "image hidden": _tr("with it hidden"),
        "no tags": _tr("without tags"),
    }
    return texts.get(given, _tr("with another image"))


def _points(gain: float) -> str:
    """Of a probability, in points of 100, as they are added or taken away."""
    points = round(100 * gain, 1)
    return f"{'+' if points > 0 else '−' if points < 0 else '±'}{abs(points):.1f}"


@dataclass(frozen=True)
class JointAnswersFigure:
    """Bars of whether text and image belong together, the text, and a card for each mask and image side by side."""

    result: JointWordsResult

    @property
    def caption(self) -> str:
        return self.score_text

    @cached_property
    def score_text(self) -> str:
        """Whether text and image belong together, in words."""
        result = self.result
        if result.why_no_score:
            return _tr("No score of the pair: {}.").format(result.why_no_score)
        if result.is_probability:
            text, numbers = _tr("Text and image belong together: {}"), [percent(float(each)) for each in result.scores]
        else:
            text = _tr("Logit of the pair, which only compares pairs: {}")
            numbers = [short(float(each), 3) for each in result.scores]
        told = (f"{number} {_score_of(name)}" for name, number in zip(result.given, numbers, strict=True))
        return text.format(", ".join(told))

    @cached_property
    def bars(self) -> CandidateBars | None:
        """The same as bars; None where it is told as no probability: the caption says it then."""
        result = self.result
        if result.why_no_score or not result.is_probability:
            return None
        pairs = zip(result.given, map(float, result.scores), strict=True)
        rows = tuple(Candidate(_score_of(name), score, score) for name, score in pairs)
        return CandidateBars(_tr("Text and image belong together"), rows, -1)

    @cached_property
    def words_text(self) -> str:
        """What there is to see of masked words."""
        result = self.result
        if result.why_no_words:
            return _tr("No masked words: {}.").format(result.why_no_words)
        if not len(result.positions):
            return _tr("Click a word to mask it, and see what the image tells of it.")
        if any(self.result.original):
            return _tr("What the model puts under the masks; in titles, what the word that was there gains or loses")
        return _tr("What the model puts under the masks")

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """For each mask one of each image: the one that is open, all its numbers zero, and another."""
        result = self.result
        return tuple(
            self._card(mask, number, title)
            for mask in range(len(result.positions))
            for number, title in enumerate(map(_title_of, result.given))
        )

    def _card(self, mask: int, number: int, title: str) -> Card:
        result = self.result
        original, position = result.original[mask], int(result.positions[mask])
        prob = float(result.original_probs[number, mask])
        points = _points(prob - float(result.original_probs[0, mask])) if original and number else ""
        title = f"{position} · {title} {points}".rstrip()
        return Card.of_words(title, result.words[number][mask], result.probs[number, mask], original, prob)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = _em(style)
        width = 44 * em
        return QSizeF(width, self.least_height(width, style))

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        return QSizeF(0, self.least_height(width, style))

    def least_height(self, width: float, style: FigureStyle) -> float:
        """Height that is needed at a width."""
        grid = prediction_cards.lay_out(self.cards, width, QFontMetricsF(style.font))
        em = _em(style)
        return self._cards_top(width, style) + grid.height + em

    def _cards_top(self, width: float, style: FigureStyle) -> float:
        em = _em(style)
        _, boxes = self._chips(width, style)
        return self._chips_top(em) + chips.height_of(boxes) + (_LINE + 0.8) * em

    def _chips_top(self, em: float) -> float:
        return self.bars.height(em) + 0.6 * em if self.bars else 0.2 * em

    def _chips(self, width: float, style: FigureStyle) -> tuple[tuple[chips.Chip, ...], list[QRectF]]:
        masked: dict[int, chips.ChipKind] = {int(pos): "masked" for pos in self.result.positions}
        found = chips.chips_of(self.result.tokens, masked)
        return found, chips.lay_out(found, width, QFontMetricsF(style.font))

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        em = _em(style)
        painter.setFont(style.font)
        if self.bars:
            self.bars.paint(painter, QRectF(rect.topLeft(), QSizeF(rect.width(), self.bars.height(em))), style)
        top = rect.top() + self._chips_top(em)
        found, boxes = self._chips(rect.width(), style)
        chips.paint_chips(painter, found, boxes, QPointF(rect.left(), top), style)
        line = QRectF(rect.left(), top + chips.height_of(boxes) + 0.3 * em, rect.width(), _LINE * em)
        paint_title(painter, self.words_text, line, style, is_faint=True, shrinks=True)
        origin = QPointF(rect.left(), rect.top() + self._cards_top(rect.width(), style))
        room = rect.bottom() - origin.y()
        grid = prediction_cards.lay_out(self.cards, rect.width(), QFontMetricsF(style.font), room)
        prediction_cards.paint_cards(painter, self.cards, grid, origin, style)
        painter.restore()

    # Pointing: at the words, which can be masked

    def _words(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        _, boxes = self._chips(rect.width(), style)
        return [box.translated(rect.left(), rect.top() + self._chips_top(_em(style))) for box in boxes]

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> AnswerWord | None:
        """The word under a point; no special token."""
        for pos, box in enumerate(self._words(rect, style)):
            if box.contains(point) and self._can_be_masked(pos):
                return AnswerWord(pos)
        return None

    def _can_be_masked(self, pos: int) -> bool:
        return not self.result.why_no_words and not self.result.tokens.is_special[pos]

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a word."""
        return isinstance(spot, AnswerWord) and spot.pos < len(self.result.tokens) and self._can_be_masked(spot.pos)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: AnswerWord) -> None:
        """Frame the word."""
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.theme.accent, 2.5))
        painter.drawRect(self._words(rect, style)[spot.pos].adjusted(-1, -1, 1, 1))
        painter.restore()

    def step(
        self, spot: AnswerWord | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> AnswerWord | None:
        """The word beside."""
        places = [pos for pos in range(len(self.result.tokens)) if self._can_be_masked(pos)]
        if not places:
            return None
        at = places.index(spot.pos) + right + down if spot is not None and spot.pos in places else 0
        return AnswerWord(places[min(max(at, 0), len(places) - 1)])

    def describe(self, spot: AnswerWord) -> str:
        """What a click does."""
        word = isolated(clean(self.result.tokens.words[spot.pos]))
        is_masked = spot.pos in self.result.positions
        text = (
            _tr("{} at position {}: a click shows the word again")
            if is_masked
            else _tr("{} at position {}: a click masks it")
        )
        return text.format(word, spot.pos)

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (title, "pair", "", "", "", float(result.scores[number])) for number, title in enumerate(result.given)
        ]
        for number, title in enumerate(result.given):
            for mask, position in enumerate(result.positions.tolist()):
                pairs = zip(result.words[number][mask], result.probs[number, mask], strict=True)
                rows += [(title, "word", position, rank, word, float(p)) for rank, (word, p) in enumerate(pairs, 1)]
        arrays = {
            "tokens": np.array(tuple(map(clean, result.tokens.words)), np.str_),
            "positions": result.positions,
            "original": np.array(result.original, np.str_),
            "words": np.array(result.words, np.str_),
            "probs": result.probs,
            "probs_axes": np.array([", ".join(result.given), "mask", "rank"]),
            "original_probs": result.original_probs,
            "scores": result.scores,
        }
        return Numbers(arrays, ("given", "of", "position", "rank", "word", "number"), rows)
