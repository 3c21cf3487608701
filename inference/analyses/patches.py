"""What one token of an image attends to: weights, weights by the length of the values, and rollout."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from inference.context import Refused
from inference.forward.checks import group_of
from inference.layouts.parts import PartsCall
from inference.results.patches import PatchesRequest, PatchesResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.forward.model import Model
    from inference.forward.run import Run
    from inference.inputs.patch_grid import PatchGrid
    from inference.results.checkpoint import AttentionGroup
    from inference.results.tokens import Tokens

_BLOCK = 2**20  # numbers of a pattern that are worked on at once
# Mean patterns of all layers, which make the rollout of every query quick.
_MOST_BYTES = 2**28


def patches(request: PatchesRequest, model: Model, context: Context) -> PatchesResult:
    """One query's row of every map of a group; the rollout, which needs the whole maps once, follows it.

    Rollout above layer l is the query's row of A_l ... A_1 with A = (mean over the heads + identity) / 2.

    Parameters
    ----------
    context
        One checkpoint a layer, and a block of rows.

    Raises
    ------
    Refused
        There is no such group, or no such query in it; else as `Model.encode`.

    References
    ----------
    Kobayashi et al. 2020, "Attention is Not Only a Weight"; Abnar and Zuidema 2020, "Quantifying Attention Flow in
    Transformers".
    """
    group = group_of(model, request.group)
    prepared = model.prepare(request.input)
    grid = model.images.grid(group.name, model.net.config, prepared.shape)
    if request.query is not None:
        _check_query(request.query, grid)
    run = model.run(request.input, context)
    query = request.query
    if query is None:
        query = run.encoded.sequences[group.query_axis].default_query(is_causal=group.is_causal)
    rows, weighted = _rows(query, group, run, model, context)
    notes = [_about_padding(grid, prepared.shape)] if grid.pixels != prepared.shape else []

    def result(rollout: np.ndarray, *more: str) -> PatchesResult:
        return PatchesResult(
            group=group.name,
            query=query,
            tokens=_with_unread_tokens(run.encoded.sequences[group.key_axis], grid),
            seen=_padded(prepared.seen, grid),
            grid=grid.shape,
            n_special=grid.n_special,
            pattern=_with_unread(rows, grid),
            weighted=_with_unread(weighted, grid) if weighted is not None else np.empty((0, 0, 0), np.float32),
            rollout=_with_unread(rollout, grid),
            notes=(*notes, *more),
            axis=group.key_axis,
        )

    n_bytes = 4 * group.n_layers * grid.n_tokens**2
    nothing = np.empty((0, 0), np.float32)
    if n_bytes > _MOST_BYTES:
        return result(
            nothing,
            f"The rollout of {grid.n_tokens:,} tokens over {group.n_layers} layers would hold {n_bytes / 2**20:,.0f} "
            f"MB; it is shown up to {_MOST_BYTES // 2**20} MB.",
        )
    if ("mean patterns", group.name) not in run.store:
        context.partial(result(nothing, "The rollout is being computed."))
    return result(_rollout(query, group, run, model, context))


def _check_query(query: int, grid: PatchGrid) -> None:
    n = grid.n_tokens
    if grid.n_unread and n <= query < n + grid.n_unread:
        raise Refused("The last pixel attends to nothing: the model guesses it and does not read it.")
    if not 0 <= query < n:
        raise Refused(
            f"Token {query} was asked for; the image has tokens 0 to {n - 1}: {grid.n_special} special ones, then "
            f"{grid.rows} rows of {grid.columns} patches."
        )


def _rows(
    query: int, group: AttentionGroup, run: Run, model: Model, context: Context
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weights of a query, float32 [layer, head, key], and the same times the length of the values."""
    rows, weighted = [], []
    at = torch.tensor([query], device=model.device)
    for _, call in model.each_call(run, group.name, context):
        context.checkpoint()
        row = call.patterns(rows=at)[:, 0]
        rows.append(row)
        lengths = value_lengths(call)
        if lengths is not None:
            products = row * lengths
            weighted.append(products / products.sum(-1, keepdim=True).clamp_min(torch.finfo(products.dtype).tiny))
    stacked = _array(torch.stack(rows))
    return stacked, _array(torch.stack(weighted)) if len(weighted) == len(rows) else None


def value_lengths(call: AttentionCall) -> Tensor | None:
    """Euclidean length of the value vectors, [head, key_pos]; None where they were not caught."""
    if isinstance(call, PartsCall):
        assert call.places is not None
        by_part = [value_lengths(part) for part in call.by_part]
        if any(lengths is None for lengths in by_part):
            return None
        lengths = torch.empty(call.n_heads, call.n_keys, dtype=call.dtype, device=call.device)
        for places, part in zip(call.places, by_part, strict=True):
            lengths[:, places] = cast("Tensor", part)
        return lengths
    if call.v is None:
        return None
    lengths = call.v.to(call.dtype).norm(dim=-1)
    return lengths[[call.kv_head(head) for head in range(call.n_heads)]]


def _rollout(query: int, group: AttentionGroup, run: Run, model: Model, context: Context) -> np.ndarray:
    """Above each layer, float32 [layer, key]."""
    means = _mean_patterns(group, run, model, context)
    above = torch.zeros(len(means), means.shape[-1], dtype=means.dtype, device=means.device)
    for layer in reversed(range(len(means))):
        above[layer, query] = 1
        above[layer:] = (above[layer:] + above[layer:] @ means[layer]) / 2
    return _array(above)


def _mean_patterns(group: AttentionGroup, run: Run, model: Model, context: Context) -> Tensor:
    """Mean over the heads of every map, [layer, query, key]; stays with the run."""
    key = ("mean patterns", group.name)
    if key not in run.store:
        means: list[Tensor] = []
        for layer, call in model.each_call(run, group.name, context):
            context.checkpoint(layer, group.n_layers, f"Rollout of layer {layer + 1} of {group.n_layers}")
            step = max(1, _BLOCK // (call.n_heads * call.n_keys))
            mean = torch.empty(call.n_queries, call.n_keys, dtype=call.dtype, device=call.device)
            for rows in torch.arange(call.n_queries, device=call.device).split(step):
                context.checkpoint()
                mean[rows] = call.patterns(rows=rows).mean(0)
            means.append(mean)
        run.store[key] = torch.stack(means)
    return cast("Tensor", run.store[key])


def _with_unread(rows: np.ndarray, grid: PatchGrid) -> np.ndarray:
    """With weight 0 for patches that are no tokens, so that there is one for each patch of the grid."""
    return np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, grid.n_unread)]) if rows.size else rows


def _with_unread_tokens(tokens: Tokens, grid: PatchGrid) -> Tokens:
    """The same for the sequence."""
    if not grid.n_unread:
        return tokens
    whole = replace(grid, n_unread=0).tokens(tokens.words[: grid.n_special])
    return replace(whole, ids=np.append(tokens.ids, np.full(grid.n_unread, -1)))


def _padded(seen: np.ndarray, grid: PatchGrid) -> np.ndarray:
    """The image as large as the grid: black where the model pads."""
    rows, columns = (want - have for want, have in zip(grid.pixels, seen.shape[:2], strict=True))
    return np.pad(seen, ((0, rows), (0, columns), (0, 0))) if rows or columns else seen


def _about_padding(grid: PatchGrid, shape: tuple[int, int]) -> str:
    return (
        f"The model pads the image of {shape[1]} × {shape[0]} to {grid.pixels[1]} × {grid.pixels[0]} pixels here, so "
        "that its windows fit; what it adds is black."
    )


def _array(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.float().cpu().numpy(), np.float32)
