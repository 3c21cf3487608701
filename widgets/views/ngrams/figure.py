"""The factors of a sentence, perplexity against order, and what fills a blank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.ngrams import BLANKS, NgramsResult
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import short
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.letters import row_height
from widgets.look.theme import FigureStyle
from widgets.views.ngrams.rows import elided, paint_line

_LEAST_ROW, _ROW = 1.3, 1.5  # em; the second where a figure is as large as it likes
_GAP = 1.2  # em, between the parts
_LEAST_HISTORY, _HISTORY = 8.0, 17.0  # em, for the factor in words
_MODEL = 6.5  # em, for what the checkpoint tells of a factor
_WIDTH, _LEAST_WIDTH = 58.0, 42.0  # em


def _tr(text: str) -> str:
    return QCoreApplication.translate("NgramsFigure", text)


@dataclass(frozen=True)
class NgramsFigure:
    """A row a factor: the probability as a bar on a logarithmic scale, coloured by what each order adds to it.

    Below it the perplexity of the models of every order, of this sentence and of what was held out; and what fills the
    blank.

    Attributes
    ----------
    checkpoint
        Name of the checkpoint that guesses beside the n-grams.
    unit
        What is counted.
    """

    result: NgramsResult
    smoothing: Literal["interpolated", "back-off"] = "interpolated"
    checkpoint: str = ""
    unit: Literal["words", "tokens"] = "words"

    # In words

    @property
    def order(self) -> int:
        """Words of the longest n-grams."""
        return len(self.result.weights)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """float64 [n + 1] of every word and of the end."""
        return self.result.used.sum(0)

    @property
    def _unknown(self) -> list[str]:
        known = zip(self.result.words, self.result.is_known, strict=True)
        return [clean(word) for place, (word, is_known) in enumerate(known) if not is_known and place != self._blank]

    @cached_property
    def _blank(self) -> int | None:
        """Place of a blank that was typed."""
        places = (place for place, word in enumerate(self.result.words) if word.lower().startswith(BLANKS))
        return next(places, None)

    @cached_property
    def _counted(self) -> np.ndarray:
        """Places whose factors make up the product: all but that of a typed blank."""
        places = np.arange(len(self.probabilities))
        return places if self._blank is None else np.delete(places, self._blank)

    @property
    def bits(self) -> float:
        """Of the product, so that it is 2 to the power of minus that."""
        return -float(np.log2(self.probabilities[self._counted]).sum())

    @property
    def perplexity(self) -> np.ndarray:
        """float64 [5] per word of this sentence, its end counted as one, by order."""
        return np.exp2(-np.log2(self.result.by_order[:, self._counted]).mean(1))

    @cached_property
    def _both(self) -> np.ndarray:
        """Places that the checkpoint tells, too."""
        if not self.result.model_bits.size:
            return np.zeros(0, np.int64)
        return self._counted[np.isfinite(self.result.model_bits[self._counted])]

    @property
    def compared(self) -> str:
        """What n-grams and checkpoint need for the words that both tell; empty where there are none."""
        both = self._both
        if not both.size:
            return ""
        own, model = -np.log2(self.probabilities[both]).mean(), self.result.model_bits[both].mean()
        text = _tr("on {} known to both: {:.2f} bits a word by n-grams, {:.2f} by {}")
        if self.unit == "tokens":
            text = _tr("on {} known to both: {:.2f} bits a token by n-grams, {:.2f} by {}")
        return text.format(number_of(both.size, self.unit), own, model, self.checkpoint)

    @property
    def caption(self) -> str:
        result = self.result
        corpus = result.corpus or _tr("stories and simple sentences")
        kinds = {"interpolated": _tr("interpolated"), "back-off": _tr("back-off")}
        text = _tr("Kneser-Ney n-grams of up to {}, {}, counted in {} ({:,} words)")
        if self.unit == "tokens":
            text = _tr("Kneser-Ney n-grams of up to {}, {}, counted in {} ({:,} tokens)")
        text = text.format(number_of(self.order, self.unit), kinds[self.smoothing], corpus, result.n_words)
        return text if self._blank is None else text + _tr("; the product is without the blank")

    def word(self, place: int) -> str:
        """A word of the sentence, or its end."""
        return clean(self.result.words[place]) if place < len(self.result.words) else _tr("end")

    def factor(self, place: int) -> str:
        """A factor of the chain rule, such as `P(sat | the cat)`: with the history that the model sees."""
        first = place - self.order + 1
        seen = self.result.words[max(0, first) : place] if self.order > 1 else ()
        # The beginning of the sentence is a part of the history where the model sees so far.
        history = " ".join(([_tr("start")] if first < 0 and self.order > 1 else []) + list(seen))
        word = isolated(self.word(place))
        return f"P({word} | {isolated(history)})" if history else f"P({word})"

    def describe(self, place: int) -> str:
        """How a factor comes about, order by order."""
        used, weights = self.result.used[:, place], self.result.weights[:, place]
        if place == self._blank:
            return _tr("The blank has no probability of its own; it is left out of the product")
        parts = [f"{self.factor(place)} = {short(self.probabilities[place])}"]
        left = 1.0  # what the orders above leave to this one
        for n in range(self.order, 0, -1):
            own, weight = used[n] / left, weights[n - 1]
            shorter = _tr("order {}").format(n - 1)
            rest = f" + {short(weight)} × {shorter}" if n > 1 else f" + {short(weight)} / {self.result.n_vocabulary:,}"
            parts.append(_tr("order {}: {}").format(n, short(own)) + (rest if weight else ""))
            left *= weight
            if not weight:  # it backs off no further
                break
        if place < len(self.result.words) and not self.result.is_known[place]:
            parts.append(_tr("not in the corpus, taken as any unknown word"))
        return "; ".join(parts)

    def numbers(self) -> Numbers:
        """The factors; NPZ also has the perplexities and guesses."""
        result = self.result
        told = result.model_bits if result.model_bits.size else np.full(len(self.probabilities), np.nan)
        header = ("word", "probability", *(f"order {n}" for n in range(self.order + 1)), "bits by checkpoint")
        rows: list[tuple[str | int | float, ...]] = [
            (self.word(place), float(self.probabilities[place]), *map(float, result.used[:, place]), float(told[place]))
            for place in range(len(self.probabilities))
        ]
        arrays = {
            "words": np.array(result.words),
            "used": result.used,
            "weights": result.weights,
            "by_order": result.by_order,
            "held_out": result.held_out,
            "guess_probs": result.guess_probs,
            "guesses": np.array(result.guesses, dtype=str),
            "model_bits": result.model_bits,
        }
        return Numbers(arrays, header, rows)

    # Size

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(_WIDTH * em, (self._n_rows * _ROW + _GAP) * em)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Size below which rows would be cut off."""
        em = QFontMetricsF(style.font).height()
        width = _LEAST_WIDTH * em - (_HISTORY * em - self._history(style))
        return QSizeF(width, (self._n_rows * _LEAST_ROW + _GAP) * em)

    def _history(self, style: FigureStyle) -> float:
        """Width of the factors in words: of the longest, as long as there is much of it left for bars."""
        metrics = QFontMetricsF(resized(style.font, bold=True))
        em = QFontMetricsF(style.font).height()
        longest = max(metrics.horizontalAdvance(self.factor(place)) for place in range(len(self.probabilities)))
        return min(max(longest + 1.2 * em, _LEAST_HISTORY * em), _HISTORY * em)

    @property
    def _n_rows(self) -> float:
        """Of the upper and the lower part, with their headings."""
        n_lower = max(len(self.result.held_out), max((len(words) for words in self.result.guesses), default=0))
        return 3 + len(self.probabilities) + bool(self.compared) + 2.6 + n_lower

    def row_rect(self, place: int, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where a factor is, in rows as high as there is room for."""
        em = QFontMetricsF(style.font).height()
        height = em * row_height(rect.height() / em - _GAP, self._n_rows, _LEAST_ROW)
        return QRectF(rect.left(), rect.top() + (1.5 + place) * height, rect.width(), height)

    # What the pointer meets: numbers of factors

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> int | None:
        """The factor under a point."""
        places = range(len(self.probabilities))
        return next((place for place in places if self.row_rect(place, rect, style).contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a factor."""
        return isinstance(spot, int) and spot < len(self.probabilities)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: int) -> None:
        """Frame the factor that is pointed at."""
        painter.save()
        painter.setPen(QPen(style.theme.accent, 1.0))
        painter.drawRect(self.row_rect(spot, rect, style))
        painter.restore()

    def step(self, spot: int | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> int:
        """The factor above or below."""
        return 0 if spot is None else min(max(spot + right + down, 0), len(self.probabilities) - 1)

    # The picture

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        self._paint_legend(painter, rect, style)
        for place in range(len(self.probabilities)):
            self._paint_factor(painter, self.row_rect(place, rect, style), place, style)
        last = self.row_rect(len(self.probabilities), rect, style)
        self._paint_product(painter, last, style)
        if self.compared:
            last.translate(0, last.height())
            painter.setPen(style.theme.ink)
            text = elided(self.compared, QFontMetricsF(style.font), last.width())
            painter.drawText(QPointF(last.left(), last.center().y() + 0.36 * QFontMetricsF(style.font).ascent()), text)
        lower = QRectF(rect.left(), last.bottom() + _GAP * em, rect.width(), rect.bottom() - last.bottom() - _GAP * em)
        half = lower.width() * (0.42 if self.result.guesses else 1.0)
        area = QRectF(lower.left(), lower.top(), half - em, lower.height())
        self._paint_perplexities(painter, area, last.height(), style)
        if self.result.guesses:
            self._paint_guesses(painter, lower.adjusted(half, 0, 0, 0), last.height(), style)
        painter.restore()

    def _color(self, n: int, style: FigureStyle) -> QColor:
        """Of an order; 0 is what every word has alike."""
        return style.theme.faint if n == 0 else style.theme.series[n - 1]

    def _paint_legend(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        x, y = rect.left() + self._history(style), rect.top()
        names = [
            _tr("any word") if self.unit == "words" else _tr("any token"),
            _tr("1 word") if self.unit == "words" else _tr("1 token"),
            *(_tr("{} in a row").format(n) for n in range(2, self.order + 1)),
        ]
        x = max(rect.left(), min(x, rect.right() - sum(metrics.horizontalAdvance(name) + 2.2 * em for name in names)))
        for n in range(self.order, -1, -1):
            painter.fillRect(QRectF(x, y + 0.25 * em, 0.7 * em, 0.7 * em), self._color(n, style))
            painter.setPen(style.theme.ink)
            painter.drawText(QPointF(x + em, y + metrics.ascent()), names[n])
            x += metrics.horizontalAdvance(names[n]) + 2.2 * em
        painter.setPen(style.theme.faint)
        right = rect.right()
        if self._both.size:
            name = metrics.elidedText(self.checkpoint, Qt.TextElideMode.ElideMiddle, (_MODEL - 0.5) * em)
            painter.drawText(QPointF(right - metrics.horizontalAdvance(name), y + metrics.ascent()), name)
            right -= _MODEL * em
        text = _tr("bars: logarithm, from one in a million to 1")
        right -= metrics.horizontalAdvance(text)
        below = 0 if right > x else em  # the first factor is two lines below
        painter.drawText(QPointF(right, y + below + metrics.ascent()), text)

    def _paint_factor(self, painter: QPainter, row: QRectF, place: int, style: FigureStyle) -> None:
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        baseline = row.center().y() + 0.36 * metrics.ascent()
        is_blank = place + 1 == self.result.blank
        painter.setFont(resized(style.font, bold=is_blank))
        is_known = place >= len(self.result.words) or bool(self.result.is_known[place])
        painter.setPen(theme.ink if is_known else theme.faint if place == self._blank else theme.warning)
        shown = metrics.elidedText(self.factor(place), Qt.TextElideMode.ElideMiddle, self._history(style) - em)
        painter.drawText(QPointF(row.left(), baseline), shown)
        painter.setFont(style.font)
        if place == self._blank:
            return
        painter.setPen(theme.ink)
        prob = float(self.probabilities[place])
        text = short(prob)
        right = row.right()
        if self._both.size:
            if place in self._both:
                told = _tr("{:.1f} bits").format(float(self.result.model_bits[place]))
                painter.drawText(QPointF(right - metrics.horizontalAdvance(told), baseline), told)
            right -= _MODEL * em
        bits = _tr("{:.1f} bits").format(abs(np.log2(prob)))
        painter.drawText(QPointF(right - metrics.horizontalAdvance(bits), baseline), bits)
        right -= 5.5 * em
        painter.drawText(QPointF(right - metrics.horizontalAdvance(text), baseline), text)
        full = QRectF(row.left() + self._history(style), row.top() + 0.25 * em, 0, row.height() - 0.5 * em)
        full.setRight(right - 5.0 * em)
        if full.width() <= 0:
            return
        painter.fillRect(full, theme.line)
        length = full.width() * _log_share(prob)
        x = full.left()
        for n in range(self.order, -1, -1):
            width = length * float(self.result.used[n, place]) / prob
            painter.fillRect(QRectF(x, full.top(), width, full.height()), self._color(n, style))
            x += width

    def _paint_product(self, painter: QPainter, row: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        perplexity = float(self.perplexity[self.order - 1])
        text = _tr("product {}, {:.1f} bits; perplexity per word {:.1f}")
        if self.unit == "tokens":
            text = _tr("product {}, {:.1f} bits; perplexity per token {:.1f}")
        text = text.format(short(2.0**-self.bits, 2), self.bits, perplexity)
        bold = resized(style.font, bold=True)
        baseline = row.center().y() + 0.36 * metrics.ascent()
        painter.setFont(bold)
        painter.setPen(style.theme.ink)
        painter.drawText(QPointF(row.left(), baseline), text)
        if unknown := list(dict.fromkeys(self._unknown)):
            x = row.left() + QFontMetricsF(bold).horizontalAdvance(text) + metrics.height()
            painter.setFont(style.font)
            painter.setPen(style.theme.warning)
            told = _tr("not in the corpus, taken as one unknown word: {}").format(", ".join(unknown))
            painter.drawText(QPointF(x, baseline), elided(told, metrics, row.right() - x))
        painter.setFont(style.font)

    def _paint_perplexities(self, painter: QPainter, area: QRectF, height: float, style: FigureStyle) -> None:
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        painter.setPen(theme.faint)
        title = _tr("Perplexity by order; bars: logarithm")
        painter.drawText(area.topLeft() + QPointF(0, metrics.ascent()), elided(title, metrics, area.width()))
        kinds = ((_tr("this sentence"), theme.accent), (_tr("held out"), theme.faint))
        x = area.left()
        for text, color in kinds:
            painter.fillRect(QRectF(x, area.top() + height + 0.25 * em, 0.7 * em, 0.7 * em), color)
            painter.setPen(theme.ink)
            painter.drawText(QPointF(x + em, area.top() + height + metrics.ascent()), text)
            x += metrics.horizontalAdvance(text) + 2.2 * em
        most = max(float(self.perplexity.max()), float(self.result.held_out.max()))
        rows = zip(self.perplexity, self.result.held_out, strict=True)
        for i, (own, held_out) in enumerate(rows):
            row = QRectF(area.left(), area.top() + (2.2 + i) * height, area.width(), height)
            bold = i + 1 == self.order
            paint_line(painter, row, str(i + 1), "", style, bold=bold)
            for value, right, color in ((own, 5.0, theme.accent), (held_out, 0.0, theme.faint)):  # as their bars
                column = row.adjusted(0, 0, -right * em, 0)
                paint_line(painter, column, "", f"{value:.1f}", style, bold=bold, color=color)
            full = QRectF(row.left() + 1.5 * em, row.top() + 0.25 * em, row.width() - 11.0 * em, height - 0.5 * em)
            for value, top, color in ((own, 0.0, theme.accent), (held_out, 0.5, theme.faint)):
                width = full.width() * float(np.log2(value) / np.log2(most)) if most > 1 else 0.0
                painter.fillRect(QRectF(full.left(), full.top() + top * full.height(), width, full.height() / 2), color)

    def _paint_guesses(self, painter: QPainter, area: QRectF, height: float, style: FigureStyle) -> None:
        result, metrics, theme = self.result, QFontMetricsF(style.font), style.theme
        em = metrics.height()
        width = area.width() / len(result.guessers)
        first = _tr("Blank, from the left")
        if metrics.horizontalAdvance(first) > width - em:
            first = _tr("From the left")
        titles = {"left": first, "both": _tr("From both sides"), "cbow": _tr("CBOW"), "model": self.checkpoint}
        there = result.words[result.blank - 1]
        for i, name in enumerate(result.guessers):
            left = area.left() + i * width
            painter.setPen(theme.faint)
            painter.drawText(QPointF(left, area.top() + metrics.ascent()), elided(titles[name], metrics, width - em))
            rows = QRectF(left, area.top() + 1.2 * height, width - em, height)
            if not there.lower().startswith(BLANKS):
                prob = float(result.blank_probs[i])
                text = _tr("unknown") if np.isnan(prob) else percent(prob)
                paint_line(painter, rows, clean(there), text, style, bold=True, color=theme.accent)
            rows.translate(0, 0.2 * height)
            for word, prob in zip(result.guesses[i], result.guess_probs[i], strict=True):
                rows.translate(0, height)
                paint_line(painter, rows, clean(word), percent(float(prob)), style, bold=word.lower() == there)


def _log_share(prob: float) -> float:
    """Length of a bar: 1 for certain, 0 for one in a million or less."""
    return float(np.clip(1 + np.log10(prob) / 6, 0.0, 1.0))
