"""How alike the patterns of the heads of a layer are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class HeadSimilarityRequest(Request["HeadSimilarityResult"]):
    """How alike the heads of a layer are in what they attend to."""

    needs = frozenset({Capability.ATTENTION})

    checkpoint: str
    input: Input
    group: str
    layer: int


@dataclass(frozen=True, slots=True)
class HeadSimilarityResult:
    """Similarity of every two heads of a layer.

    Attributes
    ----------
    similarity
        float32 [head, head], symmetric, 0 to 1: 1 minus the Jensen-Shannon divergence (in bits) of what two heads
        attend to, the mean over the queries. 1 where both attend alike, 0 where they share no key.
    n_rows, n_queries
        Over how many queries the mean goes, and how many there are: of a long text evenly spaced ones.
    """

    group: str
    layer: int
    similarity: np.ndarray
    n_rows: int
    n_queries: int
