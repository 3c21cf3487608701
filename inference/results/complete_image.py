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
        Completion i is sampled with seed + i, and is the same alone and among others.
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
class ImageSample:
    """A completion, as far as it is: a `Growing`, whose steps are pixels, row by row.

    Attributes
    ----------
    n_expected
        Pixels of the whole image.
    pixels
        int16 [step]: colours of the palette, the given ones first.
    surprisal
        float32 [step]: bits.
    probabilities
        float16 [step, colour]: what the model expected at each pixel, the given ones too; empty in partial results.
    """

    seed: int
    n_given: int
    n_expected: int
    pixels: np.ndarray
    surprisal: np.ndarray
    probabilities: np.ndarray

    @property
    def n_steps(self) -> int:
        return len(self.pixels)

    @property
    def is_finished(self) -> bool:
        return self.n_steps == self.n_expected

    @property
    def why_unfinished(self) -> str:
        """An image has as many pixels as it has: none is cut off."""
        return ""


@dataclass(frozen=True, slots=True)
class CompleteImageResult:
    """Completions so far, and how surprising each pixel was.

    Attributes
    ----------
    seen
        uint8 [row, column, 3]: the image in the model's size, before its colours were reduced.
    grid
        Rows and columns of pixels.
    palette
        uint8 [colour, 3].
    own
        int16 [pixel]: the image in the palette's colours.
    own_surprisal
        float32 [pixel]: -log2 of the probability the model gave each of the image's own pixels, given those before.
    samples
        The completions, all of one length.
    """

    seen: np.ndarray
    grid: tuple[int, int]
    palette: np.ndarray
    own: np.ndarray
    own_surprisal: np.ndarray
    samples: tuple[ImageSample, ...]
