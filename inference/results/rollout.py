"""Attention rolled out over the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class RolloutRequest(Request["RolloutResult"]):
    """Attention rolled out over the layers, for chosen queries.

    Of `queries` an empty tuple means all, None `Tokens.default_query`.
    """

    needs = frozenset({Capability.ATTENTION})

    checkpoint: str
    input: Input
    group: str
    queries: tuple[int, ...] | None = ()


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """Attention rollout (Abnar and Zuidema 2020, section 3).

    Attributes
    ----------
    queries
        Which ones the axis of `rollout` holds.
    layers
        The same of layers, as the model counts them: those without attention pass everything on as it is.
    rollout
        float32 [layer, query, key_pos]: how much of what is at the query's place above a layer comes from each place of
        the input; the mean over the heads, half of it the residual stream. Rows sum to 1.
    attention
        float32 [layer, query, key_pos]: the mean over the heads of each layer by itself, for comparison.
    default_query
        The one of `queries` that is shown where none is selected: `Tokens.default_query`, or the middle of those that
        were asked for.
    """

    group: str
    query_tokens: Tokens
    key_tokens: Tokens
    queries: tuple[int, ...]
    layers: tuple[int, ...]
    rollout: np.ndarray
    attention: np.ndarray
    default_query: int
