"""The runs of the training lab that are kept: which there are, and the steps of some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Request

if TYPE_CHECKING:
    from inference.results.training import TrainingRequest, TrainingResult


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run that is kept: what was asked for and how far it came."""

    request: TrainingRequest
    n_done: int
    n_bytes: int

    @property
    def is_finished(self) -> bool:
        return self.n_done >= self.request.plan.n_steps


@dataclass(frozen=True, slots=True)
class RunsRequest(Request["RunsResult"]):
    """Which runs are kept, and the steps of some of them.

    Attributes
    ----------
    folder
        Where runs live.
    shown
        Folders of runs whose steps are wanted.
    removed
        Folders of runs that are deleted first, with their checkpoints.
    """

    folder: str
    shown: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunsResult:
    """The runs that are kept, the latest first.

    Attributes
    ----------
    steps
        By the folders that were asked for, as far as they hold a run.
    has_lora
        Whether low-rank fine-tuning is installed (`peft`).
    """

    runs: tuple[KeptRun, ...]
    steps: tuple[tuple[str, TrainingResult], ...]
    has_lora: bool
