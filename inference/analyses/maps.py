"""One head's map at any length: an overview, tiles of it at any zoom, and what single rows attend to."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch

from inference.capture import tiles as parts
from inference.context import Refused
from inference.forward.checks import check_heads, check_layers, group_of
from inference.results.maps import TILE, MapRequest, MapResult, RowsRequest, RowsResult, Tile, TilesRequest, TilesResult

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.forward.model import Model
    from inference.forward.run import Run

_REDUCES = ("max", "mean")
_MOST_PIXELS = 4096
# A map of more cells is shown from a sample of its rows first.
_MOST_CELLS_AT_ONCE = 2**22
_MOST_BYTES_KEPT = 64 * 2**20  # of overviews
_CELLS_OF_ROWS = 2**20


@dataclass
class _Overview:
    """An overview as far as it is exact: the first `n_rows` rows of its pixels."""

    pixels: Tensor
    n_rows: int = 0


def overview(request: MapRequest, model: Model, context: Context) -> MapResult:
    """One head's map from far away; of a long text one from a sample of the rows first.

    Parameters
    ----------
    context
        One checkpoint a block of cells. What is exact when it is cancelled stays with the run.

    Raises
    ------
    Refused
        There is no such group, layer, head or way to pool, or the size is not 1 to 4096; else as `Family.encode`.
    """
    if not 1 <= request.size <= _MOST_PIXELS:
        raise Refused(f"A map of {request.size} pixels was asked for; 1 to {_MOST_PIXELS} are possible.")
    run, call = _call(request, model, context, request.reduce)
    level = max(0, math.ceil(math.log2(max(call.n_queries, call.n_keys) / request.size)))
    norms = _normalisers(run, call, request)

    def result(pixels: Tensor, *, is_sampled: bool) -> MapResult:
        return MapResult(
            request.group, request.layer, request.head, request.reduce,
            *run.tokens(model.info.group(request.group)),
            level, pixels.half().cpu().numpy(), is_sampled,
        )  # fmt: skip

    pool = 2**level
    known = _overview(run, call, request, pool)
    n_pixels = len(known.pixels)
    is_long = call.n_queries * call.n_keys > _MOST_CELLS_AT_ONCE
    if is_long and pool > 1 and known.n_rows < n_pixels:
        sample = parts.sampled_map(call, request.head, pool, request.reduce, norms, context.checkpoint)
        context.partial(result(sample, is_sampled=True))
    # As many rows of pixels at once as make a block of rows.
    step = max(1, parts.ROWS // pool)
    while known.n_rows < n_pixels:
        label = f"Map of layer {request.layer}, head {request.head}" if is_long else ""
        context.checkpoint(known.n_rows, n_pixels, label)
        stop = min(known.n_rows + step, n_pixels)
        rows, cols = slice(known.n_rows * pool, min(stop * pool, call.n_queries)), slice(0, call.n_keys)
        known.pixels[known.n_rows : stop] = parts.tile(
            call, request.head, rows, cols, pool, request.reduce, norms, context.checkpoint
        )
        known.n_rows = stop
    return result(known.pixels, is_sampled=False)


def tiles(request: TilesRequest, model: Model, context: Context) -> TilesResult:
    """Tiles of one head's map, each a partial result as soon as it is there, in the order asked for.

    Parameters
    ----------
    context
        One checkpoint a block of cells.

    Returns
    -------
    TilesResult
        Without tiles: all of them went before.

    Raises
    ------
    Refused
        There is no such group, layer, head, way to pool, level or tile; else as `Family.encode`.
    """
    run, call = _call(request, model, context, request.reduce)
    _check_tiles(request, call)
    norms = _normalisers(run, call, request)
    pool = 2**request.level

    def band(row: int, columns: list[int]) -> Iterator[Tile]:
        """Tiles of a row, from one pass over the keys between the first and the last."""
        rows = _span(row, row, pool, call.n_queries)
        first, last = min(columns), max(columns)
        cols = _span(first, last, pool, call.n_keys)
        pixels = parts.tile(call, request.head, rows, cols, pool, request.reduce, norms, context.checkpoint).half()
        for column in columns:
            across = slice((column - first) * TILE, (column - first + 1) * TILE)
            kinds = None
            if request.with_kinds:
                here = _span(column, column, pool, call.n_keys)
                kinds = parts.tile_kinds(call, request.head, rows, here, pool, context.checkpoint).cpu().numpy()
            yield Tile(row, column, pixels[:, across].cpu().numpy(), kinds)

    def result(ready: tuple[Tile, ...]) -> TilesResult:
        return TilesResult(
            request.group, request.layer, request.head, request.level, request.reduce, ready, call.kind_names
        )

    asked = dict.fromkeys(request.tiles)
    ready: dict[tuple[int, int], Tile] = {}
    for row, column in asked:
        if (row, column) not in ready:
            # Unknown normalisers need all keys of these rows, which then give its other tiles for little more.
            is_known = not norms[_span(row, row, pool, call.n_queries)].isnan().any()
            columns = [column] if is_known else [place[1] for place in asked if place[0] == row]
            ready.update(((tile.row, tile.column), tile) for tile in band(row, columns))
        context.partial(result((ready.pop((row, column)),)))
    return result(())


def rows(request: RowsRequest, model: Model, context: Context) -> RowsResult:
    """What the queries of a span attend to: the mean of their rows.

    Parameters
    ----------
    context
        One checkpoint a block of rows.

    Raises
    ------
    Refused
        There is no such group, layer or head, or the span is empty or goes beyond the text; else as `Family.encode`.
    """
    _, call = _call(request, model, context)
    if not 0 <= request.start < request.stop <= call.n_queries:
        raise Refused(
            f"The rows {request.start} to {request.stop} were asked for; "
            f"a span begins at 0 or later and ends after its beginning, at {call.n_queries} or before."
        )
    total = torch.zeros(call.n_keys, dtype=torch.float64, device=call.device)
    span = torch.arange(request.start, request.stop, device=call.device)
    for block in span.split(max(1, _CELLS_OF_ROWS // call.n_keys)):
        context.checkpoint()
        total += call.patterns([request.head], block)[0].sum(0)
    mean = (total / len(span)).float().cpu().numpy()
    return RowsResult(request.group, request.layer, request.head, request.start, request.stop, mean)


def _call(
    request: MapRequest | TilesRequest | RowsRequest, model: Model, context: Context, reduce: str = "max"
) -> tuple[Run, AttentionCall]:
    """The run and the attention that a request is about."""
    group = group_of(model, request.group)
    check_layers([request.layer], group, model)
    check_heads([request.head], request.layer, group, model)
    if reduce not in _REDUCES:
        raise Refused(f"Cells pooled by {reduce!r} were asked for; there are {' and '.join(_REDUCES)}.")
    context.checkpoint()
    run = model.run(request.input, context)
    return run, model.call(run, group.name, request.layer, context)


def _normalisers(run: Run, call: AttentionCall, request: MapRequest | TilesRequest) -> Tensor:
    """Of the head's rows, as far as they are known: see `inference.capture.tiles`."""
    key = ("normalisers", request.group, request.layer)
    if key not in run.store:
        run.store[key] = torch.full((call.n_heads, call.n_queries), math.nan, dtype=call.dtype, device=call.device)
    return cast("Tensor", run.store[key])[request.head]


