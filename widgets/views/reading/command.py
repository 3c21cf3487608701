"""Surprisal over a text on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.reading import ReadingRequest, ReadingResult
from widgets.figure_command import FigureCommand, text_of
from widgets.views.reading.options import ReadingOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


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
