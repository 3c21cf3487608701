"""Colours behind masked pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class MaskedPixelsRequest(Request["MaskedPixelsResult"]):
    """The masked variant of Image GPT: colours for masked pixels (Chen et al. 2020, section 2.2).

    `masked` are pixels, row by row; empty: `share` of them, chosen by `seed`.
    """

    needs = frozenset({Capability.MASKED_PIXELS})

    checkpoint: str
    input: Input
    masked: tuple[int, ...] = ()
    share: float = 0.15
    seed: int = 0


@dataclass(frozen=True, slots=True)
class MaskedPixelsResult:
    """What the model puts in place of masked pixels.

    Attributes
    ----------
    seen, grid, palette, own
        See `CompleteImageResult`.
    masked
        int64 [mask], ascending.
    probabilities
        float32 [mask, colour].
    """

    seen: np.ndarray
    grid: tuple[int, int]
    palette: np.ndarray
    own: np.ndarray
    masked: np.ndarray
    probabilities: np.ndarray
