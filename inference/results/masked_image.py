"""Visual tokens behind masked patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class MaskedImageRequest(Request["MaskedImageResult"]):
    """What the checkpoint expects behind masked patches (Bao et al. 2022, "BEiT").

    Attributes
    ----------
    masked
        Patches, row by row from 0. Empty: they are chosen block-wise as in the paper.
    share, seed
        Of the block-wise choice: 0 to 1 of the patches, and which.
    top_k
        Candidates for each masked patch.
    """

    needs = frozenset({Capability.MASKED_IMAGE})

    checkpoint: str
    input: Input
    masked: tuple[int, ...] = ()
    share: float = 0.4
    seed: int = 0
    top_k: int = 5


@dataclass(frozen=True, slots=True)
class MaskedImageResult:
    """Visual tokens, and what the model expects where it does not see.

    Attributes
    ----------
    seen
        uint8 [row, column, 3].
    grid
        Rows and columns of patches.
    masked
        int64 [mask], ascending.
    tokens
        int64 [patch]: the image's own visual tokens; empty without a tokenizer.
    ids, probs
        int64 and float32 [mask, k], most probable first.
    original_probs
        float32 [mask]: probability of the image's own token; empty without a tokenizer.
    swatches
        uint8 [token, row, column, 3]: what each visual token looks like when all its neighbours are the same; empty
        without a decoder.
    rebuilt_own, rebuilt
        uint8 [row, column, 3]: the image decoded from its own tokens, and with the most probable ones in place of
        those that are masked; empty without a decoder.
    notes
        Sentences for the user, such as that there is no tokenizer.
    """

    seen: np.ndarray
    grid: tuple[int, int]
    masked: np.ndarray
    tokens: np.ndarray
    ids: np.ndarray
    probs: np.ndarray
    original_probs: np.ndarray
    swatches: np.ndarray
    rebuilt_own: np.ndarray
    rebuilt: np.ndarray
    notes: tuple[str, ...] = ()
