"""What lies along the sides of a map, and maps that share it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.capture.attention_call import AttentionCall


@dataclass(frozen=True)
class Stretch:
    """Places of one kind, side by side.

    Attributes
    ----------
    unit
        `tokens`, `patches`, `boxes`, `pixels`, or `special` ([CLS], registers, probes).
    shape
        How they lie: (n,) in a row, (rows, columns), or (frames, rows, columns); the last one runs fastest.
    """

    unit: str
    shape: tuple[int, ...]

    @property
    def n(self) -> int:
        return math.prod(self.shape)


AxisStretches = tuple[Stretch, ...]


def length(axis: AxisStretches) -> int:
    """Places along an axis."""
    return sum(span.n for span in axis)


def tokens(n: int) -> AxisStretches:
    """An axis of n tokens."""
    return (Stretch("tokens", (n,)),)


def special(n: int) -> AxisStretches:
    """n places that stand for no part of the input; an empty axis for none."""
    return (Stretch("special", (n,)),) if n else ()


@dataclass(frozen=True)
class Group:
    """Attentions of one kind, in order of the layers.

    Attributes
    ----------
    name
        For requests; unique in a model.
    title
        The same for the user.
    queries, keys
        What lies along the sides of every map.
    """

    name: str
    title: str
    queries: AxisStretches
    keys: AxisStretches
    calls: tuple[AttentionCall, ...]


def group(title: str, queries: AxisStretches, keys: AxisStretches, calls: Sequence[AttentionCall]) -> Group:
    """A group that is called by its title; checks that every call has the length of the axes.

    Raises
    ------
    RuntimeError
        A call has another length.
    """
    for call in calls:
        if (call.n_queries, call.n_keys) != (length(queries), length(keys)):
            raise RuntimeError(
                f"{call.path} attends from {call.n_queries} places to {call.n_keys}, where {title} has "
                f"{length(queries)} and {length(keys)}."
            )
    return Group(title.lower().replace(",", "").replace(" ", "_"), title, queries, keys, tuple(calls))
