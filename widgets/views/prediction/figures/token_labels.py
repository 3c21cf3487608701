"""A label for each token, and the entities that they mark."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import groupby

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from inference.results.prediction import Span
from widgets.figures.heat_panel import short
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.prediction.figures.predicted_rows import PredictedRow, series_color
from widgets.views.prediction.figures.prediction import PredictionFigure

_LETTERS = 0.75  # of the labels under the tokens
_N_TOLD = 4  # labels of a token that is pointed at


def _tr(text: str) -> str:
    return QCoreApplication.translate("TokenLabelsFigure", text)


class TokenLabelsFigure(PredictionFigure):
    """The text with its entities in the colours of their kinds, and a row for each; else each word's own label."""

    below = 1.35
    has_rows_first = False

    @cached_property
    def _best(self) -> np.ndarray:
        return self.result.probs.argmax(-1)

    @cached_property
    def _spans(self) -> tuple[Span, ...]:
        """What stands under the text: entities, or the label of every word."""
        result = self.result
        if result.has_entities:
            return result.spans
        starts = [pos for pos in range(len(result.tokens)) if self._is_first(pos)]
        stops = [*starts[1:], len(result.tokens)]
        return tuple(
            Span(start, self._end_of_word(start, stop), self._label(start), self._prob(start), "")
            for start, stop in zip(starts, stops, strict=True)
            if not result.tokens.is_special[start]
        )

    def _is_first(self, position: int) -> bool:
        tokens = self.result.tokens
        return bool(tokens.starts_word[position] or tokens.is_special[position]) or position == 0

    def _end_of_word(self, start: int, stop: int) -> int:
        return next((pos for pos in range(start + 1, stop) if self._is_first(pos)), stop)

    def _label(self, position: int) -> str:
        if self.result.is_regression:
            return short(float(self.result.probs[position, 0]), 3)
        return self.result.labels[self._best[position]]

    def _prob(self, position: int) -> float:
        return float(self.result.probs[position, self._best[position]])

    @cached_property
    def _span_at(self) -> dict[int, Span]:
        return {position: span for span in self._spans for position in range(span.start, span.stop)}

    @cached_property
    def _series(self) -> dict[str, int]:
        """Numbers of the colours of the labels, in the order of the checkpoint."""
        ends = [name.partition("-")[2] or name.partition("_")[2] or name for name in self.result.labels]
        known = {span.label for span in self._spans}
        named = dict.fromkeys(name for pair in zip(self.result.labels, ends, strict=True) for name in pair)
        return {name: number for number, name in enumerate(name for name in named if name in known)}

    def _color(self, span: Span, style: FigureStyle) -> QColor:
        return series_color(self._series.get(span.label, 0), style)

    @property
    def verdict(self) -> str:
        if self.result.is_regression:
            return _tr("A number for each token")
        if not self.result.has_entities:
            return _tr("A label for each word")
        counts = Counter(span.label for span in self.result.spans)
        if not counts:
            return _tr("No entity found")
        return ", ".join(f"{count:,} {isolated(name)}" for name, count in counts.items())

    @property
    def caption(self) -> str:
        if self.result.is_regression:
            return _tr("Numbers that the model's own head gives the tokens; a regression, no probabilities")
        if not self.result.has_entities:
            return _tr("Labels that the model's own head gives the words, read at the first piece of each")
        return _tr("Entities by the model's own head, read at the first piece of each word")

    @cached_property
    def rows(self) -> tuple[PredictedRow, ...]:
        if not self.result.has_entities:
            return ()
        return tuple(
            PredictedRow(
                clean(span.text),
                span.prob,
                f"{clean(span.label)}  {percent(span.prob)}",
                series=self._series.get(span.label, 0),
                span=span,
            )
            for span in self.result.spans
        )

    # Painting

    def least_token(self, position: int, metrics: QFontMetricsF) -> float:
        span = self._span_at.get(position)
        if span is None or span.start != position:
            return 0.0
        # What a word of several pieces has no room for stands under all of them.
        n_pieces = max(1, span.stop - span.start)
        return (_LETTERS * metrics.horizontalAdvance(clean(span.label)) + 0.5 * metrics.height()) / n_pieces

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        super().paint(painter, rect, style)
        em = QFontMetricsF(style.font).height()
        small = QFontMetricsF(resized(style.font, _LETTERS))
        boxes = self._placed(rect.size(), style).tokens
        painter.save()
        painter.setFont(resized(style.font, _LETTERS))
        for span in self._spans:
            color = self._color(span, style)
            for _, line in groupby(boxes[span.start : span.stop], key=QRectF.top):
                pieces = list(line)
                left, right, bottom = pieces[0].left(), pieces[-1].right(), pieces[0].bottom()
                under = QRectF(left, bottom + 0.12 * em, right - left, 0.18 * em).translated(rect.topLeft())
                painter.fillRect(under, color)
                if pieces[0] == boxes[span.start]:
                    text = small.elidedText(clean(span.label), Qt.TextElideMode.ElideRight, right - left + 0.3 * em)
                    painter.setPen(style.theme.ink)
                    painter.drawText(QPointF(under.left(), under.bottom() + small.ascent()), text)
        painter.restore()

    def paint_token(self, painter: QPainter, position: int, box: QRectF, style: FigureStyle) -> None:
        span = self._span_at.get(position) if self.result.has_entities else None
        if span is None:
            super().paint_token(painter, position, box, style)
        else:
            self.paint_tinted(painter, position, box, self._color(span, style), style)

    def describe_token(self, position: int) -> str:
        result = self.result
        if result.is_regression:
            return ", ".join(str(value) for value in result.probs[position].tolist())
        order = np.argsort(-result.probs[position], kind="stable")[:_N_TOLD].tolist()
        said = ", ".join(f"{isolated(result.labels[i])} {percent(float(result.probs[position, i]))}" for i in order)
        span = self._span_at.get(position) if result.has_entities else None
        if span is None:
            return said
        return _tr("{}  ·  in “{}”, {} {}").format(said, isolated(span.text), isolated(span.label), percent(span.prob))

    def numbers(self) -> Numbers:
        """A row a token, with its label, and the entity that it is in."""
        result = self.result
        rows: list[tuple[str | int | float, ...]] = []
        for position, word in enumerate(result.tokens.words):
            span = self._span_at.get(position) if result.has_entities else None
            number = int(self._best[position])
            told = (clean(result.labels[number]), float(result.probs[position, number]))
            inside = (clean(span.label), clean(span.text), span.prob) if span else ("", "", "")
            rows.append((position, clean(word), *told, *inside))
        value = "value" if result.is_regression else "probability"
        header = ("position", "token", "label", value, "entity", "text of entity", "probability of entity")
        return Numbers(self.arrays(), header, rows)
