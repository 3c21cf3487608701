"""The stages of a training on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.training_stages import TrainingStagesRequest, TrainingStagesResult
from widgets.figure_command import FigureCommand, within
from widgets.views.training_stages.options import TrainingStagesOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--sentence", type=int, default=0, metavar="N", help="which of the kept sentences (default 0)")


def _request(args: Namespace, info: CheckpointInfo) -> TrainingStagesRequest:
    return TrainingStagesRequest(args.checkpoint, args.sentence)


def _figure(result: TrainingStagesResult, args: Namespace) -> Figure:
    from widgets.views.training_stages.figure import TrainingStagesFigure

    _, n_layers, n_heads, *_ = result.pattern.shape
    layer, head = within("layer", args.layer or 0, n_layers), within("head", args.head or 0, n_heads)
    return TrainingStagesFigure(result, TrainingStagesOptions.of(args), layer, head)


COMMANDS = {
    "training-stages": FigureCommand(
        "what a translation model attended to at stages of its training",
        ("layer", "head"),
        _figure,
        _request,
        TrainingStagesOptions,
        _add_arguments,
    )
}
