"""Attention of any size without a network: random queries and keys, and as much of a model as the analyses ask for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from inference.capture.attention_call import AttentionCall, Received
from inference.family.base import Encoded
from inference.forward.run import Run
from inference.results.checkpoint import AttentionGroup
from tests.factories import make_long_tokens


def random_call(
    n_queries: int, n_keys: int | None = None, *, n_heads: int = 1, d_head: int = 8, seed: int = 0, **more: Any
) -> AttentionCall:
    """A call with scores of a deviation of about 2; `more` goes to `AttentionCall`."""
    generator = torch.Generator().manual_seed(seed)
    q, k = (torch.randn(n_heads, n, d_head, generator=generator) * 2**0.5 for n in (n_queries, n_keys or n_queries))
    return AttentionCall("planted", 0, n_keys is not None, q=q, k=k, scale=d_head**-0.5, **more)


def model_of(calls: list[AttentionCall], *, is_causal: bool = False, is_cross: bool = False) -> Any:
    """What runs no network: every input gives these calls, a layer each, in the group `planted`."""
    n_heads = tuple(call.n_heads for call in calls)
    group = AttentionGroup(
        "planted", "Planted", n_heads, is_causal, query_axis="queries", key_axis="keys" if is_cross else "queries"
    )
    sequences = {"queries": make_long_tokens(calls[0].n_queries), "keys": make_long_tokens(calls[0].n_keys)}
    run = Run(Encoded({}, sequences))
    return SimpleNamespace(
        info=SimpleNamespace(name="planted", groups=(group,), group=lambda _name: group),
        device=torch.device("cpu"),
        tokenizer=None,
        run=lambda _input, _context: run,
        call=lambda _run, _group, layer, _context: calls[layer],
        each_call=lambda _run, _group, _context: enumerate(calls),
    )


class Largest(TorchDispatchMode):
    """Notes how many numbers the largest tensor has that any operation of torch returns."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, torch.Tensor):
                # A view takes no memory of its own: what counts is what lies behind it.
                self.numbers = max(self.numbers, min(tensor.numel(), tensor.untyped_storage().nbytes()))
        return result


def received(n_batch: int) -> Received:
    q = torch.randn(n_batch, 2, 3, 4)
    return Received("layer", 0, False, "sdpa", 7, q=q, k=q, v=q, mask=torch.ones(1, 1, 3, 3, dtype=torch.bool))
