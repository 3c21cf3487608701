"""The figures of attention that the command line can make, of texts of any length."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.checkpoint import CheckpointInfo
from inference.results.lines import LinesRequest, LinesResult
from inference.results.measures import MeasuresRequest, MeasuresResult
from widgets.figure_command import BadOption, FigureCommand, Requests, group_of, lengths, span, text_of, within
from widgets.kit.text_length import WHOLE, most_tokens

if TYPE_CHECKING:
    from widgets.figures.figure import Figure


def _chosen(number: int | None, is_image: bool) -> tuple[int, ...]:
    """One layer or head for a picture; for numbers all, unless one is asked for."""
    if number is None:
        return (0,) if is_image else ()
    return (number,)


# Arcs


def _arcs_request(args: Namespace, info: CheckpointInfo) -> Requests:
    heads = _chosen(args.head, is_image=False)
    of = (args.checkpoint, text_of(args), group_of(args, info))
    if args.rows is None and most_tokens(text_of(args)) <= WHOLE:
        return (yield AttentionRequest(*of, (args.layer or 0,), heads))
    known = yield lengths(args, info)
    assert isinstance(known, LinesResult)
    n = len(known.query_tokens)
    if args.rows is None and max(n, len(known.key_tokens)) <= WHOLE:
        return (yield AttentionRequest(*of, (args.layer or 0,), heads))
    if args.rows is None:
        raise BadOption(f"The text has {n:,} tokens; choose the queries whose lines are drawn, such as --rows 0:60.")
    rows = span("rows", args.rows, n)
    return (yield LinesRequest(*of, args.layer or 0, heads, rows.start, rows.stop, args.threshold))


def _arcs_figure(result: AttentionResult | LinesResult, args: Namespace) -> Figure:
    from widgets.views.arcs.figure import ArcsFigure
    from widgets.views.arcs.long_arcs import LongArcsFigure

    if isinstance(result, AttentionResult):
        return ArcsFigure(result, threshold=args.threshold, hide_special=args.hide_special)
    window = range(result.start, result.stop)
    return LongArcsFigure(result, threshold=args.threshold, hide_special=args.hide_special, window=window)


# Measures


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
