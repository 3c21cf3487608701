"""Parts of a head's map at any zoom, exact, from blocks of scores that stay in the cache.

A row of a map is the softmax over all its keys. Its normaliser, the logarithm of the sum of exponentials, is one number
a row: once it is known, any cells of the row cost no more than their own scores. So `normalisers`, float [query_pos],
NaN where not known yet, is handed from call to call, and filled on the way.

The softmax of a block of keys differs from the map by one factor a row, so a block is reduced to pixels before it is
put to scale, and nothing of the size of the map ever exists.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.capture.attention_call import AttentionCall

# Query rows and cells of a block. On a CPU a block's 4 MB stay in the cache, and fewer rows would leave the matrix
# product waiting for the keys; a GPU wants more to do at once.
ROWS = 256
_CELLS_CPU, _CELLS_GPU = 2**20, 2**26


def nothing() -> None:
    """Never cancelled."""


def tile(
    call: AttentionCall,
    head: int,
    rows: slice,
    cols: slice,
    pool: int,
    reduce: str,
    normalisers: Tensor,
    checkpoint: Callable[[], None] = nothing,
) -> Tensor:
    """A part of a map, a pixel for `pool` x `pool` cells.

    Parameters
    ----------
    rows, cols
        Query and key positions; both begin at a multiple of `pool`, which is a power of two.
    reduce
        `max` or `mean` over the cells of a pixel; the last pixels of a map have fewer cells.
    normalisers
        Of this head, see above; those of `rows` are known afterwards.
    checkpoint
        Called before each block; may raise.

    Returns
    -------
    float32 (float64 for models in float64) [pixel_row, pixel_column], 0-1; 0 where nothing is seen.
    """
    # Pixels of more rows than a block has are put together from smaller ones.
    fine = min(pool, ROWS)
    strips = [
        _over_rows(_strip(call, head, block, cols, fine, reduce, normalisers, checkpoint), fine, reduce)
        for block in torch.arange(rows.start, rows.stop, device=call.device).split(ROWS)
    ]
    pixels = _over_columns(_over_rows(torch.cat(strips), pool // fine, reduce), pool // fine, reduce)
    if reduce == "mean":
        pixels /= _sizes(rows.stop - rows.start, pool, pixels)[:, None] * _sizes(cols.stop - cols.start, pool, pixels)
    return pixels


def sampled_map(
    call: AttentionCall,
    head: int,
    pool: int,
    reduce: str,
    normalisers: Tensor,
    checkpoint: Callable[[], None] = nothing,
) -> Tensor:
    """The whole map as `tile` gives it, but with one query, the middle one, for all the rows of a pixel."""
    strips = [
        _strip(call, head, block, slice(0, call.n_keys), pool, reduce, normalisers, checkpoint)
        for block in sampled_rows(call, pool).split(ROWS)
    ]
    pixels = torch.cat(strips)
    return pixels if reduce == "max" else pixels / _sizes(call.n_keys, pool, pixels)


def sampled_rows(call: AttentionCall, pool: int) -> Tensor:
    """The query that stands for each row of pixels, int64 [pixel_row]."""
    rows = torch.arange(pool // 2, call.n_queries + pool // 2, pool, device=call.device)
    return rows.clamp_(max=call.n_queries - 1)


def tile_kinds(
    call: AttentionCall, head: int, rows: slice, cols: slice, pool: int, checkpoint: Callable[[], None] = nothing
) -> Tensor:
    """Which kind of cell each pixel shows, of several the highest: uint8 [pixel_row, pixel_column]; see `tile`."""

    def reduced(kinds: Tensor, pool: int) -> Tensor:
        return _over_rows(_over_rows(kinds, pool, "max").T, pool, "max").T

    fine = min(pool, ROWS)
    strips = []
    for block in torch.arange(rows.start, rows.stop, device=call.device).split(ROWS):
        parts = []
        for keys in _steps(cols.start, cols.stop, _n_keys(call, fine)):
            checkpoint()
            parts.append(reduced(call.kinds([head], block, keys)[0], fine))
        strips.append(torch.cat(parts, 1))
    return reduced(torch.cat(strips), pool // fine)


def _strip(
    call: AttentionCall,
    head: int,
    rows: Tensor,
    cols: slice,
    pool: int,
    reduce: str,
    normalisers: Tensor,
    checkpoint: Callable[[], None],
) -> Tensor:
    """Maximum or sum over every `pool` keys of `cols`, [row, pixel_column]; learns the normalisers of `rows`."""
    if not call.has_qk:  # what was caught needs none
        normalisers[rows] = call.log_sum_exp([head], rows)[0]
    is_known = not bool(normalisers[rows].isnan().any())
    step = _n_keys(call, pool)
    inside = list(_steps(cols.start, cols.stop, step))
    outside = [] if is_known else [*_steps(0, cols.start, step), *_steps(cols.stop, call.n_keys, step)]
    # Behind the last query of a causal map nothing is seen.
    end = min(call.n_keys, int(rows.max()) + 1) if call.is_causal else call.n_keys

    pixels = torch.zeros((len(rows), math.ceil((cols.stop - cols.start) / pool)), dtype=call.dtype, device=rows.device)
    total = torch.full((len(rows),), -math.inf, dtype=call.dtype, device=rows.device)
    parts: list[tuple[Tensor, Tensor]] = []
    for keys in inside + outside:
        if keys.start >= end:
            continue
        checkpoint()
        pattern, norm = _softmax(call.scores([head], rows, slice(keys.start, min(keys.stop, end)))[0])
        total = torch.logaddexp(total, norm)
        if cols.start <= keys.start < cols.stop:
            reduced = _over_columns(pattern, pool, reduce)
            first = (keys.start - cols.start) // pool
            part = pixels[:, first : first + reduced.shape[1]]
            part.copy_(reduced)
            parts.append((part, norm))
    if is_known:
        total = normalisers[rows]
    else:
        normalisers[rows] = total.to(normalisers.dtype)
    for part, norm in parts:
        # Where a row sees nothing of a block, its softmax is not a number.
        part.mul_((norm - total).exp()[:, None]).masked_fill_((norm == -math.inf)[:, None], 0)
    return pixels


def _softmax(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax of each row, [row, key], and the logarithm of its sum of exponentials, [row].

    At its maximum the softmax is exp(0) / sum: reading the sum off there saves a second pass of exponentials.
    """
    top = scores.amax(1)
    pattern = scores.softmax(1)
    norm = top - pattern.amax(1).log_()
    return pattern, norm.masked_fill_(top == -math.inf, -math.inf)


