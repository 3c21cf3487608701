"""Texts that a language model writes on, on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.generation import GenerationRequest, GenerationResult
from widgets.figure_command import BadOption, FigureCommand, text_of, within
from widgets.views.generation.options import GenerationOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> GenerationRequest:
    options = GenerationOptions.of(args)
    if options.show == "tree" and options.way != "beam":
        raise BadOption("--show tree needs a beam search: --beams 4, or --decoding beam.")
    if options.task == "message" and not info.has_chat_template:
        raise BadOption(f"{info.name} has no chat template; leave --task message out.")
    if options.task != "message" and (options.system or options.thinks is not None):
        raise BadOption("--system and --thinking are for a message; add --task message.")
    group = info.group("")
    if group.layers:
        within("layer", args.layer or 0, group.n_layers)
        within("head", args.head or 0, max(group.n_heads))
    elif args.layer is not None or args.head is not None:
        raise BadOption(f"{info.name} has no self-attention; leave --layer and --head out.")
    return GenerationRequest(
        args.checkpoint,
        text_of(args),
        options.decoding,
        most=options.most,
        n_candidates=options.candidates,
        task=options.task,
        system=options.system,
        thinks=options.thinks,
    )


def _figure(result: GenerationResult, args: Namespace) -> Figure:
    from widgets.views.generation.figure import GenerationFigure

    options = GenerationOptions.of(args)
    layer = next(iter(result.layers), 0) if args.layer is None else args.layer
    return GenerationFigure(result, options, result.written.n_steps, layer, args.head or 0)


COMMANDS = {
    "generation": FigureCommand(
        "what a language model writes on, token by token; GIF, WebP and MP4 show it grow",
        ("text", "layer", "head"),
        _figure,
        _request,
        GenerationOptions,
        has_film=True,
    ),
}
