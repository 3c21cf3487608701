"""Bars of what a model expected at a place, before and after the sampling: a part of figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF

from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.look.letters import row_height
from widgets.look.theme import FigureStyle

_ROW = 1.45  # em, the least
_HEAD, _FOOT = 1.8, 0.3  # em
_MOST_WIDTH = 46.0  # em that words, bars and numbers ask for
_LEAST_BAR = 2.5  # em, however long the words are
_LONGEST = 1e-9  # a probability that takes the most letters
_SAME = 5e-4  # of two probabilities that read alike


def _tr(text: str) -> str:
    return QCoreApplication.translate("CandidateBars", text)


class Candidate(NamedTuple):
    """A token, its probability, that with which it was chosen, and why it could not be, where that is to be told."""

    text: str
    prob: float
    chance: float
    cut: str = ""


@dataclass(frozen=True)
class CandidateBars:
    """What was expected at one place.

    Attributes
    ----------
    candidates
        The likeliest first.
    taken
        Place of the token that is there; -1 for none.
    """

    title: str
    candidates: tuple[Candidate, ...]
    taken: int

    @property
    def has_chances(self) -> bool:
        """Whether tokens were chosen with other probabilities than the model gave."""
        return any(abs(each.prob - each.chance) > _SAME for each in self.candidates)

    def height(self, em: float) -> float:
        """That all rows need."""
        return (_HEAD + _ROW * len(self.candidates) + _FOOT) * em

    def width(self, style: FigureStyle) -> float:
        """At which no word is cut."""
        bold = QFontMetricsF(resized(style.font, bold=True))
        return min(self._longest(bold) + self._beside(bold), _MOST_WIDTH * bold.height())

    def _longest(self, bold: QFontMetricsF) -> float:
        return max((bold.horizontalAdvance(each.text) for each in self.candidates), default=0)

    def _beside(self, bold: QFontMetricsF) -> float:
        """What a row has beside its words: the mark, gaps, the least bar and the numbers."""
        return self._room(bold) + (2.0 + _LEAST_BAR) * bold.height()

    def _room(self, bold: QFontMetricsF) -> float:
        """Of the numbers: as wide as the longest probability, so that bars of several places are of one length."""
        texts = (self._numbers(each) for each in self.candidates)
        return max(map(bold.horizontalAdvance, (percent(_LONGEST), *texts)))

    def row(self, number: int, area: QRectF, style: FigureStyle) -> QRectF:
        """Where a candidate is: in rows as wide as the area, and as high as it lets them be."""
        em = QFontMetricsF(style.font).height()
        height = em * row_height(area.height() / em - _HEAD - _FOOT, len(self.candidates), _ROW)
        return QRectF(area.left(), area.top() + _HEAD * em + number * height, area.width(), height)

    def row_at(self, point: QPointF, area: QRectF, style: FigureStyle) -> int | None:
        """The candidate under a point."""
        found = (i for i in range(len(self.candidates)) if self.row(i, area, style).contains(point))
        return next(found, None)

    def paint(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        """Paint into `area`."""
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        bold = QFontMetricsF(resized(style.font, bold=True))
        painter.save()
        painter.setFont(style.font)
        painter.setPen(theme.faint)
        title = self.title
        if self.has_chances:
            title += _tr(" · above as the model gave it, below as it was chosen")
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(QPointF(area.left(), area.top() + metrics.ascent()), shown)
        texts = [self._numbers(each) for each in self.candidates]
        room = self._room(bold)
        row = self.row(0, area, style).width()
        words = min(self._longest(bold), max(14 * em, row / 2, row - self._beside(bold)))
        for number, (each, text) in enumerate(zip(self.candidates, texts, strict=True)):
            line = self.row(number, area, style)
            is_taken = number == self.taken
            baseline = line.center().y() + 0.36 * metrics.ascent()
            painter.setFont(resized(style.font, bold=is_taken))
            letters = bold if is_taken else metrics
            if is_taken:
                _paint_mark(painter, QPointF(line.left(), line.center().y()), em, theme.warning)
            painter.setPen(theme.faint if each.cut else theme.ink)
            left = line.left() + 0.8 * em
            word = letters.elidedText(each.text, Qt.TextElideMode.ElideRight, words)
            painter.drawText(QPointF(left, baseline), word)
            painter.drawText(QPointF(line.right() - letters.horizontalAdvance(text), baseline), text)
            full = line.adjusted(0, 0.2 * em, 0, -0.2 * em)
            full.setLeft(left + words + 0.6 * em)
            full.setRight(line.right() - room - 0.6 * em)
            self._paint_bars(painter, full, each, theme.series[5] if is_taken else theme.series[0], style)
        painter.restore()

    def _paint_bars(self, painter: QPainter, full: QRectF, each: Candidate, color: QColor, style: FigureStyle) -> None:
        if full.width() <= 0:
            return
        painter.fillRect(full, style.theme.line)
        bars = [(full, each.prob)]
        if self.has_chances:
            half = full.height() / 2
            bars = [
                (full.adjusted(0, 0, 0, -half - 0.5), each.prob),
                (full.adjusted(0, half + 0.5, 0, 0), each.chance),
            ]
        for number, (bar, share) in enumerate(bars):
            part = QRectF(bar.left(), bar.top(), bar.width() * min(max(share, 0.0), 1.0), bar.height())
            painter.fillRect(part, style.theme.series[1] if number else color)

    def _numbers(self, each: Candidate) -> str:
        if not self.has_chances:
            return percent(each.prob)
        return f"{percent(each.prob)} → {each.cut or percent(each.chance)}"


def _paint_mark(painter: QPainter, left: QPointF, em: float, color: QColor) -> None:
    """A triangle that points at the token that is there."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    corners = [QPointF(0, -0.28 * em), QPointF(0.45 * em, 0), QPointF(0, 0.28 * em)]
    painter.drawPolygon(QPolygonF([left + corner for corner in corners]))
