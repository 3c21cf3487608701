"""One query of one head, worked out with its real numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class ScaledDotRequest(Request["ScaledDotResult"]):
    """The numbers on the way from one query to its result; `query_pos` None means `Tokens.default_query`."""

    needs = frozenset({Capability.QK})

    checkpoint: str
    input: Input
    group: str
    layer: int
    head: int
    query_pos: int | None = None


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
