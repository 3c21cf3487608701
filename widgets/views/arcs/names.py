"""Which tokens are named where rows are lower than letters, and where their names stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from widgets.views.arcs.lines import NAME, ArcsLayout

_SHARE = 0.6  # of the names that have room, where not all tokens that matter have; the others say where one is
_AXIS = 2.2  # em from one of the others to the next, at least


class Name(NamedTuple):
    """A token's name and where its middle is, in points; `is_wanted` if not only to say where one is."""

    pos: int
    y: float
    is_wanted: bool


def placed(layout: ArcsLayout, wanted: Sequence[int], first: int, n_tokens: int) -> list[Name]:
    """Names of a column from top to bottom, pushed apart where they are close.

    Parameters
    ----------
    wanted
        Tokens that matter, the most important first: all if they have room, else the first of them.
    first
        From which token on every second, fourth ... is named between those.
    n_tokens
        Of the column.
    """
    step = NAME * layout.em
    room = int((layout.bottom - layout.top) // step)
    matter = list(dict.fromkeys(wanted))
    chosen = sorted(matter if len(matter) <= room else matter[: max(int(_SHARE * room), 1)])
    rows = np.array([layout.y(pos) for pos in chosen])
    middles = apart(rows, step, layout.top + step / 2, layout.bottom - step / 2)
    names = [Name(pos, y, True) for pos, y in zip(chosen, middles.tolist(), strict=True)]
    for pos in matter:  # in what room is left, where none has to be pushed
        y = layout.y(pos)
        if not np.any(np.abs(middles - y) < step):
            names.append(Name(pos, y, True))
            middles = np.append(middles, y)
    stride = 2 ** math.ceil(math.log2(max(_AXIS * layout.em / layout.row, 1)))
    above = -math.inf
    for pos in range(first, n_tokens, stride):
        y = layout.y(pos)
        if y - above >= _AXIS * layout.em and not np.any(np.abs(middles - y) < step):
            names.append(Name(pos, y, False))
            above = y
    return sorted(names, key=lambda name: name.y)


def apart(places: np.ndarray, step: float, low: float, high: float) -> np.ndarray:
    """Ascending places moved as little as can be, so that each is a step from the next, and all between two ends."""
    steps = step * np.arange(len(places))
    means: list[float] = []  # of neighbours that touch
    sizes: list[int] = []
    for place in (places - steps).tolist():
        size = 1
        while means and means[-1] > place:
            place = (place * size + means[-1] * sizes[-1]) / (size + sizes[-1])
            size += sizes.pop()
            means.pop()
        means.append(place)
        sizes.append(size)
    return np.clip(np.repeat(means, sizes), low, max(high - step * (len(places) - 1), low)) + steps
