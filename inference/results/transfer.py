"""What a network that reads images is worth for another task: learned from few labelled images, beside controls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference.results.checkpoint import split_precision
from inference.results.job import JobRequest
from inference.results.request import Capability

if TYPE_CHECKING:
    from inference.results.fine_tuning import MeasuredStudy

LEAST_IMAGES = 16  # labelled ones, at which the curve begins
MOST_IMAGES = 4_096
MOST_TESTED = 2_000
MOST_RUNS = 5
MOST_LABEL_SCENES = 100_000


@dataclass(frozen=True, slots=True)
class TransferRequest(JobRequest["TransferResult"]):
    """How well portraits are named by what networks make of them, by the number of labelled portraits.

    Attributes
    ----------
    most
        Labelled portraits at most; the curve has 16, 32, 64 ... and this many.
    n_tested
        Portraits that accuracy is measured on.
    n_runs
        Seeds: each learns from other portraits, with other random weights.
    n_label_scenes
        Scenes from whose labels the same network learns first, for comparison; 0 leaves that out.
    with_scratch
        Whether the whole network is also trained on the portraits alone.
    """

    needs = frozenset({Capability.IMAGE_FEATURES})

    checkpoint: str
    most: int = 128
    n_tested: int = 400
    n_runs: int = 3
    n_label_scenes: int = 3_200
    with_scratch: bool = True

    @property
    def title(self) -> str:
        name = Path(split_precision(self.checkpoint)[0]).name
        return f"Transfer of {name}, up to {self.most:,} portraits"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of labelled portraits, ascending."""
        found = []
        n = LEAST_IMAGES
        while n < self.most:
            found.append(n)
            n *= 2
        return (*found, self.most)


@dataclass(frozen=True, slots=True)
class TransferResult:
    """What was measured so far; a partial result after each number.

    Attributes
    ----------
    study
        Its methods are `frozen`, `labels`, `random` and `scratch`.
    """

    study: MeasuredStudy
