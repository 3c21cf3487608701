"""Changes on a model's way through an input: what it does without a head, or with another one in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class AblateHead:
    """Nothing of what a head hands on goes on: its output is zero. What it attends to is still seen."""

    group: str
    layer: int
    head: int


@dataclass(frozen=True, slots=True)
class ScaleHead:
    """What a head hands on is multiplied by a factor: 0 ablates it, 1 leaves it as it is."""

    group: str
    layer: int
    head: int
    factor: float


@dataclass(frozen=True, slots=True)
class ReplaceHead:
    """Every query is given the same output of a head, such as its mean over other texts.

    Attributes
    ----------
    output
        d_head numbers.
    """

    group: str
    layer: int
    head: int
    output: tuple[float, ...]


Intervention: TypeAlias = AblateHead | ScaleHead | ReplaceHead
