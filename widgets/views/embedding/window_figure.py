"""A window on a text at one place of it: words left out, pairs, noise, and what skip-gram and CBOW lose there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.embedding import SlidingWindowResult, SlidingWindowStep
from widgets.figures.chips import Chip, height_of, lay_out, paint_chip
from widgets.figures.counts import number_of
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.plots.data import color_of

_WIDTH, _LEAST_WIDTH = 62.0, 46.0  # em
_NAMES, _LOSS, _MOST_CELL = 11.0, 9.0, 11.0  # em: columns of names and of losses, and the widest cell
_ROW, _BELOW = 2.1, 1.5  # em: a row of cells; room beneath a line of words
_FADED = 0.35  # opacity of what is left out
_SURELY_KEPT = 0.9995  # nothing is written under a word that is as good as always kept
_MEAN = -1  # row of CBOW


def _tr(text: str) -> str:
    return QCoreApplication.translate("SlidingWindowFigure", text)


def sigmoid(score: float) -> float:
    """σ, of any number."""
    return 1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))


def pair_loss(score: float, *, is_noise: bool) -> float:
    """-log σ of a word that stands there, of noise with the other sign."""
    return float(np.logaddexp(0, score if is_noise else -score))


@dataclass(frozen=True)
class WindowSpot:
    """A word of the text; or with a column a cell: row of the window's words, -1 their mean, column 0 the centre."""

    row: int
    column: int | None = None


