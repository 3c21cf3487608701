"""The strong links of some queries: what lines between tokens are drawn of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inference.context import Refused
from inference.forward.checks import check_heads, check_layers, group_of
from inference.results.lines import MOST_LINES, LinesRequest, LinesResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model

_BLOCK = 2**20  # numbers of a pattern that are worked on at once: 4 MB stay in the cache


def lines(request: LinesRequest, model: Model, context: Context) -> LinesResult:
    """Links of some queries to all keys that are strong enough, the strongest first.

    Parameters
    ----------
    context
        One checkpoint a block of rows; no whole map is ever in memory.

    Raises
    ------
    Refused
        There is no such group, layer or head, no such query, or the threshold is not between 0 and 1; else as
        `Family.encode`.
    """
    group = group_of(model, request.group)
    check_layers([request.layer], group, model)
    heads = request.heads or tuple(range(group.n_heads[request.layer]))
    check_heads(heads, request.layer, group, model)
    if not 0 <= request.threshold <= 1:
        raise Refused(f"Links from {request.threshold} on were asked for; their weights are 0 to 1.")
    context.checkpoint()
    run = model.run(request.input, context)
    call = model.call(run, group.name, request.layer, context)
    stop = min(request.stop, call.n_queries)
    if not 0 <= request.start < stop:
        raise Refused(
            f"The queries {request.start} to {request.stop} were asked for; the text has 0 to {call.n_queries - 1}."
        )
    found, is_cut, largest = torch.empty(4, 0, device=call.device), False, 0.0
    names = torch.tensor(heads, device=call.device)
    for rows in torch.arange(request.start, stop, device=call.device).split(
        max(1, _BLOCK // (len(heads) * call.n_keys))
    ):
        context.checkpoint()
        pattern = call.patterns(list(heads), rows)
        largest = max(largest, float(pattern.max()))
        head, row, key = ((pattern >= request.threshold) & (pattern > 0)).nonzero(as_tuple=True)
        # float32 holds these whole numbers exactly: none is above 2**24.
        new = torch.stack([rows[row].float(), key.float(), names[head].float(), pattern[head, row, key].float()])
        found, was_cut = _strongest(torch.cat([found, new], dim=1))
        is_cut = is_cut or was_cut
    order = found[3].argsort(descending=True, stable=True)
    query, key, head = found[:3, order].int().cpu().numpy()
    return LinesResult(
        group.name, *run.tokens(group), request.layer, heads, request.start, stop,
        request.threshold, query, key, head, found[3, order].cpu().numpy(), is_cut, largest,
    )  # fmt: skip


def _strongest(found: Tensor) -> tuple[Tensor, bool]:
    """As many as a result holds, and whether some were left out."""
    if found.shape[1] <= MOST_LINES:
        return found, False
    return found[:, found[3].topk(MOST_LINES).indices], True
