"""Scaled dot-product attention of one query, worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.checks import check_heads, check_layers, check_query, group_of
from inference.results.scaled_dot import ScaledDotRequest, ScaledDotResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model


def scaled_dot(request: ScaledDotRequest, model: Model, context: Context) -> ScaledDotResult:
    """The numbers on the way from one query of one head to its result, as the model's own attention received them.

    Raises
    ------
    Refused
        There is no such group, layer, head or position, or the model shows only its patterns; else as `Family.encode`.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1.
    """
    group = group_of(model, request.group)
    check_layers([request.layer], group, model)
    check_heads([request.head], request.layer, group, model)
    run = model.run(request.input, context)
    call = model.call(run, group.name, request.layer, context)
    if call.q is None or call.k is None or call.v is None:
        raise Refused(f"{model.info.name} shows its attention patterns, but not the queries and keys.")

    query_tokens, key_tokens = run.tokens(group)
    query_pos = request.query_pos
    if query_pos is None:
        query_pos = query_tokens.default_query(is_causal=group.is_causal)
    check_query(query_pos, call.n_queries)

    heads, row = [request.head], torch.tensor([query_pos], device=call.q.device)
    kv_head = call.kv_head(request.head)
    pattern = call.patterns(heads, row)[0, 0]  # [key_pos]
    v = call.v[kv_head].to(pattern.dtype)
    seen = call.seen(heads, row)
    is_masked = np.zeros(call.n_keys, bool) if seen is None else ~seen[0, 0].cpu().numpy()
    added = call.added(heads, row)
    bias = np.zeros(call.n_keys, np.float32) if added is None else np.where(is_masked, 0, _array(added[0, 0]))
    return ScaledDotResult(
        group=group.name,
        query_tokens=query_tokens,
        key_tokens=key_tokens,
        layer=request.layer,
        head=request.head,
        query_pos=query_pos,
        q=_array(call.q[request.head, query_pos]),
        k=_array(call.k[kv_head]),
        v=_array(v),
        dots=_array(call.dots(heads, row)[0, 0]),
        scale=call.scale,
        bias=bias.astype(np.float32),
        is_masked=is_masked,
        soft_cap=call.soft_cap or 0.0,
        scores=_array(call.scores(heads, row)[0, 0]),
        pattern=_array(pattern),
        z=_array(pattern @ v),
    )


def _array(tensor: Tensor) -> np.ndarray:
    """A copy: what is kept of the run must not change with the result."""
    return np.array(tensor.float().cpu().numpy(), order="C")
