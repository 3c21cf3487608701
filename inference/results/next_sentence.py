"""Whether sentence B follows sentence A."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class NextSentenceRequest(Request["NextSentenceResult"]):
    """Does B follow A?"""

    needs = frozenset({Capability.NEXT_SENTENCE})

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class NextSentenceResult:
    """`prob_next`: probability, 0-1, that B follows A, by the model's own head.

    `a_to_b`, `b_to_a`: float32 [layer, head], share of the attention of A's tokens that goes to B's and the other
    way round (special tokens left out on both sides, rows not renormalised).
    """

    tokens: Tokens
    prob_next: float
    a_to_b: np.ndarray
    b_to_a: np.ndarray
