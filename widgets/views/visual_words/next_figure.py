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
    PointsAtWords,
    VisualWordSpot,
    columns_for,
    common_arrays,
    em_of,
    fits_text,
    fitting_side,
    meaning_of,
    paint_centred,
    paint_head,
    paint_picture,
    word_title,
)

_WIDTH = 60.0  # em
_LABELS = 8.0  # em at the left
_FOUND, _MOST_FOUND = 8.0, 16.0  # em of the image of a visual word that a text calls for


def _tr(text: str) -> str:
    return QCoreApplication.translate("VisualWordsNextFigure", text)


@dataclass(frozen=True)
class VisualWordsNextFigure(PointsAtWords):
    """The chips that are seen, those that came then, and three rows of what the checkpoint foretells."""

    result: VisualWordsResult

    @property
    def caption(self) -> str:
        text = _tr("Three futures of {} chips, from the film alone; framed: the visual word that came")
        return text.format(self.result.n_seen)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = em_of(style)
        n = self.result.n_seen + self.result.futures.shape[1]
        side = columns_for(n, 0, (_WIDTH - _LABELS) * em, style).side
        return QSizeF(_WIDTH * em, self._n_rows * side + self._beside_images * em)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        return QSizeF(0, self.least_height(width, style))

    def least_height(self, width: float, style: FigureStyle) -> float:
        """Height that is needed at a width."""
        side = self._columns(QRectF(0, 0, width, 0), style).side
        return self._n_rows * side + self._beside_images * em_of(style)

    @property
    def _n_rows(self) -> int:
        """Of images: the film, its words, and the futures."""
        return 2 + len(self.result.futures)

    @property
    def _beside_images(self) -> float:
        """em of the lines above and below the rows of images."""
        return TITLE + sum(self._below)

    @property
    def _below(self) -> tuple[float, ...]:
        """em beneath each row: nothing, a line, or two."""
        return 0.4, TITLE + 0.3, *(1.9 * TITLE + 0.3,) * len(self.result.futures)

    def _columns(self, rect: QRectF, style: FigureStyle) -> Columns:
        """As large as there is room, so that all futures are in sight."""
        em = em_of(style)
        n = self.result.n_seen + self.result.futures.shape[1]
        most = fitting_side(rect.height() - self._beside_images * em, self._n_rows, style)
        return columns_for(n, rect.left() + _LABELS * em, rect.width() - _LABELS * em, style, most)

    def _box(self, columns: Columns, row: int, column: int, rect: QRectF, style: FigureStyle) -> QRectF:
        """A picture: the film is row 0, its words are row 1, then come the futures."""
        em = em_of(style)
        top = rect.top() + TITLE * em
        return columns.box(column, top + row * columns.side + sum(self._below[:row]) * em)

    def spots(self, rect: QRectF, style: FigureStyle) -> list[tuple[VisualWordSpot, QRectF]]:
        """See `PointsAtWords.spots`."""
        result, columns = self.result, self._columns(rect, style)
        n_seen = result.n_seen
        spots = [
            VisualWordSpot(1, i, int(word)) for i, word in enumerate(result.words[: n_seen + result.futures.shape[1]])
        ]
        for row, words in enumerate(result.futures.tolist(), 2):
            spots += [VisualWordSpot(row, n_seen + ahead, word) for ahead, word in enumerate(words)]
        return [(spot, self._box(columns, spot.row, spot.column, rect, style)) for spot in spots]

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        result, em = self.result, em_of(style)
        columns = self._columns(rect, style)
        n_seen, n_ahead = result.n_seen, result.futures.shape[1]
        for chip in range(n_seen + n_ahead):
            ahead = chip - n_seen + 1
            title = str(chip) if ahead < 1 else _tr("{} ahead").format(ahead)
            paint_centred(painter, title, columns.line(chip, rect.top(), TITLE * em), style, is_faint=ahead < 1)
            paint_picture(painter, result.frames[chip], self._box(columns, 0, chip, rect, style), style)
        rows = [
            _tr("the film"),
            _tr("its words"),
            *(_tr("future {}").format(i + 1) for i in range(len(result.futures))),
        ]
        for row, name in enumerate(rows):
            middle = self._box(columns, row, 0, rect, style).center().y()
            paint_title(painter, name, QRectF(rect.left(), middle - em, _LABELS * em, 2 * em), style)
        shares = [percent(prob) for prob in result.future_probs.ravel().tolist()]
        spots = self.spots(rect, style)
        told = [meaning_of(result, spot.word) or word_title(spot.word) for spot, _ in spots]
        for (spot, box), name in zip(spots, told, strict=True):
            is_future = spot.row > 1
            is_right = is_future and spot.word == int(result.words[spot.column])
            paint_picture(painter, result.pictures[spot.word], box, style, is_right=is_right)
            line = columns.line(spot.column, box.bottom(), TITLE * em)
            if is_future:
                prob = float(result.future_probs[spot.row - 2, spot.column - n_seen])
                paint_centred(painter, percent(prob), line, style, is_faint=not is_right, row=shares)
                line.translate(0, 0.9 * TITLE * em)
            paint_centred(painter, name, line, style, row=told)
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
class VisualWordsTextFigure(PointsAtWords):
    """The text, and the visual words that are likeliest beside it where nothing of the film is shown."""

    result: VisualWordsResult

    @property
    def caption(self) -> str:
        return _tr("The visual words that the text calls for, each as the training chip nearest to it")

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = _WIDTH * em_of(style)
        return QSizeF(width, self.least_height(width, style))

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width."""
        return QSizeF(0, self.least_height(width, style))

    def least_height(self, width: float, style: FigureStyle) -> float:
        """Height that is needed at a width."""
        rect = QRectF(0, 0, width, 0)
        return self._beside_images(rect, style) + self._columns(rect, style).side

    def _beside_images(self, rect: QRectF, style: FigureStyle) -> float:
        text = MaskedText.of(self.result, rect.width(), style).height
        return (4 * TITLE + 1.5) * em_of(style) + text

    def _columns(self, rect: QRectF, style: FigureStyle) -> Columns:
        room = (rect.height() - self._beside_images(rect, style)) / em_of(style)
        most = min(max(room, _FOUND), _MOST_FOUND)
        return columns_for(len(self.result.from_text), rect.left(), rect.width(), style, most)

    def spots(self, rect: QRectF, style: FigureStyle) -> list[tuple[VisualWordSpot, QRectF]]:
        """See `PointsAtWords.spots`."""
        em, columns = em_of(style), self._columns(rect, style)
        text = MaskedText.of(self.result, rect.width(), style)
        top = rect.top() + text.height + (TITLE + 0.9) * em
        words = self.result.from_text.tolist()
        return [(VisualWordSpot(0, rank, word), columns.box(rank, top)) for rank, word in enumerate(words)]

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        result, em = self.result, em_of(style)
        top = paint_head(painter, fits_text(result), rect, style)
        MaskedText.of(result, rect.width(), style).paint(painter, QPointF(rect.left(), top), style)
        for spot, box in self.spots(rect, style):
            paint_picture(painter, result.pictures[spot.word], box, style)
            line = QRectF(box.left(), box.bottom(), box.width(), TITLE * em)
            paint_centred(painter, percent(float(result.from_text_probs[spot.column])), line, style, is_faint=False)
            for below, name in enumerate((word_title(spot.word), meaning_of(result, spot.word)), 1):
                paint_centred(painter, name, line.translated(0, below * 0.9 * TITLE * em), style)
        painter.restore()

    def numbers(self) -> Numbers:
        result = self.result
        pairs = zip(result.from_text.tolist(), result.from_text_probs.tolist(), strict=True)
        rows: list[tuple[str | int | float, ...]] = [(rank, word, prob) for rank, (word, prob) in enumerate(pairs)]
        return Numbers(common_arrays(result), ("rank", "word", "probability"), rows)
