"""Captions on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.caption import CaptionRequest, CaptionResult
from widgets.figure_command import BadOption, FigureCommand, image_name, image_of, within
from widgets.views.caption.options import CaptionOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_prefix(parser: ArgumentParser) -> None:
    about = "what the caption begins with; of one that is written from the end, what it ends with"
    parser.add_argument("--prefix", default="", metavar="TEXT", help=about)


def _request(args: Namespace, info: CheckpointInfo) -> CaptionRequest:
    options = CaptionOptions.of(args)
    if options.show == "tree" and options.way != "beam":
        raise BadOption("--show tree needs a beam search: --beams 4, or --decoding beam.")
    return CaptionRequest(
        args.checkpoint,
        image_of(args),
        options.decoding,
        is_from_end=options.direction == "end",
        is_blind=options.blind,
        prefix=args.prefix.strip(),
        most=options.most,
        n_candidates=options.candidates,
    )


def _figure(result: CaptionResult, args: Namespace) -> Figure:
    from widgets.views.caption.figure import CaptionFigure

    n_layers, n_heads = result.pattern.shape[:2]
    layer, head = args.layer or 0, args.head or 0
    if n_layers:
        layer, head = within("layer", layer, n_layers), within("head", head, n_heads)
    return CaptionFigure(result, image_name(args), CaptionOptions.of(args), result.written.n_steps, layer, head)


COMMANDS = {
    "caption": FigureCommand(
        "what a model writes of an image, and where each word looks; GIF, WebP and MP4 show it grow",
        ("image", "layer", "head"),
        _figure,
        _request,
        CaptionOptions,
        _add_prefix,
        has_film=True,
    )
}
