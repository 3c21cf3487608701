"""Logit attribution on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.attribution import AttributionRequest, AttributionResult
from inference.results.counts import count_of, verb
from widgets.figure_command import BadOption, FigureCommand, text_of
from widgets.views.attribution.options import AttributionOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--position",
        type=int,
        metavar="POSITION",
        help="token at which the word is told (default: the last that is no special one)",
    )


def _request(args: Namespace, info: CheckpointInfo) -> AttributionRequest:
    return AttributionRequest(args.checkpoint, text_of(args), args.position)


def _figure(result: AttributionResult, args: Namespace) -> Figure:
    from widgets.views.attribution.figure import AttributionFigure

    options = AttributionOptions.of(args)
    if options.against == options.word:
        raise BadOption(f"--against {options.against} is the word itself, which leaves nothing; name another one.")
    for name, word in (("word", options.word), ("against", options.against)):
        if word != "none" and options.place_of(word, result) is None:
            n = len(result.words)
            told = f"{count_of(n, 'words')} {verb(n)} told"
            has = "the text does not say which word is true" if word == "true" else told
            raise BadOption(f"--{name} {word} was asked for; at position {result.position} {has}.")
    return AttributionFigure(result, options)


COMMANDS = {
    "attribution": FigureCommand(
        "what every part of a model adds to the logit of a word",
        ("text", "mask"),
        _figure,
        _request,
        AttributionOptions,
        _add_arguments,
    )
}
