"""Options of the logit lens, and its figure on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.lens import LensRequest, LensResult
from widgets.figure_command import FigureCommand, text_of
from widgets.options import Options, choice, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

Shade = Literal["top", "true", "rank", "entropy"]


@dataclass(frozen=True)
class LensOptions(Options):
    """What is shown of the logit lens."""

    shade: Shade = choice(
        "top",
        {
            "top": "Probability of its word",
            "true": "Probability of the true word",
            "rank": "Rank of the true word",
            "entropy": "Uncertainty (entropy)",
        },
        "Colour",
        "what the colour of a cell says: how probable the layer's best word or the true word is, the rank of the true "
        "word (as 1/rank), or the entropy in bits",
    )
    has_words: bool = switch(
        True, "Words", "Write the layer's best word into each cell, else the number.", flag="words"
    )


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--first", type=int, default=0, metavar="POSITION", help="begin with this token (default 0)")
    parser.add_argument("--top-k", type=int, default=10, metavar="N", help="words told of each layer (default 10)")


def _request(args: Namespace, info: CheckpointInfo) -> LensRequest:
    return LensRequest(args.checkpoint, text_of(args), args.first, args.top_k)


def _figure(result: LensResult, args: Namespace) -> Figure:
    from widgets.views.lens.figure import LensFigure

    return LensFigure(result, LensOptions.of(args))


COMMANDS = {
    "lens": FigureCommand(
        "what every layer would say at every token, if it were the last",
        ("text", "mask"),
        _figure,
        _request,
        LensOptions,
        _add_arguments,
    )
}
