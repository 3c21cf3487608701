"""Options of attention maps, and their figure on the command line, of texts of any length."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.lines import LinesResult
from inference.results.maps import MapRequest, MapResult, TilesRequest, TilesResult
from widgets.figure_command import BadOption, FigureCommand, Requests, group_of, layer_of, lengths, span, text_of
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.options import check_limits
from widgets.views.attention.options import AttentionOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure
    from widgets.maps.region import Region

_MOST_PIXELS = 1024  # a side of a region; of more cells several share a pixel


def _request(args: Namespace, info: CheckpointInfo) -> Requests:
    check_limits(args.low, args.high)
    is_image = args.out.suffix.lower() != ".npz"
    has_region = args.rows is not None or args.columns is not None
    changes = (
        ("--aggregate", args.aggregate != "head"),
        ("--merge-words", args.merge_words),
        ("--hide-special", args.hide_special),
        ("--low", args.low is not None),
        ("--high", args.high is not None),
    )
    changed = next((option for option, is_it in changes if is_it), "")
    if has_region and changed:
        raise BadOption(f"{changed} needs the whole pattern: leave --rows and --columns out.")
    is_long = has_region
    if is_image and not changed and not has_region and most_tokens(text_of(args)) > WHOLE:
        known = yield lengths(args, info)
        assert isinstance(known, LinesResult)
        is_long = max(len(known.query_tokens), len(known.key_tokens)) > WHOLE
    if is_long:
        return (yield from _region_requests(args, info))
    # One layer or head for a picture; for numbers all, unless one is asked for.
    has_all_heads = args.aggregate != "head" if is_image else args.head is None
    heads = () if has_all_heads else (args.head or 0,)
    layer = layer_of(args, info)
    layers = (layer,) if is_image or args.layer is not None else ()
    return (yield AttentionRequest(args.checkpoint, text_of(args), group_of(args, info), layers, heads))


def _region_requests(args: Namespace, info: CheckpointInfo) -> Requests:
    """A part of a map: exact where a pixel is a cell, pooled otherwise."""
    from widgets.maps.region import Region, level_for, tiles_of

    known = yield lengths(args, info)
    assert isinstance(known, LinesResult)
    rows = span("rows", args.rows, len(known.query_tokens))
    columns = span("columns", args.columns, len(known.key_tokens))
    level = level_for(rows, columns, _MOST_PIXELS)
    of = (args.checkpoint, text_of(args), group_of(args, info), layer_of(args, info), args.head or 0)
    wanted = tiles_of(level, rows, columns, len(known.query_tokens), len(known.key_tokens))
    tiles = yield TilesRequest(*of, level, wanted, args.reduce)
    assert isinstance(tiles, TilesResult)
    overview: MapResult | None = None
    if args.scale == "row" and args.reduce == "max":
        answer = yield MapRequest(*of)  # the largest number of every row
        assert isinstance(answer, MapResult)
        overview = answer
    return Region(known.query_tokens, known.key_tokens, rows, columns, tiles, overview)


def _figure(result: AttentionResult | Region, args: Namespace) -> Figure:
    from widgets.views.attention.figure import AttentionFigure

    options = AttentionOptions.of(args)
    if not isinstance(result, AttentionResult):
        return result.figure(options.scale)
    return AttentionFigure(result, result.layers[0], result.heads[0], options)


COMMANDS = {
    "attention": FigureCommand(
        "one head as a heat map, or a part of it; NPZ holds all layers and heads unless some are chosen",
        ("text", "group", "layer", "head", "rows", "columns"),
        _figure,
        _request,
        AttentionOptions,
    )
}
