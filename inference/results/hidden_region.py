"""What a model believes to be in a region whose vector is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.image import ImageResult
    from inference.results.inputs import Input
    from inference.results.regions import Regions


@dataclass(frozen=True, slots=True)
class HiddenRegionRequest(Request["HiddenRegionResult"]):
    """The classes that a region with a hidden vector is told to be of, with the words and with the words masked.

    Attributes
    ----------
    region
        Counted from 0; none is hidden and nothing is told for -1.
    top_k
        Classes that are told, 1 and up.
    """

    needs = frozenset({Capability.JOINT})

    checkpoint: str
    input: Input
    region: int = 0
    top_k: int = 5


@dataclass(frozen=True, slots=True)
class HiddenRegionResult:
    """Answers of the model's own head for regions, twice: with the words, then with every word masked.

    Attributes
    ----------
    regions
        Boxes with their labels; without features.
    region
        The one that is hidden; -1 for none.
    names, probs
        [2][k] text and float32 [2, k], most probable first; empty for none.
    truth
        What the detector or the generator calls it, as far as that is one of the classes; else empty.
    truth_probs
        float32 [2]: probability of that class; NaN without one.
    n_classes
        That are told apart.
    why_none
        Half a sentence where the model has no such head; else empty.
    """

    regions: Regions
    picture: ImageResult
    region: int
    names: tuple[tuple[str, ...], tuple[str, ...]]
    probs: np.ndarray
    truth: str
    truth_probs: np.ndarray
    n_classes: int
    why_none: str = ""
    notes: tuple[str, ...] = ()
