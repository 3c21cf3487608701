"""How an image goes on, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class CompleteImageRequest(Request["CompleteImageResult"]):
    """Let an Image GPT go on behind the first pixels (Chen et al. 2020); completions grow in partial results.

    Attributes
    ----------
    n_given
        Pixels that are kept, row by row.
    seed, count
        Completion i is drawn with seed + i, and is the same alone and among others.
    temperature, top_p
        Above 0 to 2; above 0 to 1.
    """

    needs = frozenset({Capability.NEXT_PIXEL})

    checkpoint: str
    input: Input
    n_given: int
    count: int = 4
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True, slots=True)
class CompleteImageResult:
    """Completions so far, and how surprising each pixel was.

    Attributes
    ----------
    seen
        uint8 [row, column, 3]: the picture in the model's size, before its colours were reduced.
    grid
        Rows and columns of pixels.
    palette
        uint8 [colour, 3].
    own
        int16 [pixel]: the picture in the palette's colours.
    own_bits
        float32 [pixel]: -log2 of the probability the model gave each of the picture's own pixels, given those before.
    samples
        int16 [completion, pixel]: the pixels so far, the given ones first; -1 where there is none yet.
    bits
        float32 [completion, pixel]: the same for the completions, at temperature 1; NaN where there is none yet.
    probabilities
        float16 [completion, pixel, colour]: what the model expected at each pixel, the given ones too; empty in
        partial results.
    """

    seen: np.ndarray
    grid: tuple[int, int]
    palette: np.ndarray
    own: np.ndarray
    own_bits: np.ndarray
    samples: np.ndarray
    bits: np.ndarray
    probabilities: np.ndarray
