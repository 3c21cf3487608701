"""Chips and visual words as small images, in rows: parts of the figures of this view."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter

from inference.results.visual_words import VisualWordsResult
from widgets.figures import chips
from widgets.figures.image_parts import paint_border, paint_image, paint_title
from widgets.figures.lettering import shrunk
from widgets.look.theme import FigureStyle

TITLE = 1.35  # em
GAP = 0.35  # em, between images
_LEAST_LETTERS = 0.75  # of their size, where there is little room
_PARTED = 0.4  # em between lines beside each other, which would read as one word
_MOSTLY = 0.5  # share of its chips in which something happens that a visual word is called by
_LEAST_SIDE, _MOST_SIDE = 3.2, 10.0  # em of an image of the film
_MOST_GAP = 3.0  # em, between images that are smaller than there is width


def _tr(text: str) -> str:
    return QCoreApplication.translate("VisualWords", text)


def em_of(style: FigureStyle) -> float:
    """Height of a line."""
    return QFontMetricsF(style.font).height()


def word_title(word: int) -> str:
    """A visual word for the user."""
    return _tr("word {}").format(word)


def word_titles(words: Sequence[int]) -> list[str]:
    """Those of a row: the first one says what is counted."""
    return [word_title(word) if not i else str(word) for i, word in enumerate(words)]


def action_title(action: str) -> str:
    """What happens in a chip, in one word."""
    titles = {
        "rest": _tr("stays"), "enter": _tr("enters"), "join": _tr("comes to"), "move": _tr("moves"),
        "meet": _tr("meets"), "grow": _tr("grows"), "shrink": _tr("shrinks"), "turn": _tr("turns"),
        "recolour": _tr("becomes"), "leave": _tr("leaves"),
    }  # fmt: skip
    return titles.get(action, action)


def meaning_of(result: VisualWordsResult, word: int) -> str:
    """What a visual word stands for in most of its chips, in a word; empty where that is not known."""
    if not result.meanings:
        return ""
    action, share = result.meanings[word]
    return action_title(action) if share >= _MOSTLY else _tr("mixed")


@dataclass(frozen=True)
class Columns:
    """Columns of images of one size, from `left`, with a side of `side` and `gap` between them."""

    left: float
    side: float
    gap: float

    def box(self, column: int, top: float) -> QRectF:
        """The image of a column whose upper edge is at `top`."""
        return QRectF(self.left + column * (self.side + self.gap), top, self.side, self.side)

    def line(self, column: int, top: float, height: float) -> QRectF:
        """The line of text of a column: as wide as there is room up to its neighbours'."""
        spare = (self.gap - _PARTED * height / TITLE) / 2
        return QRectF(self.box(column, top).left() - spare, top, self.side + 2 * spare, height)


def columns_for(n: int, left: float, width: float, style: FigureStyle, most: float = _MOST_SIDE) -> Columns:
    """`n` columns in a width, none of them wider than `most` em; what is left over parts them."""
    em = em_of(style)
    side = max(min((width - (n - 1) * GAP * em) / n, most * em), 4.0)
    spare = (width - n * side) / max(n - 1, 1)
    return Columns(left, side, min(max(spare, GAP * em), _MOST_GAP * em))


def fitting_side(height: float, n_rows: int, style: FigureStyle, most: float = _MOST_SIDE) -> float:
    """em that images of a film may be high so that so many rows of them have room in a height; no less than a few."""
    return min(max(height / n_rows / em_of(style), _LEAST_SIDE), most)


def paint_picture(
    painter: QPainter,
    image: np.ndarray,
    box: QRectF,
    style: FigureStyle,
    *,
    is_right: bool = False,
    is_faint: bool = False,
) -> None:
    """An image with its frame: a strong one where it is the right one; faint where it is not shown to the model."""
    painter.save()
    if is_faint:
        painter.setOpacity(0.3)
    paint_image(painter, image, box)
    paint_border(painter, box, style, is_selected=is_right)
    painter.restore()


def paint_hidden(painter: QPainter, box: QRectF, style: FigureStyle) -> None:
    """What stands for a chip that is hidden."""
    painter.save()
    painter.fillRect(box, style.theme.panel)
    painter.fillRect(box, QBrush(style.theme.line, Qt.BrushStyle.BDiagPattern))
    paint_border(painter, box, style, is_selected=True)
    painter.setPen(style.theme.ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "?")
    painter.restore()


def paint_centred(
    painter: QPainter, text: str, box: QRectF, style: FigureStyle, *, is_faint: bool = True, row: Sequence[str] = ()
) -> None:
    """One line in the middle of a box; what is wider has letters a little smaller, and what still is, is shortened.

    Parameters
    ----------
    row
        All that stands in boxes of this width beside each other, whose letters are of one size.
    """
    painter.save()
    painter.setPen(style.theme.faint if is_faint else style.theme.ink)
    room = box.width()
    font = shrunk(style.font, lambda letters: max(map(letters.horizontalAdvance, (text, *row))), room, _LEAST_LETTERS)
    painter.setFont(font)
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, shown)
    painter.restore()


