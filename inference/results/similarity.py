"""How alike images and texts are, every one with every one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    from inference.results.inputs import ImageInput

Of = Literal["texts", "images", "pair"]


@dataclass(frozen=True, slots=True)
class SimilarityRequest(Request["SimilarityResult"]):
    """How alike some images and some texts are; see `Input.images` and `Input.texts`."""

    needs = frozenset({Capability.COMPARISON})

    checkpoint: str
    images: tuple[ImageInput, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SimilarityResult:
    """Every image with every text.

    Attributes
    ----------
    cosines
        float32 [image, text], -1 to 1: of the vectors that the two towers make.
    scale, bias
        A logit is `scale * cosine + bias`; the inverse of scale is the temperature.
    is_each_pair_judged
        Whether the model was trained to judge each pair for itself, by the sigmoid of its logit (SigLIP); else to tell
        which of several belongs to which, by softmax (CLIP).
    thumbnails
        uint8 [row, column, 3] of each image, small.
    notes
        What of the images was left aside or changed, as sentences.
    """

    cosines: np.ndarray
    scale: float
    bias: float
    is_each_pair_judged: bool
    thumbnails: tuple[np.ndarray, ...]
    notes: tuple[str, ...] = ()

    @property
    def logits(self) -> np.ndarray:
        """float32 [image, text]."""
        return np.float32(self.scale) * self.cosines + np.float32(self.bias)

    def probabilities(self, of: Of) -> np.ndarray:
        """float32 [image, text]: of each text for an image, of each image for a text, or of each pair for itself."""
        return probabilities(self.logits, of)


def probabilities(logits: np.ndarray, of: Of) -> np.ndarray:
    """Softmax over the `texts` (a row sums to 1) or over the `images` (a column), or the sigmoid of each `pair`."""
    if of == "pair":
        return 1 / (1 + np.exp(-logits.astype(np.float64))).astype(np.float32)
    axis = 1 if of == "texts" else 0
    powers = np.exp(logits.astype(np.float64) - logits.max(axis, keepdims=True))
    return (powers / powers.sum(axis, keepdims=True)).astype(np.float32)
