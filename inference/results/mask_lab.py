"""BERT's training task on a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class MaskLabRequest(Request["MaskLabResult"]):
    """BERT's training task on this input: choose `rate` of the tokens, 80 % masked, 10 % random, 10 % kept."""

    needs = frozenset({Capability.MASKED_LM})

    checkpoint: str
    input: Input
    seed: int = 0
    rate: float = 0.15
    top_k: int = 5


@dataclass(frozen=True, slots=True)
class MaskLabResult:
    """What was done to each token and what the model says there.

    Attributes
    ----------
    original, shown
        The tokens before, and as the model saw them.
    actions
        For each token `""` (not chosen), `masked`, `random` or `kept`.
    positions
        int64 [chosen].
    words, probs
        [chosen][k] text, float32 [chosen, k], most probable first.
    original_probs
        float32 [chosen], probability of the original token.
    loss
        Mean cross-entropy in nats over the chosen tokens; NaN if none was chosen.
    """

    original: Tokens
    shown: Tokens
    actions: tuple[str, ...]
    positions: np.ndarray
    words: tuple[tuple[str, ...], ...]
    probs: np.ndarray
    original_probs: np.ndarray
    loss: float
