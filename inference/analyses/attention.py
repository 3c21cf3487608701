"""Whole attention patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.forward.checks import check_heads, check_layers, group_of
from inference.results.attention import AttentionRequest, AttentionResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

# One result; the window, the channel to it and the engine each hold a copy.
_MOST_BYTES = 2**31


def attention(request: AttentionRequest, model: Model, context: Context) -> AttentionResult:
    """Patterns of chosen layers and heads, as the model used them.

    Parameters
    ----------
    context
        One checkpoint a layer.

    Raises
    ------
    Refused
        There is no such group, layer or head, or the patterns would take more than 2 GB; else as `Family.encode`.
    """
    group = group_of(model, request.group)
    check_layers(request.layers, group, model)
    layers = request.layers or group.layers
    heads = request.heads or tuple(range(min(group.n_heads[layer] for layer in layers)))
    for layer in layers:
        check_heads(heads, layer, group, model)

    run = model.run(request.input, context)
    query_tokens, key_tokens = run.tokens(group)
    shape = (len(layers), len(heads), len(query_tokens), len(key_tokens))
    n_bytes = 4 * int(np.prod(shape, dtype=np.int64))
    if n_bytes > _MOST_BYTES:
        raise Refused(
            f"{shape[0]} layers of {shape[1]} heads take {n_bytes / 2**30:.1f} GB at {shape[2]:,} tokens; "
            f"at most {_MOST_BYTES / 2**30:.0f} GB are shown whole: choose fewer heads, or zoom into one in the "
            "Attention view, which shows texts of any length."
        )
    pattern = np.empty(shape, np.float32)
    for i, layer in enumerate(layers):
        context.checkpoint()
        pattern[i] = model.call(run, group.name, layer, context).patterns(list(heads)).cpu().numpy()
    return AttentionResult(group.name, query_tokens, key_tokens, tuple(layers), tuple(heads), pattern)
