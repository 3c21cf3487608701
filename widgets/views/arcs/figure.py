"""Attention as lines between two columns of tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from inference.results.attention import AttentionResult
from inference.results.lines import MOST_LINES
from inference.results.tokens import Tokens
from widgets.figures.lettering import measure, points_font
from widgets.figures.token_axis import names_explained
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.arcs.legend import HeadLegend
from widgets.views.arcs.lines import ArcsLayout, Focus, Lines, Side, SomeWeights, head_color
from widgets.views.arcs.options import ArcsOptions
from widgets.views.arcs.strokes import Strokes, order_of_pens

MAX_LINES = MOST_LINES
_MOST_MEASURED = 1_000  # tokens whose widest is looked for; among more some are as wide as is shown
_WIDEST_LABEL = 12  # in heights of a letter
_MAX_SQUARES = 16  # more heads than this have no room for a square each beside a token
_BEGINNING = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_SIDES: tuple[Side, Side] = ("query", "key")


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
            parts.append(f"{self.focus.side} “{isolated(self.tokens(self.focus.side).words[self.focus.pos])}”")
        if self.options.segments != "all":
            parts.append(f"sentence {self.options.segments[0]} → {self.options.segments[1]}")
        if self.options.hide_special:
            parts.append("special tokens left out")
        if len(self.lines.weight) == MAX_LINES:
            parts.append(f"strongest {MAX_LINES:,} lines")
        if self.options.threshold > 0:
            parts.append(self._weights())
        told = ["Attention: " + ", ".join(parts)]
        if any(has_two_segments(self.tokens(side)) for side in _SIDES):
            told.append("bars beside the words: segment A blue, segment B orange")
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

    @cached_property
    def _place(self) -> np.ndarray:
        """Of a head, by its number, among those that are shown."""
        place = np.zeros(max(self.shown_heads, default=0) + 1, dtype=np.int64)
        place[list(self.shown_heads)] = np.arange(len(self.shown_heads))
        return place

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

    def word(self, token: Focus) -> str:
        """What stands in a column."""
        return clean(self.tokens(token.side).words[token.pos])

    def tokens(self, side: Side) -> Tokens:
        """The tokens of a column."""
        return self.result.query_tokens if side == "query" else self.result.key_tokens

    @cached_property
    def _square_colors(self) -> dict[str, list[QColor]]:
        """Of the shown heads, by theme; their opacity is set where they are used."""
        return {}

    # Geometry

    def layout(self, style: FigureStyle, rect: QRectF) -> ArcsLayout:
        """Columns as far apart as reads well, not as the window is wide; in its middle."""
        metrics = measure(style.font)
        em = metrics.height()
        longest = max(_widest(self.tokens(side).words, style.font.toString()) for side in _SIDES)
        label = min(longest + em, _WIDEST_LABEL * em)
        n_heads = len(self.shown_heads)
        values = metrics.horizontalAdvance("0.00") + 1.6 * em
        if 1 < n_heads <= _MAX_SQUARES:
            values += n_heads * 0.55 * em
        n_rows = max(len(self.result.query_tokens), len(self.result.key_tokens))
        row = min(max((rect.height() - 2.5 * em) / n_rows, 1.3 * em), 4.6 * em)
        # Short texts need no wide fan: the slopes stay readable with a little more across than down.
        widest = min(max(1.2 * n_rows * row, 18 * em), 54 * em)
        fan = min(max(rect.width() - 2 * (label + values), 8 * em), widest)
        left = rect.center().x() - fan / 2
        return ArcsLayout(em, row, rect.top() + 2 * em, left, left + fan, label, values, n_rows)

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
        """The token at a point; the inner edges of the columns belong to them."""
        pos = int((point.y() - layout.top) // layout.row)
        if layout.left - layout.label <= point.x() <= layout.left + layout.em:
            return Focus("query", pos) if 0 <= pos < len(self.result.query_tokens) else None
        if layout.right - layout.em <= point.x() <= layout.right + layout.label:
            return Focus("key", pos) if 0 <= pos < len(self.result.key_tokens) else None
        return None

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        layout = self.layout(style, rect)
        painter.save()
        painter.setFont(points_font(style.font, painter.device()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, layout, style)
        self.paint_heading(painter, layout, style)
        self.paint_tokens(painter, layout, style, rect)
        painter.restore()

    def strokes(self, layout: ArcsLayout) -> Strokes:
        """The lines where they are drawn, strongest first: side by side, so that no head covers another's."""
        heads = self.shown_heads
        strand = np.linspace(-0.22, 0.22, len(heads)) if len(heads) > 1 else np.zeros(1)
        lines = self.lines
        return Strokes.of(lines, strand[self._place[lines.head]], layout, is_focused=self.focus is not None)

    def _paint_lines(self, painter: QPainter, layout: ArcsLayout, style: FigureStyle) -> None:
        for pen, batch in reversed(list(self.strokes(layout).batches(style.theme))):
            painter.setPen(pen)
            painter.drawLines(batch)

    def paint_heading(self, painter: QPainter, layout: ArcsLayout, style: FigureStyle) -> None:
        """What the columns are."""
        painter.setPen(style.theme.faint)
        y, gap = layout.top - 2 * layout.em, 0.5 * layout.em
        outer = layout.label + layout.values
        middle = Qt.AlignmentFlag.AlignVCenter
        for x, width, align, text in (
            (layout.left - outer, outer - gap, middle | Qt.AlignmentFlag.AlignRight, "query"),
            (layout.right + gap, outer, middle | Qt.AlignmentFlag.AlignLeft, "key"),
            (layout.left, layout.right - layout.left, Qt.AlignmentFlag.AlignCenter, "attends to  →"),
        ):
            painter.drawText(QRectF(x, y, width, 1.6 * layout.em), align, text)

    def paint_tokens(self, painter: QPainter, layout: ArcsLayout, style: FigureStyle, visible: QRectF) -> None:
        """Both columns, as far as `visible`, with marks, sentences, and the weights of a focused token."""
        first = max(0, int((visible.top() - layout.top) // layout.row))
        last = min(layout.n_rows, int((visible.bottom() - layout.top) // layout.row) + 1)
        metrics = QFontMetricsF(painter.font(), painter.device())
        for side in _SIDES:
            self._paint_segments(painter, layout, style, side)
            places = range(first, min(last, len(self.tokens(side))))
            reached = self._reached(side)
            weights = None if reached is None else reached[first:last].tolist()
            for pos in places:
                of_token = None if weights is None else weights[pos - first]
                self._paint_token(painter, layout, style, Focus(side, pos), of_token, metrics)

    def _reached(self, side: Side) -> np.ndarray | None:
        """Weights of the lines between the focused token and those of a column, [token, shown head]; None without."""
        if self.focus is None:
            return None
        reached = np.zeros((len(self.tokens(side)), len(self.shown_heads)))
        if side != self.focus.side:
            lines = self.lines
            reached[lines.key if side == "key" else lines.query, self._place[lines.head]] = lines.weight
        return reached

    def _paint_token(
        self,
        painter: QPainter,
        layout: ArcsLayout,
        style: FigureStyle,
        token: Focus,
        weights: list[float] | None,
        metrics: QFontMetricsF,
    ) -> None:
        theme = style.theme
        is_query = token.side == "query"
        rect = layout.label_rect(token)
        is_focus = token == self.focus
        is_selected = token.pos == self.selected[0 if is_query else 1]
        has_lines = weights is not None and any(weights)
        steps_back = weights is not None and not is_focus and not has_lines
        gap = 0.5 * layout.em
        room = rect.adjusted(gap / 2, 0, -gap, 0) if is_query else rect.adjusted(gap, 0, -gap / 2, 0)
        text = self.word(token)
        if layout.label >= _WIDEST_LABEL * layout.em:  # else there is room for the longest
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        if is_focus or is_selected:
            width = metrics.horizontalAdvance(text) + gap
            box = QRectF(room.right() - width + gap / 2 if is_query else room.left() - gap / 2, rect.top(), width, 0)
            box.setHeight(layout.row)
            box.adjust(0, 0.06 * layout.em, 0, -0.06 * layout.em)
            painter.setPen(QPen(theme.accent, 0.1 * layout.em) if is_selected else Qt.PenStyle.NoPen)
            painter.setBrush(theme.accent if is_focus else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 0.25 * layout.em, 0.25 * layout.em)
        painter.setPen(theme.accent_ink if is_focus else theme.faint if steps_back else theme.ink)
        painter.drawText(room, _END if is_query else _BEGINNING, text)
        if weights is not None and has_lines:
            self._paint_weights(painter, layout, style, token, weights, metrics)

    def _paint_weights(
        self,
        painter: QPainter,
        layout: ArcsLayout,
        style: FigureStyle,
        token: Focus,
        weights: list[float],
        metrics: QFontMetricsF,
    ) -> None:
        """The strongest weight as a number, and a square a head as opaque as its weight, on the outer side."""
        rect = layout.label_rect(token)
        is_query = token.side == "query"
        step = 0.55 * layout.em
        heads = self.shown_heads
        with_squares = 1 < len(heads) <= _MAX_SQUARES
        digits = metrics.horizontalAdvance("0.00")
        number_x = rect.left() - digits - 0.8 * layout.em if is_query else rect.right() + 0.8 * layout.em
        painter.setPen(style.theme.ink)
        painter.drawText(
            QRectF(number_x, rect.top(), digits + layout.em, rect.height()), _BEGINNING, f"{max(weights):.2f}"
        )
        if not with_squares:
            return
        x = number_x - 0.5 * layout.em - len(heads) * step if is_query else number_x + digits + 0.5 * layout.em
        y, side = rect.center().y() - step / 2, step * 0.9
        colors = self._square_colors.get(style.theme.name)
        if colors is None:
            colors = [QColor(head_color(head, style.theme)) for head in heads]
            self._square_colors[style.theme.name] = colors
        square = QRectF(x, y, side, side)
        for color, weight in zip(colors, weights, strict=True):
            if weight:
                color.setAlphaF(0.35 + 0.65 * weight**0.5)
                painter.fillRect(square, color)
            square.translate(step, 0)

    def _paint_segments(self, painter: QPainter, layout: ArcsLayout, style: FigureStyle, side: Side) -> None:
        """A bar along each sentence with its letter, where there are two."""
        tokens = self.tokens(side)
        if not has_two_segments(tokens):
            return
        x = layout.left if side == "query" else layout.right
        inner = 0.12 * layout.em if side == "query" else -0.12 * layout.em
        changes = np.flatnonzero(np.diff(tokens.segment)) + 1
        starts = [0, *changes.tolist()]
        for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
            letter = "AB"[int(tokens.segment[start])]
            painter.setPen(QPen(style.theme.accent if letter == "A" else style.theme.warning, 0.14 * layout.em))
            top, bottom = layout.top + start * layout.row, layout.top + end * layout.row
            painter.drawLine(QPointF(x + inner, top + 0.15 * layout.em), QPointF(x + inner, bottom - 0.15 * layout.em))

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


def has_two_segments(tokens: Tokens) -> bool:
    """Whether there are a sentence A and a sentence B."""
    return bool(len(tokens)) and bool(np.any(tokens.segment == 0)) and bool(np.any(tokens.segment == 1))
