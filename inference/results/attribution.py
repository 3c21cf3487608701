"""Of what the logit of a word is made: what each part of a model adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

MOST_WORDS = 10  # likeliest ones whose logits are taken apart


@dataclass(frozen=True, slots=True)
class AttributionRequest(Request["AttributionResult"]):
    """What embeddings, heads, MLPs and biases add to the logits of the likeliest words at a position.

    Attributes
    ----------
    position
        On the sequence that the words are told of; None for its last token that is no special one: behind the end of a
        text no word is told.
    """

    needs = frozenset({Capability.LINEAR_UNEMBEDDING})

    checkpoint: str
    input: Input
    position: int | None = None


@dataclass(frozen=True, slots=True)
class AttributionResult:
    """The logits of some words as sums. [word] are the likeliest ones, and the true one behind them if it is none.

    The parts are measured at the scale that each norm on their way had in this pass. For each word `embed`,
    `positions`, `attn`, `mlp` and `bias` add up to `logits`, but for rounding.

    Attributes
    ----------
    tokens
        The whole sequence that the layers read.
    axis
        Name of that sequence.
    position
        Where the words are told.
    predicts
        `next`: they are told of the place behind the position; `own`: of the position itself, as under a mask.
    words, ids
        Texts, with the marks of their tokenizer, and token ids [word], most probable first.
    target
        Which of them stands there in the text; -1 where the text does not say.
    probs
        float32 [word].
    logits
        float32 [word], before a cap.
    groups
        Attention groups whose heads are told: of a decoder its own, and the one over the encoder's states.
    embed
        float32 [word], of the token at the position; with what tells its place where that cannot be told apart.
    positions
        float32 [word], of what is added for its place; 0 where nothing is, or where `embed` holds it.
    attn
        float32 [word, group, layer], the sum of its heads; in a layer without attention what stands in its place.
    heads
        float32 [word, group, layer, head]; NaN for heads that are not there, or cannot be told apart.
    mlp
        float32 [word, layer], with the biases within.
    bias
        float32 [word], of the attentions' output projections, the norms and the unembedding.
    cap
        c where the model then takes c * tanh(logit / c); None where it takes the logit as it is.
    """

    tokens: Tokens
    axis: str
    position: int
    predicts: Literal["next", "own"]
    words: tuple[str, ...]
    ids: np.ndarray
    target: int
    probs: np.ndarray
    logits: np.ndarray
    groups: tuple[str, ...]
    embed: np.ndarray
    positions: np.ndarray
    attn: np.ndarray
    heads: np.ndarray
    mlp: np.ndarray
    bias: np.ndarray
    cap: float | None
    notes: tuple[str, ...] = ()

    @property
    def n_layers(self) -> int:
        return self.mlp.shape[1]

    @property
    def remainder(self) -> np.ndarray:
        """float32 [word], by what the sum of the parts misses the logit: rounding."""
        whole = self.embed + self.positions + self.bias + self.mlp.sum(1) + self.attn.sum((1, 2))
        return self.logits - whole
