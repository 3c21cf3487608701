"""What a head looks at, in a word or two below its map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from inference.results.heads import HeadsResult
from widgets.figures.head_sentence import head_words
from widgets.figures.lettering import LEAST, fitted, resized
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

_LINE, _ABOVE = 1.0, 0.2  # em of small letters


@dataclass(frozen=True)
class HeadCaptions:
    """Such as "previous 91 %", after the words "looks at" at the beginning of a row."""

    result: HeadsResult
    places: tuple[tuple[int, int], ...]

    @cached_property
    def words(self) -> dict[tuple[int, int], tuple[str, str]]:
        """What each head looks at, and its share."""
        return {place: head_words(self.result, place) for place in self.places}

    def n_lines(self, width: float, height: float, font: QFont) -> int:
        """Lines that fit below maps of such a width: two where one is too narrow, none where there is no room."""
        for n_lines in (1, 2):
            letters = self._letters(n_lines, width, font)
            is_narrow = self._widest(n_lines, QFontMetricsF(letters)) <= width
            if is_narrow and self.height(n_lines, font) <= height:
                return n_lines
        return 0

    def height(self, n_lines: int, font: QFont) -> float:
        """What so many lines need below a map."""
        em = QFontMetricsF(resized(font, SMALL)).height()
        return float(round((n_lines * _LINE + _ABOVE) * em)) if n_lines else 0.0

    def _letters(self, n_lines: int, width: float, font: QFont) -> QFont:
        small = resized(font, SMALL)
        widest = max(self._texts(n_lines), key=QFontMetricsF(small).horizontalAdvance, default="")
        return fitted(small, widest, width, LEAST / SMALL)

    def _widest(self, n_lines: int, metrics: QFontMetricsF) -> float:
        return max(map(metrics.horizontalAdvance, self._texts(n_lines)), default=0.0)

    def _texts(self, n_lines: int) -> Iterable[str]:
        """All lines that are written."""
        if n_lines == 1:
            return [" ".join(filter(None, words)) for words in self.words.values()]
        return [word for words in self.words.values() for word in words]

    def paint(self, painter: QPainter, boxes: dict[tuple[int, int], QRectF], n_lines: int, style: FigureStyle) -> None:
        """Each centred in its box, which begins below the map."""
        if not n_lines:
            return
        painter.save()
        width = min(box.width() for box in boxes.values())
        painter.setFont(self._letters(n_lines, width, style.font))
        painter.setPen(style.theme.ink)
        metrics = QFontMetricsF(painter.font())
        em = QFontMetricsF(resized(style.font, SMALL)).height()
        for place, box in boxes.items():
            words = [word for word in self.words[place] if word]
            for number, text in enumerate([" ".join(words)] if n_lines == 1 else words):
                x = box.center().x() - metrics.horizontalAdvance(text) / 2
                y = box.top() + (_ABOVE + number * _LINE) * em + metrics.ascent()
                painter.drawText(QPointF(x, y), text)
        painter.restore()

    def paint_title(self, painter: QPainter, top_right: QPointF, style: FigureStyle) -> None:
        """What the words of a row tell."""
        painter.save()
        painter.setFont(resized(style.font, SMALL))
        painter.setPen(style.theme.faint)
        metrics, text = QFontMetricsF(painter.font()), _tr("looks at")
        x, y = top_right.x() - metrics.horizontalAdvance(text), top_right.y() + _ABOVE * metrics.height()
        painter.drawText(QPointF(x, y + metrics.ascent()), text)
        painter.restore()


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadCaptions", text)
