"""Translations and attention to the source on the command line."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from inference.results.translation import TranslationRequest, TranslationResult
from widgets.figure_command import BadOption, FigureCommand, text_of, within
from widgets.views.translation.options import AlignmentOptions, TranslationOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_target(parser: ArgumentParser) -> None:
    parser.add_argument("--prefix", dest="text_pair", metavar="TEXT", help="what the target begins with")
    parser.add_argument("--target", dest="text_pair", help=SUPPRESS)  # as it was called


def _add_whole_target(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--target", dest="text_pair", metavar="TEXT", help="the target (default: what the model writes, greedily)"
    )


def _request(args: Namespace, info: CheckpointInfo) -> TranslationRequest:
    options = TranslationOptions.of(args)
    if options.show == "tree" and options.way != "beam":
        raise BadOption("--show tree needs a beam search: --beams 4, or --decoding beam.")
    return TranslationRequest(
        args.checkpoint,
        text_of(args),
        options.decoding,
        prefix=args.text_pair or "",
        most=options.most,
        n_candidates=options.candidates,
    )


def _figure(result: TranslationResult, args: Namespace) -> Figure:
    from widgets.views.translation.figure import TranslationFigure

    return TranslationFigure(
        result, TranslationOptions.of(args), result.written.n_steps, *_layer_and_head(result, args)
    )


def _cross_request(args: Namespace, info: CheckpointInfo) -> TranslationRequest:
    request = TranslationRequest(args.checkpoint, text_of(args))
    return request if args.text_pair is None else replace(request, prefix=args.text_pair, most=0)


def _cross_figure(result: TranslationResult, args: Namespace) -> Figure:
    from widgets.views.translation.cross_attention import CrossAttentionFigure

    if not len(result.pattern):
        raise BadOption(result.notes[0])
    return CrossAttentionFigure(result, AlignmentOptions.of(args), *_layer_and_head(result, args))


def _layer_and_head(result: TranslationResult, args: Namespace) -> tuple[int, int]:
    n_layers, n_heads = result.pattern.shape[:2]
    if not n_layers:
        return 0, 0
    return within("layer", args.layer or 0, n_layers), within("head", args.head or 0, n_heads)


COMMANDS = {
    "translation": FigureCommand(
        "what an encoder-decoder writes, token by token; GIF, WebP and MP4 show it grow",
        ("text", "layer", "head"),
        _figure,
        _request,
        TranslationOptions,
        _add_target,
        has_film=True,
    ),
    "cross-attention": FigureCommand(
        "what a decoder attends to in its source, of all layers and heads",
        ("text", "layer", "head"),
        _cross_figure,
        _cross_request,
        AlignmentOptions,
        _add_whole_target,
    ),
}
