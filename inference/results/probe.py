"""What a linear classifier reads from each layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference.results.checkpoint import split_precision
from inference.results.job import JobRequest
from inference.results.request import Capability

if TYPE_CHECKING:
    import numpy as np

MOST_IMAGES = 10_000  # to learn from, and as many to test on


@dataclass(frozen=True, slots=True)
class ProbeRequest(JobRequest["ProbeResult"]):
    """How well a linear classifier tells things apart by the features of each layer; generated images."""

    needs = frozenset({Capability.PATCHES})

    checkpoint: str
    n_train: int = 1_200
    n_test: int = 400
    seed: int = 0

    @property
    def title(self) -> str:
        name = Path(split_precision(self.checkpoint)[0]).name
        return f"Linear probe of {name}"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Accuracy by layer, as in Chen et al. 2020, figure 2; in a partial result the layers so far.

    Attributes
    ----------
    layers
        Names: the embedding, then the layers.
    accuracy
        float32 [layer], 0-1, on held-out images; NaN where not measured yet.
    chance
        Share of the most frequent class among the held-out images.
    pixels
        Accuracy of the same classifier on the pixels themselves.
    """

    layers: tuple[str, ...]
    accuracy: np.ndarray
    chance: float
    pixels: float
    n_train: int
    n_test: int
