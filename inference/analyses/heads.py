"""Every head of a model at a glance."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch.nn import functional as F

from inference.capture.head_measures import Around, HeadMeasures, KeyPlaces, marks_of, words_of
from inference.capture.tiles import ROWS, sampled_rows
from inference.context import Refused
from inference.forward.checks import group_of
from inference.results.heads import HeadsRequest, HeadsResult
from inference.results.measures import MARKS

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.checkpoint import AttentionGroup
    from inference.results.tokens import Tokens

_MEASURES = ("entropy", "distance", "previous", "next", "same", "induction", "special", *MARKS)
# Numbers of a pattern that are worked on at once: 4 MB stay in the cache, which is a third faster than a whole layer.
_BLOCK = 2**20
_N_KEPT = 4  # of what is the same in all layers
# Where all maps together have more cells, a sample of the rows comes first.
_MOST_CELLS_AT_ONCE = 2**26
# Seconds between two partial results: of the sample, and of the exact one.
_PAUSES = (0.2, 1.0)


class _SoFar:
    """Thumbnails and measures of all heads, as far as they are there."""

    def __init__(self, n_heads: tuple[int, ...], shape: tuple[int, int], marks: dict[str, np.ndarray]) -> None:
        self.marks = marks
        size = (len(n_heads), max(n_heads))
        self.thumbnails = np.zeros((*size, *shape), np.uint8)
        self.measures = np.full((len(_MEASURES), *size), np.nan, np.float32)
        # What a layer does not have need not be waited for.
        self.is_exact = np.arange(size[1]) >= np.array(n_heads)[:, None]
        self.is_there = self.is_exact.copy()
        self.layers = tuple(layer for layer, n in enumerate(n_heads) if n)

    def result(self, group: AttentionGroup, query_tokens: Tokens, key_tokens: Tokens) -> HeadsResult:
        """A copy: it is worked on."""
        measures: dict[str, np.ndarray] = dict(zip(_MEASURES, self.measures.copy(), strict=True))
        is_sampled = not bool(self.is_exact.all())
        return HeadsResult(
            group.name,
            query_tokens,
            key_tokens,
            self.thumbnails.copy(),
            measures,
            is_sampled,
            self.layers,
            words_of(self.marks, key_tokens),
            group.places,
            group.is_causal,
        )


def heads(request: HeadsRequest, model: Model, context: Context) -> HeadsResult:
    """Thumbnails and measures of every head of a group; of a long text from a sample of the rows first.

    Parameters
    ----------
    context
        One checkpoint a block of rows; no more than one block is in memory. What is there when it is cancelled stays
        with the run.

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
    tokens = run.tokens(group)
    n_queries, n_keys = map(len, tokens)
    pool = math.ceil(max(n_queries, n_keys) / request.size)
    marks = marks_of(tokens[1], model.tokenizer)
    is_cross = group.query_axis != group.key_axis
    places = KeyPlaces(tokens[1], model.device, is_cross=is_cross, is_causal=group.is_causal, marks=marks)
    unknown = _SoFar(group.n_heads, (math.ceil(n_queries / pool), math.ceil(n_keys / pool)), marks)
    grid = cast("_SoFar", run.store.setdefault(("heads", group.name, pool), unknown))

    def look(label: str, done: np.ndarray, *, is_exact: bool) -> None:
        """At the heads that are not done yet; now and then what is there is shown."""
        context.checkpoint()
        if done.all():
            return
        shown = time.monotonic()

        @lru_cache(_N_KEPT)  # the rows of all layers are the same
        def around(start: int, stop: int, dtype: torch.dtype) -> Around | None:
            return places.around(rows[start:stop], dtype)

        for layer, call in model.each_call(run, group.name, context):
            context.checkpoint(layer, group.n_layers, f"{label} {layer + 1} of {group.n_layers}")
            rows = torch.arange(n_queries, device=call.device) if is_exact else sampled_rows(call, pool)
            pools = (pool if is_exact else 1, pool)
            for some in _chunks(call, len(rows)):
                if done[layer, some].all():
                    continue
                which = list(range(some.start, some.stop))
                found = _look(call, which, rows, pools, HeadMeasures(len(which), places, _MEASURES), around, context)
                grid.thumbnails[layer, some], grid.measures[:, layer, some] = found
                grid.is_there[layer, some], grid.is_exact[layer, some] = True, is_exact
            if is_long and time.monotonic() > shown + _PAUSES[is_exact]:
                context.partial(grid.result(group, *tokens), is_whole=bool(grid.is_there.all()))
                shown = time.monotonic()

    is_long = sum(group.n_heads) * n_queries * n_keys > _MOST_CELLS_AT_ONCE
    if is_long:
        look("A look at layer", grid.is_there, is_exact=False)
        context.partial(grid.result(group, *tokens))
    look("Heads of layer", grid.is_exact, is_exact=True)
    return grid.result(group, *tokens)


