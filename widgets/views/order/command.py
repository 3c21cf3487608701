"""The order of frames on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.inputs import ClipInput, Input, TextInput
from inference.results.order import OrderRequest, OrderResult
from widgets.figure_command import FigureCommand, numbers_of, seed_of
from widgets.views.order.options import OrderOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_arguments(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "--clip", metavar="FILE", help="a film: GIF, WebP, PNG, MP4 or WebM, or a folder of numbered images"
    )
    either.add_argument("--seed", type=seed_of, metavar="SEED", help="a generated film")
    parser.add_argument(
        "--text",
        metavar="TEXT",
        default="",
        help="a sentence for each frame, with full stops (default: what is said of a generated film)",
    )
    parser.add_argument(
        "--frames",
        type=numbers_of,
        default=(),
        metavar="N,...",
        help="frames of the film that the model is shown, as many as it takes (default: one for each event)",
    )
    parser.add_argument(
        "--order",
        type=numbers_of,
        default=(),
        metavar="N,...",
        help="which of these stands at each place, from 0 (default: a mixed one)",
    )


def _request(args: Namespace, info: CheckpointInfo) -> OrderRequest:
    path = os.path.abspath(args.clip) if args.clip is not None else ""
    input = Input(text=TextInput(args.text), clip=ClipInput(path, args.seed or 0, args.frames))
    return OrderRequest(args.checkpoint, input, args.order, OrderOptions.of(args).mask_seed)


def _figure(result: OrderResult, args: Namespace) -> Figure:
    options = OrderOptions.of(args)
    if options.show == "match":
        from widgets.views.order.match_figure import MatchFigure

        return MatchFigure(result, options)
    if options.show == "words":
        from widgets.views.order.words_figure import WordsFigure

        return WordsFigure(result)
    from widgets.views.order.figure import OrderFigure

    return OrderFigure(result, options)


COMMANDS = {
    "order": FigureCommand(
        "frames of a film in any order, and what the model says comes first",
        (),
        _figure,
        _request,
        OrderOptions,
        _add_arguments,
    )
}
