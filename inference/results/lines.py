"""The strongest weights of a layer, as lines between tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


# No result has more lines: the weakest are left out.
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class LinesRequest(Request["LinesResult"]):
    """The strong links of some queries of a layer; no `heads` mean all.

    Attributes
    ----------
    start, stop
        Queries from `start` to before `stop`; what goes beyond the text is left out.
    threshold
        The weakest link, as a share of what a query gives away; links of 0 are none.
    """

    needs = frozenset({Capability.ATTENTION})

    checkpoint: str
    input: Input
    group: str
    layer: int
    heads: tuple[int, ...]
    start: int
    stop: int
    threshold: float


@dataclass(frozen=True, slots=True)
class LinesResult:
    """Links, strongest first, exact as those of whole patterns.

    Attributes
    ----------
    heads
        Those that were looked at.
    stop
        At most that of the request: the text may end before.
    query, key, head
        int32 [line].
    weight
        float32 [line], 0-1.
    is_cut
        Whether there are more than `MOST_LINES`.
    largest
        The largest weight of these queries and heads, above the threshold or not.
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    layer: int
    heads: tuple[int, ...]
    start: int
    stop: int
    threshold: float
    query: np.ndarray
    key: np.ndarray
    head: np.ndarray
    weight: np.ndarray
    is_cut: bool
    largest: float = 0.0
