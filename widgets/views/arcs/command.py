"""Options of arcs, and their figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.lines import LinesRequest, LinesResult
from widgets.figure_command import BadOption, FigureCommand, Requests, group_of, layer_of, lengths, span, text_of
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.views.arcs.options import ArcsOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> Requests:
    heads = () if args.head is None else (args.head,)
    of = (args.checkpoint, text_of(args), group_of(args, info))
    if args.rows is None and most_tokens(text_of(args)) <= WHOLE:
        return (yield AttentionRequest(*of, (layer_of(args, info),), heads))
    known = yield lengths(args, info)
    assert isinstance(known, LinesResult)
    n = len(known.query_tokens)
    if args.rows is None and max(n, len(known.key_tokens)) <= WHOLE:
        return (yield AttentionRequest(*of, (layer_of(args, info),), heads))
    if args.rows is None:
        raise BadOption(f"The text has {n:,} tokens; choose the queries whose lines are drawn, such as --rows 0:60.")
    rows = span("rows", args.rows, n)
    return (yield LinesRequest(*of, layer_of(args, info), heads, rows.start, rows.stop, args.threshold))


def _figure(result: AttentionResult | LinesResult, args: Namespace) -> Figure:
    from widgets.views.arcs.figure import ArcsFigure
    from widgets.views.arcs.long_arcs import LongArcsFigure

    options = ArcsOptions.of(args)
    if isinstance(result, AttentionResult):
        return ArcsFigure(result, options)
    return LongArcsFigure(result, options, window=range(result.start, result.stop))


COMMANDS = {
    "arcs": FigureCommand(
        "queries and keys in two columns joined by lines, one head or all of a layer",
        ("text", "group", "layer", "head", "rows"),
        _figure,
        _request,
        ArcsOptions,
    )
}
