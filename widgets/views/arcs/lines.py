"""The lines of arcs: what they join, between which places, and how those of a head look, in every layer and picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from widgets.look.theme import Theme

_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)

NAME = 1.25  # em that the name of a token takes, from the one above to the one below

Side = Literal["query", "key"]


class Focus(NamedTuple):
    """One token of a column."""

    side: Side
    pos: int


class Lines(NamedTuple):
    """The lines that are drawn, strongest first; `head` is the model's number of a head."""

    query: np.ndarray
    key: np.ndarray
    head: np.ndarray
    weight: np.ndarray

    def each(self) -> Iterator[tuple[int, int, int, float]]:
        """Query, key, head and weight of each line."""
        return zip(self.query.tolist(), self.key.tolist(), self.head.tolist(), self.weight.tolist(), strict=True)

    def strongest(self, n: int) -> Lines:
        """The `n` of the largest weights, by weight alone."""
        order = np.argsort(-self.weight, kind="stable")[:n]
        return Lines(*(column[order] for column in self))


class SomeWeights(NamedTuple):
    """Weights [head, query_pos, key_pos] of some heads, and which query and key are the first of them."""

    weights: np.ndarray
    first_query: int
    first_key: int

    @staticmethod
    def of(pattern: np.ndarray, heads: list[int], focus: Focus | None) -> SomeWeights:
        """Of a whole pattern: these of its heads, and one token where there is a focus."""
        first_query = first_key = 0
        if focus and focus.side == "query":
            first_query = focus.pos
            pattern = pattern[:, first_query : first_query + 1]
        elif focus:
            first_key = focus.pos
            pattern = pattern[:, :, first_key : first_key + 1]
        if heads != list(range(len(pattern))):  # else nothing has to be copied
            pattern = pattern[heads]
        return SomeWeights(pattern, first_query, first_key)


class ArcsLayout(NamedTuple):
    """Where things are, in points. The shorter column starts at the top too.

    Attributes
    ----------
    row
        Height of a row; those outside of what the lines of one token join may be lower.
    places, heights
        At which rows, counted from the upper edge of the first one, the height of rows changes, and where these are.
    label, values
        Room for the names of tokens, and for the weights beside them.
    lead
        Of that for names, how wide lines from rows to their names are; 0 where each stands at its row.
    """

    em: float
    row: float
    places: tuple[float, ...]
    heights: tuple[float, ...]
    left: float
    right: float
    label: float
    values: float
    lead: float = 0.0

    def edge(self, place: float | Sequence[float] | np.ndarray) -> np.ndarray:
        """Where rows begin: 1.5 is the middle of the second."""
        return np.asarray(np.interp(place, self.places, self.heights))

    def y(self, pos: float) -> float:
        """The middle of a row."""
        return float(self.edge(pos + 0.5))

    def pos_at(self, y: float) -> int:
        """The row at a height, the first or the last where it is above or below all."""
        return min(int(np.interp(y, self.heights, self.places)), self.n_rows - 1)

    @property
    def n_rows(self) -> int:
        return int(self.places[-1])

    @property
    def top(self) -> float:
        return self.heights[0]

    @property
    def bottom(self) -> float:
        return self.heights[-1]

    def spot_of(self, focus: Focus) -> QPointF:
        """A point at the outer edge of a column that is no other token's."""
        reach = self.lead or self.label
        return QPointF(self.left - reach / 2 if focus.side == "query" else self.right + reach / 2, self.y(focus.pos))

    def label_rect(self, focus: Focus, y: float | None = None) -> QRectF:
        """Where the text of a token stands: at its row, or with its middle at another height."""
        if y is None:
            return self.label_rects(focus.side, range(focus.pos, focus.pos + 1))[0]
        return QRectF(self._label_x(focus.side), y - NAME * self.em / 2, self.label - self.lead, NAME * self.em)

    def label_rects(self, side: Side, rows: range) -> list[QRectF]:
        """The same at some rows, of which each look at a text asks for hundreds."""
        x, width = self._label_x(side), self.label - self.lead
        edges = self.edge(range(rows.start, rows.stop + 1)).tolist()
        return [QRectF(x, top, width, bottom - top) for top, bottom in pairwise(edges)]

    def _label_x(self, side: Side) -> float:
        return self.left - self.label if side == "query" else self.right + self.lead


def place_of(heads: Sequence[int]) -> np.ndarray:
    """Of a head, by its number, among these: int64."""
    place = np.zeros(max(heads, default=0) + 1, dtype=np.int64)
    place[list(heads)] = np.arange(len(heads))
    return place


def head_color(head: int, theme: Theme) -> QColor:
    """The colour of a head, the same in every layer."""
    return theme.series[head % len(theme.series)]


def head_dash(head: int, theme: Theme) -> Qt.PenStyle:
    """What tells heads of the same colour apart."""
    return _DASHES[head // len(theme.series) % len(_DASHES)]


def chip_pen(head: int, theme: Theme, width: float) -> QPen:
    """How a head's lines look in a legend."""
    return QPen(head_color(head, theme), width, head_dash(head, theme))
