"""The machine that `headlight train` trains on: this one, or one at the end of a line."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.commands.faults import Fault
from app.commands.jobs_elsewhere import answer_elsewhere, place_elsewhere, told_place
from app.commands.progress_bar import ProgressBar
from inference.results.events import Failure, Progress
from inference.results.kept_runs import RunsRequest, RunsResult
from inference.results.training import is_run


class TrainPlace:
    """Trains there, names folders there, and shows how far it is; as a context, it leaves the line of the bar.

    Attributes
    ----------
    machine
        Its address; empty for this one.
    """

    def __init__(self, machine: str = "") -> None:
        self.machine = machine
        self._bar = ProgressBar()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.end()

    def train(self, request: Any) -> object:
        """What came of it. Raises `Fault`."""
        if self.machine:
            return answer_elsewhere(request, self.machine, self._report)
        from inference.context import Context
        from inference.service.engine import Engine, answer

        result = answer(Engine(), request, Context(self._report))
        if isinstance(result, Failure):
            raise Fault(result.message)
        return result

    def whole(self, path: str) -> str:
        """A path there, whole: on another machine one that is not is below the user's folder. Raises `Fault`."""
        return place_elsewhere(path, self.machine) if self.machine else os.path.abspath(path)

    def has_run(self, folder: str) -> bool:
        """Whether a folder there holds a run that can be read. Raises `Fault`."""
        if not self.machine:
            return is_run(Path(folder))
        found = answer_elsewhere(RunsRequest("", (folder,)), self.machine)
        assert isinstance(found, RunsResult)
        return bool(found.steps)

    def told(self, path: object) -> str:
        """A path there, as the user is told of it."""
        return told_place(path, self.machine)

    def _report(self, event: object) -> None:
        if isinstance(event, Progress):
            self._bar.show(event)
