"""Figures of the training lab on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.training import RunsRequest, RunsResult, TrainingResult
from widgets.figure_command import BadOption, FigureCommand, within
from widgets.views.training.options import ScheduleOptions, SmoothingOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> RunsRequest:
    return RunsRequest("", (args.checkpoint, *getattr(args, "beside", ())))


def _run(result: RunsResult, args: Namespace) -> TrainingResult:
    if not result.steps:
        raise BadOption(f"{args.checkpoint} was not trained in Headlight's lab: nothing of its training is kept there.")
    return result.steps[0][1]


def _curves(result: RunsResult, args: Namespace) -> Figure:
    from widgets.views.training.curves import TrainingCurvesFigure, shown_run
    from widgets.views.training.gradients import LayerGradientsFigure

    _run(result, args)
    if missing := [folder for folder in args.beside if folder not in dict(result.steps)]:
        raise BadOption(f"{missing[0]} holds no run of Headlight's training lab.")
    runs = tuple(
        shown_run(folder.rstrip("/").rpartition("/")[2], ink, steps) for ink, (folder, steps) in enumerate(result.steps)
    )
    if args.gradients_from is None:
        return TrainingCurvesFigure(runs)
    within("step", args.gradients_from - 1, runs[0].result.n_done)
    return LayerGradientsFigure(runs, args.gradients_from - 1)


def _add_gradients(parser: ArgumentParser) -> None:
    about = "instead of all curves the gradient of each layer, mean of 20 steps from this one on"
    beside = "folders of runs that are shown in the same plots, such as those that were trained with --compare"
    parser.add_argument("--beside", nargs="+", default=[], metavar="FOLDER", help=beside)
    parser.add_argument("--gradients-from", type=int, metavar="STEP", help=about)


def _add_look(parser: ArgumentParser) -> None:
    parser.add_argument("--look", type=int, metavar="N", help="which of the looks, from 0 (default: the last)")


def _attention(result: RunsResult, args: Namespace) -> Figure:
    from widgets.views.training.attention import TrainingAttentionFigure

    run = _run(result, args)
    n_looks = sum(1 for one in run.validations if one.pattern.size)
    if not n_looks:
        raise BadOption(f"{args.checkpoint} keeps no attention of its training; string reversal does.")
    n_layers = run.validations[0].pattern.shape[0]
    look = n_looks - 1 if args.look is None else within("look", args.look, n_looks)
    layer = n_layers - 1 if args.layer is None else within("layer", args.layer, n_layers)
    return TrainingAttentionFigure(args.checkpoint.rstrip("/").rpartition("/")[2], run, look, layer)


def _schedule(_: None, args: Namespace) -> Figure:
    from widgets.views.training.schedule import ScheduleFigure

    return ScheduleFigure(ScheduleOptions.of(args).schedule)


def _smoothing(_: None, args: Namespace) -> Figure:
    from widgets.views.training.schedule import SmoothingFigure

    options = SmoothingOptions.of(args)
    return SmoothingFigure(options.smoothing, options.classes, options.given)


COMMANDS = {
    "training-curves": FigureCommand(
        "loss, learning rate and gradients of a run of the training lab, step by step",
        (),
        _curves,
        _request,
        add_arguments=_add_gradients,
    ),
    "training-attention": FigureCommand(
        "what a string reversal attended to while it was trained",
        ("layer",),
        _attention,
        _request,
        add_arguments=_add_look,
        has_film=True,
    ),
    "schedule": FigureCommand(
        "a learning rate by step: warm-up and decay; needs no checkpoint", (), _schedule, options=ScheduleOptions
    ),
    "label-smoothing": FigureCommand(
        "the target that label smoothing makes; needs no checkpoint", (), _smoothing, options=SmoothingOptions
    ),
}
