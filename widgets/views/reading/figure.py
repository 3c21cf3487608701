"""Bars over the tokens of a text: how surprised a model is by each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.reading import ReadingResult
from widgets.figures import chips
from widgets.figures.heat_panel import short
from widgets.figures.lettering import resized
from widgets.figures.token_axis import label
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.reading.options import ReadingOptions

_BAR = 3.4  # em, of the longest bar
_NUMBER = 0.75  # of the letters, for the numbers over the bars
_LEAST_WIDTH = 2.2  # em of a token, so that its number has room


class ReadToken(NamedTuple):
    """A place in the text."""

    position: int


@dataclass(frozen=True)
class ReadingFigure:
    """The tokens, wrapping like text, and over each a bar as high as its bits.

    Attributes
    ----------
    selected
        Position of the token that is framed.
    """

    result: ReadingResult
    options: ReadingOptions
    selected: int | None = None

    @property
    def values(self) -> np.ndarray:
        """float32 [pos], what the bars say, in bits; NaN at the first place."""
        return self.result.surprisal if self.options.bars == "surprisal" else self.result.entropy

    @property
    def caption(self) -> str:
        result = self.result
        title = _tr("Surprisal of each token") if self.options.bars == "surprisal" else _tr("Uncertainty at each token")
        text = _tr("{}, in bits; the longest bar is {:.1f} · perplexity {:,.1f}, {:.2f} bits a token, over {:,} tokens")
        n = len(result.tokens) - 1
        return text.format(title, self._longest, result.perplexity, result.bits_per_token, n)

    @property
    def _longest(self) -> float:
        finite = self.values[np.isfinite(self.values)]
        return float(finite.max()) if finite.size else 0.0

    @cached_property
    def _chips(self) -> tuple[chips.Chip, ...]:
        return chips.chips_of(self.result.tokens)

    def _boxes(self, width: float, style: FigureStyle) -> list[QRectF]:
        """Of the words, each with room for its bar above, in lines from (0, 0)."""
        metrics = QFontMetricsF(style.font)
        em, height = metrics.height(), chips.chip_height(metrics)
        line = height + (_BAR + 1.6) * em
        x, y = 0.0, line - height
        boxes: list[QRectF] = []
        for chip in self._chips:
            wide = min(max(metrics.horizontalAdvance(chip.text) + 0.7 * em, _LEAST_WIDTH * em), max(width, em))
            x += 0 if x == 0 else 0.1 * em if not chip.starts_word else 0.4 * em
            if x + wide > width and x > 0:
                x, y = 0.0, y + line
            boxes.append(QRectF(x, y, wide, height))
            x += wide
        return boxes

    def _bar(self, box: QRectF, value: float, em: float) -> QRectF:
        height = _BAR * em * value / self._longest if self._longest and math.isfinite(value) else 0.0
        return QRectF(box.left() + 0.15 * box.width(), box.top() - 0.2 * em - height, 0.7 * box.width(), height)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Height that is needed at a width."""
        boxes = self._boxes(width, style)
        return QSizeF(0, boxes[-1].bottom() + 0.3 * QFontMetricsF(style.font).height())

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        boxes = self._boxes(math.inf, style)
        width = min(boxes[-1].right() + 0.2 * em, 60 * em)
        return QSizeF(width, self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        small = resized(style.font, _NUMBER)
        boxes = self._boxes(rect.width(), style)
        chips.paint_chips(painter, self._chips, boxes, rect.topLeft(), style)
        painter.save()
        for position, (box, value) in enumerate(zip(boxes, self.values.tolist(), strict=True)):
            if not math.isfinite(value):
                continue
            bar = self._bar(box, value, em).translated(rect.topLeft())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.theme.series[0])
            painter.drawRect(bar)
            if self.options.has_numbers:
                painter.setPen(style.theme.ink)
                painter.setFont(small)
                above = QRectF(bar.center().x() - 2 * em, bar.top() - 1.1 * em, 4 * em, em)
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, f"{value:.1f}")
            if position == self.selected:
                self._frame(painter, box.translated(rect.topLeft()), style, Qt.PenStyle.SolidLine)
        painter.restore()

    def _frame(self, painter: QPainter, box: QRectF, style: FigureStyle, line: Qt.PenStyle) -> None:
        painter.setPen(QPen(style.theme.accent, 2, line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 4, 4)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> ReadToken | None:
        """The token under a point, or whose bar is."""
        em = QFontMetricsF(style.font).height()
        for position, box in enumerate(self._boxes(rect.width(), style)):
            if box.adjusted(0, -(_BAR + 1.3) * em, 0, 0).translated(rect.topLeft()).contains(point):
                return ReadToken(position)
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a token."""
        return isinstance(spot, ReadToken) and spot.position < len(self._chips)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: ReadToken) -> None:
        """Frame the token that is pointed at."""
        box = self._boxes(rect.width(), style)[spot.position].translated(rect.topLeft())
        self._frame(painter, box, style, Qt.PenStyle.DashLine)

    def step(self, spot: ReadToken | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> ReadToken | None:
        """The token beside, or the nearest one of the line above or below."""
        if spot is None:
            return ReadToken(0)
        boxes = self._boxes(rect.width(), style)
        position = min(max(spot.position + right, 0), len(boxes) - 1)
        if down:
            here = boxes[position]
            lines = sorted({box.top() for box in boxes})
            line = lines[min(max(lines.index(here.top()) + down, 0), len(lines) - 1)]
            on_line = [i for i, box in enumerate(boxes) if box.top() == line]
            position = min(on_line, key=lambda i: abs(boxes[i].center().x() - here.center().x()))
        return ReadToken(position)

    def describe(self, spot: ReadToken) -> str:
        """How surprising a token is, and what was expected."""
        result, position = self.result, spot.position
        read = _tr("“{}” ({})").format(label(result.tokens.words[position]), position)
        if not math.isfinite(float(result.surprisal[position])):
            return _tr("{}: nothing stands before it, so nothing was expected").format(read)
        bits, rank = float(result.surprisal[position]), int(result.ranks[position])
        said = ", ".join(
            f"{label(result.vocabulary[number])} {short(prob)}"
            for number, prob in zip(result.top[position].tolist(), result.probs[position].tolist(), strict=True)
        )
        text = _tr("{}: {:.2f} bits, probability {}, rank {:,} of {:,}")
        return "  \N{MIDDLE DOT}  ".join(
            (
                text.format(read, bits, short(2.0**-bits), rank, result.d_vocab),
                _tr("expected: {}").format(said),
                _tr("entropy {:.2f} bits").format(result.entropy[position]),
            )
        )

    def numbers(self) -> Numbers:
        """A row a token; the first one has no numbers."""
        result = self.result
        words = np.array([clean(word) for word in result.tokens.words], np.str_)
        vocabulary = np.array([*(clean(word) for word in result.vocabulary), ""], np.str_)  # -1 is the last
        expected = vocabulary[result.top]
        rows: list[tuple[str | int | float, ...]] = [
            (
                position,
                str(words[position]),
                float(result.surprisal[position]),
                int(result.ranks[position]),
                float(result.entropy[position]),
                str(expected[position, 0]),
                float(result.probs[position, 0]),
            )
            for position in range(len(words))
        ]
        arrays = {
            "tokens": words,
            "surprisal": result.surprisal,
            "ranks": result.ranks,
            "entropy": result.entropy,
            "expected": expected,
            "expected_probs": result.probs,
            "perplexity": np.array(result.perplexity),
        }
        header = (
            "position", "token", "surprisal in bits", "rank", "entropy in bits", "expected", "probability of expected",
        )  # fmt: skip
        return Numbers(arrays, header, rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ReadingFigure", text)
