"""BERT's training task on a sentence: what was hidden, and what the model says there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.mask_lab import MaskLabResult
from inference.results.tokens import Tokens
from widgets.figures import chips, prediction_cards
from widgets.figures.chips import Chip, ChipKind
from widgets.figures.prediction_cards import Card, Guess, same_word
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_ACTIONS: tuple[ChipKind, ...] = ("masked", "random", "kept")


def _tr(text: str) -> str:
    return QCoreApplication.translate("MaskLabFigure", text)


@dataclass(frozen=True)
class MaskLabFigure:
    """The sentence before and as the model saw it, and a card with the predictions at each chosen token."""

    result: MaskLabResult

    @property
    def n_right(self) -> int:
        """At how many of the chosen tokens the original word comes first."""
        return sum(card.is_right is True for card in self.cards)

    def count(self, kind: ChipKind) -> int:
        """To how many tokens this was done."""
        return self.result.actions.count(kind)

    @property
    def caption(self) -> str:
        counts = ", ".join(f"{self.count(kind)} {chips.kind_title(kind)}" for kind in _ACTIONS)
        return _tr("Masked-word training task: {}").format(counts)

    @property
    def score(self) -> str:
        """How well the model did, in a sentence."""
        n_chosen = len(self.result.positions)
        if not n_chosen:
            return _tr("No token was chosen.")
        loss = "" if math.isnan(self.result.loss) else _tr("; loss {:.3f} nats").format(self.result.loss)
        return _tr("{} of {} right").format(self.n_right, n_chosen) + loss

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = 56 * QFontMetricsF(style.font).height()
        return QSizeF(width, self.least_size(width, style).height())

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Height that is needed at a width."""
        metrics = QFontMetricsF(style.font)
        return QSizeF(0, self._tops(width, metrics)[-1] + prediction_cards.lay_out(self.cards, width, metrics).height)

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (int(position), result.actions[position], result.original.shown[position], rank + 1, word, float(prob))
            for position, words, probs in zip(result.positions.tolist(), result.words, result.probs, strict=True)
            for rank, (word, prob) in enumerate(zip(words, probs, strict=True))
        ]
        arrays = {
            "tokens": np.array(result.original.words, np.str_),
            "shown": np.array(result.shown.words, np.str_),
            "actions": np.array(result.actions, np.str_),
            "positions": result.positions,
            "words": np.array(result.words, np.str_),
            "probs": result.probs,
            "original_probs": result.original_probs,
            "loss": np.array(result.loss),
        }
        return Numbers(arrays, ("position", "action", "original", "rank", "word", "probability"), rows)

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """One for each chosen token."""
        result = self.result
        return tuple(self._card(number, position) for number, position in enumerate(result.positions.tolist()))

    def _card(self, number: int, position: int) -> Card:
        result = self.result
        original, seen = result.original.shown[position], result.shown.shown[position]
        original_prob = float(result.original_probs[number])
        title = _tr("{} · {} → {}").format(position, isolated(original), isolated(seen))
        guesses = tuple(
            Guess(clean(word), float(prob), same_word(word, float(prob), original, original_prob))
            for word, prob in zip(result.words[number], result.probs[number], strict=True)
        )
        is_missing = not any(guess.is_original for guess in guesses)
        return Card(
            title,
            guesses,
            outside=Guess(clean(original), original_prob, is_original=True) if is_missing else None,
            is_right=bool(guesses) and guesses[0].is_original,
        )

    # Painting

    def _chips(self, tokens: Tokens) -> tuple[Chip, ...]:
        return chips.chips_of(tokens, {pos: kind for pos, kind in enumerate(self.result.actions) if kind})  # type: ignore[misc]

    def _tops(self, width: float, metrics: QFontMetricsF) -> tuple[float, float, float, float]:
        """Where the sentence before, the sentence as seen, the legend and the cards begin."""
        em = metrics.height()
        heights = [
            chips.height_of(chips.lay_out(self._chips(tokens), width, metrics))
            for tokens in (self.result.original, self.result.shown)
        ]
        second = 1.4 * em + heights[0] + 2.0 * em
        legend = second + heights[1] + 0.8 * em
        return 1.4 * em, second, legend, legend + self._legend_height(width, metrics)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        first, second, legend, cards = self._tops(rect.width(), metrics)
        painter.save()
        painter.setFont(style.font)
        for top, text, tokens in (
            (first, _tr("Before"), self.result.original),
            (second, _tr("As the model saw it"), self.result.shown),
        ):
            painter.setPen(style.theme.faint)
            painter.drawText(QPointF(rect.left(), rect.top() + top - 0.5 * metrics.height()), text)
            line = self._chips(tokens)
            boxes = chips.lay_out(line, rect.width(), metrics)
            chips.paint_chips(painter, line, boxes, rect.topLeft() + QPointF(0, top), style)
        self._paint_legend(painter, rect.topLeft() + QPointF(0, legend), rect.width(), style)
        grid = prediction_cards.lay_out(self.cards, rect.width(), metrics, rect.height() - cards)
        prediction_cards.paint_cards(painter, self.cards, grid, rect.topLeft() + QPointF(0, cards), style)
        painter.restore()

    def _legend(self, width: float, metrics: QFontMetricsF) -> list[tuple[QPointF, ChipKind, str]]:
        """Place, kind and text of each entry; they wrap. The last one is the score, without a swatch."""
        em = metrics.height()
        x = y = 0.0
        entries: list[tuple[QPointF, ChipKind, str]] = []
        texts = [(kind, f"{self.count(kind)} {chips.kind_title(kind)}") for kind in _ACTIONS]
        for kind, text in (*texts, ("", self.score)):
            needed = metrics.horizontalAdvance(text) + (1.8 * em if kind else 0)
            if x + needed > width and x > 0:
                x, y = 0.0, y + 1.5 * em
            entries.append((QPointF(x, y), kind, text))  # type: ignore[arg-type]
            x += needed + 1.2 * em
        return entries

    def _legend_height(self, width: float, metrics: QFontMetricsF) -> float:
        return self._legend(width, metrics)[-1][0].y() + 2.3 * metrics.height()

    def _paint_legend(self, painter: QPainter, origin: QPointF, width: float, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        for place, kind, text in self._legend(width, metrics):
            corner = origin + place
            if kind:
                chips.paint_chip(painter, Chip("", kind), QRectF(corner.x(), corner.y(), 1.3 * em, 1.1 * em), style)
                corner += QPointF(1.8 * em, 0)
            painter.setPen(style.theme.ink)
            line = QRectF(corner.x(), corner.y(), metrics.horizontalAdvance(text) + em, 1.1 * em)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
