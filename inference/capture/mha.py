"""Capture of `nn.MultiheadAttention`, whose insides no function mode sees: its steps are done here instead."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.capture.recorder import Recorder, attend


def multi_head_attention(
    recorder: Recorder,
    path: str,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    *,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    **others: Any,
) -> tuple[Tensor, Tensor | None]:
    """`F.multi_head_attention_forward`, without dropout; [query_pos, batch, d_model] and [query_pos, d_model] go in.

    `is_causal` only says that `attn_mask` is a causal one.
    """
    if bias_k is not None or bias_v is not None or add_zero_attn or any(item is not None for item in others.values()):
        raise RuntimeError(f"{path} adds keys of its own, which cannot be captured.")
    is_batched = query.ndim == 3
    if not is_batched:
        query, key, value = query[:, None], key[:, None], value[:, None]
        key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
    if use_separate_proj_weight:
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
    else:
        assert in_proj_weight is not None
        weights = in_proj_weight.chunk(3)
    biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
    q, k, v = (
        # [batch, head, pos, d_head]
        F.linear(states, weight, bias).unflatten(-1, (num_heads, -1)).permute(1, 2, 0, 3)  # type: ignore[arg-type]
        for states, weight, bias in zip((query, key, value), weights, biases, strict=True)
    )
    mask = _mask(attn_mask, key_padding_mask, num_heads, q.dtype)
    received = recorder.begin(path, "mha", q=q, k=k, v=v, scale=q.shape[-1] ** -0.5, mask=mask)
    pattern = None
    if need_weights:
        pattern = torch.stack([call.patterns() for call in received.split()]).to(q.dtype)
        pattern = pattern.mean(1) if average_attn_weights else pattern
    if recorder.change is not None:
        received, output = attend(received, recorder)
    else:
        output = F.scaled_dot_product_attention(q, k, v, mask)
    recorder.finish(received)
    output = recorder.heads.of_output(received, output)
    result = F.linear(output.permute(2, 0, 1, 3).flatten(2), out_proj_weight, out_proj_bias)
    if not is_batched:
        result, pattern = result[:, 0], None if pattern is None else pattern[0]
    return result, pattern


def _mask(attn_mask: Tensor | None, key_padding_mask: Tensor | None, n_heads: int, dtype: torch.dtype) -> Tensor | None:
    """A number to add, [batch | 1, head | 1, query_pos | 1, key_pos], of both masks; bool ones say what is hidden."""
    masks = []
    if attn_mask is not None:
        masks.append(attn_mask.unflatten(0, (-1, n_heads)) if len(attn_mask.shape) == 3 else attn_mask[None, None])
    if key_padding_mask is not None:
        masks.append(key_padding_mask[:, None, None])
    added = [
        torch.zeros_like(mask, dtype=dtype).masked_fill_(mask, -torch.inf) if mask.dtype == torch.bool else mask
        for mask in masks
    ]
    return None if not added else added[0] if len(added) == 1 else added[0] + added[1]