class VisualWordSpot(NamedTuple):
    """The picture of a visual word: its row and column in the figure, and the word."""

    row: int
    column: int
    word: int


class PointsAtWords(ABC):
    """What figures share whose spots are pictures of visual words: see `PointedFigure`."""

    result: VisualWordsResult

    @abstractmethod
    def spots(self, rect: QRectF, style: FigureStyle) -> list[tuple[VisualWordSpot, QRectF]]:
        """Where its pictures are, row by row."""

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> VisualWordSpot | None:
        """The picture under a point."""
        return next((spot for spot, box in self.spots(rect, style) if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a picture."""
        return any(spot == each for each, _ in self.spots(rect, style))

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: VisualWordSpot) -> None:
        """Frame the picture."""
        painter.save()
        for each, box in self.spots(rect, style):
            if each == spot:
                paint_border(painter, box.adjusted(-2, -2, 2, 2), style, is_selected=True)
        painter.restore()

    def step(
        self, spot: VisualWordSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> VisualWordSpot | None:
        """The picture beside, or the one beneath."""
        all_spots = [each for each, _ in self.spots(rect, style)]
        if spot is None or spot not in all_spots:
            return all_spots[0] if all_spots else None
        wanted = spot.row + down, spot.column + right
        return next((each for each in all_spots if (each.row, each.column) == wanted), spot)

    def describe(self, spot: VisualWordSpot) -> str:
        """What a visual word stands for."""
        return word_text(self.result, spot.word)


def word_text(result: VisualWordsResult, word: int) -> str:
    """A visual word with what it stands for in the training films."""
    text = _tr("{}: {:,} chips of the training films").format(word_title(word), int(result.counts[word]))
    if not result.meanings:
        return text
    action, share = result.meanings[word]
    return _tr("{}, {:.0f} % of them: {}").format(text, 100 * share, action_title(action))


@dataclass(frozen=True)
class MaskedText:
    """The words of the text, and where they are in a width."""

    found: tuple[chips.Chip, ...]
    boxes: list[QRectF]

    @classmethod
    def of(cls, result: VisualWordsResult, width: float, style: FigureStyle) -> MaskedText:
        """Words with their masks."""
        masked: dict[int, chips.ChipKind] = {int(pos): "masked" for pos in result.positions}
        found = chips.chips_of(result.tokens, masked)
        return cls(found, chips.lay_out(found, width, QFontMetricsF(style.font)))

    @property
    def height(self) -> float:
        """Of all lines."""
        return chips.height_of(self.boxes)

    def paint(self, painter: QPainter, origin: QPointF, style: FigureStyle) -> None:
        """Paint them from `origin` on."""
        chips.paint_chips(painter, self.found, self.boxes, origin, style)


def fits_text(result: VisualWordsResult) -> str:
    """Whether text and film belong together, in words: one number alone tells little."""
    this, other = round(100 * result.fits), round(100 * result.fits_other)
    text = _tr("Text and film belong together: {} %; with another film: {} %, so the model prefers {}")
    preferred = _tr("this one") if this > other else _tr("the other one") if this < other else _tr("neither")
    return text.format(this, other, preferred)


def paint_head(painter: QPainter, text: str, rect: QRectF, style: FigureStyle) -> float:
    """A line at the top; returns where what follows begins."""
    em = em_of(style)
    paint_title(painter, text, QRectF(rect.left(), rect.top(), rect.width(), TITLE * em), style, shrinks=True)
    return rect.top() + (TITLE + 0.3) * em


def common_arrays(result: VisualWordsResult) -> dict[str, np.ndarray]:
    """What every figure of this view hands out as numbers."""
    return {
        "words": result.words,
        "words_axes": np.array(["chip"]),
        "tokens": np.array(result.tokens.words, np.str_),
        "hidden": result.hidden,
        "masked": result.positions,
        "original": np.array(result.original, np.str_),
        "guesses": np.array(result.guesses, np.str_),
        "guess_probs": result.guess_probs,
        "guess_probs_axes": np.array(["film and no film", "masked word", "rank"]),
        "chip_guesses": result.chip_guesses,
        "chip_probs": result.chip_probs,
        "chip_probs_axes": np.array(["text and no text", "hidden chip", "rank"]),
        "truth_probs": result.truth_probs,
        "truth_probs_axes": np.array(["text and no text", "hidden chip"]),
        "nce": result.nce,
        "nce_axes": np.array(["hidden chip", "chips of the film, then visual words"]),
        "fits": np.array([result.fits, result.fits_other], np.float32),
        "fits_axes": np.array(["this film and another"]),
        "meanings": np.array([action for action, _ in result.meanings], np.str_),
        "from_text": result.from_text,
        "from_text_probs": result.from_text_probs,
        "futures": result.futures,
        "future_probs": result.future_probs,
        "future_probs_axes": np.array(["future", "chip ahead"]),
        "frames": result.frames,
        "frames_axes": np.array(["chip", "pixel row", "pixel column", "red green blue"]),
        "pictures": result.pictures,
        "pictures_axes": np.array(["visual word", "pixel row", "pixel column", "red green blue"]),
    }
