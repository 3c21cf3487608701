"""Numbers of every head."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from inference.capture.head_measures import NAMES, HeadMeasures, KeyPlaces, marks_of, words_of
from inference.capture.tiles import ROWS
from inference.forward.checks import group_of
from inference.results.measures import MeasuresRequest, MeasuresResult

if TYPE_CHECKING:
    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.forward.model import Model

# Up to so many cells a head, all rows are taken at once; beyond, a sample of as many rows comes first.
_MOST_CELLS_AT_ONCE = 2**20
_N_SAMPLED = 64
_BLOCK = 2**20  # numbers of a pattern that are worked on at once: 4 MB stay in the cache


def measures(request: MeasuresRequest, model: Model, context: Context) -> MeasuresResult:
    """Measures of every head of a group, from blocks of rows; of a long text, from a sample of rows first.

    Parameters
    ----------
    context
        One checkpoint a block of rows.

    Raises
    ------
    Refused
        There is no such group; else as `Family.encode`.
    """
    group = group_of(model, request.group)
    run = model.run(request.input, context)
    query_tokens, key_tokens = run.tokens(group)
    n_queries, is_cross = len(query_tokens), group.query_axis != group.key_axis
    marks = marks_of(key_tokens, model.tokenizer)
    places = KeyPlaces(key_tokens, model.device, is_cross=is_cross, is_causal=group.is_causal, marks=marks)

    def over(rows: torch.Tensor) -> MeasuresResult:
        # Finished layers stay with the run: a run that was put off goes on behind them.
        done = cast("dict[int, dict[str, np.ndarray]]", run.store.setdefault(("measures", group.name, len(rows)), {}))
        for layer, call in model.each_call(run, group.name, context):
            if layer in done:
                continue
            context.checkpoint(layer, group.n_layers, f"Measuring layer {layer + 1} of {group.n_layers}")
            sums = HeadMeasures(call.n_heads, places)
            n_rows, n_heads = _block(call, len(rows))
            for block in rows.split(n_rows):
                around = places.around(block, call.dtype)
                for first in range(0, call.n_heads, n_heads):
                    context.checkpoint()
                    some = slice(first, min(first + n_heads, call.n_heads))
                    sums.add(call.patterns([*range(some.start, some.stop)], block), some, around)
            done[layer] = sums.means()
        table = {name: np.full((group.n_layers, max(group.n_heads)), np.nan, np.float32) for name in NAMES}
        for layer, means in done.items():
            for name, values in means.items():
                table[name][layer, : len(values)] = values
        return MeasuresResult(
            group.name,
            table,
            len(rows),
            n_queries,
            len(key_tokens),
            group.places,
            group.is_causal,
            words_of(marks, key_tokens),
            key_tokens.n_repeated,
        )

    every = torch.arange(n_queries, device=model.device)
    if n_queries * len(key_tokens) > _MOST_CELLS_AT_ONCE:
        context.partial(over(every[:: max(1, n_queries // _N_SAMPLED)]))
    return over(every)


def _block(call: AttentionCall, n_rows: int) -> tuple[int, int]:
    """How many rows of how many heads: rather many rows, which the matrix product is quicker at."""
    n_rows = max(1, min(n_rows, ROWS, _BLOCK // call.n_keys))
    return n_rows, max(1, _BLOCK // (n_rows * call.n_keys))
