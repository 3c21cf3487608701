"""The figures of attention that the command line can make, of texts of any length."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.checkpoint import CheckpointInfo
from inference.results.heads import HeadsRequest, HeadsResult
from inference.results.lines import LinesRequest, LinesResult
from inference.results.maps import MapRequest, MapResult, TilesRequest, TilesResult
from inference.results.measures import MeasuresRequest, MeasuresResult
from widgets.figure_command import BadOption, FigureCommand, Requests, group_of, text_of, within
from widgets.kit.text_length import WHOLE, most_tokens

if TYPE_CHECKING:
    from widgets.figures.figure import Figure
    from widgets.maps.region import Region

_MOST_PIXELS = 1024  # a side of a region; of more cells several share a pixel


def _chosen(number: int | None, is_image: bool) -> tuple[int, ...]:
    """One layer or head for a picture; for numbers all, unless one is asked for."""
    if number is None:
        return (0,) if is_image else ()
    return (number,)


def _lengths(args: Namespace, info: CheckpointInfo) -> LinesRequest:
    """The cheapest question whose answer has the tokens of both axes."""
    return LinesRequest(args.checkpoint, text_of(args), group_of(args, info), args.layer or 0, (0,), 0, 1, 1.0)


def _span(option: str, span: slice | None, n: int) -> range:
    """Positions of a span, which must lie within the text."""
    start, stop = (0, n) if span is None else (span.start or 0, n if span.stop is None else span.stop)
    if not start < stop <= n:
        raise BadOption(f"--{option} {start}:{stop} goes beyond the text, whose positions are 0 to {n - 1}.")
    return range(start, stop)


# Attention


def _attention_request(args: Namespace, info: CheckpointInfo) -> Requests:
    is_image = args.out.suffix.lower() != ".npz"
    has_region = args.rows is not None or args.columns is not None
    changes = ("--aggregate", args.aggregate != "head"), ("--merge-words", args.merge_words)
    changes = (*changes, ("--hide-special", args.hide_special))
    changed = next((option for option, is_it in changes if is_it), "")
    if has_region and changed:
        raise BadOption(f"{changed} needs the whole pattern: leave --rows and --columns out.")
    is_long = has_region
    if is_image and not changed and not has_region and most_tokens(text_of(args)) > WHOLE:
        known = yield _lengths(args, info)
        assert isinstance(known, LinesResult)
        is_long = max(len(known.query_tokens), len(known.key_tokens)) > WHOLE
    if is_long:
        return (yield from _region_requests(args, info))
    heads = _chosen(args.head, is_image) if args.aggregate == "head" or not is_image else ()
    layers = _chosen(args.layer, is_image)
    return (yield AttentionRequest(args.checkpoint, text_of(args), group_of(args, info), layers, heads))


def _region_requests(args: Namespace, info: CheckpointInfo) -> Requests:
    """A part of a map: exact where a pixel is a cell, pooled otherwise."""
    from widgets.maps.region import Region, level_for, places_of

    known = yield _lengths(args, info)
    assert isinstance(known, LinesResult)
    rows = _span("rows", args.rows, len(known.query_tokens))
    columns = _span("columns", args.columns, len(known.key_tokens))
    level = level_for(rows, columns, _MOST_PIXELS)
    of = (args.checkpoint, text_of(args), group_of(args, info), args.layer or 0, args.head or 0)
    places = places_of(level, rows, columns, len(known.query_tokens), len(known.key_tokens))
    tiles = yield TilesRequest(*of, level, places, args.reduce)
    assert isinstance(tiles, TilesResult)
    overview: MapResult | None = None
    if args.normalisation == "row" and args.reduce == "max":
        answer = yield MapRequest(*of)  # the largest number of every row
        assert isinstance(answer, MapResult)
        overview = answer
    return Region(known.query_tokens, known.key_tokens, rows, columns, tiles, overview)


def _attention_figure(result: AttentionResult | Region, args: Namespace) -> Figure:
    from widgets.views.attention.figure import AttentionFigure

    if not isinstance(result, AttentionResult):
        return result.figure(args.normalisation)
    return AttentionFigure(
        result,
        result.layers[0],
        result.heads[0],
        aggregate=args.aggregate,
        normalisation=args.normalisation,
        hide_special=args.hide_special,
        merge_words=args.merge_words,
    )


# Arcs


def _arcs_request(args: Namespace, info: CheckpointInfo) -> Requests:
    heads = _chosen(args.head, is_image=False)
    of = (args.checkpoint, text_of(args), group_of(args, info))
    if args.rows is None and most_tokens(text_of(args)) <= WHOLE:
        return (yield AttentionRequest(*of, (args.layer or 0,), heads))
    known = yield _lengths(args, info)
    assert isinstance(known, LinesResult)
    n = len(known.query_tokens)
    if args.rows is None and max(n, len(known.key_tokens)) <= WHOLE:
        return (yield AttentionRequest(*of, (args.layer or 0,), heads))
    if args.rows is None:
        raise BadOption(f"The text has {n:,} tokens; choose the queries whose lines are drawn, such as --rows 0:60.")
    rows = _span("rows", args.rows, n)
    return (yield LinesRequest(*of, args.layer or 0, heads, rows.start, rows.stop, args.threshold))


def _arcs_figure(result: AttentionResult | LinesResult, args: Namespace) -> Figure:
    from widgets.views.arcs.figure import ArcsFigure
    from widgets.views.arcs.long_arcs import LongArcsFigure

    if isinstance(result, AttentionResult):
        return ArcsFigure(result, threshold=args.threshold, hide_special=args.hide_special)
    window = range(result.start, result.stop)
    return LongArcsFigure(result, threshold=args.threshold, hide_special=args.hide_special, window=window)


# All heads


def _heads_request(args: Namespace, info: CheckpointInfo) -> HeadsRequest:
    return HeadsRequest(args.checkpoint, text_of(args), group_of(args, info))


def _heads_figure(result: HeadsResult, args: Namespace) -> Figure:
    from widgets.views.heads.figure import HeadsFigure

    return HeadsFigure(result, selected=_selected(args, *result.thumbnails.shape[:2]))


def _selected(args: Namespace, n_layers: int, n_heads: int) -> tuple[int, int] | None:
    """The head that is framed, if one is asked for."""
    if args.layer is None and args.head is None:
        return None
    return within("layer", args.layer or 0, n_layers), within("head", args.head or 0, n_heads)


def _measures_request(args: Namespace, info: CheckpointInfo) -> MeasuresRequest:
    return MeasuresRequest(args.checkpoint, text_of(args), group_of(args, info))


def _measures_figure(result: MeasuresResult, args: Namespace) -> Figure:
    from widgets.figures.head_measures import Place
    from widgets.views.measures.figure import MeasuresFigure
    from widgets.views.measures.head_scatter import HeadScatter

    selected = _selected(args, *result.measures["entropy"].shape)
    scatter = HeadScatter(result, args.across, args.up, Place(*selected) if selected else None)
    return MeasuresFigure(scatter, args.sort, is_falling=args.sort != "layer")


ATTENTION_FIGURES: dict[str, FigureCommand] = {
    "attention": FigureCommand(
        "one head as a heat map, or a part of it; NPZ holds all layers and heads unless some are chosen",
        ("text", "group", "layer", "head", "attention", "special"),
        _attention_figure,
        _attention_request,
    ),
    "heads": FigureCommand(
        "every head of a group at a glance; a chosen one is framed",
        ("text", "group", "layer", "head"),
        _heads_figure,
        _heads_request,
    ),
    "measures": FigureCommand(
        "measures of every head: a table, and two of them against each other; a chosen head is marked",
        ("text", "group", "layer", "head", "measures"),
        _measures_figure,
        _measures_request,
    ),
    "arcs": FigureCommand(
        "the two token columns joined by lines, one head or all of a layer",
        ("text", "group", "layer", "head", "arcs", "special"),
        _arcs_figure,
        _arcs_request,
    ),
}
