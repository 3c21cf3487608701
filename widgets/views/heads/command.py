"""Options of the heads at a glance, and their figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.heads import HeadsRequest, HeadsResult
from widgets.figure_command import FigureCommand, group_of, layer_of, text_of, within
from widgets.views.heads.options import HeadsOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> HeadsRequest:
    layer_of(args, info)  # refuses what is not there before anything is computed
    return HeadsRequest(args.checkpoint, text_of(args), group_of(args, info))


def _figure(result: HeadsResult, args: Namespace) -> Figure:
    from widgets.views.heads.figure import HeadsFigure

    n_layers, n_heads = result.thumbnails.shape[:2]
    selected = None
    if args.layer is not None or args.head is not None:
        first = result.layers[0] if result.layers else 0
        layer = within("layer", first if args.layer is None else args.layer, n_layers)
        selected = layer, within("head", args.head or 0, n_heads)
    return HeadsFigure(result, HeadsOptions.of(args), selected)


COMMANDS = {
    "heads": FigureCommand(
        "every head of a group at a glance; a chosen one is framed",
        ("text", "group", "layer", "head"),
        _figure,
        _request,
        HeadsOptions,
    )
}
