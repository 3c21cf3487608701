"""Options of the heads at a glance, and their figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.heads import HeadsRequest, HeadsResult
from widgets.figure_command import FigureCommand, group_of, text_of, within
from widgets.options import Options, choice

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

# As the user reads them, by their names in results.
MEASURES = {
    "entropy": "Entropy",
    "distance": "Mean distance",
    "previous": "Previous token",
    "next": "Next token",
    "same": "Itself",
    "cls": "[CLS]",
    "sep": "[SEP]",
}


@dataclass(frozen=True)
class HeadsOptions(Options):
    """In which order the heads of a group are shown, and by what they are marked."""

    order: str = choice(
        "layer",
        {"layer": "By layer and head", **MEASURES},
        "Order",
        "by layer and head, or by a measure, the highest first",
    )
    mark: str = choice(
        "nothing",
        {"nothing": "Nothing", **MEASURES},
        "Mark",
        "a measure as bar and number under each head, the highest marked",
    )


def _request(args: Namespace, info: CheckpointInfo) -> HeadsRequest:
    return HeadsRequest(args.checkpoint, text_of(args), group_of(args, info))


def _figure(result: HeadsResult, args: Namespace) -> Figure:
    from widgets.views.heads.figure import HeadsFigure

    n_layers, n_heads = result.thumbnails.shape[:2]
    selected = None
    if args.layer is not None or args.head is not None:
        selected = within("layer", args.layer or 0, n_layers), within("head", args.head or 0, n_heads)
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
