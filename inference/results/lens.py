"""What every layer of a language model would say, at every token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

MOST_POSITIONS = 256  # that are answered at once


@dataclass(frozen=True, slots=True)
class LensRequest(Request["LensResult"]):
    """The unembedding applied to what leaves each layer, as if it were the last.

    Attributes
    ----------
    first
        Position that the answer begins with; it goes on for at most `MOST_POSITIONS`.
    top_k
        Words that are told of each layer and position.
    """

    needs = frozenset({Capability.UNEMBEDDING})

    checkpoint: str
    input: Input
    first: int = 0
    top_k: int = 10


@dataclass(frozen=True, slots=True)
class LensResult:
    """Predictions from every layer. Row 0 of [layer] is what comes into the first layer: the embeddings.

    Attributes
    ----------
    tokens
        The whole sequence that the layers read.
    axis
        Name of that sequence.
    first
        Position of the first column; the columns are [pos].
    predicts
        `next`: the model tells the token behind each position; `own`: the token at it, as under a mask.
    vocabulary
        Words by the numbers in `top` and `target`, with the marks of their tokenizer: `␣he` is another than `he`.
    top, probs
        int32 and float32 [layer, pos, k], most probable first.
    target
        int32 [pos], the token that is to be told; -1 where the text does not say, at its end and at a typed mask.
    target_probs
        float32 [layer, pos]; NaN where there is no target.
    ranks
        int32 [layer, pos] of the target among all tokens, from 1; 0 where there is none.
    entropy
        float32 [layer, pos], of the distribution, in bits.
    d_vocab
        How many tokens there are to choose from.
    """

    tokens: Tokens
    axis: str
    first: int
    predicts: Literal["next", "own"]
    vocabulary: tuple[str, ...]
    top: np.ndarray
    probs: np.ndarray
    target: np.ndarray
    target_probs: np.ndarray
    ranks: np.ndarray
    entropy: np.ndarray
    d_vocab: int