def _overview(run: Run, call: AttentionCall, request: MapRequest, pool: int) -> _Overview:
    """What there is of an overview; the ones looked at longest ago are given up."""
    kept = cast("OrderedDict[object, _Overview]", run.store.setdefault("overviews", OrderedDict()))
    key = (request.group, request.layer, request.head, request.reduce, pool)
    if key not in kept:
        shape = math.ceil(call.n_queries / pool), math.ceil(call.n_keys / pool)
        kept[key] = _Overview(torch.zeros(shape, dtype=torch.float16, device=call.device))
        while len(kept) > 1 and sum(one.pixels.nbytes for one in kept.values()) > _MOST_BYTES_KEPT:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _check_tiles(request: TilesRequest, call: AttentionCall) -> None:
    """Raise `Refused` unless the map has that level and these tiles."""
    top = (max(call.n_queries, call.n_keys) - 1).bit_length()  # one pixel
    if not 0 <= request.level <= top:
        raise Refused(f"Level {request.level} was asked for; this map has levels 0 to {top}.")
    side = TILE * 2**request.level
    n_rows, n_columns = math.ceil(call.n_queries / side), math.ceil(call.n_keys / side)
    for row, column in request.tiles:
        if not (0 <= row < n_rows and 0 <= column < n_columns):
            raise Refused(
                f"The tile in row {row}, column {column} was asked for; "
                f"level {request.level} has rows 0 to {n_rows - 1} and columns 0 to {n_columns - 1}."
            )


def _span(first: int, last: int, pool: int, n: int) -> slice:
    """Positions that some tiles cover."""
    side = TILE * pool
    return slice(first * side, min((last + 1) * side, n))
