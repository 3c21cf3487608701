"""Masked words, the mask lab, and next-sentence prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.common import TextInput, Tokens

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class MaskedRequest:
    """Words for every mask of the input: those typed as text and those of `input.masked`."""

    checkpoint: str
    input: TextInput
    top_k: int = 10


@dataclass(frozen=True, slots=True)
class MaskedResult:
    """Predictions at the masks.

    Attributes
    ----------
    tokens
        The sequence with the masks in place.
    original
        The same positions before masking, for showing what was there; "" where a mask was typed.
    positions
        int64 [mask].
    words, ids, probs
        [mask][k] text, int64 [mask, k], float32 [mask, k], most probable first.
    original_probs
        float32 [mask], probability of the word that was there; NaN where a mask was typed.
    layer_words, layer_probs
        [layer][mask][k] text and float32 [layer, mask, k]: the head applied to what leaves each layer (row 0: the
        embeddings), as if it were the last (logit lens, nostalgebraist 2020).
    """

    tokens: Tokens
    original: tuple[str, ...]
    positions: np.ndarray
    words: tuple[tuple[str, ...], ...]
    ids: np.ndarray
    probs: np.ndarray
    original_probs: np.ndarray
    layer_words: tuple[tuple[tuple[str, ...], ...], ...]
    layer_probs: np.ndarray


@dataclass(frozen=True, slots=True)
class MaskLabRequest:
    """BERT's training task on this input: choose `rate` of the tokens, 80 % masked, 10 % random, 10 % kept."""

    checkpoint: str
    input: TextInput
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


@dataclass(frozen=True, slots=True)
class NextSentenceRequest:
    """Does B follow A?"""

    checkpoint: str
    input: TextInput


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
