"""Which words are masked: they are drawn as large as they are attended to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from inference.results.order import OrderResult
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_border, paint_image
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.order.truth import all_numbers

_SMALLEST, _LARGEST = 0.85, 2.0  # times the size of letters
_LINE: Final = 3.0  # em
_IMAGE, _MOST_IMAGE = 5.0, 10.0  # em, of the frame beside a sentence: as large as there is height
_GAP: Final = 0.5


def _tr(text: str) -> str:
    return QCoreApplication.translate("WordsFigure", text)


class SizedWord(NamedTuple):
    """A word, by its place in the text."""

    word: int


@dataclass(frozen=True)
class WordsFigure:
    """Sentences beside their frames. A line lies under the words that are attended to most; masked ones have a box."""

    result: OrderResult

    @cached_property
    def lines(self) -> tuple[tuple[int, ...], ...]:
        """The words of every sentence, without its sign of beginning."""
        starts = [*np.flatnonzero(self.result.words.is_special).tolist(), len(self.result.words)]
        return tuple(tuple(range(start + 1, stop)) for start, stop in pairwise(starts))

    @cached_property
    def factors(self) -> np.ndarray:
        """float [word]: how large each is drawn; the most attended word is the largest."""
        received = self.result.received
        high = received[~self.result.words.is_special].max()
        return _SMALLEST + (_LARGEST - _SMALLEST) * np.clip(received / high, 0, 1)

    @property
    def n_words(self) -> int:
        """Without signs."""
        return int((~self.result.words.is_special).sum())

    @property
    def caption(self) -> str:
        result = self.result
        n, both = int(result.is_masked.sum()), int((result.is_masked & result.is_top).sum())
        text = _tr(
            "Words by the attention they receive, text read alone; {} of {} masked, {} of the most attended fifth"
        )
        return text.format(n, self.n_words, both)

    # Layout

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(56 * em, self.least_size(56 * em, style).height())

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """As high as all sentences are at that width."""
        em = QFontMetricsF(style.font).height()
        rows = self._rows_beside(_IMAGE * em, QRectF(0, 0, max(width, 12 * em), 1), style)
        return QSizeF(0, rows[-1][0].bottom() + 2 * em)

    def _rows(self, rect: QRectF, style: FigureStyle) -> list[tuple[QRectF, dict[int, QRectF]]]:
        """Of every sentence the box of its frame with the row, and those of its words: frames as large as all fit."""
        em = QFontMetricsF(style.font).height()
        share = (rect.height() - 2 * em) / len(self.lines) - _GAP * em
        large = self._rows_beside(max(_IMAGE * em, min(share, _MOST_IMAGE * em)), rect, style)
        return large if large[-1][0].bottom() <= rect.bottom() - 2 * em else self._rows_beside(_IMAGE * em, rect, style)

    def _rows_beside(self, side: float, rect: QRectF, style: FigureStyle) -> list[tuple[QRectF, dict[int, QRectF]]]:
        """With frames of one size."""
        em = QFontMetricsF(style.font).height()
        sizes = [QFontMetricsF(self._font(word, style)) for word in range(len(self.result.words))]
        rows, top = [], rect.top()
        left = rect.left() + side + em
        for line in self.lines:
            boxes: dict[int, QRectF] = {}
            x, y = left, top
            for word in line:
                width = sizes[word].horizontalAdvance(self._text(word)) + 0.6 * em
                if x + width > rect.right() and x > left:
                    x, y = left, y + _LINE * em
                boxes[word] = QRectF(x, y, width, _LINE * em)
                x += width + 0.3 * em
            height = max(side, y + _LINE * em - top)
            if height == side:  # in the middle beside its frame
                down = (height - (y + _LINE * em - top)) / 2
                boxes = {word: box.translated(0, down) for word, box in boxes.items()}
            rows.append((QRectF(rect.left(), top, side, height), boxes))
            top += height + _GAP * em
        return rows

    def _text(self, word: int) -> str:
        return clean(self.result.words.words[word])

    def _font(self, word: int, style: FigureStyle) -> QFont:
        return resized(style.font, float(self.factors[word]), bold=bool(self.result.is_top[word]))

    # Pointing

    def boxes(self, rect: QRectF, style: FigureStyle) -> dict[int, QRectF]:
        """Where every word is."""
        return {word: box for _, boxes in self._rows(rect, style) for word, box in boxes.items()}

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> SizedWord | None:
        """The word under a point."""
        return next((SizedWord(word) for word, box in self.boxes(rect, style).items() if box.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a word; there is none of another kind of figure."""
        return isinstance(spot, SizedWord) and any(spot.word in line for line in self.lines)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: SizedWord) -> None:
        """Frame a word."""
        painter.save()
        paint_border(painter, self.boxes(rect, style)[spot.word], style, is_selected=True)
        painter.restore()

    def step(self, spot: SizedWord | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> SizedWord | None:
        """The word beside, or the one at that place in the sentence above or below."""
        if spot is None:
            return SizedWord(self.lines[0][0])
        line = next(i for i, words in enumerate(self.lines) if spot.word in words)
        at = self.lines[line].index(spot.word) + right
        line = min(max(line + down, 0), len(self.lines) - 1)
        return SizedWord(self.lines[line][min(max(at, 0), len(self.lines[line]) - 1)])

    def describe(self, spot: SizedWord) -> str:
        """The numbers of a word."""
        result = self.result
        received = float(result.received[spot.word])
        parts = [_tr("“{}”: attention {:.3f}, where every word gives 1").format(self._text(spot.word), received)]
        if result.is_top[spot.word]:
            parts.append(_tr("among the most attended fifth"))
        if result.is_masked[spot.word]:
            parts.append(_tr("masked"))
        return "  ·  ".join(parts)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        theme, em = style.theme, QFontMetricsF(style.font).height()
        rows = self._rows(rect, style)
        height, width = self.result.seen.shape[1:3]
        for sentence, (side, boxes) in enumerate(rows):
            image = self.result.seen[self.result.order.index(sentence)]
            box = letterbox(height, width, QRectF(side.left(), side.top(), side.width(), side.width()))
            paint_image(painter, image, box)
            paint_border(painter, box, style)
            for word, place in boxes.items():
                self._paint_word(painter, word, place, style)
        painter.setFont(style.font)
        painter.setPen(theme.faint)
        painter.drawText(
            QPointF(rect.left(), rows[-1][0].bottom() + 1.4 * em),
            _tr("large: attended to much   ·   underlined: the most attended fifth   ·   in a coloured box: masked"),
        )
        painter.restore()

    def _paint_word(self, painter: QPainter, word: int, box: QRectF, style: FigureStyle) -> None:
        result, theme = self.result, style.theme
        font = self._font(word, style)
        metrics = QFontMetricsF(font)
        inner = box.adjusted(
            0, (box.height() - 1.25 * metrics.height()) / 2, 0, -(box.height() - 1.25 * metrics.height()) / 2
        )
        if result.is_masked[word]:
            fill = QColor(theme.series[0])
            fill.setAlphaF(0.22)
            painter.setBrush(fill)
            painter.setPen(QPen(theme.series[0], 2))
            painter.drawRoundedRect(inner, 4, 4)
        painter.setFont(font)
        painter.setPen(theme.ink)
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, self._text(word))
        if result.is_top[word]:
            y = inner.center().y() + 0.45 * metrics.height()
            width = metrics.horizontalAdvance(self._text(word)) / 2
            painter.setPen(QPen(theme.warning, 2))
            painter.drawLine(QPointF(inner.center().x() - width, y), QPointF(inner.center().x() + width, y))

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (sentence, word, result.words.words[word], float(result.received[word]), int(result.is_top[word]),
             int(result.is_masked[word]))
            for sentence, line in enumerate(self.lines)
            for word in line
        ]  # fmt: skip
        return Numbers(all_numbers(result), ("sentence", "pos", "word", "received", "is_top", "is_masked"), rows)
