"""Options of the dot product, and its figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.scaled_dot import ScaledDotRequest, ScaledDotResult
from widgets.figure_command import BadOption, FigureCommand, group_of, layer_of, text_of
from widgets.views.scaled_dot.options import ScaledDotOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> ScaledDotRequest:
    group = group_of(args, info)
    return ScaledDotRequest(args.checkpoint, text_of(args), group, layer_of(args, info), args.head or 0, args.query)


def _figure(result: ScaledDotResult, args: Namespace) -> Figure:
    from widgets.views.scaled_dot.figure import ScaledDotFigure

    figure = ScaledDotFigure(result, ScaledDotOptions.of(args))
    if args.step > len(figure.steps):
        raise BadOption(f"There is no step {args.step}; there are {len(figure.steps)}, counted from 1.")
    return figure


COMMANDS = {
    "dot-product": FigureCommand(
        "the attention formula with the numbers of one query",
        ("text", "group", "layer", "head", "query"),
        _figure,
        _request,
        ScaledDotOptions,
    )
}
