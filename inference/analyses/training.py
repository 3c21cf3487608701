"""The training lab: tiny models are trained live, and the runs that are kept are read."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from inference.context import Refused
from inference.results.kept_runs import RunsRequest, RunsResult
from inference.results.training import TrainingRequest, TrainingResult, is_run

if TYPE_CHECKING:
    from inference.context import Context


def training(request: TrainingRequest, context: Context) -> TrainingResult:
    """Train a tiny model; see `inference.training.run.train`."""
    from inference.training.run import train

    return train(request, context)


def runs(request: RunsRequest, context: Context) -> RunsResult:
    """The runs that are kept, and the steps of those that are wanted.

    Raises
    ------
    Refused
        One that is to be deleted is being trained, lies elsewhere, or cannot be deleted.
    """
    from inference.training.run_files import read_result, remove_run, runs_in

    for folder in request.removed:
        remove_run(Path(folder), Path(request.folder))
    steps = []
    for n, folder in enumerate(request.shown):
        context.checkpoint(n, len(request.shown), "Reading runs")
        if is_run(Path(folder)):
            try:
                steps.append((folder, read_result(Path(folder))))
            except Refused:
                continue
    found = runs_in(Path(request.folder)) if request.folder else ()
    return RunsResult(found, tuple(steps), find_spec("peft") is not None)
