"""The two columns of tokens that lines of arcs join: names, marks, and weights beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.tokens import Tokens
from widgets.figures.squares import paint_squares
from widgets.kit.clean import clean
from widgets.look.theme import FigureStyle
from widgets.views.arcs.lines import ArcsLayout, Focus, Lines, Side, head_color, place_of
from widgets.views.arcs.names import Name, placed

SIDES: tuple[Side, Side] = ("query", "key")
MAX_SQUARES = 16  # more heads than this have no room for a square each beside a token
SQUARE = 0.55  # em
WIDEST_LABEL = 12  # in heights of a letter
_EXACT = 0.1  # of weights that are all smaller a third digit is written
_BEGINNING = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, eq=False)
class TokenColumns:
    """Paints the tokens of a figure: each at its row, or where rows are lower than letters those that matter.

    Attributes
    ----------
    tokens
        Of both columns.
    lines
        What is drawn between them.
    heads
        Those that have lines.
    focus
        The token whose lines alone are drawn.
    selected
        Query and key that are marked.
    least_written
        Larger weights are written beside the tokens that a focused one reaches.
    """

    layout: ArcsLayout
    tokens: dict[Side, Tokens]
    lines: Lines
    heads: tuple[int, ...]
    focus: Focus | None
    selected: tuple[int | None, int | None]
    least_written: float

    def names(self, side: Side) -> list[Name]:
        """Of a layout in which names lie apart from their rows."""
        tokens = self.tokens[side]
        focus, selected = self.focus, self.selected[SIDES.index(side)]
        marked = [focus.pos] if focus is not None and focus.side == side else []
        marked += [selected] if selected is not None and selected < len(tokens) else []
        reached = self._reached[side]
        strongest = np.zeros(0) if reached is None else reached.max(axis=1, initial=0.0)
        order = np.argsort(-strongest, kind="stable")[: np.count_nonzero(strongest)]
        special = tokens.is_special
        first = int(np.argmin(special)) if len(tokens) else 0  # rows of an image begin behind [CLS]
        return placed(self.layout, [*marked, *order.tolist()], first, len(tokens))

    def at(self, point: QPointF) -> Focus | None:
        """The token at a point; the inner edges of the columns belong to them."""
        layout = self.layout
        if layout.left - layout.label <= point.x() <= layout.left + layout.em:
            side: Side = "query"
            is_name = point.x() < layout.left - layout.lead
        elif layout.right - layout.em <= point.x() <= layout.right + layout.label:
            side = "key"
            is_name = point.x() > layout.right + layout.lead
        else:
            return None
        if layout.lead and is_name:
            for name in self.names(side):
                if layout.label_rect(Focus(side, name.pos), name.y).contains(point):
                    return Focus(side, name.pos)
        pos = layout.pos_at(point.y())
        is_there = layout.top <= point.y() <= layout.bottom and pos < len(self.tokens[side])
        return Focus(side, pos) if is_there else None

    def paint(self, painter: QPainter, style: FigureStyle, visible: QRectF) -> None:
        """Both columns, as far as `visible`, with marks, sentences, and the weights of a focused token."""
        metrics = QFontMetricsF(painter.font(), painter.device())
        rows = range(self.layout.pos_at(visible.top()), self.layout.pos_at(visible.bottom()) + 1)
        for side in SIDES:
            tokens, reached = self.tokens[side], self._reached[side]
            self._paint_segments(painter, style, side)
            told: list[tuple[QRectF, int]] = []  # where a weight is written, and of which row
            if self.layout.lead:
                for name in self.names(side):
                    token, rect = Focus(side, name.pos), self.layout.label_rect(Focus(side, name.pos), name.y)
                    self._paint_lead(painter, style, token, name.y)
                    self._paint_token(painter, rect, style, token, metrics, is_faint=not name.is_wanted)
                    if name.is_wanted:
                        told.append((rect, name.pos))
            else:
                shown = range(rows.start, min(rows.stop, len(tokens)))
                is_free = np.zeros(len(tokens), bool) if reached is None else np.logical_not(reached.any(axis=1))
                for pos, rect in zip(shown, self.layout.label_rects(side, shown), strict=True):
                    token = Focus(side, pos)
                    is_faint = bool(is_free[pos]) and token != self.focus
                    self._paint_token(painter, rect, style, token, metrics, is_faint=is_faint)
                    told.append((rect, pos))
            if reached is not None:
                self._paint_weights(painter, style, side, told, reached, metrics)

    @cached_property
    def _reached(self) -> dict[Side, np.ndarray | None]:
        """Weights of the lines between the focused token and those of a column, [token, shown head]; None without."""
        tables: dict[Side, np.ndarray | None] = dict.fromkeys(SIDES)
        if self.focus is not None:
            lines = self.lines
            place = place_of(self.heads)
            for side in SIDES:
                table = tables[side] = np.zeros((len(self.tokens[side]), len(self.heads)))
                if side != self.focus.side:
                    table[lines.key if side == "key" else lines.query, place[lines.head]] = lines.weight
        return tables

    def _paint_lead(self, painter: QPainter, style: FigureStyle, token: Focus, y: float) -> None:
        """From a row to its name."""
        layout = self.layout
        sign, edge = (-1, layout.left) if token.side == "query" else (1, layout.right)
        inner, outer = edge + 0.15 * sign * layout.em, edge + sign * layout.lead
        painter.setPen(QPen(style.theme.faint, 0.05 * layout.em))
        painter.drawLine(QPointF(inner, layout.y(token.pos)), QPointF(outer, y))

    def _paint_token(
        self,
        painter: QPainter,
        rect: QRectF,
        style: FigureStyle,
        token: Focus,
        metrics: QFontMetricsF,
        *,
        is_faint: bool,
    ) -> None:
        theme, em = style.theme, self.layout.em
        is_query = token.side == "query"
        is_focus = token == self.focus
        is_selected = token.pos == self.selected[SIDES.index(token.side)]
        gap = 0.5 * em
        room = rect.adjusted(gap / 2, 0, -gap, 0) if is_query else rect.adjusted(gap, 0, -gap / 2, 0)
        text = clean(self.tokens[token.side].words[token.pos])
        if rect.width() >= WIDEST_LABEL * em:  # else there is room for the longest
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        if is_focus or is_selected:
            width = metrics.horizontalAdvance(text) + gap
            box = QRectF(room.right() - width + gap / 2 if is_query else room.left() - gap / 2, rect.top(), width, 0)
            box.setHeight(rect.height())
            box.adjust(0, 0.06 * em, 0, -0.06 * em)
            painter.setPen(QPen(theme.accent, 0.1 * em) if is_selected else Qt.PenStyle.NoPen)
            painter.setBrush(theme.accent if is_focus else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)
        painter.setPen(theme.accent_ink if is_focus else theme.faint if is_faint else theme.ink)
        painter.drawText(room, _END if is_query else _BEGINNING, text)

    def _paint_weights(
        self,
        painter: QPainter,
        style: FigureStyle,
        side: Side,
        told: list[tuple[QRectF, int]],
        reached: np.ndarray,
        metrics: QFontMetricsF,
    ) -> None:
        """The strongest weight of each token as a number, and beside it a square a head, on the outer side."""
        em, step = self.layout.em, SQUARE * self.layout.em
        strongest = reached.max(axis=1, initial=0.0).tolist()
        told = [(rect, pos) for rect, pos in told if strongest[pos] > self.least_written]
        if not told:
            return
        digits, n_digits = metrics.horizontalAdvance("0.000"), 2 if self._largest >= _EXACT else 3
        outer = told[0][0]
        x = outer.left() - digits - 0.8 * em if side == "query" else outer.right() + 0.8 * em
        painter.setPen(style.theme.ink)
        for rect, pos in told:
            box = QRectF(x, rect.top(), digits + em, rect.height())
            painter.drawText(box, _BEGINNING, f"{strongest[pos]:.{n_digits}f}")
        if 1 < (n_heads := len(self.heads)) <= MAX_SQUARES:
            x += -0.5 * em - n_heads * step if side == "query" else digits + 0.5 * em
            inks = [head_color(head, style.theme).rgb() for head in self.heads]
            tops = [rect.center().y() - step / 2 for rect, _ in told]
            paint_squares(painter, x, tops, step, inks, reached[[pos for _, pos in told]])

    @cached_property
    def _largest(self) -> float:
        return float(self.lines.weight.max(initial=0.0))

    def _paint_segments(self, painter: QPainter, style: FigureStyle, side: Side) -> None:
        """One bar along the words of segment A, two along those of B, where there are both."""
        tokens, layout = self.tokens[side], self.layout
        if not has_two_segments(tokens):
            return
        changes = np.flatnonzero(np.diff(tokens.segment)) + 1
        starts = [0, *changes.tolist()]
        painter.setPen(QPen(style.theme.faint, 0.1 * layout.em))
        for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
            top, bottom = layout.edge([start, end]).tolist()
            for bar in range(1 + int(tokens.segment[start])):
                inner = (0.06 + 0.19 * bar) * layout.em
                x = layout.left + inner if side == "query" else layout.right - inner
                painter.drawLine(QPointF(x, top + 0.15 * layout.em), QPointF(x, bottom - 0.15 * layout.em))


def has_two_segments(tokens: Tokens) -> bool:
    """Whether there are a sentence A and a sentence B."""
    return bool(len(tokens)) and bool(np.any(tokens.segment == 0)) and bool(np.any(tokens.segment == 1))
