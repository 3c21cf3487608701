"""Attention as lines between two columns of tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QPainter

from inference.results.attention import AttentionResult
from inference.results.lines import MOST_LINES
from inference.results.tokens import Tokens
from widgets.figures.lettering import measure, points_font
from widgets.figures.token_axis import names_explained, quoted
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.arcs.columns import MAX_SQUARES, SIDES, SQUARE, WIDEST_LABEL, TokenColumns, has_two_segments
from widgets.views.arcs.legend import HeadLegend
from widgets.views.arcs.lines import NAME, ArcsLayout, Focus, Lines, Side, SomeWeights, place_of
from widgets.views.arcs.options import ArcsOptions
from widgets.views.arcs.strokes import Strokes, order_of_pens

MAX_LINES = MOST_LINES
_MOST_MEASURED = 1_000  # tokens whose widest is looked for; among more some are as wide as is shown
_LEAST_ROW, _MOST_ROW = 1.3, 5.5  # em; rows that the lines of one token do not reach may be lower
_APART = 0.2  # of the height at most: for rows that no line of a token reaches, above and below all and in wide gaps
_LEAST_HEIGHT = 10  # em of the columns; lower windows scroll
_WIDE_GAP = 0.15  # of all rows at least
_LEAD = 1.6  # em from a row to its name


@dataclass(frozen=True, eq=False)
class ArcsFigure:
    """Queries (left) and the keys that they attend to (right), joined by lines as wide and opaque as the weights.

    Parameters
    ----------
    heads
        Which heads; None means all of the result. Each has its colour. Of several layers the first is drawn.
    focus
        Draw only the lines of this token, with their weights beside the tokens they reach.
    selected
        Query and key that are marked.
    """

    result: AttentionResult
    options: ArcsOptions = field(default_factory=ArcsOptions)
    heads: tuple[int, ...] | None = None
    focus: Focus | None = None
    selected: tuple[int | None, int | None] = (None, None)

    is_of_one_page: ClassVar[bool] = True  # so few tokens that the lines of one of them are shown to their ends

    @property
    def layer(self) -> int:
        """The one whose lines are drawn."""
        return self.result.layers[0]

    @cached_property
    def shown_heads(self) -> tuple[int, ...]:
        """Those of `heads` that the result has."""
        wanted = self.result.heads if self.heads is None else self.heads
        return tuple(head for head in wanted if head in self.result.heads)

    @property
    def caption(self) -> str:
        heads = ", ".join(str(head) for head in self.shown_heads)
        parts = [f"Layer {self.layer}"]
        if self.heads is None and len(self.shown_heads) > 1:
            parts.append("all heads")
        else:
            parts.append(f"head {heads}" if len(self.shown_heads) == 1 else f"heads {heads or 'none'}")
        if self.focus:
            parts.append(f"{self.focus.side} {self.quoted(self.focus)}")
        if self.options.segments != "all":
            parts.append(f"sentence {self.options.segments[0]} → {self.options.segments[1]}")
        if self.options.hide_special:
            parts.append("special tokens left out")
        if len(self.lines.weight) == MAX_LINES:
            parts.append(f"strongest {MAX_LINES:,} lines")
        if self.options.threshold > 0:
            parts.append(self._weights())
        told = ["Attention: " + ", ".join(parts)]
        if any(has_two_segments(self.tokens(side)) for side in SIDES):
            told.append("bars beside the words: one for segment A, two for segment B")
        told.append(names_explained((*self.result.query_tokens.words, *self.result.key_tokens.words)))
        return "; ".join(filter(None, told))

    def _weights(self) -> str:
        """From which on weights are drawn; where none is so large, how large they are."""
        if len(self.lines.weight):
            return f"weights from {100 * self.options.threshold:.1f} %"
        return f"no weight reaches {100 * self.options.threshold:.1f} %, the largest is {100 * self.largest:.2g} %"

    @property
    def largest(self) -> float:
        """The largest weight of what could be drawn."""
        return float(np.fmax.reduce(self._pattern.weights, axis=None, initial=0.0))

    @property
    def least_written(self) -> float:
        """Larger weights are written beside the tokens that a focused one reaches."""
        return 0.0

    @cached_property
    def lines(self) -> Lines:
        """What is drawn after all filters."""
        query, key, head, weight = self._links(self.options.threshold)
        query_tokens, key_tokens = self.result.query_tokens, self.result.key_tokens
        keep = np.ones(len(weight), dtype=bool)
        if self.options.segments != "all":
            keep &= query_tokens.segment[query] == "AB".index(self.options.segments[0])
            keep &= key_tokens.segment[key] == "AB".index(self.options.segments[1])
        if self.options.hide_special:
            keep &= ~(query_tokens.is_special[query] | key_tokens.is_special[key])
        query, key, head, weight = query[keep], key[keep], head[keep], weight[keep]
        if len(weight) > MAX_LINES:
            strongest = np.sort(np.argsort(-weight, kind="stable")[:MAX_LINES])
            query, key, head, weight = query[strongest], key[strongest], head[strongest], weight[strongest]
        # Heads of one strength stand together, so that they share a pen.
        order = order_of_pens(head, weight)
        return Lines(query[order], key[order], head[order], weight[order])

    @cached_property
    def _pattern(self) -> SomeWeights:
        """Of the shown heads and of the focused token."""
        places = [self.result.heads.index(head) for head in self.shown_heads]
        return SomeWeights.of(self.result.pattern[0], places, self.focus)

    def take_lines_of(self, other: ArcsFigure) -> bool:
        """Whether the lines are those of another figure, so that they need not be looked for again."""
        is_same = type(self) is type(other) and self.result is other.result
        is_same = is_same and (self.options, self.heads, self.focus) == (other.options, other.heads, other.focus)
        if is_same:
            vars(self).update({name: vars(other)[name] for name in ("lines", "_pattern") if name in vars(other)})
        return is_same

    def _links(self, threshold: float) -> Lines:
        """Those of the shown heads and of the focused token that are so strong."""
        heads = np.array(self.shown_heads, dtype=np.int64)
        weights, first_query, first_key = self._pattern
        # In one row of numbers, which is several times as quick as `np.nonzero` in three dimensions.
        place = np.flatnonzero(weights >= threshold if threshold > 0 else weights > 0)
        head, query, key = np.unravel_index(place, weights.shape)
        return Lines(query + first_query, key + first_key, heads[head], weights.ravel()[place])

    def quoted(self, token: Focus) -> str:
        """Its word in a sentence."""
        return quoted(self.tokens(token.side), token.pos)

    def tokens(self, side: Side) -> Tokens:
        """The tokens of a column."""
        return self.result.query_tokens if side == "query" else self.result.key_tokens

    # Geometry

    def layout(self, style: FigureStyle, rect: QRectF) -> ArcsLayout:
        """Columns as far apart as reads well, not as the window is wide; in its middle."""
        metrics = measure(style.font)
        em = metrics.height()
        places, heights = self._rows(em, rect.top() + 2 * em, rect.height() - 2.5 * em)
        rows = np.diff(heights) / np.diff(places)
        lead = _LEAD * em if rows.min() < NAME * em else 0.0
        longest = max(_widest(self.tokens(side).words, style.font.toString()) for side in SIDES)
        label = min(longest + em, WIDEST_LABEL * em) + lead
        n_heads = len(self.shown_heads)
        values = metrics.horizontalAdvance("0.000") + 1.6 * em
        if 1 < n_heads <= MAX_SQUARES:
            values += n_heads * SQUARE * em
        # Short texts need no wide fan: the slopes stay readable with a little more across than down.
        widest = min(max(1.2 * (heights[-1] - heights[0]), 18 * em), 54 * em)
        fan = min(max(rect.width() - 2 * (label + values), 8 * em), widest)
        left = rect.center().x() - fan / 2
        return ArcsLayout(em, float(rows.max()), places, heights, left, left + fan, label, values, lead)

    def _rows(self, em: float, top: float, height: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """At which rows, counted from the upper edge of the first, their height changes, and where these are."""
        n_rows, height = self._n_rows, max(height, _LEAST_HEIGHT * em)
        row = min(max(height / n_rows, _LEAST_ROW * em), _MOST_ROW * em)
        if self.focus is None or n_rows * row <= height or not self.is_of_one_page:
            return (0.0, float(n_rows)), (top, top + n_rows * row)
        # The lines of one token are of use if both their ends are seen. What they reach gets most of the room.
        is_low = self._is_apart
        n_low = int(is_low.sum())
        row = (height - min(n_low * height / n_rows, _APART * height)) / (n_rows - n_low)
        row = min(row, _MOST_ROW * em)
        low = (height - row * (n_rows - n_low)) / max(n_low, 1)
        edges = top + np.concatenate([[0.0], np.cumsum(np.where(is_low, low, row))])
        changes = [0, *(np.flatnonzero(np.diff(is_low)) + 1).tolist(), n_rows]
        return tuple(map(float, changes)), tuple(edges[changes].tolist())

    @property
    def _n_rows(self) -> int:
        return max(len(self.result.query_tokens), len(self.result.key_tokens))

    @cached_property
    def _is_apart(self) -> np.ndarray:
        """Rows, bool [row], above and below all that the focused token's lines join, and in wide gaps between them."""
        assert self.focus is not None
        n_rows = self._n_rows
        is_free = np.ones(n_rows, dtype=bool)
        is_free[self.lines.key if self.focus.side == "query" else self.lines.query] = False
        is_free[self.focus.pos] = False
        ends = np.flatnonzero(np.diff(np.concatenate([[False], is_free, [False]])))
        for start, stop in ends.reshape(-1, 2).tolist():
            is_at_end = start == 0 or stop == n_rows
            is_free[start:stop] = is_at_end or stop - start > _WIDE_GAP * n_rows
        return is_free

    def columns(self, layout: ArcsLayout) -> TokenColumns:
        """The tokens on both sides."""
        tokens: dict[Side, Tokens] = {side: self.tokens(side) for side in SIDES}
        return TokenColumns(layout, tokens, self.lines, self.shown_heads, self.focus, self.selected, self.least_written)

    def legend_beneath(self) -> HeadLegend | None:
        """Of several heads; one is named by the caption."""
        return HeadLegend(self.shown_heads) if len(self.shown_heads) > 1 else None

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = measure(style.font).height()
        layout = self.layout(style, QRectF(0, 0, 10_000, 26 * em))
        width = layout.right - layout.left + 2 * (layout.label + layout.values)
        return QSizeF(width, layout.bottom + 0.4 * layout.em)

    def drawn(self, layout: ArcsLayout) -> tuple[float, float]:
        """From where to where lines are drawn, in points."""
        return 0.0, layout.bottom + 1

    def at(self, layout: ArcsLayout, point: QPointF) -> Focus | None:
        """The token at a point."""
        return self.columns(layout).at(point)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        layout = self.layout(style, rect)
        painter.save()
        painter.setFont(points_font(style.font, painter.device()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, layout, style)
        self.paint_heading(painter, layout, style, layout.top)
        self.columns(layout).paint(painter, style, rect)
        painter.restore()

    def strokes(self, layout: ArcsLayout) -> Strokes:
        """The lines where they are drawn, strongest first: side by side, so that no head covers another's."""
        heads = self.shown_heads
        strand = np.linspace(-0.22, 0.22, len(heads)) if len(heads) > 1 else np.zeros(1)
        lines, place = self.lines, place_of(heads)
        return Strokes.of(lines, strand[place[lines.head]], layout, is_focused=self.focus is not None)

    def _paint_lines(self, painter: QPainter, layout: ArcsLayout, style: FigureStyle) -> None:
        for pen, batch in reversed(list(self.strokes(layout).batches(style.theme))):
            painter.setPen(pen)
            painter.drawLines(batch)

    def paint_heading(self, painter: QPainter, layout: ArcsLayout, style: FigureStyle, below: float) -> None:
        """What the columns are, above a height."""
        painter.setPen(style.theme.faint)
        y, gap = below - 2 * layout.em, 0.5 * layout.em
        outer = layout.label + layout.values
        middle = Qt.AlignmentFlag.AlignVCenter
        for x, width, align, text in (
            (layout.left - outer, outer - gap, middle | Qt.AlignmentFlag.AlignRight, "query"),
            (layout.right + gap, outer, middle | Qt.AlignmentFlag.AlignLeft, "key"),
            (layout.left, layout.right - layout.left, Qt.AlignmentFlag.AlignCenter, "attends to  →"),
        ):
            painter.drawText(QRectF(x, y, width, 1.6 * layout.em), align, text)

    # Numbers

    def numbers(self) -> Numbers:
        result = self.result
        axis = [result.heads.index(head) for head in self.shown_heads]
        words, key_words = result.query_tokens.words, result.key_tokens.words
        rows: list[tuple[str | int | float, ...]] = [
            (query, words[query], key, key_words[key], head, weight) for query, key, head, weight in self.lines.each()
        ]
        return Numbers(
            {
                "pattern": result.pattern[:1, axis],
                "tokens": np.array(words, dtype=str),
                "key_tokens": np.array(key_words, dtype=str),
                "layers": np.array([self.layer]),
                "heads": np.array(self.shown_heads, dtype=np.int64),
            },
            ("query", "query token", "key", "key token", "head", "weight"),
            rows,
        )

    def focused(self, focus: Focus) -> ArcsFigure:
        """The same with only the lines of one token: of a query all of them, also the weak ones."""
        threshold = 0.0 if focus.side == "query" else self.options.threshold
        return replace(self, focus=focus, options=replace(self.options, threshold=threshold))


@lru_cache(maxsize=8)
def _widest(words: tuple[str, ...], font: str) -> float:
    """Width of the longest word, in points; every layer of a text has the same."""
    if len(words) > _MOST_MEASURED:
        return math.inf
    letters = QFont()
    letters.fromString(font)
    metrics = measure(letters)
    return max((metrics.horizontalAdvance(clean(word)) for word in words), default=0.0)
