"""Groups of attentions by the place of their modules in the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from inference.capture.attention_call import AttentionCall, Received
from inference.layouts.axis import AxisStretches, Group, group
from inference.layouts.parts import in_parts
from inference.layouts.sides import axis, other_side, side
from inference.layouts.unpadded import unpadded

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_NUMBER = re.compile(r"\.\d+")


def by_path(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """Calls whose path is the same but for the numbers of layers, and whose lengths are the same; in order of the first
    of each.

    A batch of several, made by the model of a batch of one, are parts that attend within themselves, such as frames.
    """
    calls_of: dict[tuple[str, int, int], list[tuple[Received, AttentionCall]]] = {}
    for each in received:
        call = _expanded(each, inputs)
        key = (_NUMBER.sub("", each.path), call.n_queries, call.n_keys)
        calls_of.setdefault(key, []).append((each, call))
    groups: list[Group] = []
    for (path, n_queries, n_keys), pairs in calls_of.items():
        n_parts = _n_parts(pairs[0][0])
        own = side(pairs[0][0].path, net.config)
        other = other_side(own) if pairs[0][0].is_cross else own

        def along(n: int, of: str, n_parts: int = n_parts) -> AxisStretches:
            return axis(n // n_parts, of, net.config, inputs) * n_parts

        title = f"{own} to {other.lower()}" if pairs[0][0].is_cross else own
        if any(title == group.title for group in groups):
            title = f"{title}, {path.split('.')[-2].replace('_', ' ')}"
        if any(title == group.title for group in groups):
            title = f"{title}, {n_queries} to {n_keys} places"
        groups.append(group(title, along(n_queries, own), along(n_keys, other), [call for _, call in pairs]))
    return groups


def _n_parts(received: Received) -> int:
    return len(next(tensor for tensor in (received.q, received.pattern) if tensor is not None))


def _expanded(received: Received, inputs: dict[str, Tensor]) -> AttentionCall:
    n_parts = _n_parts(received)
    if n_parts == 1:
        return unpadded(received, inputs["input_ids"].shape[1] if "input_ids" in inputs else 0)
    n = received.split()[0].n_queries
    return in_parts(received, torch.arange(n_parts * n).reshape(n_parts, n))
