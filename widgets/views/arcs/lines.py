"""The lines of arcs: what they join, between which places, and how those of a head look, in every layer and picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen

from widgets.look.theme import Theme

_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)

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
    """Where things are, in points. Rows are of one height; the shorter column starts at the top too."""

    em: float
    row: float
    top: float
    left: float
    right: float
    label: float
    values: float
    n_rows: int

    def y(self, pos: float) -> float:
        """The middle of a row."""
        return self.top + (pos + 0.5) * self.row

    @property
    def bottom(self) -> float:
        return self.top + self.n_rows * self.row

    def label_rect(self, focus: Focus) -> QRectF:
        """Where the text of a token stands."""
        x = self.left - self.label if focus.side == "query" else self.right
        return QRectF(x, self.top + focus.pos * self.row, self.label, self.row)


def head_color(head: int, theme: Theme) -> QColor:
    """The colour of a head, the same in every layer."""
    return theme.series[head % len(theme.series)]


def head_dash(head: int, theme: Theme) -> Qt.PenStyle:
    """What tells heads of the same colour apart."""
    return _DASHES[head // len(theme.series) % len(_DASHES)]


def chip_pen(head: int, theme: Theme, width: float) -> QPen:
    """How a head's lines look in a legend."""
    return QPen(head_color(head, theme), width, head_dash(head, theme))
