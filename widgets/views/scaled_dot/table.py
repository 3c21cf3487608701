"""Where the columns and rows of the table of scaled dot-product attention are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_GAP, _LEAST_GAP = 1.1, 0.45  # em between columns
_BAR, _LEAST_BAR = 4.0, 2.0  # em of a weight's bar
_WIDEST = 36  # em of a strip


class Column(NamedTuple):
    """A column of the table; `step` counts from 1 and is 0 for the tokens."""

    name: str
    title: str
    step: int
    left: float
    width: float


class TableLayout(NamedTuple):
    """Where things are, in points. Head and foot stay on screen while the rows between them scroll."""

    em: float
    columns: tuple[Column, ...]
    left: float
    right: float
    head: float
    row: float
    foot: float

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


class Widths(NamedTuple):
    """Of the table's columns by name, and of the gap between two, in points."""

    of: dict[str, float]
    gap: float

    @property
    def total(self) -> float:
        """Of all columns side by side."""
        return sum(self.of.values()) + self.gap * (len(self.of) - 1)


def widths_of(
    room: float, em: float, fixed: Mapping[str, float], weight: tuple[float, float], strips: tuple[float, float], n: int
) -> Widths:
    """The strips take the room that the numbers leave, within reason; where there is too little, gaps and bars give.

    Parameters
    ----------
    room
        Points for all columns.
    fixed
        Widths of the columns of words and numbers between the strips, from left to right.
    weight
        Of the weights: what the number takes, and all that has to fit in.
    strips
        As narrow as both strips, of keys and of weighted values, may be.
    n
        Numbers in a strip.
    """
    names = ["token", "k", *[name for name in fixed if name not in ("token", "softmax")], "softmax", "weighted"]
    n_gaps = len(names) - 1
    digits, least = weight
    wide, narrow = max(digits + _BAR * em, least), max(digits + _LEAST_BAR * em, least)
    taken = sum(fixed.values()) + sum(strips)
    can_give = wide - narrow + n_gaps * (_GAP - _LEAST_GAP) * em
    lacking = taken + wide + n_gaps * _GAP * em - room
    given = min(max(lacking / can_give, 0.0), 1.0)
    gap = (_GAP - given * (_GAP - _LEAST_GAP)) * em
    softmax = wide - given * (wide - narrow)
    left = room - sum(fixed.values()) - softmax - n_gaps * gap
    most = max(*strips, min(0.9 * em * n, _WIDEST * em))
    weighted = min(max(left / 2, strips[1]), most)
    keys = min(max(left - weighted, strips[0]), weighted)
    of = {**fixed, "k": keys, "softmax": softmax, "weighted": weighted}
    return Widths({name: of[name] for name in names}, gap)
