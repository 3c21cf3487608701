"""The words that a model would put under each mask, and after which layer it knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.masked import MaskedResult
from widgets.figures import chips, prediction_cards
from widgets.figures.prediction_cards import Card, CardGrid, Guess, same_word
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle


def _tr(text: str) -> str:
    return QCoreApplication.translate("MaskedFigure", text)


class LayerRow(NamedTuple):
    """The row of a layer on the card of a mask."""

    card: int
    layer: int


@dataclass(frozen=True)
class MaskedFigure:
    """The sentence, and a card for each mask: likeliest words as bars, best word after each layer.

    Attributes
    ----------
    layer
        Row of `result.layer_words` whose words are shown; None is what the model says in the end.
    top_k
        At most so many words; None is all there are.
    has_sentence
        Whether the tokens stand above the cards.
    """

    result: MaskedResult
    layer: int | None = None
    top_k: int | None = None
    has_sentence: bool = True

    @property
    def caption(self) -> str:
        text = _tr("What the model puts under the masks")
        if self.layer is not None:
            text = _tr("What the model would put under the masks after {}").format(layer_title(self.layer))
        return f"{text}: {' '.join(self.result.tokens.words)}" if self.has_sentence else text

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows = max(1, -(-len(self.cards) // 3))
        width = max(-(-len(self.cards) // n_rows) * 20, 32 if self.has_sentence else 0) * em
        return QSizeF(width, self.least_size(width, style).height())

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Height that is needed at a width."""
        metrics = QFontMetricsF(style.font)
        return QSizeF(0, self._cards_top(width, metrics) + prediction_cards.lay_out(self.cards, width, metrics).height)

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (int(position), original, rank + 1, word, float(prob))
            for position, original, words, probs in zip(
                result.positions, result.original, self._words, self._probs, strict=True
            )
            for rank, (word, prob) in enumerate(zip(words, probs, strict=True))
        ]
        arrays = {
            "tokens": np.array(result.tokens.words, np.str_),
            "positions": result.positions,
            "original": np.array(result.original, np.str_),
            "original_probs": result.original_probs,
            "words": np.array(self._words, np.str_),
            "probs": self._probs,
            "layer_words": np.array(result.layer_words, np.str_),
            "layer_probs": result.layer_probs,
        }
        return Numbers(arrays, ("position", "original", "rank", "word", "probability"), rows)

    @property
    def _words(self) -> tuple[tuple[str, ...], ...]:
        words = self.result.words if self.layer is None else self.result.layer_words[self.layer]
        return tuple(line[: self.top_k] for line in words)

    @property
    def _probs(self) -> np.ndarray:
        probs = self.result.probs if self.layer is None else self.result.layer_probs[self.layer]
        return probs[:, : self.top_k]

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """One for each mask."""
        return tuple(self._card(mask) for mask in range(len(self.result.positions)))

    def _card(self, mask: int) -> Card:
        result = self.result
        original, original_prob = result.original[mask], float(result.original_probs[mask])
        position = int(result.positions[mask])
        title = (
            _tr("{} · was “{}”").format(position, isolated(original))
            if original
            else _tr("{} · typed mask").format(position)
        )
        is_final = self.layer is None
        guesses = tuple(
            # Only in the end is the probability of the original known; before, its text has to do.
            Guess(
                clean(word),
                float(prob),
                same_word(word, float(prob), original, original_prob) if is_final else word == original,
            )
            for word, prob in zip(self._words[mask], self._probs[mask], strict=True)
        )
        is_missing = bool(original) and is_final and not any(guess.is_original for guess in guesses)
        layers = tuple(
            (layer_title(row), Guess(clean(words[mask][0]), float(probs[mask, 0]), words[mask][0] == original))
            for row, (words, probs) in enumerate(zip(result.layer_words, result.layer_probs, strict=True))
        )
        return Card(
            title,
            guesses,
            outside=Guess(clean(original), original_prob, is_original=True) if is_missing else None,
            layers=layers,
            shown_layer=self.layer if self.layer is not None else len(layers) - 1,
        )

    # Painting

    @property
    def _chips(self) -> tuple[chips.Chip, ...]:
        return chips.chips_of(self.result.tokens, dict.fromkeys(self.result.positions.tolist(), "masked"))

    def _cards_top(self, width: float, metrics: QFontMetricsF) -> float:
        if not self.has_sentence:
            return 0.0
        return chips.height_of(chips.lay_out(self._chips, width, metrics)) + metrics.height()

    def _grid(self, rect: QRectF, style: FigureStyle) -> tuple[CardGrid, QPointF]:
        metrics = QFontMetricsF(style.font)
        top = self._cards_top(rect.width(), metrics)
        grid = prediction_cards.lay_out(self.cards, rect.width(), metrics, rect.height() - top)
        return grid, rect.topLeft() + QPointF(0, top)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        if self.has_sentence:
            boxes = chips.lay_out(self._chips, rect.width(), QFontMetricsF(style.font))
            chips.paint_chips(painter, self._chips, boxes, rect.topLeft(), style)
        grid, origin = self._grid(rect, style)
        prediction_cards.paint_cards(painter, self.cards, grid, origin, style)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> LayerRow | None:
        """The layer under a point."""
        grid, origin = self._grid(rect, style)
        rows = (LayerRow(c, row) for c, card in enumerate(self.cards) for row in range(len(card.layers)))
        return next((row for row in rows if grid.layer_row(*row).contains(point - origin)), None)

    def has_spot(self, spot: LayerRow, rect: QRectF, style: FigureStyle) -> bool:
        return spot.card < len(self.cards) and spot.layer < len(self.cards[spot.card].layers)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: LayerRow) -> None:
        """Frame the layer that is pointed at."""
        grid, origin = self._grid(rect, style)
        painter.setPen(QPen(style.theme.ink, 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(grid.layer_row(*spot).translated(origin))

    def step(self, spot: LayerRow | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> LayerRow | None:
        """The layer above or below, or that of the mask beside."""
        if spot is None:
            return LayerRow(0, len(self.result.layer_words) - 1)
        card = min(max(spot.card + right, 0), len(self.cards) - 1)
        return LayerRow(card, min(max(spot.layer + down, 0), len(self.result.layer_words) - 1))

    def describe(self, spot: LayerRow) -> str:
        """The best words after a layer."""
        words = self.result.layer_words[spot.layer][spot.card][:5]
        probs = self.result.layer_probs[spot.layer, spot.card]
        guesses = ", ".join(
            f"{clean(w)} {prediction_cards.percent(float(p))}" for w, p in zip(words, probs, strict=False)
        )
        return f"{layer_title(spot.layer)}: {guesses}"


def layer_title(row: int) -> str:
    """Name of a row of `MaskedResult.layer_words`."""
    return _tr("Embeddings") if row == 0 else _tr("Layer {}").format(row - 1)
