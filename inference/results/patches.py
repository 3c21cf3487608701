"""What patches of an image attend to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class PatchesRequest(Request["PatchesResult"]):
    """What one token (a patch, or [CLS]) looks at, in every layer and head of a group.

    `query` is a position of the sequence, special tokens counted; None means `Tokens.default_query`.
    """

    needs = frozenset({Capability.PATCHES})

    checkpoint: str
    input: Input
    group: str
    query: int | None = None


@dataclass(frozen=True, slots=True)
class PatchesResult:
    """One query's row of every map.

    Attributes
    ----------
    tokens
        The sequence of keys: special tokens and patches, each named `row,column` from 0. The last pixel of a causal
        Image GPT, which it guesses and does not read, is there too, with weight 0.
    seen
        uint8 [row, column, 3]: see `ImageResult`; larger, and black there, where the model pads the image.
    grid
        Rows and columns of patches of this group.
    n_special
        Tokens before the first patch.
    pattern
        float32 [layer, head, key]: attention weights; a row sums to 1.
    weighted
        float32 [layer, head, key]: the weights times the length of the value vectors, divided by their sum (after
        Kobayashi et al. 2020, "Attention is Not Only a Weight"; there behind the output projection). Empty where
        values are not known.
    rollout
        float32 [layer, key]: attention rollout from the first layer of the group to this one (Abnar and Zuidema
        2020). Empty in a first partial result, and where it would take too much.
    notes
        Sentences for the user, such as why there is no rollout.
    axis
        Name of the sequence, as `AttentionGroup` has it: Image GPT's patches are pixels.
    """

    group: str
    query: int
    tokens: Tokens
    seen: np.ndarray
    grid: tuple[int, int]
    n_special: int
    pattern: np.ndarray
    weighted: np.ndarray
    rollout: np.ndarray
    notes: tuple[str, ...] = ()
    axis: str = "image"
