"""Every head of a model at a glance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from inference.asked_for import group_of
from inference.context import Refused
from inference.results import HeadsRequest, HeadsResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.attention_call import AttentionCall
    from inference.context import Context
    from inference.model import Model
    from inference.results import Tokens

_MEASURES = ("entropy", "distance", "previous", "next", "same", "cls", "sep")
# Numbers of a pattern that are worked on at once: 4 MB stay in the cache, which is a third faster than a whole layer.
_BLOCK = 2**20


def heads(request: HeadsRequest, model: Model, context: Context) -> HeadsResult:
    """Thumbnails and measures of every head of a group.

    Parameters
    ----------
    context
        One checkpoint a block of rows; no more than one block of a layer is in memory.

    Returns
    -------
    HeadsResult
        A measure is the mean over those queries that have such a key: the first token has none before it. `next` is
        NaN where the future is hidden, and the four that compare places are NaN between two sequences.

    Raises
    ------
    Refused
        There is no such group, or the size is below 1; else as `Family.encode`.
    """
    group = group_of(model, request.group)
    if request.size < 1:
        raise Refused(f"Thumbnails of {request.size} pixels were asked for; at least 1 is needed.")
    run = model.run(request.input, context)
    query_axis, key_axis = model.family.axes(group.name)
    query_tokens, key_tokens = run.encoded.sequences[query_axis], run.encoded.sequences[key_axis]
    n_queries, n_keys = len(query_tokens), len(key_tokens)
    pool = math.ceil(max(n_queries, n_keys) / request.size)

    size = (group.n_layers, max(group.n_heads))
    thumbnails = np.zeros((*size, math.ceil(n_queries / pool), math.ceil(n_keys / pool)), np.uint8)
    measures = np.full((len(_MEASURES), *size), np.nan, np.float32)
    marks = _marks(key_tokens, model)
    for layer, call in enumerate(run.calls[group.name]):
        context.checkpoint(layer, group.n_layers, f"Heads of layer {layer + 1} of {group.n_layers}")
        totals = torch.zeros(len(_MEASURES), call.n_heads, dtype=torch.float64)
        counts = torch.zeros(len(_MEASURES), 1, dtype=torch.float64)
        step = max(1, _BLOCK // (call.n_heads * n_keys * pool)) * pool  # whole pixels
        for start in range(0, n_queries, step):
            context.checkpoint()
            rows = torch.arange(start, min(start + step, n_queries), device=model.device)
            pattern = call.patterns(rows=rows)
            pixels = _thumbnail(pattern, pool).cpu().numpy()
            top = start // pool
            thumbnails[layer, : call.n_heads, top : top + pixels.shape[1]] = pixels
            total, count = _sums(pattern, rows, call, marks, is_causal=group.is_causal)
            totals += total.cpu()
            counts += count
        measures[:, layer, : call.n_heads] = (totals / counts).numpy()
    return HeadsResult(
        group=group.name,
        query_tokens=query_tokens,
        key_tokens=key_tokens,
        thumbnails=thumbnails,
        measures=dict(zip(_MEASURES, measures, strict=True)),
    )


def _marks(tokens: Tokens, model: Model) -> tuple[Tensor, Tensor]:
    """Positions, int64 [n], of the [CLS] and of the [SEP] tokens."""
    tokenizer = model.tokenizer
    ids = (None, None) if tokenizer is None else (tokenizer.cls_token_id, tokenizer.sep_token_id)
    cls, sep = (np.flatnonzero(tokens.ids == token) if token is not None else np.empty(0, np.int64) for token in ids)
    return torch.from_numpy(cls).to(model.device), torch.from_numpy(sep).to(model.device)


def _thumbnail(pattern: Tensor, pool: int) -> Tensor:
    """uint8 [head, row, column] of float [head, row, key_pos], maximum over `pool` x `pool` cells.

    Two maxima over one axis each are five times faster than one over two axes; the root is cheaper behind them.
    """
    if pool > 1:
        pattern = F.pad(pattern, (0, -pattern.shape[2] % pool, 0, -pattern.shape[1] % pool))
        pattern = pattern.unflatten(1, (-1, pool)).amax(2)
        pattern = pattern.unflatten(2, (-1, pool)).amax(3)
    return pattern.sqrt().mul_(255).round_().to(torch.uint8)


def _sums(
    pattern: Tensor, rows: Tensor, call: AttentionCall, marks: tuple[Tensor, Tensor], *, is_causal: bool
) -> tuple[Tensor, Tensor]:
    """Sums over the rows, float64 [measure, head], and of how many rows, [measure, 1]; 0 of 0 has no meaning."""
    sums = torch.zeros(len(_MEASURES), len(pattern), dtype=torch.float64, device=pattern.device)
    counts = torch.zeros(len(_MEASURES), 1, dtype=torch.float64)

    def add(name: str, values: Tensor) -> None:  # [head, row]
        index = _MEASURES.index(name)
        sums[index] = values.sum(-1, dtype=torch.float64)
        counts[index] = values.shape[1]

    add("entropy", torch.special.entr(pattern).sum(-1) / math.log(2))
    for name, places in zip(("cls", "sep"), marks, strict=True):
        if len(places):
            add(name, pattern[:, :, places].sum(-1))
    if call.is_cross:
        return sums, counts
    keys = torch.arange(pattern.shape[2], device=rows.device)
    distance = (rows[:, None] - keys).abs().to(pattern.dtype)  # [row, key_pos]
    add("distance", (pattern.transpose(0, 1) @ distance[:, :, None])[:, :, 0].T)
    for name, shift in (("previous", -1), ("same", 0), ("next", 1)):
        places = rows + shift
        there = (places >= 0) & (places < len(keys))
        if there.any() and not (is_causal and name == "next"):
            add(name, pattern[:, there.nonzero()[:, 0], places[there]])
    return sums, counts
