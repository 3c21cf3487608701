"""Options of surprisal over a text, and its figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.reading import ReadingRequest, ReadingResult
from widgets.figure_command import FigureCommand, text_of
from widgets.options import Options, choice, number, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class ReadingOptions(Options):
    """What is shown over the tokens of a text."""

    bars: Literal["surprisal", "entropy"] = choice(
        "surprisal",
        {"surprisal": "Surprisal of the token", "entropy": "Uncertainty before it"},
        "Bars",
        "surprisal: minus the logarithm of the token's probability; uncertainty: entropy of what was expected; in bits",
    )
    has_numbers: bool = switch(True, "Numbers", "Write the bits over each bar.", flag="numbers")
    top_k: int = number(10, 1, 100, "Words expected", "Words told of each place")


def _request(args: Namespace, info: CheckpointInfo) -> ReadingRequest:
    return ReadingRequest(args.checkpoint, text_of(args), args.top_k)


def _figure(result: ReadingResult, args: Namespace) -> Figure:
    from widgets.views.reading.figure import ReadingFigure

    return ReadingFigure(result, ReadingOptions.of(args))


COMMANDS = {
    "reading": FigureCommand(
        "how surprised a model is by every token of a text", ("text",), _figure, _request, ReadingOptions
    )
}
