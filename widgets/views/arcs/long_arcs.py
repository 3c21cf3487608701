"""Attention as lines, of a text that is too long to draw all of it: the tokens on screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QPainter

from inference.results.lines import LinesResult
from widgets.figures.lettering import points_font
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.lines import ArcsLayout, Focus, Lines

_LEAST_SAID = 0.005  # what is not rounded to 0.00


@dataclass(frozen=True, eq=False)
class LongArcsFigure(ArcsFigure):
    """As `ArcsFigure`: lines of the queries that were asked for, to keys anywhere, cut where the picture ends.

    Parameters
    ----------
    window
        The rows that are on screen.
    row
        All links of one query, weak ones too, for when that is in focus.
    """

    result: LinesResult  # type: ignore[assignment]
    window: range = range(0)
    row: LinesResult | None = None
    is_of_one_page = False

    @property
    def layer(self) -> int:
        return self.result.layer

    @property
    def caption(self) -> str:
        first, last = self.window.start, self.window.stop - 1
        cut = ", the strongest lines only" if self._source.is_cut else ""
        return f"{super().caption}, queries {first} to {last} of {len(self.result.query_tokens):,}{cut}"

    @property
    def _source(self) -> LinesResult:
        """Where the lines come from."""
        focus, row = self.focus, self.row
        has_row = focus is not None and focus.side == "query" and row is not None and row.start == focus.pos
        return row if has_row and row is not None else self.result

    @property
    def largest(self) -> float:
        return self._source.largest

    def _links(self, threshold: float) -> Lines:
        source = self._source
        keep = np.isin(source.head, self.shown_heads) & (source.weight >= threshold)
        if self.focus is not None:
            keep &= (source.query if self.focus.side == "query" else source.key) == self.focus.pos
        return Lines(source.query[keep], source.key[keep], source.head[keep].astype(np.int64), source.weight[keep])

    def drawn(self, layout: ArcsLayout) -> tuple[float, float]:
        start, stop = self.result.start, self.result.stop
        top = 0.0 if start == 0 else layout.y(start - 0.5)
        is_end = stop == len(self.result.query_tokens)
        return top, max(layout.bottom + 1 if is_end else layout.y(stop - 0.5), top + 1)

    @property
    def least_written(self) -> float:
        """Of the many weak links of a whole row only those that are not 0.00."""
        return _LEAST_SAID

    # In a file: what is on screen

    def natural_size(self, style: FigureStyle) -> QSizeF:
        layout = self.layout(style, QRectF(0, 0, 10_000, 0))
        width = layout.right - layout.left + 2 * (layout.label + layout.values)
        return QSizeF(width, 2.4 * layout.em + max(len(self.window), 1) * layout.row)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        layout = self.layout(style, rect)
        inside = QRectF(rect.left(), rect.top() + 2 * layout.em, rect.width(), rect.height() - 2.4 * layout.em)
        row = inside.height() / max(len(self.window), 1)
        top = inside.top() - self.window.start * row
        layout = layout._replace(row=row, heights=(top, top + layout.n_rows * row))
        painter.save()
        painter.setFont(points_font(style.font, painter.device()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(inside)
        self._paint_lines(painter, layout, style)
        painter.restore()
        self.paint_heading(painter, layout, style, inside.top())
        self.columns(layout).paint(painter, style, inside.adjusted(0, 0.1, 0, -0.1))
        painter.restore()

    def numbers(self) -> Numbers:
        """The lines of the queries on screen; whole patterns are not at hand."""
        lines = self.lines
        on_screen = np.isin(lines.query, np.arange(self.window.start, self.window.stop))
        shown = Lines(*(column[on_screen] for column in lines))
        words, key_words = self.result.query_tokens.words, self.result.key_tokens.words
        rows: list[tuple[str | int | float, ...]] = [
            (query, words[query], key, key_words[key], head, weight) for query, key, head, weight in shown.each()
        ]
        arrays = {
            "query": shown.query,
            "key": shown.key,
            "head": shown.head,
            "weight": shown.weight,
            "layers": np.array([self.layer]),
            "heads": np.array(self.shown_heads, dtype=np.int64),
            "first_query": np.array(self.window.start),
            "last_query": np.array(self.window.stop - 1),
            "tokens": np.array(words[self.window.start : self.window.stop], dtype=str),
        }
        return Numbers(arrays, ("query", "query token", "key", "key token", "head", "weight"), rows)

    def focused(self, focus: Focus) -> LongArcsFigure:
        is_row = focus.side == "query" and self.row is not None and self.row.start == focus.pos
        options = replace(self.options, threshold=0.0) if is_row else self.options
        return replace(self, focus=focus, options=options)

    def seen(self, window: range) -> LongArcsFigure:
        """The same with other rows on screen."""
        return replace(self, window=window)
