"""Options of the rollout, and its figure on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.rollout import RolloutRequest, RolloutResult
from widgets.figure_command import FigureCommand, Requests, group_of, layer_of, text_of, within
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.views.rollout.options import RolloutOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_query(parser: ArgumentParser) -> None:
    parser.add_argument("--query", type=int, metavar="POS", help="whose bars are shown (default: in the middle)")


def _request(args: Namespace, info: CheckpointInfo) -> Requests:
    of = (args.checkpoint, text_of(args), group_of(args, info))
    within("layer", layer_of(args, info), info.group(of[2]).n_layers)
    if args.show == "map" or (args.query is None and most_tokens(text_of(args)) <= WHOLE):
        return (yield RolloutRequest(*of))
    return (yield RolloutRequest(*of, None if args.query is None else (args.query,)))


def _figure(result: RolloutResult, args: Namespace) -> Figure:
    from widgets.views.rollout.figure import RolloutFigure

    layer = result.layers[-1] if args.layer is None else args.layer
    query = result.default_query
    if args.query is not None:
        query = within("query", args.query, len(result.query_tokens))
    return RolloutFigure(result, layer, query, RolloutOptions.of(args))


COMMANDS = {
    "rollout": FigureCommand(
        "attention rolled out over the layers, beside the mean attention",
        ("text", "group", "layer"),
        _figure,
        _request,
        RolloutOptions,
        _add_query,
    )
}
