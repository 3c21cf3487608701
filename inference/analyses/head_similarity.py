"""How alike the heads of a layer are in what they attend to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from inference.capture.head_measures import entropy
from inference.forward.checks import check_layers, group_of
from inference.results.head_similarity import HeadSimilarityRequest, HeadSimilarityResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

_MOST_ROWS = 1024  # of a long text so many queries stand for all
_BLOCK = 2**20  # numbers of a pattern that are worked on at once


def head_similarity(request: HeadSimilarityRequest, model: Model, context: Context) -> HeadSimilarityResult:
    """1 minus the Jensen-Shannon divergence of every two heads' patterns, the mean over the queries.

    The divergence of two heads at a query is H((p + q) / 2) - (H(p) + H(q)) / 2, in bits: 0 to 1.

    Parameters
    ----------
    context
        One checkpoint a head and block of rows; no more than one block of the pattern is in memory.

    Raises
    ------
    Refused
        There is no such group or layer; else as `Family.encode`.

    References
    ----------
    Clark et al. 2019, "What does BERT look at?", section 6, where heads are clustered by this divergence.
    """
    group = group_of(model, request.group)
    check_layers([request.layer], group, model)
    call = model.call(model.run(request.input, context), group.name, request.layer, context)
    n_heads, n_queries = call.n_heads, call.n_queries
    rows = torch.arange(0, n_queries, math.ceil(n_queries / _MOST_ROWS), device=call.device)
    total = torch.zeros(n_heads, n_heads, dtype=torch.float64, device=call.device)
    for some in rows.split(max(1, _BLOCK // (n_heads * call.n_keys))):
        pattern = call.patterns(rows=some)  # [head, row, key_pos]
        own = entropy(pattern, torch.empty_like(pattern))  # [head, row]
        for head in range(n_heads):
            context.checkpoint(head, n_heads, f"Comparing head {head} of layer {request.layer}")
            middle = (pattern[head] + pattern[head:]) / 2
            divergence = entropy(middle, torch.empty_like(middle)) - (own[head] + own[head:]) / 2
            total[head, head:] += (1 - divergence.clamp(0, 1)).sum(-1, dtype=torch.float64)
    mean = total / len(rows)
    alike = mean + mean.T - mean.diagonal().diag()
    return HeadSimilarityResult(group.name, request.layer, alike.float().cpu().numpy(), len(rows), n_queries)
