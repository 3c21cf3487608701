"""Cards with the words that a model would put at a place: a part of figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.look import color_maps
from widgets.look.letters import row_height
from widgets.look.theme import FigureStyle

_LEAST_WIDTH = 17.0  # em
_WIDE = 50.0  # em of a card whose layers stand beside its guesses, so that all of it is seen
_LEFT = 0.55  # of such a card: its guesses
_HEAD, _TITLE, _FOOT = 2.2, 2.0, 0.5  # em above the guesses, above layers beneath them, and below all
_ROW = 1.4  # em, the least


def _tr(text: str) -> str:
    return QCoreApplication.translate("PredictionCards", text)


class Guess(NamedTuple):
    """A word, its probability 0-1, and whether it is the one that was there."""

    word: str
    prob: float
    is_original: bool = False


@dataclass(frozen=True)
class Card:
    """The predictions at one place.

    Attributes
    ----------
    guesses
        Most probable first.
    outside
        The original word where it is not among them.
    is_right
        Whether the first guess is the original word; None where there is nothing to compare with.
    layers
        Name of each layer and its best word.
    shown_layer
        Which of `layers` the guesses are of; that row is framed.
    """

    title: str
    guesses: tuple[Guess, ...]
    outside: Guess | None = None
    is_right: bool | None = None
    layers: tuple[tuple[str, Guess], ...] = ()
    shown_layer: int | None = None

    @classmethod
    def of_words(cls, title: str, words: Iterable[str], probs: np.ndarray, original: str, original_prob: float) -> Card:
        """What a model would put at a place against what was there; where `original` is empty there was nothing."""
        guesses = tuple(
            Guess(clean(word), float(prob), same_word(word, float(prob), original, original_prob))
            for word, prob in zip(words, probs, strict=True)
        )
        if not original:
            return cls(title, guesses)
        is_there = any(guess.is_original for guess in guesses)
        outside = None if is_there else Guess(clean(original), original_prob, is_original=True)
        return cls(title, guesses, outside, bool(guesses) and guesses[0].is_original)


class CardGrid(NamedTuple):
    """Where the cards are; all are of one size. Those that are wide have their layers beside their guesses.

    Attributes
    ----------
    row, layer
        Height of a guess, and of a layer.
    """

    boxes: list[QRectF]
    em: float
    row: float
    layer: float
    n_guesses: int
    has_outside: bool
    is_wide: bool = False

    @property
    def height(self) -> float:
        return self.boxes[-1].bottom() if self.boxes else 0.0

    def guesses_box(self, card: int) -> QRectF:
        """The part of a card where its guesses are."""
        box = self.boxes[card]
        return QRectF(box.left(), box.top(), box.width() * (_LEFT if self.is_wide else 1.0), box.height())

    def layer_row(self, card: int, row: int) -> QRectF:
        """Where the row of a layer is."""
        box, em = self.boxes[card], self.em
        left = self.guesses_box(card).right() if self.is_wide else box.left()
        # Title, or guesses, the original word, and the heading of the layers.
        above = _HEAD * em if self.is_wide else self.row * (self.n_guesses + self.has_outside) + (_HEAD + _TITLE) * em
        return QRectF(left + 0.7 * em, box.top() + above + self.layer * row, box.right() - left - 1.4 * em, self.layer)


def percent(prob: float) -> str:
    """A probability for the user; small ones keep digits that say something."""
    share = 100 * prob
    if share < 0.01:
        return "0 %" if share == 0 else "< 0.01 %"
    return f"{share:.2f} %" if share < 1 else f"{share:.1f} %"


def lay_out(cards: tuple[Card, ...], width: float, metrics: QFontMetricsF, height: float = 0.0) -> CardGrid:
    """As many cards beside each other as have room, in lines from (0, 0); their rows share such a height."""
    em = metrics.height()
    n_guesses = max((len(card.guesses) for card in cards), default=0)
    n_layers = max((len(card.layers) for card in cards), default=0)
    has_outside = any(card.outside for card in cards)
    gap = 0.8 * em
    n_columns = max(1, min(len(cards), int((width + gap) / (_LEAST_WIDTH * em + gap))))
    room = (width - (n_columns - 1) * gap) / n_columns
    is_wide = n_layers > 0 and room >= _WIDE * em
    card_width = max(room, 12 * em)
    n_rows = n_guesses + has_outside
    n_rows = max(n_rows, n_layers) if is_wide else n_rows + n_layers
    beside = _HEAD + _FOOT + (_TITLE if n_layers and not is_wide else 0.0)
    n_lines = -(-len(cards) // n_columns)
    row = row_height(((height + gap) / max(n_lines, 1) - gap) / em - beside, n_rows, _ROW)
    card_height = (beside + row * n_rows) * em
    boxes = [
        QRectF(i % n_columns * (card_width + gap), i // n_columns * (card_height + gap), card_width, card_height)
        for i in range(len(cards))
    ]
    layer = row * n_rows / n_layers if is_wide else row  # as far down as the guesses beside them
    return CardGrid(boxes, em, row * em, layer * em, n_guesses, has_outside, is_wide)


def paint_cards(
    painter: QPainter, cards: tuple[Card, ...], grid: CardGrid, origin: QPointF, style: FigureStyle
) -> None:
    """Paint all cards, moved to `origin`."""
    painter.save()
    painter.translate(origin)
    painter.setFont(style.font)
    for number, card in enumerate(cards):
        _paint_frame(painter, card, grid.boxes[number], style)
        _paint_guesses(painter, card, grid.guesses_box(number), grid, style)
        if card.layers:
            _paint_layers(painter, card, number, grid, style)
    painter.restore()


def _paint_frame(painter: QPainter, card: Card, box: QRectF, style: FigureStyle) -> None:
    bold = resized(style.font, bold=True)
    metrics, theme = QFontMetricsF(bold), style.theme
    em = metrics.height()
    painter.setPen(QPen(theme.line, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush if style.transparent else theme.panel)
    painter.drawRoundedRect(box, 0.3 * em, 0.3 * em)
    title = QRectF(box.left() + 0.7 * em, box.top() + 0.4 * em, box.width() - 1.4 * em, 1.4 * em)
    if card.is_right is not None:
        verdict = _tr("✓ right") if card.is_right else _tr("✗ wrong")
        painter.setFont(bold)
        painter.setPen(theme.ink if card.is_right else theme.warning)
        painter.drawText(title, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, verdict)
        title.setRight(title.right() - metrics.horizontalAdvance(verdict) - 0.5 * em)
    painter.setFont(bold)
    painter.setPen(theme.ink)
    text = metrics.elidedText(card.title, Qt.TextElideMode.ElideRight, title.width())
    painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
    painter.setFont(style.font)


def _paint_guesses(painter: QPainter, card: Card, box: QRectF, grid: CardGrid, style: FigureStyle) -> None:
    metrics, em, theme = QFontMetricsF(style.font), grid.em, style.theme
    guesses = [*card.guesses, *([card.outside] if card.outside else [])]
    if not guesses:
        return
    bold = QFontMetricsF(resized(style.font, bold=True))
    word_width = min(max(bold.horizontalAdvance(guess.word) for guess in guesses), 6.5 * em)
    number_width = max(bold.horizontalAdvance(percent(guess.prob)) for guess in guesses)
    left, right = box.left() + 1.5 * em, box.right() - 0.7 * em
    bar_left, bar_right = left + word_width + 0.5 * em, right - number_width - 0.5 * em
    for row, guess in enumerate(guesses):
        is_outside = row >= len(card.guesses)
        top = box.top() + _HEAD * em + grid.row * (grid.n_guesses if is_outside else row)
        line = QRectF(left, top, right - left, grid.row)
        baseline = line.center().y() + 0.36 * metrics.ascent()
        if is_outside:
            painter.setPen(QPen(theme.line, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(box.left() + 0.7 * em, top), QPointF(right, top))
        painter.setFont(resized(style.font, bold=guess.is_original))
        if guess.is_original:
            _paint_mark(painter, QPointF(box.left() + 0.7 * em, line.center().y()), em, style)
        painter.setPen(theme.ink)
        word = (bold if guess.is_original else metrics).elidedText(guess.word, Qt.TextElideMode.ElideRight, word_width)
        painter.drawText(QPointF(left, baseline), word)
        full = QRectF(bar_left, top + 0.2 * em, bar_right - bar_left, grid.row - 0.4 * em)
        painter.fillRect(full, theme.line)
        part = QRectF(full.left(), full.top(), max(full.width() * guess.prob, 0.06 * em), full.height())
        painter.fillRect(part, theme.series[5] if guess.is_original else theme.series[0])
        text = percent(guess.prob)
        width = (bold if guess.is_original else metrics).horizontalAdvance(text)
        painter.drawText(QPointF(right - width, baseline), text)
    painter.setFont(style.font)


def _paint_mark(painter: QPainter, tip: QPointF, em: float, style: FigureStyle) -> None:
    """A triangle that points at the word that was there."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.theme.warning)
    corners = [QPointF(0, -0.28 * em), QPointF(0.45 * em, 0), QPointF(0, 0.28 * em)]
    painter.drawPolygon(QPolygonF([tip + corner for corner in corners]))


