"""Biases that are told by the distance alone: a number for each distance in place of one for each query and key."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


class RelativeBiases:
    """Of one forward pass, whose layers often share one bias: it is looked at once."""

    def __init__(self) -> None:
        self._last: weakref.ref[Tensor] = weakref.ref(torch.empty(0))
        self._relative: Tensor | None = None

    def split(self, bias: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """The same as `bias` and `relative` of `AttentionCall`: one of them, or neither where it adds nothing."""
        if self._last() is not bias:
            self._last, self._relative = weakref.ref(bias), by_distance(bias)
        if self._relative is None:
            return bias, None
        return None, self._relative if self._relative.any() else None


def by_distance(bias: Tensor) -> Tensor | None:
    """The bias of each distance, [..., query_pos + key_pos - 1]; None where it depends on more than the distance.

    Parameters
    ----------
    bias
        [batch, head, query_pos, key_pos].
    """
    n_queries, n_keys = bias.shape[-2:]
    if n_queries < 2 or n_keys < 2:
        return None
    heads = bias.detach().flatten(0, -3)
    if not all(torch.equal(head[1:, 1:], head[:-1, :-1]) for head in heads):
        return None
    return torch.cat([heads[:, :, 0].flip(-1), heads[:, 0, 1:]], -1).unflatten(0, bias.shape[:-2])
