"""The same sentences cut by several tokenizers: how many tokens each takes, by language."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.tokenization import ALGORITHMS, OWN, ComparedTokenizer, CompareResult
from widgets.figures.chips import Chip, height_of, lay_out, paint_chips
from widgets.figures.counts import number_of
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Bars, Plot, PlotSpot, Shown
from widgets.plots.figure import PlottedFigure
from widgets.plots.ticks import percent_text

_SHARE = 0.5  # of the width, for the bars
_LEAST_WIDTH = 41.0  # em
_FILLED = 0.8  # of the place of a language
_LINE = 1.4  # em
_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
_BROKEN = _WRAPPED | Qt.TextFlag.TextWrapAnywhere


def _tr(text: str) -> str:
    return QCoreApplication.translate("ComparisonFigure", text)


def title_of(tokenizer: ComparedTokenizer) -> str:
    """Whose it is; of several checkpoints that cut alike the first."""
    name, others = clean(tokenizer.checkpoint), tokenizer.alike
    if len(others) > 1:
        return _tr("{} and {} others").format(name, len(others))
    return _tr("{}, {}").format(name, clean(others[0])) if others else name


def _flags(text: str, width: float, metrics: QFontMetricsF) -> int:
    """How a text is broken into lines: between words, or anywhere where one, such as a path, is wider than a line."""
    is_wide = any(metrics.horizontalAdvance(word) > width for word in text.split())
    return int(_BROKEN if is_wide else _WRAPPED)


@dataclass(frozen=True)
class ComparisonFigure(PlottedFigure):
    """Left a bar a checkpoint for every language, right the tokens of one sentence.

    Attributes
    ----------
    measure
        Tokens a character, tokens a word, or the share of tokens that are unknown.
    sentence
        Whose tokens are shown, counted from 0.
    """

    result: CompareResult
    measure: Literal["letter", "word", "unknown"] = "letter"
    sentence: int = 0
    shown: Shown = ALL_SHOWN

    # In words

    @property
    def caption(self) -> str:
        names = {
            "letter": _tr("Tokens a character"),
            "word": _tr("Tokens a word, where spaces part words"),
            "unknown": _tr("Share of tokens that are unknown"),
        }
        text = _tr("{}, special tokens left out: the same sentence in {} languages{}; {}")
        n_own = sum(one.language == OWN for one in self.result.texts)
        own = _tr(", and your text") if n_own else ""
        n_others = len(self.result.texts) - n_own
        n = len(self.result.read)
        told = _tr("{} tokenizers").format(n) if n > 1 else _tr("one tokenizer")
        return text.format(names[self.measure], n_others, own, told)

    def value(self, tokenizer: ComparedTokenizer, sentence: int) -> float:
        """What is compared; NaN where there is no such number."""
        text, n = self.result.texts[sentence], len(tokenizer.pieces[sentence])
        if self.measure == "unknown":
            return tokenizer.n_unknown[sentence] / n if n else math.nan
        units = text.n_words if self.measure == "word" else len(text.text)
        return n / units if units else math.nan

    def describe(self, spot: PlotSpot) -> str:
        """A bar in words."""
        tokenizer = self.result.read[spot.series]
        sentence = self._sentence(spot.point)
        text, n = self.result.texts[sentence], len(tokenizer.pieces[sentence])
        parts = _tr("{}, {}: {} for {}").format(
            title_of(tokenizer),
            self._language(sentence),
            number_of(n, "tokens"),
            number_of(len(text.text), "characters"),
        )
        if text.n_words:
            parts += _tr(" in {}").format(number_of(text.n_words, "words"))
        return parts + _tr("; {} of them unknown; a click shows them").format(tokenizer.n_unknown[sentence])

    def _language(self, sentence: int) -> str:
        language = self.result.texts[sentence].language
        return _tr("your text") if language == OWN else language

    def _sentence(self, point: int) -> int:
        """Of a place along the axis, which begins below."""
        return len(self.result.texts) - 1 - point

    def sentence_of(self, spot: PlotSpot) -> int:
        """The sentence of a bar."""
        return self._sentence(spot.point)

    def numbers(self) -> Numbers:
        """A row a sentence and tokenizer."""
        header = (
            "language", "checkpoint", "tokens", "characters", "words", "unknown",
            "tokens a character", "tokens a word", "unknown share",
        )  # fmt: skip
        rows: list[tuple[str | int | float, ...]] = []
        # Those that are alike too, each by its name.
        read = [replace(one, checkpoint=name) for one in self.result.read for name in (one.checkpoint, *one.alike)]
        for number, text in enumerate(self.result.texts):
            for one in read:
                n, unknown = len(one.pieces[number]), one.n_unknown[number]
                per_word = n / text.n_words if text.n_words else ""
                share = unknown / n if n else ""
                counts = (n, len(text.text), text.n_words or "", unknown)
                rows.append((text.language, one.checkpoint, *counts, n / len(text.text), per_word, share))
        arrays = {
            "languages": np.array([text.language for text in self.result.texts]),
            "checkpoints": np.array([one.checkpoint for one in read]),
            "n_tokens": np.array([[len(pieces) for pieces in one.pieces] for one in read], np.int64),
            "n_unknown": np.array([one.n_unknown for one in read], np.int64),
        }
        return Numbers(arrays, header, rows)

    # Where things are

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(66 * em, self._height(66 * em, style))

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Size below which bars and tokens could not be told apart."""
        em = QFontMetricsF(style.font).height()
        return QSizeF(_LEAST_WIDTH * em, self._height(max(width, _LEAST_WIDTH * em), style))

    def _height(self, width: float, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        n = max(len(self.result.read), 1)
        bars = (6 + len(self.result.texts) * max(1.3, 0.6 * n)) * em
        return max(bars, self._placed(QRectF(0, 0, width, 0), style)[1])

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        return rect.adjusted(0, 0, -rect.width() * (1 - _SHARE), 0)

    def _chips(self, one: ComparedTokenizer) -> tuple[Chip, ...]:
        return tuple(
            Chip(clean(piece), "masked" if piece == one.unknown else "", starts_word=False)
            for piece in one.pieces[self.sentence]
        )

    def _placed(self, rect: QRectF, style: FigureStyle) -> tuple[list[tuple[ComparedTokenizer, QRectF]], float]:
        """Where it is said of each tokenizer what it makes, with its tokens beneath, and how high all are."""
        metrics = QFontMetricsF(style.font)
        em, right = metrics.height(), self._right(rect, style)
        y = right.top() + 3.2 * _LINE * em
        found: list[tuple[ComparedTokenizer, QRectF]] = []
        for one in self.result.tokenizers:
            box = QRectF(right.left(), y, right.width(), self._height_said(one, right.width(), metrics))
            found.append((one, box))
            y = box.bottom() + 0.6 * em
            if not one.why_not:
                y += height_of(lay_out(self._chips(one), right.width(), metrics))
        return found, y - rect.top()

    def _said(self, one: ComparedTokenizer) -> str:
        return f"{title_of(one)}: " + (clean(one.why_not) or self._counted(one))

    def _height_said(self, one: ComparedTokenizer, width: float, metrics: QFontMetricsF) -> float:
        """What is said above the tokens takes as many lines as it needs."""
        said = self._said(one)
        height = metrics.boundingRect(QRectF(0, 0, width, 0), _flags(said, width, metrics), said).height()
        return height + (_LINE - 1) * metrics.height()

    def _right(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the tokens are, beside the bars."""
        return rect.adjusted(rect.width() * _SHARE + 2.0 * QFontMetricsF(style.font).height(), 0, 0, 0)

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        n_texts, read = len(self.result.texts), self.result.read
        places = np.arange(n_texts, dtype=float)
        thickness = _FILLED / max(len(read), 1)
        series = []
        for number, one in enumerate(read):
            values = np.array([self.value(one, self._sentence(point)) for point in range(n_texts)])
            at = places + _FILLED / 2 - (number + 0.5) * thickness
            name = f"{title_of(one)} ({one.n_vocabulary:,})"
            series.append(Bars(name, at, np.zeros(n_texts), values, number, are_lying=True, thickness=thickness))
        labels = tuple(self._language(self._sentence(point)) for point in range(n_texts))
        titles = {"letter": _tr("tokens a character"), "word": _tr("tokens a word"), "unknown": _tr("unknown")}
        is_share = self.measure == "unknown"
        x = Axis(titles[self.measure], low=0.0, high=1.0 if is_share else None, text=percent_text if is_share else None)
        y = Axis(low=-0.5, high=n_texts - 0.5, labels=labels)
        return (Plot(tuple(series), x, y),)

    def label(self, plot: Plot, spot: Any) -> str:
        """The number at a bar that is pointed at."""
        value = self.value(self.result.read[spot.series], self._sentence(spot.point))
        return f"{100 * value:.0f} %" if self.measure == "unknown" else f"{value:.2f}"

    # The picture

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """The sentence, and its tokens by each tokenizer."""
        painter.save()
        metrics, theme = QFontMetricsF(style.font), style.theme
        em, right = metrics.height(), self._right(rect, style)
        text = self.result.texts[self.sentence]
        painter.setFont(resized(style.font, bold=True))
        painter.setPen(theme.ink)
        painter.drawText(QPointF(right.left(), right.top() + metrics.ascent()), self._language(self.sentence))
        painter.setFont(style.font)
        box = QRectF(right.left(), right.top() + _LINE * em, right.width(), 2 * _LINE * em)
        painter.drawText(box, _WRAPPED, clean(text.text))
        for one, box in self._placed(rect, style)[0]:
            painter.setPen(theme.warning if one.why_not else theme.faint)
            said = self._said(one)
            painter.drawText(box, _flags(said, box.width(), metrics), said)
            if not one.why_not:
                chips = self._chips(one)
                paint_chips(painter, chips, lay_out(chips, box.width(), metrics), box.bottomLeft(), style)
        painter.restore()

    def _counted(self, one: ComparedTokenizer) -> str:
        n, unknown = len(one.pieces[self.sentence]), one.n_unknown[self.sentence]
        text = number_of(n, "tokens") + (_tr(", {} unknown").format(unknown) if unknown else "")
        return f"{text}; {_tr(ALGORITHMS[one.algorithm])}" if one.algorithm else text
