"""Surprisal over a text on the command line, and over another one or by another checkpoint beside it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from inference.results.checkpoint import CheckpointInfo, InspectRequest, in_own_precision
from inference.results.reading import ReadingRequest, ReadingResult
from widgets.figure_command import FigureCommand, Requests, text_of
from widgets.views.reading.options import ReadingOptions

if TYPE_CHECKING:
    from inference.results.inputs import Input
    from widgets.kit.figure import Figure


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--against-text", metavar="TEXT", help="another text, shown above on the same scale")
    parser.add_argument(
        "--against-checkpoint", metavar="PATH", help="another checkpoint, whose numbers are shown above on one scale"
    )


def _request(args: Namespace, info: CheckpointInfo) -> ReadingRequest | Requests:
    now = ReadingRequest(args.checkpoint, text_of(args), args.top_k)
    if args.against_text is None and args.against_checkpoint is None:
        return now
    return _both(args, info, now)


def _both(args: Namespace, info: CheckpointInfo, now: ReadingRequest) -> Requests:
    """The other one first: what is said of a checkpoint and an input is about the last."""
    checkpoint, name, input = now.checkpoint, info.name, now.input
    if args.against_checkpoint is not None:
        other = yield InspectRequest(in_own_precision(args.against_checkpoint, is_own=args.precision == "file"))
        assert isinstance(other, CheckpointInfo)
        checkpoint, name = other.checkpoint, other.name
    if args.against_text is not None and input.text is not None:
        text = replace(input.text, text=args.against_text, text_pair=None, token_ids=None)
        input = replace(input, text=text)
    kept = yield ReadingRequest(checkpoint, input, now.top_k)
    found = yield now
    return (kept, _title(name, input)), (found, _title(info.name, now.input))


def _title(name: str, input: Input) -> str:
    text = input.text
    if text is None:
        return name
    if text.token_ids is not None:
        return f"{name} · ids {' '.join(map(str, text.token_ids))}"
    return " · ".join(part for part in (name, text.text, text.text_pair) if part)


def _figure(result: ReadingResult | tuple[tuple[ReadingResult, str], ...], args: Namespace) -> Figure:
    from widgets.views.reading.compared import ComparedReadings, TitledReading
    from widgets.views.reading.figure import ReadingFigure

    options = ReadingOptions.of(args)
    if isinstance(result, tuple):
        kept, now = (TitledReading(*each) for each in result)
        return ComparedReadings(kept, now, options)
    return ReadingFigure(result, options)


COMMANDS = {
    "reading": FigureCommand(
        "how surprised a model is by every token of a text, by itself or beside another",
        ("text",),
        _figure,
        _request,
        ReadingOptions,
        _add_arguments,
    )
}
