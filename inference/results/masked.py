"""The words that a model would put under masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class MaskedRequest(Request["MaskedResult"]):
    """Words for every mask of the input: those typed as text and those of `input.text.masked`."""

    needs = frozenset({Capability.MASKED_LM})

    checkpoint: str
    input: Input
    top_k: int = 10


@dataclass(frozen=True, slots=True)
class MaskedResult:
    """Predictions at the masks.

    Attributes
    ----------
    tokens
        The sequence with the masks in place.
    original
        What was at these positions before masking, written as `words` are; "" where a mask was typed.
    positions
        int64 [mask].
    words, ids, probs
        [mask][k] text with the marks of the tokenizer (`␣he` is another token than `he`), int64 [mask, k], float32
        [mask, k], most probable first.
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
