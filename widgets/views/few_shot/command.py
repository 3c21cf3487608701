"""Few-shot learning on the command line."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from inference.results.few_shot import MOST_SHOTS, FewShotRequest, FewShotResult
from widgets.figure_command import BadOption, FigureCommand
from widgets.views.few_shot.options import OWN, FewShotOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--examples", metavar="FILE", help="a task of your own: `input<TAB>answer` a line, 9 or more")
    parser.add_argument("--shots", type=int, metavar="N", help="examples in the prompt that is shown (default: all)")


def _request(args: Namespace, info: CheckpointInfo) -> FewShotRequest:
    if args.shots is not None and not 0 <= args.shots <= MOST_SHOTS:
        raise BadOption(f"--shots {args.shots} is not there; 0 to {MOST_SHOTS} examples stand in a prompt.")
    options = FewShotOptions.of(args)
    if options.task == OWN and not args.examples:
        raise BadOption("--task file needs the file: --examples FILE.")
    path = os.path.abspath(args.examples) if args.examples else ""
    return FewShotRequest(args.checkpoint, options.task, path, options.trials, options.seed)


def _figure(result: FewShotResult, args: Namespace) -> Figure:
    from widgets.views.few_shot.figure import FewShotFigure

    return FewShotFigure(result, shots=result.longest if args.shots is None else min(args.shots, result.longest))


COMMANDS = {
    "few-shot": FigureCommand(
        "how often a model's answer is right after 0 to 8 examples in its prompt",
        (),
        _figure,
        _request,
        FewShotOptions,
        _add_arguments,
    )
}
