"""Where in a text the answer to a question lies."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.prediction.figures.predicted_rows import PredictedRow, series_color
from widgets.views.prediction.figures.prediction import PredictionFigure, Section

_BAR = 2.6  # em, of the longest bar


def _tr(text: str) -> str:
    return QCoreApplication.translate("AnswerFigure", text)


class AnswerFigure(PredictionFigure):
    """The best answers as bars; over each token how probably the answer begins and ends there; the answer marked."""

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The question, and the context with [CLS], which stands for no answer in it."""
        tokens = self.result.tokens
        has_bars = np.isfinite(self.result.probs).all(-1)
        is_context = has_bars | (tokens.segment == 1)
        question, context = (tuple(np.flatnonzero(part).tolist()) for part in (~is_context, is_context))
        above = _BAR + 0.3
        if not question:
            return (Section(_tr("Text"), context, above),)
        return (Section(_tr("Question"), question), Section(_tr("Context"), context, above))

    @cached_property
    def rows(self) -> tuple[PredictedRow, ...]:
        rows = [PredictedRow(clean(span.text), span.prob, percent(span.prob), span=span) for span in self.result.spans]
        if not math.isnan(self.result.no_answer):
            prob = self.result.no_answer
            rows.append(PredictedRow(_tr("no answer in the text ([CLS])"), prob, percent(prob), series=3))
        rows.sort(key=lambda row: -row.length)
        rows[:1] = [PredictedRow(row.name, row.length, row.number, True, row.series, row.span) for row in rows[:1]]
        return tuple(rows)

    @property
    def verdict(self) -> str:
        best = self.rows[0]
        return _tr("No answer in the text") if best.span is None else f"“{isolated(best.span.text)}”"

    @property
    def caption(self) -> str:
        text = _tr("Probability of the first token times that of the last, among the tokens of the context{}")
        has_cls = not math.isnan(self.result.no_answer)
        return text.format(_tr(" and [CLS], which stands for no answer") if has_cls else "")

    # Painting

    @cached_property
    def _longest(self) -> float:
        probs = self.result.probs
        return float(np.nanmax(probs)) if np.isfinite(probs).any() else 1.0

    def least_token(self, position: int, metrics: QFontMetricsF) -> float:
        return 1.5 * metrics.height()

    def paint_heading(self, painter: QPainter, section: Section, box: QRectF, style: FigureStyle) -> None:
        super().paint_heading(painter, section, box, style)
        if section is not self.sections[-1]:
            return
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        x = box.left() + metrics.horizontalAdvance(section.title) * 1.2 + 1.5 * em
        for number, name in ((0, _tr("begins here")), (1, _tr("ends here"))):
            painter.fillRect(QRectF(x, box.center().y() - 0.4 * em, 0.8 * em, 0.8 * em), series_color(number, style))
            painter.setPen(style.theme.faint)
            text = QRectF(x + 1.1 * em, box.top(), box.right() - x, box.height())
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            x += metrics.horizontalAdvance(name) + 2.6 * em

    def paint_token(self, painter: QPainter, position: int, box: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        answer = self.rows[0].span
        if answer is not None and answer.start <= position < answer.stop:
            self.paint_tinted(painter, position, box, style.theme.accent, style)
        else:
            super().paint_token(painter, position, box, style)
        for number, prob in enumerate(self.result.probs[position].tolist()):
            if not math.isfinite(prob):
                continue
            height = max(_BAR * em * prob / self._longest, 0.04 * em)
            wide = min(0.4 * box.width(), em)
            left = box.center().x() + (-wide - 0.03 * em if number == 0 else 0.03 * em)
            painter.fillRect(QRectF(left, box.top() - 0.12 * em - height, wide, height), series_color(number, style))

    def describe_token(self, position: int) -> str:
        start, end = self.result.probs[position].tolist()
        if not math.isfinite(start):
            return _tr("no answer may lie here")
        return _tr("the answer begins here {}, ends here {}").format(percent(start), percent(end))

    def numbers(self) -> Numbers:
        """A row an answer; NPZ also holds both probabilities of each token."""
        rows: list[tuple[str | int | float, ...]] = []
        for rank, row in enumerate(self.rows, 1):
            start, last = (row.span.start, row.span.stop - 1) if row.span else ("", "")
            rows.append((rank, clean(row.span.text) if row.span else "", start, last, row.length))
        arrays = self.arrays() | {"no_answer": np.array(self.result.no_answer)}
        return Numbers(arrays, ("rank", "answer", "first position", "last position", "probability"), rows)
