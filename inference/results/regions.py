"""Regions of an image: boxes, what a detector says of each, and where these numbers come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MOST_NUMBERS = 16_384  # of a region
MOST_LABEL = 100  # letters


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one image.

    Attributes
    ----------
    boxes
        float32 [region, 4]: x0, y0, x1, y1 in pixels of the image, 0,0 being its upper left corner; x0 < x1, y0 < y1.
    features
        float32 [region, number]: the vectors that a model of regions reads; None for boxes alone.
    labels
        What a detector calls each; empty texts where it is not told.
    scores
        float32 [region], 0 to 1: how sure the detector is; NaN where it is not told.
    size
        Width and height of the image in pixels.
    """

    boxes: np.ndarray
    features: np.ndarray | None
    labels: tuple[str, ...]
    scores: np.ndarray
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.labels)
