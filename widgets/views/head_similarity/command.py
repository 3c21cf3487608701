"""Options of the similarity of heads, and its figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.head_similarity import HeadSimilarityRequest, HeadSimilarityResult
from widgets.figure_command import FigureCommand, group_of, layer_of, text_of
from widgets.options import Options, choice, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class HeadSimilarityOptions(Options):
    """What is shown of the similarity of heads."""

    order: Literal["head", "alike"] = choice(
        "head",
        {"head": "By number", "alike": "Alike ones together"},
        "Order",
        "heads by their number, or each after the one that it is most like",
    )
    has_numbers: bool = switch(True, "Numbers", "Write the similarity into each cell that has room.", flag="numbers")


def _request(args: Namespace, info: CheckpointInfo) -> HeadSimilarityRequest:
    return HeadSimilarityRequest(args.checkpoint, text_of(args), group_of(args, info), layer_of(args, info))


def _figure(result: HeadSimilarityResult, args: Namespace) -> Figure:
    from widgets.views.head_similarity.figure import HeadSimilarityFigure

    options = HeadSimilarityOptions.of(args)
    return HeadSimilarityFigure(result, None, options.order, options.has_numbers)


COMMANDS = {
    "head-similarity": FigureCommand(
        "how alike the heads of a layer are in what they attend to",
        ("text", "group", "layer"),
        _figure,
        _request,
        HeadSimilarityOptions,
    )
}