def _n_keys(call: AttentionCall, pool: int) -> int:
    """Keys of a block, whole pixels."""
    cells = _CELLS_CPU if call.device.type == "cpu" else _CELLS_GPU
    return max(1, cells // ROWS // pool) * pool


def _steps(start: int, stop: int, step: int) -> Iterator[slice]:
    return (slice(at, min(at + step, stop)) for at in range(start, stop, step))


def _over_columns(values: Tensor, pool: int, reduce: str) -> Tensor:
    """Maximum or sum over every `pool` columns of [row, column]; these are torch's fastest ways to it."""
    if pool == 1:
        return values
    if reduce == "max":
        return F.max_pool1d(values, pool, ceil_mode=True)
    return _padded(values, pool, 1).unflatten(1, (-1, pool)) @ values.new_ones(pool)


def _over_rows(values: Tensor, pool: int, reduce: str) -> Tensor:
    """The same over rows."""
    if pool == 1:
        return values
    values = _padded(values, pool, 0).unflatten(0, (-1, pool))
    return values.amax(1) if reduce == "max" else values.sum(1)


def _padded(values: Tensor, pool: int, axis: int) -> Tensor:
    """With zeros behind, up to whole pixels."""
    missing = -values.shape[axis] % pool
    return F.pad(values, (0, 0, 0, missing) if axis == 0 else (0, missing)) if missing else values


def _sizes(n: int, pool: int, like: Tensor) -> Tensor:
    """How many cells each pixel along an axis of `n` cells covers."""
    return (n - torch.arange(0, n, pool, device=like.device)).clamp_(max=pool).to(like.dtype)
