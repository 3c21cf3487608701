"""A step of building a vocabulary: what there was to choose from, what became of the words, and how far it got."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.tokenization import VocabularyResult, VocabularyStep
from widgets.figures.chips import Chip, height_of, lay_out, paint_chips
from widgets.figures.counts import number_of
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.plots.data import ALL_SHOWN, Axis, Callout, Curve, Plot, PlotSpot, Shown
from widgets.plots.figure import PlottedFigure
from widgets.views.tokenization.glossary import Term, explained
from widgets.views.tokenization.options import VocabularyOptions
from widgets.views.tokenization.step_tables import N_ROWS, StepTables

_ROW = 1.45  # em
_LEAST_WIDTH, _LEAST_OF_TWO = 42.0, 52.0  # em, with one table and with two beside the chart
_GAP = 1.0


@dataclass(frozen=True)
class TableRow:
    """A row of a table, counted from 0: 0 for the pairs or for what stays, 1 for what goes."""

    table: int
    row: int


@dataclass(frozen=True)
class WordSpot:
    """A word, by its number."""

    word: int


StepSpot = TableRow | WordSpot | Term | PlotSpot


def _tr(text: str) -> str:
    return QCoreApplication.translate("VocabularyFigure", text)


@dataclass(frozen=True)
class VocabularyFigure(PlottedFigure):
    """Left the pairs (or pieces) of a step, right tokens and vocabulary by step, beneath them the words as cut.

    Attributes
    ----------
    step
        Counted from 0, which is before anything was merged or weighed.
    """

    result: VocabularyResult
    options: VocabularyOptions = field(default_factory=VocabularyOptions)
    step_shown: int = 0
    shown: Shown = ALL_SHOWN

    # In words

    @property
    def now(self) -> VocabularyStep:
        """The step that is shown."""
        return self.result.steps[self.step_shown]

    @property
    def is_weighed(self) -> bool:
        """Whether pieces have probabilities."""
        return self.options.algorithm == "unigram"

    @property
    def caption(self) -> str:
        now, names = self.now, VocabularyOptions.declared()["algorithm"].labels  # type: ignore[union-attr]
        text = _tr("{}, step {} of {}: {} in the vocabulary, {} of text; {}")
        return text.format(
            names[self.options.algorithm],
            self.step_shown,
            len(self.result.steps) - 1,
            number_of(now.n_pieces, "pieces"),
            number_of(now.n_tokens, "tokens"),
            self.comparison,
        )

    @property
    def comparison(self) -> str:
        """Whether the library's trainer arrives at the same, in half a sentence."""
        result = self.result
        if self.options.algorithm == "wordpiece" and self.options.chosen_by == "score":
            return _tr("the library “tokenizers” {} merges by count instead").format(result.library)
        if result.same_order:
            same = {
                "bpe": _tr("the library “tokenizers” {} makes the same merges in the same order"),
                "wordpiece": _tr("the library “tokenizers” {} makes the same merges, but decides ties by chance"),
                "unigram": _tr("the library “tokenizers” {} finds the same pieces and probabilities"),
            }
            return same[self.options.algorithm].format(result.library)
        if result.only_here or result.only_there:
            here, there = (", ".join(map(clean, some[:6])) for some in (result.only_here, result.only_there))
            text = _tr("at the end {} are only here, {} only in what the library “tokenizers” {} makes")
            return text.format(here or _tr("none"), there or _tr("none"), result.library)
        return _tr("the library “tokenizers” {} finds the same pieces with other probabilities").format(result.library)

    @property
    def headline(self) -> str:
        """What this step did."""
        now = self.now
        if now.kind == "merge":
            pair = now.pairs[0]
            text = _tr("{} + {} → {}: chosen of {}")
            return text.format(clean(pair.left), clean(pair.right), clean(pair.new), number_of(now.n_pairs, "pairs"))
        if now.kind == "em":
            text = _tr("New probabilities from expected counts; {} that are expected less than half a time go")
            return text.format(now.n_gone)
        if now.kind == "prune":
            return _tr("Out with {}: those on no best way, and those whose loss is least").format(
                number_of(now.n_gone, "pieces")
            )
        if now.kind == "end":
            more = _tr("; {} more go").format(now.n_gone) if now.n_gone else ""
            return _tr("As many as wanted, every character among them{}").format(more)
        if self.is_weighed:
            return _tr("To begin with: every character, and every part that is in several words")
        return _tr("To begin with: every character is a piece")

    def describe(self, spot: Any) -> str:
        """A row, a word, a term or a point in words."""
        if isinstance(spot, PlotSpot):
            step = self.result.steps[spot.point]
            text = _tr("Step {}: {} in the vocabulary, {}; a click goes there")
            return text.format(spot.point, number_of(step.n_pieces, "pieces"), number_of(step.n_tokens, "tokens"))
        if isinstance(spot, Term):
            return explained(spot)
        if isinstance(spot, WordSpot):
            cut = self.result.cuts(self.step_shown)[spot.word]
            text = _tr("{}, {} in the text: {}, {}")
            word, n = self.result.words[spot.word], self.result.counts[spot.word]
            return text.format(
                clean(word), number_of(n, "times"), number_of(len(cut), "tokens"), " · ".join(map(clean, cut))
            )
        return self._tables.describe(spot.table, spot.row)

    def numbers(self) -> Numbers:
        """A row a step: what was merged, vocabulary and tokens; NPZ also has the words and pieces of the step shown."""
        header = ("step", "kind", "left", "right", "new piece", "count", "score", "pieces", "tokens", "bits a word")
        rows: list[tuple[str | int | float, ...]] = []
        for number, step in enumerate(self.result.steps):
            pair = step.pairs[0] if step.pairs else None
            of_pair = (pair.left, pair.right, pair.new, pair.count, pair.score) if pair else ("", "", "", "", "")
            bits = "" if isnan(step.bits) else step.bits
            rows.append((number, step.kind, *of_pair, step.n_pieces, step.n_tokens, bits))
        cuts = self.result.cuts(self.step_shown)
        arrays = {
            "n_pieces": np.array([step.n_pieces for step in self.result.steps]),
            "n_tokens": np.array([step.n_tokens for step in self.result.steps]),
            "merged": np.array([[row[2], row[3], row[4]] for row in rows], dtype=str),
            "words": np.array(self.result.words),
            "counts": np.array(self.result.counts),
            "cuts": np.array([" ".join(cut) for cut in cuts]),
            "pieces": np.array([piece.text for piece in self.now.pieces], dtype=str),
            "log_probs": np.array([piece.log_prob for piece in self.now.pieces]),
            "losses": np.array([piece.loss for piece in self.now.pieces]),
        }
        return Numbers(arrays, header, rows)

    # Where things are

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(66 * em, self._height(66 * em, style))

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Size below which the tables could not be read."""
        least = (_LEAST_OF_TWO if self.is_weighed else _LEAST_WIDTH) * QFontMetricsF(style.font).height()
        return QSizeF(least, self._height(max(width, least), style))

    def _height(self, width: float, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        return self._upper_height(style) + (_GAP + _ROW) * em + height_of(self._boxes(width, style)) + 0.3 * em

    def _upper_height(self, style: FigureStyle) -> float:
        return (N_ROWS + 2.4) * _ROW * QFontMetricsF(style.font).height()

    def _share(self) -> float:
        """Of the width, for the tables."""
        return 0.6 if self.is_weighed else 0.45

    def plots_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        upper = QRectF(rect)
        upper.setHeight(self._upper_height(style))
        return upper.adjusted(rect.width() * self._share(), 0, 0, 0)

    def table_rect(self, table: int, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where a table is, its head included."""
        em = QFontMetricsF(style.font).height()
        width = rect.width() * self._share() / (2 if self.is_weighed else 1)
        top = rect.top() + 1.2 * _ROW * em
        return QRectF(rect.left() + table * width, top, width - 1.5 * em, (N_ROWS + 1) * _ROW * em)

    def row_rect(self, spot: TableRow, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where a row is."""
        em = QFontMetricsF(style.font).height()
        table = self.table_rect(spot.table, rect, style)
        return QRectF(table.left(), table.top() + (1 + spot.row) * _ROW * em, table.width(), _ROW * em)

    def _column_rects(self, table: int, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where the heads of its columns are."""
        head = self.row_rect(TableRow(table, -1), rect, style)
        shares = self._tables.columns
        lefts = [sum(shares[:i]) for i in range(len(shares))]
        return [
            QRectF(head.left() + left * head.width(), head.top(), share * head.width(), head.height())
            for left, share in zip(lefts, shares, strict=True)
        ]

    @cached_property
    def _tables(self) -> StepTables:
        return StepTables(self.now, self.is_weighed, self.options.algorithm == "wordpiece")

    @cached_property
    def _chips(self) -> tuple[tuple[Chip, ...], tuple[int, ...]]:
        """Pieces of all words, and the word of each; its count stands behind a word."""
        chips: list[Chip] = []
        words: list[int] = []
        changed = set(self.now.changed) if self.step_shown else set()
        for number, cut in enumerate(self.result.cuts(self.step_shown)):
            tint = 0.45 if number in changed else 0.0
            chips += [Chip(clean(piece), starts_word=not place, tint=tint) for place, piece in enumerate(cut)]
            chips.append(Chip(f"×{self.result.counts[number]}", "special", starts_word=False))
            words += [number] * (len(cut) + 1)
        return tuple(chips), tuple(words)

    def _boxes(self, width: float, style: FigureStyle) -> list[QRectF]:
        return lay_out(self._chips[0], width, QFontMetricsF(style.font), keeps_words=True)  # its count stays with it

    def _words_top(self, rect: QRectF, style: FigureStyle) -> QPointF:
        em = QFontMetricsF(style.font).height()
        return QPointF(rect.left(), rect.top() + self._upper_height(style) + (_GAP + _ROW) * em)

    def _words_title_rect(self, rect: QRectF, style: FigureStyle) -> QRectF:
        em = QFontMetricsF(style.font).height()
        top = self._words_top(rect, style)
        return QRectF(top.x(), top.y() - _ROW * em, 30 * em, _ROW * em)

    # Plots

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        steps = np.arange(len(self.result.steps), dtype=float)
        tokens = np.array([step.n_tokens for step in self.result.steps], float)
        pieces = np.array([step.n_pieces for step in self.result.steps], float)
        series = (
            Curve(_tr("tokens of the text"), steps, tokens, "accent"),
            Curve(_tr("pieces of the vocabulary"), steps, pieces, 1, is_dashed=True),
        )
        callouts = tuple(
            Callout(number, self.step_shown, f"{int(values[self.step_shown])}")
            for number, values in enumerate((tokens, pieces))
            if self.shown.hidden.isdisjoint({series[number].name})
        )
        return (Plot(series, Axis(_tr("step")), Axis(low=0.0), callouts=callouts),)

    # Under the pointer

    def _spots(self, rect: QRectF, style: FigureStyle) -> list[tuple[StepSpot, QRectF]]:
        found: list[tuple[StepSpot, QRectF]] = []
        for table in range(self._tables.n_tables):
            rects = self._column_rects(table, rect, style)
            found += [(Term(name), area) for name, area in zip(self._tables.heads(table), rects, strict=True)]
            rows = [TableRow(table, row) for row in range(self._tables.n_rows(table))]
            found += [(row, self.row_rect(row, rect, style)) for row in rows]
        found.append((Term("words"), self._words_title_rect(rect, style)))
        top = self._words_top(rect, style)
        boxes = self._boxes(rect.width(), style)
        found += [(WordSpot(word), box.translated(top)) for word, box in zip(self._chips[1], boxes, strict=True)]
        return found

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> StepSpot | None:
        """A row, a word or the head of a column."""
        return next((spot for spot, area in self._spots(rect, style) if area.contains(point)), None)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether it is still there."""
        if isinstance(spot, PlotSpot):
            return super().has_spot(spot, rect, style)
        return any(spot == there for there, _ in self._spots(rect, style))

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Any) -> None:
        """Frame what is pointed at."""
        if isinstance(spot, PlotSpot):
            super().paint_spot(painter, rect, style, spot)
            return
        painter.save()
        painter.setPen(QPen(style.theme.accent, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for there, area in self._spots(rect, style):
            if there == spot:
                painter.drawRect(area)
        painter.restore()

    def step(self, spot: Any | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Any | None:
        """The next one in reading order."""
        order = list(dict.fromkeys(there for there, _ in self._spots(rect, style)))
        if spot not in order:
            return order[0] if order else None
        return order[min(max(order.index(spot) + right + down, 0), len(order) - 1)]

    # The picture

    def paint_around(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        painter.setFont(resized(style.font, bold=True))
        painter.setPen(theme.ink)
        width = rect.width() * self._share() - em
        headline = QFontMetricsF(painter.font()).elidedText(self.headline, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QPointF(rect.left(), rect.top() + metrics.ascent()), headline)
        painter.setFont(style.font)
        for table in range(self._tables.n_tables):
            self._tables.paint(painter, table, self._column_rects(table, rect, style), style)
        title = self._words_title_rect(rect, style)
        painter.setPen(theme.faint)
        painter.drawText(
            title, Qt.AlignmentFlag.AlignVCenter, _tr("The words of the text, and how often each is there")
        )
        chips, _ = self._chips
        paint_chips(painter, chips, self._boxes(rect.width(), style), self._words_top(rect, style), style)
        painter.restore()
