"""The logit lens on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.lens import LensRequest, LensResult
from widgets.figure_command import FigureCommand, text_of
from widgets.views.lens.options import LensOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


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
