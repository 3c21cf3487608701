"""A film as chips with their visual words, the text beneath, and what is named behind the masks of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.visual_words import VisualWordsResult
from widgets.figures import prediction_cards
from widgets.figures.image_parts import paint_title
from widgets.figures.prediction_cards import Card, percent
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.visual_words.pictures import (
    GAP,
    TITLE,
    Columns,
    MaskedText,
    columns_for,
    common_arrays,
    em_of,
    fits_text,
    fitting_side,
    meaning_of,
    paint_centred,
    paint_head,
    paint_hidden,
    paint_picture,
    word_text,
    word_title,
    word_titles,
)

_LEAST_GUESS, _MOST_GUESS = 3.1, 7.0  # em of the image of a guess; a narrower one has no room for its words
_WIDTH = 60.0  # em
_ABOVE = 4 * TITLE + 0.8  # em of the lines above and below the two rows of the film
_BESIDE_GUESSES = 4.8 * TITLE + 0.7  # the same of a row of guesses


class FilmSpot(NamedTuple):
    """A chip of the film, or a word of the text."""

    kind: str  # `chip` or `word`
    at: int


class _ChipGuesses(NamedTuple):
    """Guesses of one hidden chip: title, what the right one has, images, titles beneath, and which one is right."""

    title: str
    of_right: str
    images: list[np.ndarray]
    names: list[str]
    meanings: list[str]
    probs: list[float]
    right: int


def _tr(text: str) -> str:
    return QCoreApplication.translate("VisualWordsFigure", text)


@dataclass(frozen=True)
class VisualWordsFigure:
    """The film strip, the text, and guesses with the other side and without it, CBT's beside VideoBERT's."""

    result: VisualWordsResult

    @property
    def caption(self) -> str:
        n, n_masked = len(self.result.hidden), len(self.result.positions)
        if not n and not n_masked:
            return _tr("Below each chip of the film an example of its visual word; nothing is hidden")
        return _tr(
            "Below each chip an example of its visual word, below these what the model puts behind masks; "
            "hidden chips: {}, masked words: {}"
        ).format(n, n_masked)

    # What is guessed

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """Two for each masked word: with the film, and without it."""
        result = self.result
        return tuple(
            self._card(mask, number, title)
            for mask in range(len(result.positions))
            for number, title in enumerate((_tr("with the film"), _tr("without the film")))
        )

    def _card(self, mask: int, number: int, title: str) -> Card:
        result = self.result
        original, position = result.original[mask], int(result.positions[mask])
        was = _tr(" · was “{}”").format(isolated(original)) if original else ""
        prob = float(result.original_probs[number, mask])
        words, probs = result.guesses[number][mask], result.guess_probs[number, mask]
        return Card.of_words(f"{position} · {title}{was}", words, probs, original, prob)

    def panels(self, hidden: int) -> tuple[_ChipGuesses, ...]:
        """Of one hidden chip: the words with the text, those without it, and the chips that CBT takes it for."""
        result = self.result
        n = result.chip_guesses.shape[-1]
        truth = int(result.words[result.hidden[hidden]])
        found = []
        chip = int(result.hidden[hidden])
        for number, title in enumerate((_tr("Chip {} with the text").format(chip), _tr("without the text"))):
            words = result.chip_guesses[number, hidden].tolist()
            of_right = _tr("right one: {}").format(percent(float(result.truth_probs[number, hidden])))
            meanings = [meaning_of(result, each) for each in words]
            probs = result.chip_probs[number, hidden].tolist()
            right = words.index(truth) if truth in words else -1
            found.append(
                _ChipGuesses(
                    title, of_right, [result.pictures[w] for w in words], word_titles(words), meanings, probs, right
                )
            )
        scores = result.nce[hidden]
        best = np.argsort(-scores, kind="stable")[:n].tolist()
        n_chips = len(result.words)
        images = [result.frames[i] if i < n_chips else result.pictures[i - n_chips] for i in best]
        names = [_tr("chip {}").format(i) if i < n_chips else word_title(i - n_chips) for i in best]
        of_right = _tr("right one: {}").format(percent(float(scores[chip])))
        meanings = [meaning_of(result, int(result.words[i]) if i < n_chips else i - n_chips) for i in best]
        right = best.index(chip) if chip in best else -1
        found.append(
            _ChipGuesses(_tr("by its vector (CBT)"), of_right, images, names, meanings, scores[best].tolist(), right)
        )
        return tuple(found)

    # Layout

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = _WIDTH * em_of(style)
        film = columns_for(len(self.result.words), 0, width, style)
        rows = 2 * film.side + len(self.result.hidden) * min(film.side, _MOST_GUESS * em_of(style))
        return QSizeF(width, self._beside_images(width, style) + rows)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        return QSizeF(0, self.least_height(width, style))

    def least_height(self, width: float, style: FigureStyle) -> float:
        """Height that is needed at a width."""
        rect = QRectF(0, 0, width, 0)
        return self._cards_top(rect, style) + self._cards_height(width, style)

    def _cards_height(self, width: float, style: FigureStyle) -> float:
        grid = prediction_cards.lay_out(self.cards, width, QFontMetricsF(style.font))
        return grid.height + 0.8 * em_of(style) if self.cards else 0.0

    def _beside_images(self, width: float, style: FigureStyle) -> float:
        """Height of all but the film, its words and the guesses."""
        em = em_of(style)
        text = MaskedText.of(self.result, width, style).height + 0.7 * em
        return (_ABOVE + _BESIDE_GUESSES * len(self.result.hidden)) * em + text + self._cards_height(width, style)

    def _most(self, rect: QRectF, style: FigureStyle) -> float:
        """em of an image: as large as there is room, so that the text is in sight, too."""
        height = rect.height() - self._beside_images(rect.width(), style)
        return fitting_side(height, 2 + len(self.result.hidden), style)

    def _film(self, rect: QRectF, style: FigureStyle) -> Columns:
        return columns_for(len(self.result.words), rect.left(), rect.width(), style, self._most(rect, style))

    def _panels_top(self, rect: QRectF, style: FigureStyle) -> float:
        return rect.top() + _ABOVE * em_of(style) + 2 * self._film(rect, style).side

    def _text_top(self, rect: QRectF, style: FigureStyle) -> float:
        return self._panels_top(rect, style) + self._panel_height(rect, style) * len(self.result.hidden)

    def _panel_height(self, rect: QRectF, style: FigureStyle) -> float:
        return _BESIDE_GUESSES * em_of(style) + self._guess_columns(0, rect, style).side

    def _guess_columns(self, panel: int, rect: QRectF, style: FigureStyle) -> Columns:
        em = em_of(style)
        share = (rect.width() - 2 * em) / 3
        n, most = self._n_guesses(rect.width(), style), min(self._most(rect, style), _MOST_GUESS)
        return columns_for(n, rect.left() + panel * (share + em), share, style, most)

    def _n_guesses(self, width: float, style: FigureStyle) -> int:
        """How many of each kind have room beside each other."""
        em = em_of(style)
        room = int(((width - 2 * em) / 3 + GAP * em) / ((_LEAST_GUESS + GAP) * em))
        return min(self.result.chip_guesses.shape[-1], max(room, 1))

    def _cards_top(self, rect: QRectF, style: FigureStyle) -> float:
        text = MaskedText.of(self.result, rect.width(), style).height
        return self._text_top(rect, style) + text + 0.7 * em_of(style)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        result, em = self.result, em_of(style)
        top = paint_head(painter, fits_text(result), rect, style)
        film = self._film(rect, style)
        words = result.words.tolist()
        hidden = set(result.hidden.tolist())
        names = ["[MASK]" if chip in hidden else name for chip, name in enumerate(word_titles(words))]
        meanings = ["" if chip in hidden else meaning_of(result, word) for chip, word in enumerate(words)]
        for chip, word in enumerate(words):
            is_hidden, is_shown = chip in hidden, result.first <= chip <= result.last
            title = str(chip) if chip else _tr("chip 0")
            paint_centred(painter, title, film.line(chip, top, TITLE * em), style)
            box = film.box(chip, top + TITLE * em)
            below = film.box(chip, box.bottom() + 0.2 * em)
            if is_hidden:
                paint_hidden(painter, box, style)
                paint_hidden(painter, below, style)
            else:
                paint_picture(painter, result.frames[chip], box, style, is_faint=not is_shown)
                paint_picture(painter, result.pictures[word], below, style, is_faint=not is_shown)
            line = film.line(chip, below.bottom(), TITLE * em)
            paint_centred(painter, names[chip], line, style, row=names)
            line.translate(0, 0.9 * TITLE * em)
            paint_centred(painter, meanings[chip], line, style, is_faint=not is_shown, row=meanings)
        text_top = self._text_top(rect, style)
        MaskedText.of(result, rect.width(), style).paint(painter, QPointF(rect.left(), text_top), style)
        top = self._panels_top(rect, style)
        for hidden in range(len(result.hidden)):
            self._paint_panels(painter, hidden, top, rect, style)
            top += self._panel_height(rect, style)
        origin = QPointF(rect.left(), self._cards_top(rect, style))
        room = rect.bottom() - origin.y()
        grid = prediction_cards.lay_out(self.cards, rect.width(), QFontMetricsF(style.font), room)
        prediction_cards.paint_cards(painter, self.cards, grid, origin, style)
        painter.restore()

    def _paint_panels(self, painter: QPainter, hidden: int, top: float, rect: QRectF, style: FigureStyle) -> None:
        em, panels = em_of(style), self.panels(hidden)
        n, n_all = self._n_guesses(rect.width(), style), self.result.chip_guesses.shape[-1]
        some = _tr("; {} of {} shown").format(n, n_all) if n < n_all else ""
        shares = [percent(prob) for panel in panels for prob in panel.probs[:n]]
        told = [text for panel in panels for text in (*panel.names[:n], *panel.meanings[:n])]
        for number, panel in enumerate(panels):
            columns = self._guess_columns(number, rect, style)
            width = (rect.width() - 2 * em) / 3
            line = QRectF(columns.left, top, width, TITLE * em)
            for text in (panel.title, f"{panel.of_right}{some}"):
                paint_title(painter, text, line, style, shrinks=True)
                line.translate(0, line.height())
            for rank, image in enumerate(panel.images[:n]):
                box = columns.box(rank, line.top())
                is_right = rank == panel.right
                paint_picture(painter, image, box, style, is_right=is_right)
                name = columns.line(rank, box.bottom(), TITLE * em)
                paint_centred(painter, percent(panel.probs[rank]), name, style, is_faint=not is_right, row=shares)
                for below, text in enumerate((panel.names[rank], panel.meanings[rank]), 1):
                    paint_centred(painter, text, name.translated(0, below * 0.9 * TITLE * em), style, row=told)

    # Pointing

    def _spots(self, rect: QRectF, style: FigureStyle) -> list[tuple[FilmSpot, QRectF]]:
        result, em = self.result, em_of(style)
        film = self._film(rect, style)
        top = rect.top() + (TITLE + 0.3) * em
        found = [
            (FilmSpot("chip", chip), film.box(chip, top).adjusted(0, 0, 0, film.side + 3.1 * TITLE * em))
            for chip in range(len(result.words))
            if result.first <= chip <= result.last
        ]
        origin = QPointF(rect.left(), self._text_top(rect, style))
        boxes = MaskedText.of(result, rect.width(), style).boxes
        return found + [
            (FilmSpot("word", pos), box.translated(origin))
            for pos, box in enumerate(boxes)
            if not result.tokens.is_special[pos]
        ]

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> FilmSpot | None:
        """The chip or the word under a point."""
        return next((spot for spot, box in self._spots(rect, style) if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a chip or word."""
        return any(spot == each for each, _ in self._spots(rect, style))

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: FilmSpot) -> None:
        """Frame what is pointed at."""
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.theme.accent, 2.0))
        for each, box in self._spots(rect, style):
            if each == spot:
                painter.drawRect(box.adjusted(-1, -1, 1, 1))
        painter.restore()

    def step(self, spot: FilmSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> FilmSpot | None:
        """The chip or the word beside; down goes from the film to the text."""
        spots = [each for each, _ in self._spots(rect, style)]
        if spot is None or spot not in spots:
            return spots[0] if spots else None
        if down and (others := [each for each in spots if each.kind == ("word" if down > 0 else "chip")]):
            return others[0] if spot.kind != others[0].kind else spot
        own = [each for each in spots if each.kind == spot.kind]
        return own[min(max(own.index(spot) + right, 0), len(own) - 1)]

    def describe(self, spot: FilmSpot) -> str:
        """What it is, and what a click does."""
        result = self.result
        if spot.kind == "word":
            word = isolated(clean(result.tokens.words[spot.at]))
            is_masked = spot.at in result.positions
            text = _tr("{}: a click shows the word again") if is_masked else _tr("{}: a click masks it")
            return text.format(word)
        does = _tr("a click shows it") if spot.at in result.hidden else _tr("a click hides it")
        return _tr("Chip {} is {}; {}.").format(spot.at, word_text(result, int(result.words[spot.at])), does)

    # Numbers

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = []
        for number, side in enumerate(("text", "no text")):
            for hidden, chip in enumerate(result.hidden.tolist()):
                pairs = zip(result.chip_guesses[number, hidden], result.chip_probs[number, hidden], strict=True)
                rows += [("chip", chip, side, rank, f"word {word}", float(p)) for rank, (word, p) in enumerate(pairs)]
        for number, side in enumerate(("film", "no film")):
            for mask, pos in enumerate(result.positions.tolist()):
                pairs = zip(result.guesses[number][mask], result.guess_probs[number, mask], strict=True)
                rows += [("word", pos, side, rank, word, float(p)) for rank, (word, p) in enumerate(pairs)]
        for hidden, chip in enumerate(result.hidden.tolist()):
            n = len(result.words)
            for i, score in enumerate(result.nce[hidden].tolist()):
                name = f"chip {i}" if i < n else f"word {i - n}"
                rows.append(("chip", chip, "CBT", i, name, score))
        return Numbers(common_arrays(result), ("hidden", "place", "beside", "rank", "guess", "probability"), rows)
