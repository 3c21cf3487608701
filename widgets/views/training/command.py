"""Figures of the training lab on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from inference.results.checkpoint import split_precision
from inference.results.kept_runs import RunsRequest, RunsResult
from inference.results.training import TrainingResult
from widgets.figure_command import BadOption, FigureCommand, Requests, within
from widgets.options import Choice
from widgets.views.training.options import LabOptions, ScheduleOptions, SmoothingOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure
    from widgets.views.training.distance import RunOfNetwork


def _request(args: Namespace, info: CheckpointInfo) -> RunsRequest:
    return RunsRequest("", (args.checkpoint,))


def _requests_of_several(args: Namespace, info: CheckpointInfo) -> Requests:
    """One a run: what was asked for is told of the runs in its folder."""
    answers = []
    for folder in _folders(args):
        answers.append((yield RunsRequest(str(folder.parent), (str(folder),))))
    return tuple(answers)


def _named(args: Namespace) -> list[str]:
    return [split_precision(args.checkpoint)[0], *args.beside]


def _folders(args: Namespace) -> list[Path]:
    return [Path(os.path.abspath(folder)) for folder in _named(args)]


def _not_of_the_lab(name: str) -> BadOption:
    return BadOption(
        f"{name} was not trained in Headlight's lab: nothing of its training is kept there. --checkpoint needs the "
        "folder of a run."
    )


def _runs(answers: tuple[RunsResult, ...], args: Namespace) -> tuple[RunOfNetwork, ...]:
    from widgets.views.training.curves import shown_run
    from widgets.views.training.distance import RunOfNetwork

    found = []
    for ink, (name, folder, answer) in enumerate(zip(_named(args), _folders(args), answers, strict=True)):
        asked = next((run.request for run in answer.runs if Path(run.request.folder) == folder), None)
        if not answer.steps or asked is None:
            raise _not_of_the_lab(name)
        found.append(RunOfNetwork(shown_run(folder.name, ink, answer.steps[0][1]), asked))
    return tuple(found)


def _distance(answers: tuple[RunsResult, ...], args: Namespace) -> Figure:
    from widgets.views.training.distance import DistanceFigure

    return DistanceFigure(_runs(answers, args), args.against)


def _run(result: RunsResult, args: Namespace) -> TrainingResult:
    if not result.steps:
        raise _not_of_the_lab(split_precision(args.checkpoint)[0])
    return result.steps[0][1]


def _curves(answers: tuple[RunsResult, ...], args: Namespace) -> Figure:
    from widgets.views.training.curves import TrainingCurvesFigure
    from widgets.views.training.gradients import LayerGradientsFigure

    runs = tuple(run.shown for run in _runs(answers, args))
    if args.gradients_from is None:
        return TrainingCurvesFigure(runs, against=args.against)
    most = max(run.result.n_done for run in runs)
    if not 1 <= args.gradients_from <= most:
        raise BadOption(f"There is no step {args.gradients_from}; there are steps 1 to {most:,}.")
    return LayerGradientsFigure(runs, args.gradients_from - 1)


def _add_several(parser: ArgumentParser) -> None:
    about = "other runs in the same plots, such as those that were trained with --compare"
    parser.add_argument("--beside", action="extend", nargs="+", default=[], metavar="FOLDER", help=about)
    against = LabOptions.declared()["against"]
    assert isinstance(against, Choice)
    about = f"{against.about} (default: steps)"
    parser.add_argument("--against", choices=tuple(map(str, against.labels)), default="steps", help=about)


def _add_gradients(parser: ArgumentParser) -> None:
    _add_several(parser)
    about = "instead of all curves the gradient of each layer, mean of 20 steps from this one on"
    parser.add_argument("--gradients-from", type=int, metavar="STEP", help=about)


def _add_look(parser: ArgumentParser) -> None:
    parser.add_argument("--look", type=int, metavar="N", help="which of the looks, from 0 (default: the last)")


def _attention(result: RunsResult, args: Namespace) -> Figure:
    from widgets.views.training.attention import TrainingAttentionFigure
    from widgets.views.training.words import why_no_attention

    run = _run(result, args)
    n_looks = sum(1 for one in run.validations if one.pattern.size)
    if not n_looks:
        raise BadOption(f"{args.checkpoint}: {why_no_attention(run)}")
    n_layers = next(one.pattern.shape[0] for one in run.validations if one.pattern.size)
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
        "loss, learning rate and gradients of runs of the training lab, by steps or by seconds",
        (),
        _curves,
        _requests_of_several,
        add_arguments=_add_gradients,
    ),
    "training-attention": FigureCommand(
        "what a run of the training lab attended to in one sentence while it was trained",
        ("layer",),
        _attention,
        _request,
        add_arguments=_add_look,
        has_film=True,
    ),
    "training-distance": FigureCommand(
        "how far runs of string reversal carry a letter: what is right by distance, and operations on the way",
        (),
        _distance,
        _requests_of_several,
        add_arguments=_add_several,
        names_checkpoint=False,
    ),
    "schedule": FigureCommand(
        "a learning rate by step: warm-up and decay; needs no checkpoint", (), _schedule, options=ScheduleOptions
    ),
    "label-smoothing": FigureCommand(
        "the target that label smoothing makes; needs no checkpoint", (), _smoothing, options=SmoothingOptions
    ),
}