def _paint_layers(painter: QPainter, card: Card, number: int, grid: CardGrid, style: FigureStyle) -> None:
    metrics, em, theme = QFontMetricsF(style.font), grid.em, style.theme
    first = grid.layer_row(number, 0)
    painter.setPen(theme.faint)
    painter.drawText(QPointF(first.left(), first.top() - 0.4 * em), _tr("Best word after each layer"))
    names = max(metrics.horizontalAdvance(name) for name, _ in card.layers)
    for row, (name, guess) in enumerate(card.layers):
        line = grid.layer_row(number, row)
        baseline = line.center().y() + 0.36 * metrics.ascent()
        painter.setPen(theme.ink)
        painter.drawText(QPointF(line.left(), baseline), name)
        cell = line.adjusted(names + 0.6 * em, 0, 0, 0)
        color = int(color_maps.lookup(style.color_map)[min(max(round(255 * guess.prob), 0), 255)])
        painter.fillRect(cell, QColor.fromRgb(color))
        painter.setPen(color_maps.ink_on(color))
        text = percent(guess.prob)
        text_left = cell.right() - 0.4 * em - metrics.horizontalAdvance(text)
        painter.drawText(QPointF(text_left, baseline), text)
        mark = "▸ " if guess.is_original else ""
        room = text_left - cell.left() - 0.8 * em
        word = metrics.elidedText(mark + guess.word, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(cell.left() + 0.4 * em, baseline), word)
    if card.shown_layer is not None:
        painter.setPen(QPen(theme.accent, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(grid.layer_row(number, card.shown_layer).adjusted(-0.2 * em, 0, 0.2 * em, 0))


def same_word(word: str, prob: float, original: str, original_prob: float) -> bool:
    """Whether a guess is the original token; the texts of two tokens may be equal, their probabilities hardly."""
    return word == original and math.isclose(prob, original_prob, rel_tol=1e-4, abs_tol=1e-9)
