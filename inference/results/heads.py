"""All heads of a group at a glance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class HeadsRequest(Request["HeadsResult"]):
    """Thumbnails and measures of every head of a group; `size` is the longest side of a thumbnail in pixels."""

    needs = frozenset({Capability.ATTENTION})
    refines = True

    checkpoint: str
    input: Input
    group: str
    size: int = 128


@dataclass(frozen=True, slots=True)
class HeadsResult:
    """Every head of a group at a glance.

    Attributes
    ----------
    thumbnails
        uint8 [layer, head, row, column]: 255 * sqrt(probability), maximum over the cells of a pixel. One pixel a cell
        where the text is no longer than `size`.
    measures
        float32 [layer, head] by name, averaged over the queries (special tokens included):
        `entropy` (bits), `distance` (mean |query - key| in tokens), `previous`, `next`, `same` (probability on the
        neighbour before, behind, on itself), `induction`, `special`, `cls`, `sep` (on those tokens), as `MEASURES` and
        `MARKS` have them. NaN where it has no meaning.
        Layers with fewer heads than the widest are padded with NaN (thumbnails with 0), as are those that have yet to
        come.
    marks
        How the tokens that `cls` and `sep` are about are written in this text, by these names; none where it has none.
    is_sampled
        Whether some heads are there as a first look only: thumbnails and measures of one query a row of pixels.
    layers
        Those that attend, as the model counts them; empty for all.
    axes
        Names of the sequences that queries and keys lie in, as `AttentionGroup` has them.
    is_causal
        Whether a query sees only keys at or before its own place.
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    thumbnails: np.ndarray
    measures: dict[str, np.ndarray]
    is_sampled: bool = False
    layers: tuple[int, ...] = ()
    marks: dict[str, str] = field(default_factory=dict)
    axes: tuple[str, str] = ("text", "text")
    is_causal: bool = False
