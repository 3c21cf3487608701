"""Attention rolled out over the layers (Abnar and Zuidema 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.checks import check_query, group_of
from inference.results.rollout import RolloutRequest, RolloutResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.forward.model import Model

# All queries at once take n * n numbers a layer, and as many products of such matrices.
MOST_FOR_ALL = 512
_MOST_BYTES = 2**30
_BLOCK = 2**20  # numbers of a pattern that are worked on at once


def rollout(request: RolloutRequest, model: Model, context: Context) -> RolloutResult:
    """How much of each place of the input is in what a query's place holds above each layer.

    Above layer l it is A_l ... A_1 with A = (mean over the heads + identity) / 2. The product is taken from the left, a
    chosen query being a row of the identity: so a few queries of a long text need rows times blocks of a map only, and
    one way down through the layers serves the results above all of them.

    Parameters
    ----------
    context
        One checkpoint a block of rows.

    Raises
    ------
    Refused
        There is no such group or query, queries and keys are of different sequences, or the result would take more
        than 1 GB; else as `Family.encode`.
    """
    group = group_of(model, request.group)
    if group.query_axis != group.key_axis:
        if all(each.query_axis != each.key_axis for each in model.info.groups):
            raise Refused(f"{model.info.name} has no self-attention, which is what is rolled out.")
        raise Refused(f"{group.title} joins two sequences; attention is rolled out within one.")
    run = model.run(request.input, context)
    tokens, _ = run.tokens(group)
    n = len(tokens)
    default = tokens.default_query(is_causal=group.is_causal)
    asked = (default,) if request.queries is None else request.queries
    for query in asked:
        check_query(query, n)
    if not asked and n > MOST_FOR_ALL:
        raise Refused(
            f"The text has {n:,} tokens; the rollout of all of them is shown up to {MOST_FOR_ALL}: choose some."
        )
    queries = asked or tuple(range(n))
    shown = default if default in queries else queries[len(queries) // 2]
    layers = group.layers
    n_bytes = 2 * 4 * len(layers) * len(queries) * n
    if n_bytes > _MOST_BYTES:
        raise Refused(
            f"The rollout of {len(queries):,} queries over {len(layers)} layers takes {n_bytes / 2**30:.1f} GB; "
            f"at most {_MOST_BYTES / 2**30:.0f} GB is shown, so choose fewer queries."
        )
    above = torch.zeros(len(layers), len(queries), n, device=model.device)  # [layer, query, key_pos]
    means = torch.zeros_like(above)
    rows = torch.tensor(queries, device=model.device)
    for at, layer in reversed([*enumerate(layers)]):
        context.checkpoint(len(layers) - 1 - at, len(layers), f"Rolling out layer {layer + 1}")
        above[at, range(len(queries)), list(queries)] = 1
        call = model.call(run, group.name, layer, context)
        above[at:] = _times_layer(above[at:], call, context)
        step = _step(call)
        for start in range(0, len(queries), step):
            some = slice(start, start + step)
            means[at, some] = call.patterns(rows=rows[some]).mean(0).to(means.dtype)
    rolled, plain = (np.array(numbers.cpu().numpy()) for numbers in (above, means))
    return RolloutResult(group.name, tokens, tokens, queries, layers, rolled, plain, shown)


def _times_layer(above: Tensor, call: AttentionCall, context: Context) -> Tensor:
    """[..., key_pos] times (mean over the heads + identity) / 2, in blocks of rows of the map."""
    product = torch.zeros_like(above)
    for block in torch.arange(call.n_queries, device=above.device).split(_step(call)):
        context.checkpoint()
        weights = above[..., block]
        if weights.any():  # most places are not reached in the first layers below a query
            product += weights @ call.patterns(rows=block).mean(0).to(above.dtype)
    return (above + product) / 2


def _step(call: AttentionCall) -> int:
    """How many rows of all heads make a block."""
    return max(1, _BLOCK // (call.n_heads * call.n_keys))
