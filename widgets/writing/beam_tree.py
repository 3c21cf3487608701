"""The texts that a beam search has begun, and the best of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.decoding import BeamTree, Hypothesis, NodeKind, Written
from widgets.figures.counts import number_of
from widgets.figures.edges import edge
from widgets.figures.heat_panel import short
from widgets.figures.lettering import resized
from widgets.kit.clean import clean
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

_ROW = 1.7  # em
_COLUMN = 6.4  # em
_WORD = 4.6  # em of a column that a word may take
_HEAD = 1.6  # em


def describe_node(tree: BeamTree, vocabulary: tuple[str, ...], node: int, click: str) -> str:
    """How likely a text is as far as a node; `click` is what a click on it does."""
    words = " ".join(clean(vocabulary[int(tree.numbers[each])]) for each in tree.path(node))
    return f"{words}: {_bits(float(tree.log_probs[node]))}; {click}"


def describe_text(each: Hypothesis) -> str:
    """How likely a text is, and what ranks it."""
    text = _tr("“{}”: {}, {}, ranked by {}")
    return text.format(clean(each.text), number_of(each.n_tokens, "tokens"), _bits(each.log_prob), short(each.score))


def _bits(log_prob: float) -> str:
    """As elsewhere a surprisal is told; 0 is certain."""
    return _tr("{:.1f} bits").format(abs(log_prob) / math.log(2))


def _tr(text: str) -> str:
    return QCoreApplication.translate("BeamTree", text)


@dataclass(frozen=True)
class BeamPicture:
    """A column a token: the likeliest texts on top. What no living text goes through is grey.

    Attributes
    ----------
    n_depths
        Columns that are shown.
    """

    tree: BeamTree
    vocabulary: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    n_depths: int

    @classmethod
    def at_step(cls, tree: BeamTree, written: Written, hypotheses: tuple[Hypothesis, ...], n_shown: int) -> BeamPicture:
        """When `n_shown` tokens were there: of the whole text all columns, and the best texts."""
        if n_shown < written.n_steps:
            return cls(tree, written.vocabulary, (), n_shown - written.n_given)
        return cls(tree, written.vocabulary, hypotheses, int(tree.depths.max(initial=0)))

    @cached_property
    def _rows(self) -> np.ndarray:
        """int [node]: its place within its column."""
        depths = self.tree.depths
        firsts = np.searchsorted(depths, depths, side="left")
        return np.arange(len(depths)) - firsts

    @cached_property
    def _alive(self) -> np.ndarray:
        """bool [node]: a text that is whole, or that is gone on with in the last column, goes through it."""
        tree = self.tree
        last = int(tree.depths.max(initial=0))
        is_end = (tree.kinds == NodeKind.ENDED) | ((tree.kinds == NodeKind.KEPT) & (tree.depths == last))
        nodes = [each.node for each in self.hypotheses] or np.flatnonzero(is_end).tolist()
        found = np.zeros(len(tree.depths), bool)
        for node in nodes:
            found[tree.path(node)] = True
        return found

    @cached_property
    def _best(self) -> frozenset[int]:
        return frozenset(self.tree.path(self.hypotheses[0].node)) if self.hypotheses else frozenset()

    @property
    def _shown(self) -> list[int]:
        return np.flatnonzero(self.tree.depths <= self.n_depths).tolist()

    def width(self, em: float) -> float:
        """Of all columns."""
        return int(self.tree.depths.max(initial=1)) * _COLUMN * em

    def height(self, em: float) -> float:
        """Of the tree and of the list beneath."""
        n_rows = int(self._rows.max(initial=0)) + 1
        return (_HEAD + n_rows * _ROW + _HEAD + len(self.hypotheses) * _ROW + 0.5) * em

    def box(self, node: int, em: float) -> QRectF:
        """Where a node is, from (0, 0)."""
        x = (int(self.tree.depths[node]) - 1) * _COLUMN * em
        return QRectF(x, (_HEAD + int(self._rows[node]) * _ROW) * em, _WORD * em, (_ROW - 0.3) * em)

    def line(self, number: int, width: float, em: float) -> QRectF:
        """Where one of the best texts is."""
        n_rows = int(self._rows.max(initial=0)) + 1
        return QRectF(0, (2 * _HEAD + (n_rows + number) * _ROW) * em, width, _ROW * em)

    def boxes(self, origin: QPointF, width: float, em: float) -> dict[tuple[str, int], QRectF]:
        """Where each `node` and each `text` is that is shown, painted from `origin` on."""
        found = {("node", node): self.box(node, em) for node in self._shown}
        found |= {("text", number): self.line(number, width, em) for number in range(len(self.hypotheses))}
        return {key: box.translated(origin) for key, box in found.items()}

    def node_at(self, point: QPointF, em: float) -> int | None:
        """The node under a point, from (0, 0)."""
        return next((node for node in self._shown if self.box(node, em).contains(point)), None)

    def paint(self, painter: QPainter, origin: QPointF, width: float, style: FigureStyle) -> None:
        """Paint from `origin` on."""
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        painter.save()
        painter.translate(origin)
        painter.setFont(style.font)
        painter.setPen(theme.faint)
        title = _tr("Texts that were begun, the likeliest on top; grey: others were likelier")
        painter.drawText(QPointF(0, metrics.ascent()), metrics.elidedText(title, Qt.TextElideMode.ElideRight, width))
        for node in sorted(self._shown, key=lambda each: each in self._best):
            self._paint_edge(painter, node, style, em)
        for node in self._shown:
            self._paint_node(painter, node, style, em)
        self._paint_list(painter, width, style, em)
        painter.restore()

    def _paint_edge(self, painter: QPainter, node: int, style: FigureStyle, em: float) -> None:
        parent = int(self.tree.parents[node])
        if parent < 0:
            return
        start, end = self.box(parent, em), self.box(node, em)
        color = style.theme.accent if node in self._best else style.theme.ink if self._alive[node] else style.theme.line
        painter.setPen(QPen(color, 0.14 * em if node in self._best else 0.07 * em))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(edge(start, end))

    def _paint_node(self, painter: QPainter, node: int, style: FigureStyle, em: float) -> None:
        theme, box = style.theme, self.box(node, em)
        is_alive, is_best = bool(self._alive[node]), node in self._best
        painter.setPen(QPen(theme.accent if is_best else theme.ink if is_alive else theme.line, 1.5 if is_best else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush if style.transparent else theme.panel if is_alive else theme.paper)
        painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)
        if self.tree.kinds[node] == NodeKind.ENDED:  # a second frame: the text is whole
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-2.5, -2.5, 2.5, 2.5), 0.3 * em, 0.3 * em)
        font = resized(style.font, SMALL, bold=is_best)
        painter.setFont(font)
        painter.setPen(theme.ink if is_alive else theme.faint)
        word = clean(self.vocabulary[int(self.tree.numbers[node])])
        shown = QFontMetricsF(font).elidedText(word, Qt.TextElideMode.ElideRight, box.width() - 0.4 * em)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
        painter.setFont(style.font)

    def _paint_list(self, painter: QPainter, width: float, style: FigureStyle, em: float) -> None:
        if not self.hypotheses:
            return
        metrics = QFontMetricsF(style.font)
        head = self.line(0, width, em).top() - _HEAD * em
        painter.setPen(style.theme.faint)
        title = _tr(
            "Best texts, by the logarithm of their probability divided by their length; in brackets the whole text"
        )
        baseline = head + 0.3 * em + metrics.ascent()
        painter.drawText(QPointF(0, baseline), metrics.elidedText(title, Qt.TextElideMode.ElideRight, width))
        for number, each in enumerate(self.hypotheses):
            line = self.line(number, width, em)
            painter.setFont(resized(style.font, bold=number == 0))
            painter.setPen(style.theme.ink)
            text = f"{number + 1}.  {short(each.score)}  ({_bits(each.log_prob)})   {clean(each.text)}"
            text += "" if each.is_finished else " …"
            letters = QFontMetricsF(painter.font())
            shown = letters.elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QPointF(0, line.center().y() + 0.36 * metrics.ascent()), shown)
        painter.setFont(style.font)
