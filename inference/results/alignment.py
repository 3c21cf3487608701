"""Which of several texts belongs to which of several images, by a model that reads both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input

MOST_PAIRS = 32  # images, and as many texts


@dataclass(frozen=True, slots=True)
class AlignmentRequest(Request["AlignmentResult"]):
    """The score of every text with every image: the pair that is given, and drawn scenes with a sentence of each.

    Attributes
    ----------
    n_pairs
        2 to 32, the pair that is given among them.
    seed
        Of the drawn scenes.
    """

    needs = frozenset({Capability.JOINT})

    checkpoint: str
    input: Input
    n_pairs: int = 8
    seed: int = 0


@dataclass(frozen=True, slots=True)
class AlignmentResult:
    """Every image with every text; the right ones are on the diagonal.

    Attributes
    ----------
    scores
        float32 [image, text]: probabilities that they belong together, or logits that compare pairs.
    is_probability
        Which of both.
    texts
        The first one is what was typed.
    thumbnails
        uint8 [row, column, 3] of each image, small.
    """

    scores: np.ndarray
    is_probability: bool
    texts: tuple[str, ...]
    thumbnails: tuple[np.ndarray, ...]
    notes: tuple[str, ...] = ()

    @property
    def image_ranks(self) -> np.ndarray:
        """int64 [text]: the rank of the right image for each text, 1 the best; of equal scores the worse one counts."""
        right = self.scores.diagonal()
        return (self.scores >= right[None]).sum(0)

    @property
    def text_ranks(self) -> np.ndarray:
        """int64 [image]: the rank of the right text for each image."""
        right = self.scores.diagonal()
        return (self.scores >= right[:, None]).sum(1)
