"""How surprised a model is by every token of a text that it reads from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class ReadingRequest(Request["ReadingResult"]):
    """What the model expected at each place of a text, given what stands before it."""

    needs = frozenset({Capability.NEXT_TOKEN})

    checkpoint: str
    input: Input
    top_k: int = 10


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """What was expected at each place. Nothing is known of the first one, before which there is nothing.

    Attributes
    ----------
    axis
        Name of the sequence that is told: `text`, or `target` of an encoder-decoder, given its source.
    surprisal
        float32 [pos], minus the logarithm of the token's probability, in bits; NaN at the first place.
    vocabulary
        Words by the numbers in `top`, with the marks of their tokenizer: `␣he` is another token than `he`.
    top, probs
        int32 and float32 [pos, k], what was expected there instead, most probable first; -1 and NaN at the first place.
    ranks
        int32 [pos] of the token that is there, from 1; 0 at the first place.
    entropy
        float32 [pos], how uncertain the model was, in bits; NaN at the first place.
    d_vocab
        How many tokens there are to choose from.
    text
        What was read: as it was typed, else put together of the tokens' words.
    spans
        int32 [pos, 2], the first character of `text` that a token is, and the one behind its last; equal for none.
    """

    tokens: Tokens
    axis: str
    surprisal: np.ndarray
    vocabulary: tuple[str, ...]
    top: np.ndarray
    probs: np.ndarray
    ranks: np.ndarray
    entropy: np.ndarray
    d_vocab: int
    text: str
    spans: np.ndarray

    @property
    def bits_per_token(self) -> float:
        """Mean surprisal of all tokens but the first: the model's loss, in bits."""
        return float(self.surprisal[1:].mean(dtype="float64"))

    @property
    def bits_per_letter(self) -> float:
        """All bits over the characters behind the first token, blanks too: the same for every tokenizer; else NaN."""
        spans = self.spans[1:]
        told = spans[spans[:, 1] > spans[:, 0]]
        n = int(told[:, 1].max() - self.spans[0, 1]) if len(told) else 0
        return float(self.surprisal[1:].sum(dtype="float64")) / n if n > 0 else float("nan")

    @property
    def perplexity(self) -> float:
        """2 to the power of `bits_per_token`: among so many equally likely tokens one would be as uncertain."""
        return 2.0**self.bits_per_token
