"""Three futures of a film beside what came, and the visual words that a text calls for."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter

from inference.results.visual_words import VisualWordsResult
from widgets.figures.image_parts import paint_title
from widgets.figures.prediction_cards import percent
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.visual_words.pictures import (
    TITLE,
    Columns,
    MaskedText,
    columns_for,
    common_arrays,
    em_of,
    fits_text,
    meaning_of,
    paint_centred,
    paint_head,
    paint_picture,
    word_title,
)

_WIDTH = 60.0  # em
_LABELS = 8.0  # em at the left
_FOUND = 8.0  # em of the image of a visual word that a text calls for


def _tr(text: str) -> str:
    return QCoreApplication.translate("VisualWordsNextFigure", text)


@dataclass(frozen=True)
class VisualWordsNextFigure:
    """The chips that are seen, those that came then, and three rows of what the checkpoint foretells."""

    result: VisualWordsResult

    @property
    def caption(self) -> str:
        text = _tr("Three futures of {} chips, from the film alone; framed: the visual word that came")
        return text.format(self.result.n_seen)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = _WIDTH * em_of(style)
        return QSizeF(width, self.least_height(width, style))

    def least_height(self, width: float, style: FigureStyle) -> float:
        """Height that is needed at a width."""
        em, side = em_of(style), self._columns(QRectF(0, 0, width, 1), style).side
        return 2 * TITLE * em + 5 * (side + 2.1 * TITLE * em)

    def _columns(self, rect: QRectF, style: FigureStyle) -> Columns:
        em = em_of(style)
        n = self.result.n_seen + self.result.futures.shape[1]
        return columns_for(n, rect.left() + _LABELS * em, rect.width() - _LABELS * em, style)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        result, em = self.result, em_of(style)
        columns = self._columns(rect, style)
        n_seen, n_ahead = result.n_seen, result.futures.shape[1]
        top = paint_head(painter, self.caption, rect, style)
        for chip in range(n_seen + n_ahead):
            ahead = chip - n_seen + 1
            title = str(chip) if ahead < 1 else _tr("{} ahead").format(ahead)
            paint_centred(painter, title, columns.line(chip, top, TITLE * em), style, is_faint=ahead < 1)
        top += TITLE * em
        step = columns.side + 2.1 * TITLE * em
        rows = [
            _tr("the film"),
            _tr("its words"),
            *(_tr("future {}").format(i + 1) for i in range(len(result.futures))),
        ]
        for row, name in enumerate(rows):
            line = QRectF(rect.left(), top + row * step + (columns.side - TITLE * em) / 2, _LABELS * em, TITLE * em)
            paint_title(painter, name, line, style)
        for chip in range(n_seen + n_ahead):
            word = int(result.words[chip])
            paint_picture(painter, result.frames[chip], columns.box(chip, top), style)
            below = columns.box(chip, top + step)
            paint_picture(painter, result.pictures[word], below, style)
            name = meaning_of(result, word) or word_title(word)
            paint_centred(painter, name, columns.line(chip, below.bottom(), TITLE * em), style)
        for row, (words, probs) in enumerate(zip(result.futures.tolist(), result.future_probs.tolist(), strict=True)):
            for ahead, (word, prob) in enumerate(zip(words, probs, strict=True)):
                box = columns.box(n_seen + ahead, top + (2 + row) * step)
                is_right = word == int(result.words[n_seen + ahead])
                paint_picture(painter, result.pictures[word], box, style, is_right=is_right)
                line = columns.line(n_seen + ahead, box.bottom(), TITLE * em)
                paint_centred(painter, percent(prob), line, style, is_faint=not is_right)
                name = meaning_of(result, word) or word_title(word)
                paint_centred(painter, name, line.translated(0, 0.9 * TITLE * em), style)
        painter.restore()

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (i, ahead + 1, int(word), float(result.future_probs[i, ahead]), int(result.words[result.n_seen + ahead]))
            for i, future in enumerate(result.futures)
            for ahead, word in enumerate(future)
        ]
        return Numbers(common_arrays(result), ("future", "ahead", "word", "probability", "came"), rows)


@dataclass(frozen=True)
class VisualWordsTextFigure:
    """The text, and the visual words that are likeliest beside it where nothing of the film is shown."""

    result: VisualWordsResult

    @property
    def caption(self) -> str:
        return _tr("The visual words that the text calls for, each as the training chip nearest to it")

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = _WIDTH * em_of(style)
        return QSizeF(width, self.least_height(width, style))

    def least_height(self, width: float, style: FigureStyle) -> float:
        """Height that is needed at a width."""
        em = em_of(style)
        side = self._columns(QRectF(0, 0, width, 1), style).side
        return (5 * TITLE + 2.0) * em + MaskedText.of(self.result, width, style).height + side

    def _columns(self, rect: QRectF, style: FigureStyle) -> Columns:
        return columns_for(len(self.result.from_text), rect.left(), rect.width(), style, _FOUND)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        result, em = self.result, em_of(style)
        top = paint_head(painter, fits_text(result), rect, style)
        text = MaskedText.of(result, rect.width(), style)
        text.paint(painter, QPointF(rect.left(), top), style)
        top += text.height + 0.6 * em
        paint_title(painter, self.caption, QRectF(rect.left(), top, rect.width(), TITLE * em), style)
        top += (TITLE + 0.2) * em
        columns = self._columns(rect, style)
        for rank, (word, prob) in enumerate(zip(result.from_text.tolist(), result.from_text_probs, strict=True)):
            box = columns.box(rank, top)
            paint_picture(painter, result.pictures[word], box, style)
            line = columns.line(rank, box.bottom(), TITLE * em)
            paint_centred(painter, percent(float(prob)), line, style, is_faint=False)
            for below, name in enumerate((word_title(word), meaning_of(result, word)), 1):
                paint_centred(painter, name, line.translated(0, below * 0.9 * TITLE * em), style)
        painter.restore()

    def numbers(self) -> Numbers:
        result = self.result
        pairs = zip(result.from_text.tolist(), result.from_text_probs.tolist(), strict=True)
        rows: list[tuple[str | int | float, ...]] = [(rank, word, prob) for rank, (word, prob) in enumerate(pairs)]
        return Numbers(common_arrays(result), ("rank", "word", "probability"), rows)