def _look(
    call: AttentionCall,
    heads: list[int],
    rows: Tensor,
    pools: tuple[int, int],
    sums: HeadMeasures,
    around: Callable[[int, int, torch.dtype], Around | None],
    context: Context,
) -> tuple[np.ndarray, np.ndarray]:
    """Thumbnails, uint8 [head, row, column], and measures, [measure, head], of some heads from some of their rows."""
    row_pool, pool = pools
    shape = (len(heads), math.ceil(len(rows) / row_pool), math.ceil(call.n_keys / pool))
    thumbnails = torch.zeros(shape, dtype=torch.uint8, device=call.device)
    for block in _row_blocks(len(rows), row_pool, _BLOCK // (len(heads) * call.n_keys)):
        context.checkpoint()
        pattern = call.patterns(heads, rows[block])
        pixels = _thumbnail(pattern, row_pool, pool)
        top = block.start // row_pool
        there = thumbnails[:, top : top + pixels.shape[1]]
        torch.maximum(there, pixels, out=there)
        sums.add(pattern, slice(None), around(block.start, block.stop, pattern.dtype))
    return thumbnails.cpu().numpy(), np.stack([*sums.means().values()])


def _chunks(call: AttentionCall, n_rows: int) -> Iterator[slice]:
    """Heads that are worked on together: few, so that a block has many rows, which the matrix product is quicker at."""
    most = max(1, _BLOCK // (min(n_rows, ROWS) * call.n_keys))
    size = math.ceil(call.n_heads / math.ceil(call.n_heads / most))
    return (slice(start, min(start + size, call.n_heads)) for start in range(0, call.n_heads, size))


def _row_blocks(n_rows: int, pool: int, size: int) -> Iterator[slice]:
    """Parts of the rows of about `size` rows: whole pixels, or parts of one."""
    if size >= pool:
        step = size // pool * pool
        yield from (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))
        return
    for top in range(0, n_rows, pool):
        bottom = min(top + pool, n_rows)
        yield from (slice(start, min(start + max(1, size), bottom)) for start in range(top, bottom, max(1, size)))


def _thumbnail(pattern: Tensor, row_pool: int, pool: int) -> Tensor:
    """uint8 [head, row, column] of float [head, row, key_pos], maximum over `row_pool` x `pool` cells.

    Two maxima over one axis each are five times faster than one over two axes; the root is cheaper behind them.
    """
    row_pool = min(row_pool, pattern.shape[1])  # part of a pixel need not be filled up to a whole one
    if row_pool > 1:
        if missing := -pattern.shape[1] % row_pool:
            pattern = F.pad(pattern, (0, 0, 0, missing))
        pattern = pattern.unflatten(1, (-1, row_pool)).amax(2)
    if pool > 1:
        pattern = F.max_pool1d(pattern, pool, ceil_mode=True)
    return pattern.sqrt().mul_(255).round_().to(torch.uint8)