@dataclass(frozen=True)
class SlidingWindowFigure:
    """The text with the window upon it; below, σ(u·v) of each word of the window with the centre and with noise."""

    result: SlidingWindowResult
    number: int = 0  # of the step

    # In words

    @property
    def step_shown(self) -> SlidingWindowStep | None:
        """What is shown; None where no two words of the text are near each other."""
        return self.result.steps[self.number] if self.result.steps else None

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(map(clean, self.result.words))

    @property
    def caption(self) -> str:
        step = self.step_shown
        if step is None:
            if self.result.is_known.sum() < 2:
                return _tr("Fewer than two words of the text have a vector, so none is near another; type other words.")
            return _tr("No two words of the text were kept near each other; another seed may keep others.")
        text = _tr("Place {} of {}: “{}”, window shrunk to {} of {}, {}; loss of skip-gram {:.3f}, of CBOW {:.3f}")
        return text.format(
            self.number + 1, len(self.result.steps), self.words[step.centre], step.half_width, self.result.window,
            number_of(len(step.contexts), "pairs"), step.skip_gram_loss, step.cbow_loss,
        )  # fmt: skip

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The centre, then noise."""
        assert self.step_shown
        noise = (clean(word.removeprefix("␣")) for word in self.step_shown.negatives)
        return (self.words[self.step_shown.centre], *noise)

    def score(self, row: int, column: int) -> float:
        """u·v of a cell; NaN where noise is the centre itself."""
        assert self.step_shown
        scores = self.step_shown.cbow_scores if row == _MEAN else self.step_shown.scores[row]
        return float(scores[column])

    def row_loss(self, row: int) -> float:
        """What a pair loses, or the mean of the window."""
        scores = [self.score(row, column) for column in range(len(self.targets))]
        return sum(pair_loss(x, is_noise=n > 0) for n, x in enumerate(scores) if not math.isnan(x))

    def row_name(self, row: int) -> str:
        """A word of the window, or its mean."""
        assert self.step_shown
        return _tr("mean of the window") if row == _MEAN else self.words[self.step_shown.contexts[row]]

    def describe(self, spot: WindowSpot) -> str:
        """A word and how likely it is kept; a cell as a formula."""
        result = self.result
        if spot.column is None:
            word = self.words[spot.row]
            if not result.is_known[spot.row]:
                return _tr("“{}” has no vector: it is passed over, as if it were not there.").format(word)
            keep = 100 * float(result.keep[spot.row])
            if result.is_kept[spot.row]:
                return _tr("“{}” is kept with a probability of {:.1f} %; it was kept this time.").format(word, keep)
            return _tr("“{}” is kept with a probability of {:.1f} %; it was left out this time.").format(word, keep)
        score, target = self.score(spot.row, spot.column), self.targets[spot.column]
        if math.isnan(score):
            return _tr("“{}” was drawn as noise, but is the centre itself: it is skipped.").format(target)
        sign, is_noise = ("−" if spot.column else ""), spot.column > 0
        text = _tr("σ(u·v) of “{}” and {} = σ({:.3f}) = {:.4f}; −log σ({}{:.3f}) = {:.3f}")
        loss = pair_loss(score, is_noise=is_noise)
        name = self.row_name(spot.row)
        return text.format(target, f"“{name}”" if spot.row >= 0 else name, score, sigmoid(score), sign, score, loss)

    def numbers(self) -> Numbers:
        """Every cell of every place."""
        rows: list[tuple[str | int | float, ...]] = []
        for number, step in enumerate(self.result.steps):
            targets = (self.result.words[step.centre], *step.negatives)
            for kind, names, table in (
                ("skip-gram", [self.result.words[i] for i in step.contexts], step.scores),
                ("cbow", ["mean"], step.cbow_scores[None]),
            ):
                for name, scores in zip(names, table.tolist(), strict=True):
                    for column, (target, score) in enumerate(zip(targets, scores, strict=True)):
                        rows.append((number, kind, name, target, int(column > 0), score))
        steps = self.result.steps
        arrays = {
            "words": np.array(self.result.words, np.str_),
            "keep": self.result.keep,
            "is_kept": self.result.is_kept,
            "centres": np.array([step.centre for step in steps], np.int64),
            "half_widths": np.array([step.half_width for step in steps], np.int64),
            "skip_gram_loss": np.array([step.skip_gram_loss for step in steps]),
            "cbow_loss": np.array([step.cbow_loss for step in steps]),
        }
        return Numbers(arrays, ("place", "model", "word", "target", "is_noise", "u·v"), rows)

    # Size and places

    def natural_size(self, style: FigureStyle) -> QSizeF:
        return self.least_size(_WIDTH * QFontMetricsF(style.font).height(), style)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Height of text and table at a width."""
        em = QFontMetricsF(style.font).height()
        width = max(width, _LEAST_WIDTH * em)
        most = 2 * self.result.window
        return QSizeF(width, self._table_top(width, style) + (most + 5.8) * _ROW * em)

    @cached_property
    def _chips(self) -> tuple[Chip, ...]:
        step = self.step_shown
        tints = {} if step is None else dict.fromkeys(step.contexts, 0.45) | {step.centre: 1.0}
        return tuple(Chip(word, tint=tints.get(place, 0.0)) for place, word in enumerate(self.words))

    def _boxes(self, width: float, style: FigureStyle) -> list[QRectF]:
        return lay_out(self._chips, width, QFontMetricsF(style.font), least=2.6, below=_BELOW)

    def _table_top(self, width: float, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        return self._words_bottom(width, style) + (1.6 if self._key else 0.0) * em

    def _words_bottom(self, width: float, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        return height_of(self._boxes(width, style)) + (_BELOW + 1.2) * em

    @cached_property
    def _key(self) -> str:
        """What the percentages mean, where there are any."""
        if not bool((self.result.keep <= _SURELY_KEPT).any()):
            return ""
        return _tr(
            "%: how likely a frequent word is kept in this pass; red and struck out: it was left out, as frequent "
            "words say little about their neighbours"
        )

    def _rows(self) -> list[int]:
        return [] if self.step_shown is None else [*range(len(self.step_shown.contexts)), _MEAN]

    def _row_top(self, row: int) -> float:
        """In rows, below the top of the table; above CBOW stands the mean of skip-gram."""
        assert self.step_shown
        return 2.0 + (row if row != _MEAN else len(self.step_shown.contexts) + 2.6)

    def cell_rect(self, row: int, column: int, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where a cell is."""
        em = QFontMetricsF(style.font).height()
        room = rect.width() - (_NAMES + _LOSS) * em
        width = min(room / len(self.targets), _MOST_CELL * em)
        top = rect.top() + self._table_top(rect.width(), style) + self._row_top(row) * _ROW * em
        gap = 0.6 * em if column else 0.0  # noise stands apart
        return QRectF(rect.left() + _NAMES * em + column * width + gap, top, width, _ROW * em)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> WindowSpot | None:
        """The word or cell under a point."""
        for place, box in enumerate(self._boxes(rect.width(), style)):
            if box.translated(rect.topLeft()).contains(point):
                return WindowSpot(place)
        for row in self._rows():
            for column in range(len(self.targets)):
                if self.cell_rect(row, column, rect, style).contains(point):
                    return WindowSpot(row, column)
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a word or cell."""
        if not isinstance(spot, WindowSpot):
            return False
        if spot.column is None:
            return 0 <= spot.row < len(self.words)
        return spot.row in self._rows() and spot.column < len(self.targets)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: WindowSpot) -> None:
        """Frame what is pointed at."""
        if spot.column is None:
            box = self._boxes(rect.width(), style)[spot.row].translated(rect.topLeft())
        else:
            box = self.cell_rect(spot.row, spot.column, rect, style)
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.theme.accent, 2.0))
        painter.drawRect(box)
        painter.restore()

    def step(self, spot: WindowSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> WindowSpot:
        """The word or cell beside; below the words stand the cells."""
        rows = self._rows()
        if spot is None:
            return WindowSpot(0)
        if spot.column is None:
            if down > 0 and rows:
                return WindowSpot(rows[0], 0)
            return WindowSpot(min(max(spot.row + right, 0), len(self.words) - 1))
        at = rows.index(spot.row) + down
        if at < 0:
            return WindowSpot(self.step_shown.centre if self.step_shown else 0)
        column = min(max(spot.column + right, 0), len(self.targets) - 1)
        return WindowSpot(rows[min(at, len(rows) - 1)], column)

    # The picture

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        self._paint_words(painter, rect, style)
        if self.step_shown is not None:
            self._paint_heads(painter, rect, style)
            for row in self._rows():
                self._paint_row(painter, row, rect, style)
            self._paint_mean(painter, rect, style)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        small = resized(style.font, SMALL)
        metrics, em = QFontMetricsF(small), QFontMetricsF(style.font).height()
        result, step = self.result, self.step_shown
        for place, box in enumerate(self._boxes(rect.width(), style)):
            where = box.translated(rect.topLeft())
            is_known, is_kept = bool(result.is_known[place]), bool(result.is_kept[place])
            painter.setOpacity(1.0 if is_kept else _FADED)
            painter.setFont(style.font)
            paint_chip(painter, self._chips[place], where, style)
            if not is_kept:
                painter.setPen(QPen(style.theme.ink, 1.2))
                painter.drawLine(QLineF(where.left(), where.center().y(), where.right(), where.center().y()))
            painter.setOpacity(1.0)
            if step is not None and place == step.centre:
                painter.setPen(QPen(style.theme.accent, 2.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(where, 0.25 * em, 0.25 * em)
            keep = float(result.keep[place])
            text = _tr("unknown") if not is_known else "" if keep > _SURELY_KEPT else f"{100 * keep:.0f} %"
            painter.setFont(small)
            painter.setPen(style.theme.faint if is_kept else style.theme.warning)
            left = where.center().x() - metrics.horizontalAdvance(text) / 2
            painter.drawText(QPointF(left, where.bottom() + 0.15 * em + metrics.ascent()), text)
        if self._key:
            painter.setPen(style.theme.faint)
            text = metrics.elidedText(self._key, Qt.TextElideMode.ElideRight, rect.width())
            top = rect.top() + self._words_bottom(rect.width(), style) - 0.9 * em
            painter.drawText(QPointF(rect.left(), top + metrics.ascent()), text)

    def _paint_heads(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics, em = QFontMetricsF(style.font), QFontMetricsF(style.font).height()
        for column, target in enumerate(self.targets):
            cell = self.cell_rect(0, column, rect, style).translated(0, -_ROW * em)
            painter.setFont(resized(style.font, bold=column == 0))
            painter.setPen(style.theme.accent if column == 0 else style.theme.ink)
            text = QFontMetricsF(painter.font()).elidedText(target, Qt.TextElideMode.ElideRight, cell.width() - 4)
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
            if column < 2:
                title = (
                    _tr("stands there: σ → 1")
                    if column == 0
                    else _tr("negatives, noise drawn by count to the 0.75: σ → 0")
                )
                above = cell.translated(0, -0.85 * _ROW * em)
                painter.setFont(resized(style.font, SMALL))
                painter.setPen(style.theme.faint)
                small = QFontMetricsF(painter.font())
                room = cell.width() + 0.5 * em if column == 0 else rect.right() - above.left()
                painter.drawText(
                    QPointF(above.left(), above.center().y() + 0.36 * small.ascent()),
                    small.elidedText(title, Qt.TextElideMode.ElideRight, room),
                )
        assert self.step_shown
        painter.setFont(style.font)
        painter.setPen(style.theme.accent)
        window = _tr("window: ±{} of ±{}").format(self.step_shown.half_width, self.result.window)
        self._draw_left(painter, window, self._row_top(0) - 1.85, rect, style)
        painter.setFont(resized(style.font, bold=True))
        painter.setPen(style.theme.ink)
        self._draw_left(painter, _tr("Skip-gram: σ(u·v)"), self._row_top(0) - 1, rect, style)
        self._draw_left(painter, _tr("CBOW: σ(u·v)"), self._row_top(_MEAN) - 1, rect, style)
        painter.setFont(style.font)
        self._draw_right(painter, _tr("loss"), self._row_top(0) - 1, rect, style, metrics)

    def _paint_row(self, painter: QPainter, row: int, rect: QRectF, style: FigureStyle) -> None:
        metrics, theme = QFontMetricsF(style.font), style.theme
        painter.setFont(style.font)
        painter.setPen(theme.ink)
        self._draw_left(painter, self.row_name(row), self._row_top(row), rect, style)
        for column in range(len(self.targets)):
            cell = self.cell_rect(row, column, rect, style).adjusted(1, 1, -1, -1)
            score = self.score(row, column)
            if math.isnan(score):
                painter.setPen(theme.faint)
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, _tr("skipped"))
                continue
            color = color_of(sigmoid(score), style)
            painter.fillRect(cell, color)
            painter.setPen(QColor("black") if color.lightnessF() > 0.5 else QColor("white"))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{sigmoid(score):.3f}")
        painter.setPen(theme.ink)
        if row == _MEAN:
            painter.setFont(resized(style.font, bold=True))
        self._draw_right(painter, f"{self.row_loss(row):.3f}", self._row_top(row), rect, style, metrics)

    def _paint_mean(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        assert self.step_shown
        metrics, n = QFontMetricsF(style.font), len(self.step_shown.contexts)
        painter.setFont(resized(style.font, bold=True))
        painter.setPen(style.theme.ink)
        top = self._row_top(0) + n
        text = _tr("mean of {} pairs").format(n) if n > 1 else _tr("1 pair")
        self._draw_left(painter, text, top, rect, style)
        self._draw_right(painter, f"{self.step_shown.skip_gram_loss:.3f}", top, rect, style, metrics)
        painter.setFont(resized(style.font, SMALL))
        painter.setPen(style.theme.faint)
        for sentence, row in (
            (_tr("a pair loses −log σ(u·v) of the centre and −log σ(−u·v) of each negative"), top),
            (
                _tr("the word in the middle is hidden, and guessed from the mean of those around it"),
                self._row_top(_MEAN) - 1,
            ),
        ):
            left = self.cell_rect(0, 0, rect, style).left()
            painter.drawText(QPointF(left, self._baseline(row, rect, style)), sentence)

    def _baseline(self, top: float, rect: QRectF, style: FigureStyle) -> float:
        metrics = QFontMetricsF(style.font)
        middle = (top + 0.5) * _ROW * metrics.height()
        return rect.top() + self._table_top(rect.width(), style) + middle + 0.36 * metrics.ascent()

    def _draw_left(self, painter: QPainter, text: str, top: float, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, (_NAMES - 0.5) * em)
        painter.drawText(QPointF(rect.left(), self._baseline(top, rect, style)), text)

    def _draw_right(
        self, painter: QPainter, text: str, top: float, rect: QRectF, style: FigureStyle, metrics: QFontMetricsF
    ) -> None:
        """At the end of a row, behind its last cell."""
        last = self.cell_rect(0, len(self.targets) - 1, rect, style)
        right = last.right() + 6.0 * metrics.height()
        width = QFontMetricsF(painter.font()).horizontalAdvance(text)
        painter.drawText(QPointF(right - width, self._baseline(top, rect, style)), text)
