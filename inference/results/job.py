"""Jobs: requests that take minutes, and what is told of them while they run in a lane of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from inference.results.request import R, Request

if TYPE_CHECKING:
    from inference.results.events import Progress


class JobRequest(Request[R], ABC):
    """A question that takes minutes: it is answered in a process of its own, and looking never waits for it.

    Attributes
    ----------
    keeps_what_is_done
        Whether it can go on another time: the user then stops it and loses nothing, and does not cancel it.
    """

    __slots__ = ()

    keeps_what_is_done: ClassVar[bool] = False

    @property
    @abstractmethod
    def title(self) -> str:
        """What the list of jobs calls it, for the user."""

    @property
    def queue(self) -> str:
        """Jobs of one queue run one after the other; empty: it is in none."""
        return ""


@dataclass(frozen=True, slots=True)
class Paused:
    """The job has come to a checkpoint after it was paused, and goes no further until it is resumed."""


class JobAction(StrEnum):
    """What the user can do with a job."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class JobPhase(StrEnum):
    """Where a job stands. `PAUSING` and `CANCELLING` last until its next checkpoint."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in (JobPhase.DONE, JobPhase.CANCELLED, JobPhase.FAILED)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as the window shows it.

    Attributes
    ----------
    number
        Which job, as long as the program runs.
    progress
        How far it is; None until its process has told.
    seconds_left
        Estimated from its latest steps; None where that is not known.
    message
        Why it failed, in one sentence.
    """

    number: int
    request: JobRequest
    phase: JobPhase
    progress: Progress | None = None
    seconds_left: float | None = None
    message: str = ""
