"""Films as visual words, on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.inputs import ClipInput, Input, TextInput
from inference.results.visual_words import VisualWordsRequest, VisualWordsResult
from widgets.figure_command import FigureCommand, numbers_of, seed_of
from widgets.views.visual_words.options import VisualWordsOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_arguments(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "--clip", metavar="FILE", help="a film: GIF, WebP, PNG, MP4 or WebM, or a folder of numbered images"
    )
    either.add_argument("--seed", type=seed_of, metavar="SEED", help="a generated film")
    about = "the text beside it, in which [MASK] may stand; without one, what is said of a generated film"
    parser.add_argument("--text", default="", metavar="TEXT", help=about)
    parser.add_argument("--mask", type=numbers_of, default=(), metavar="POS,...", help="words to mask, such as 3,5")
    parser.add_argument("--hide", type=numbers_of, default=(), metavar="CHIP,...", help="chips to hide, such as 3,5")


def _request(args: Namespace, info: CheckpointInfo) -> VisualWordsRequest:
    options = VisualWordsOptions.of(args)
    path = os.path.abspath(args.clip) if args.clip is not None else ""
    input = Input(text=TextInput(args.text, masked=args.mask), clip=ClipInput(path, args.seed or 0))
    last = -1 if options.last is None else options.last
    return VisualWordsRequest(args.checkpoint, input, args.hide, options.first, last, options.seen, options.guesses)


def _figure(result: VisualWordsResult, args: Namespace) -> Figure:
    show = VisualWordsOptions.of(args).show
    if show == "hidden":
        from widgets.views.visual_words.figure import VisualWordsFigure

        return VisualWordsFigure(result)
    from widgets.views.visual_words.next_figure import VisualWordsNextFigure, VisualWordsTextFigure

    return VisualWordsNextFigure(result) if show == "next" else VisualWordsTextFigure(result)


COMMANDS = {
    "visual-words": FigureCommand(
        "a film as visual words beside a text: what is named behind masks, and what comes next",
        (),
        _figure,
        _request,
        VisualWordsOptions,
        _add_arguments,
    )
}
