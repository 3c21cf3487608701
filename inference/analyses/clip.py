"""What a position of a film attends to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.checks import group_of
from inference.inputs.clips.preparing import PreparedClip
from inference.results.clip import ClipRequest, ClipResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model
    from inference.forward.run import Run
    from inference.results.checkpoint import AttentionGroup
    from inference.results.tokens import Tokens

_BLOCK = 2**20  # numbers of a pattern that are worked on at once


def clip(request: ClipRequest, model: Model, context: Context) -> ClipResult:
    """One query's row of every map of a group, and with it the rollout where it is asked for.

    Rollout above layer l is the query's row of A_l ... A_1 with A = (mean over the heads + identity) / 2. One way down
    through the layers serves all of them, and holds a block of one map at a time.

    Parameters
    ----------
    context
        One checkpoint a frame, a layer, and a block of rows.

    Raises
    ------
    Refused
        There is no such group, it attends to no film, or there is no such query; else as `Model.encode`.

    References
    ----------
    Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers".
    """
    group = group_of(model, request.group)
    clips, config = model.clips, model.net.config
    prepared = model.prepare(request.input, context.checkpoint)
    assert isinstance(prepared, PreparedClip)
    run = model.run(request.input, context)
    cells, sequences = run.encoded.cells, run.encoded.sequences
    if group.key_axis not in cells or group.query_axis not in cells:
        raise Refused(f"{group.title} attends to words alone, not to the film; choose another group.")
    query = _query(request.query, sequences[group.query_axis], group)
    why = clips.why_no_rollout(group.name, config)
    if not why and group.query_axis != group.key_axis:
        why = "Queries and keys are of different sequences here: there is no rollout."
    rolls_out = request.with_rollout and not why
    return ClipResult(
        group=group.name,
        query=query,
        query_tokens=sequences[group.query_axis],
        key_tokens=sequences[group.key_axis],
        query_cells=cells[group.query_axis],
        key_cells=cells[group.key_axis],
        grid=clips.grid(group.name, config, prepared.shape).shape,
        frames_a_step=clips.frames_a_step(config),
        seen=prepared.all_seen,
        frames=prepared.frames,
        rate=prepared.whole.rate,
        pattern=_rows(query, group, run, model, context),
        rollout=_rollout(query, group, run, model, context) if rolls_out else np.empty((0, 0), np.float32),
        why_no_rollout=why,
        notes=prepared.notes,
    )


def _query(asked: int | None, tokens: Tokens, group: AttentionGroup) -> int:
    """The position that is meant."""
    if asked is None:
        return tokens.default_query(is_causal=group.is_causal)
    if not 0 <= asked < (n := len(tokens)):
        raise Refused(f"Position {asked} was asked for; this sequence of the film has positions 0 to {n - 1}.")
    return asked


def _rows(query: int, group: AttentionGroup, run: Run, model: Model, context: Context) -> np.ndarray:
    """Weights of a query, float32 [layer, head, key]."""
    at = torch.tensor([query], device=model.device)
    rows = []
    for _, call in model.each_call(run, group.name, context):
        context.checkpoint()
        rows.append(_array(call.patterns(rows=at)[:, 0]))
    return np.stack(rows)


def _rollout(query: int, group: AttentionGroup, run: Run, model: Model, context: Context) -> np.ndarray:
    """Above each layer, float32 [layer, key]."""
    n = len(group.layers)
    above: Tensor | None = None
    for at in reversed(range(n)):
        context.checkpoint(n - at, n, f"Rollout through layer {group.layers[at]}")
        call = model.call(run, group.name, group.layers[at], context)
        if above is None:
            above = torch.zeros(n, call.n_keys, dtype=call.dtype, device=call.device)
        above[at, query] = 1
        below = torch.zeros_like(above)
        for rows in torch.arange(call.n_queries, device=call.device).split(
            max(1, _BLOCK // (call.n_heads * call.n_keys))
        ):
            context.checkpoint()
            below += above[:, rows] @ call.patterns(rows=rows).mean(0)
        above[at:] = (above[at:] + below[at:]) / 2
    assert above is not None
    return _array(above)


def _array(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.float().cpu().numpy(), np.float32)
