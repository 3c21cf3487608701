"""Attention: all heads at a glance, whole patterns, and one query worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.common import Tokens

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class HeadsRequest:
    """Thumbnails and measures of every head of a group; `size` is the longest side of a thumbnail in pixels."""

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
        neighbour before, behind, on itself), `cls`, `sep` (on those tokens). NaN where it has no meaning.
        Layers with fewer heads than the widest are padded with NaN (thumbnails with 0), as are those that have yet to
        come.
    is_sampled
        Whether some heads are there as a first look only: thumbnails and measures of one query a row of pixels.
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    thumbnails: np.ndarray
    measures: dict[str, np.ndarray]
    is_sampled: bool = False


@dataclass(frozen=True, slots=True)
class AttentionRequest:
    """Whole patterns of chosen layers and heads; empty tuples mean all."""

    checkpoint: str
    input: Input
    group: str
    layers: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AttentionResult:
    """Patterns, as the model used them.

    Attributes
    ----------
    layers, heads
        Which ones the axes of `pattern` hold.
    pattern
        float32 [layer, head, query_pos, key_pos], 0-1, rows sum to 1 (to 0 where a query sees nothing).
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    pattern: np.ndarray


# No result has more lines: the weakest are left out.
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class LinesRequest:
    """The strong links of some queries of a layer; no `heads` mean all.

    Attributes
    ----------
    start, stop
        Queries from `start` to before `stop`; what goes beyond the text is left out.
    threshold
        The weakest link, as a share of what a query gives away; links of 0 are none.
    """

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


@dataclass(frozen=True, slots=True)
class ScaledDotRequest:
    """The numbers on the way from one query to its result."""

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int
    query_pos: int


@dataclass(frozen=True, slots=True)
class ScaledDotResult:
    """Scaled dot-product attention of one query, step by step (Vaswani et al. 2017, section 3.2.1).

    Attributes
    ----------
    q
        float32 [d_head], after rotary embedding where there is one.
    k, v
        float32 [key_pos, d_head]; with grouped queries the shared key-value head of this head.
    dots
        float32 [key_pos], q . k.
    scale
        Factor on the dots, usually 1 / sqrt(d_head).
    bias
        float32 [key_pos], what is added to the scaled dots: relative positions or ALiBi, else 0.
    is_masked
        bool [key_pos], keys that this query may not see.
    soft_cap
        c in c * tanh(score / c), or 0 for none.
    scores
        float32 [key_pos], what goes into the softmax; -inf where masked.
    pattern
        float32 [key_pos], softmax(scores).
    z
        float32 [d_head], pattern @ v.
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    layer: int
    head: int
    query_pos: int
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    dots: np.ndarray
    scale: float
    bias: np.ndarray
    is_masked: np.ndarray
    soft_cap: float
    scores: np.ndarray
    pattern: np.ndarray
    z: np.ndarray
