"""Entities from a label for each word: B-, I- and their like are marks of where one begins, goes on and ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_MARKED = re.compile(r"([BILESU])[-_](.+)", re.DOTALL)
_OUTSIDE = "O"
_BEGINS, _ENDS = frozenset("BUS"), frozenset("LEUS")


class Entity(NamedTuple):
    """Words `start` to `stop - 1`, and what they are called."""

    start: int
    stop: int
    label: str


def marks(labels: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Mark and name of each label of a checkpoint: `B` and `PER` of `B-PER`; no name for what is outside.

    The labels are read as a scheme (BIO, BILOU, BIOES) where all but `O` have its marks. Where there are none, but an
    `O`, each label goes on with its like. Without an `O`, as of parts of speech, no name is given: words side by side
    are not one thing because they are of one kind.
    """
    others = [label for label in labels if label != _OUTSIDE]
    found = [_MARKED.fullmatch(label) for label in others]
    if others and all(found):
        return tuple((m[1], m[2]) if (m := _MARKED.fullmatch(label)) else ("", "") for label in labels)
    if len(others) < len(labels):
        return tuple(("I", label) if label != _OUTSIDE else ("", "") for label in labels)
    return (("", ""),) * len(labels)


def entities(marked: Sequence[tuple[str, str]]) -> list[Entity]:
    """Entities of a sequence of words, by mark and name of each.

    A word that is inside of what has not begun begins it, as in the scheme IOB1 and as models err.

    References
    ----------
    Ramshaw and Marcus 1995, "Text Chunking using Transformation-Based Learning", for BIO; Ratinov and Roth 2009,
    "Design Challenges and Misconceptions in Named Entity Recognition", section 3, for BILOU.
    """
    found: list[Entity] = []
    is_open = False
    for place, (mark, name) in enumerate(marked):
        if not name:
            is_open = False
            continue
        if is_open and mark not in _BEGINS and found[-1].label == name:
            found[-1] = found[-1]._replace(stop=place + 1)
        else:
            found.append(Entity(place, place + 1, name))
        is_open = mark not in _ENDS
    return found
