"""How long small pieces of real layers take: beside the complexity table of 2017."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.job import JobRequest

if TYPE_CHECKING:
    import numpy as np

# The rows of the table, in its order.
LAYER_TYPES = ("full", "recurrent", "convolutional", "restricted")


@dataclass(frozen=True, slots=True)
class LayerTimesRequest(JobRequest["LayerTimesResult"]):
    """Time the layer types of the complexity table on this machine; needs no checkpoint.

    Attributes
    ----------
    lengths
        Lengths of the sequence, rising.
    d_model
        Dimensions of each position.
    kernel
        Positions that a convolution covers, odd.
    neighbourhood
        Positions that restricted attention covers beside the query itself, even.
    n_repeats
        Of which the median is taken.
    """

    lengths: tuple[int, ...] = (128, 256, 512, 1024, 2048)
    d_model: int = 256
    kernel: int = 3
    neighbourhood: int = 64
    n_repeats: int = 5

    @property
    def title(self) -> str:
        ends = sorted({*self.lengths[:1], *self.lengths[-1:]})
        lengths = "\N{EN DASH}".join(f"{n:,}" for n in ends)
        return f"Layer times, d = {self.d_model:,}, n = {lengths}"


@dataclass(frozen=True, slots=True)
class LayerTimesResult:
    """What was measured so far; a partial result after each number.

    Attributes
    ----------
    device
        Where it was measured, for the user.
    n_threads
        Of the processor that were used; 0 on a graphics card.
    request
        What was asked.
    seconds
        float64 [layer type, length], median of the repetitions, in the order of `LAYER_TYPES`; NaN where not measured.
    """

    device: str
    n_threads: int
    request: LayerTimesRequest
    seconds: np.ndarray
