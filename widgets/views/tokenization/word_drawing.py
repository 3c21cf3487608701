"""One word on its way to tokens: a tree of merges, the pieces that were tried, or all ways there are."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.tokenization import Algorithm, CutWord, PieceSpan
from widgets.figures.counts import number_of
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

_ROW = 2.2  # em
_SLIM_ROW = 1.7  # of rows without a number
_TRIED_ROW = 1.2  # there are many
_LEAST_COLUMN, _MOST_COLUMN = 1.3, 6.0  # em
_TINT = 0.28


def _tr(text: str) -> str:
    return QCoreApplication.translate("WordDrawing", text)


@dataclass(frozen=True)
class WordDrawing:
    """A column a symbol; a box spans the symbols of a piece, filled where it becomes a token.

    Attributes
    ----------
    name
        The word as one reads it.
    """

    word: CutWord
    algorithm: Algorithm | str
    name: str

    @property
    def title(self) -> str:
        """What is drawn, and how it is to be read."""
        word = clean(self.name)
        if self.word.why_not:
            return self.word.why_not
        if self.algorithm == "bpe":
            merges = sum(not isnan(span.number) for span in self.word.spans)
            return _tr("{}: {} by rank, the lowest first; filled: the tokens").format(word, number_of(merges, "merges"))
        if self.algorithm == "wordpiece":
            return _tr("{}: the longest piece that is in the vocabulary, then on; dashed: tried in vain").format(word)
        if self.algorithm == "unigram":
            ways = _tr("{}: all pieces that fit, with their log-probabilities; filled: the best way, sum {:.2f}")
            return ways.format(word, self.word.best[-1] if self.word.best else 0.0)
        return word

    def height(self, em: float) -> float:
        """What it needs, below its title."""
        rows = 1 + max((span.level for span in self.word.spans), default=-1)
        return ((self._has_symbols * _SLIM_ROW) + rows * self._row + (1.3 if self.word.best else 0.0) + 0.4) * em

    @property
    def _row(self) -> float:
        if self.algorithm == "wordpiece":
            return _TRIED_ROW
        return _ROW if any(not isnan(span.number) for span in self.word.spans) else _SLIM_ROW

    @property
    def _has_symbols(self) -> bool:
        """Whether a row of symbols stands above; the lowest pieces of a tree are its symbols."""
        return self.algorithm != "bpe"

    def _column(self, width: float, style: FigureStyle) -> float:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        wanted = _LEAST_COLUMN * em
        for span in self.word.spans:
            wanted = max(wanted, (metrics.horizontalAdvance(clean(span.piece)) + 0.8 * em) / (span.end - span.start))
        if self.word.best:
            wanted = max(wanted, 3.0 * em)
        return min(wanted, _MOST_COLUMN * em, width / max(len(self.word.symbols), 1))

    def span_rect(self, span: PieceSpan, area: QRectF, style: FigureStyle) -> QRectF:
        """Where a piece is."""
        em = QFontMetricsF(style.font).height()
        column = self._column(area.width(), style)
        top = area.top() + (_SLIM_ROW * self._has_symbols + span.level * self._row) * em
        left = area.left() + span.start * column
        rect = QRectF(left, top, (span.end - span.start) * column, self._row * em)
        return rect.adjusted(0.08 * em, 0.06 * em, -0.08 * em, -0.06 * em)

    def best_rect(self, area: QRectF, style: FigureStyle) -> QRectF:
        """Where the best scores up to each place stand; empty where there are none."""
        em = QFontMetricsF(style.font).height()
        if not self.word.best or not self.word.spans:
            return QRectF()
        return QRectF(area.left(), area.top() + self.height(em) - 1.5 * em, area.width(), 1.3 * em)

    def describe(self, span: PieceSpan) -> str:
        """A piece in words."""
        piece = clean(span.piece)
        end = _tr("; a token in the end") if span.is_token else ""
        if self.algorithm == "bpe":
            if isnan(span.number):
                return (_tr("{}: a symbol to begin with") if span.is_known else _tr("{}: not known")).format(
                    piece
                ) + end
            return _tr("{}: merge number {:,} of those that were learned").format(piece, int(span.number)) + end
        if self.algorithm == "wordpiece":
            text = _tr("{}: in the vocabulary") if span.is_known else _tr("{}: not in the vocabulary, so a shorter one")
            return text.format(piece) + end
        if self.algorithm == "unigram":
            text = _tr("{}: log-probability {:.4f}") if span.is_known else _tr("{}: unknown, which costs {:.4f}")
            on = _tr("; on the best way") if span.is_token else _tr("; another way is better")
            return text.format(piece, span.number) + on
        return piece

    def paint(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        """Paint symbols, pieces and scores; not the title."""
        painter.save()
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        column = self._column(area.width(), style)
        if self._has_symbols and self.word.spans:
            painter.setPen(theme.faint)
            for place, symbol in enumerate(self.word.symbols):
                box = QRectF(area.left() + place * column, area.top(), column, _SLIM_ROW * em)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, clean(symbol))
        for span in self.word.spans:
            self._paint_span(painter, span, self.span_rect(span, area, style), style)
        best = self.best_rect(area, style)
        if not best.isEmpty():
            painter.setFont(resized(style.font, SMALL))
            painter.setPen(theme.faint)
            for place, score in enumerate(self.word.best[1:]):
                box = QRectF(best.left() + place * column, best.top(), column, best.height())
                text = f"{score:.1f}" if score > -1e9 else "–"
                painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _paint_span(self, painter: QPainter, span: PieceSpan, box: QRectF, style: FigureStyle) -> None:
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        fill = QColor(theme.accent)
        fill.setAlphaF(_TINT)
        line = theme.accent if span.is_token else theme.line
        painter.setPen(QPen(line, 1.2, Qt.PenStyle.SolidLine if span.is_known else Qt.PenStyle.DashLine))
        painter.setBrush(fill if span.is_token else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)
        is_faint = not span.is_known or (self.algorithm != "bpe" and not span.is_token)
        painter.setPen(theme.faint if is_faint else theme.ink)
        piece = metrics.elidedText(clean(span.piece), Qt.TextElideMode.ElideMiddle, box.width() - 0.2 * em)
        if isnan(span.number):
            painter.setFont(resized(style.font, SMALL) if self.algorithm == "wordpiece" else style.font)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, piece)
            painter.setFont(style.font)
            return
        painter.drawText(
            QRectF(box.topLeft(), QPointF(box.right(), box.top() + 1.1 * em)), Qt.AlignmentFlag.AlignCenter, piece
        )
        painter.setFont(resized(style.font, SMALL))
        painter.setPen(theme.faint)
        number = f"{int(span.number):,}" if self.algorithm == "bpe" else f"{span.number:.2f}"
        lower = QRectF(QPointF(box.left(), box.top() + 1.0 * em), box.bottomRight())
        painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, number)
        painter.setFont(style.font)
