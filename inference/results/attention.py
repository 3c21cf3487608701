"""Whole patterns of chosen layers and heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class AttentionRequest(Request["AttentionResult"]):
    """Whole patterns of chosen layers and heads; empty tuples mean all."""

    needs = frozenset({Capability.ATTENTION})

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
