"""What is known of a run by now: what came while it trains is put together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.results.job import JobState
from inference.results.training import StepLog, TrainingRequest, TrainingResult


class RunRecord:
    """A run, its numbers, and its job while there is one.

    Attributes
    ----------
    ink
        Number of its colour.
    is_unsaved
        Whether it stays in the list though nothing of it was seen on the disk: it waits, begins, or could not begin.
    """

    def __init__(self, request: TrainingRequest, ink: int) -> None:
        self.request, self.ink = request, ink
        self.result: TrainingResult | None = None
        self.n_done = 0
        self.n_bytes = 0
        self.job: JobState | None = None
        self.is_unsaved = False

    @property
    def is_running(self) -> bool:
        """Whether a process has it, be it paused."""
        return self.job is not None and not self.job.phase.is_over

    @property
    def is_finished(self) -> bool:
        return self.n_done >= self.request.plan.n_steps

    def take(self, new: TrainingResult) -> None:
        """All of a run, or what has come to it; a part that does not follow on what is there is left out."""
        old = self.result
        if new.log.first == 0:
            self.result = new
        elif old is not None and new.log.first == len(old.log.loss):
            log = StepLog(
                0,
                *(
                    np.concatenate([getattr(old.log, name), getattr(new.log, name)])
                    for name in ("loss", "rate", "gradient", "seconds", "terms")
                ),
            )
            self.result = replace(new, log=log, validations=(*old.validations, *new.validations))
        else:
            return
        self.n_done, self.is_unsaved = new.n_done, False
