"""The second lane: jobs, each in a process of its own, so that looking at things never waits for them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.link.engine_link import JobLink, JobProcessLink
from app.link.watchdog import Watchdog
from inference.results.events import Failure, Partial, Progress
from inference.results.job import JobAction, JobPhase, JobRequest, JobState, Paused

N_AT_ONCE = 2  # processes, those of paused jobs included


class Pace:
    """How long the rest of a job will take if its steps go on like the last ones; pauses do not count."""

    N_STEPS = 8  # that are looked back upon
    N_NEEDED = 3  # before there is an estimate at all
    UNEVEN = 4.0  # times as long as the quickest: what follows may be anything

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._steps: deque[tuple[int, float]] = deque(maxlen=self.N_STEPS + 1)  # steps done, and when
        self._in_pauses = self._paused_at = 0.0

    def note(self, progress: Progress) -> None:
        """The job has come so far."""
        if not self._steps or progress.done > self._steps[-1][0]:
            self._steps.append((progress.done, self._clock() - self._in_pauses))

    def pause(self) -> None:
        self._paused_at = self._clock()

    def resume(self) -> None:
        self._in_pauses += self._clock() - self._paused_at

    def seconds_left(self, progress: Progress) -> float | None:
        """None where it cannot be told: too few steps yet, no end in sight, or steps of very different lengths."""
        if not progress.total or len(self._steps) <= self.N_NEEDED:
            return None
        paces = [(t1 - t0) / (n1 - n0) for (n0, t0), (n1, t1) in pairwise(self._steps)]
        if max(paces) > self.UNEVEN * min(paces):
            return None
        (first, start), (last, end) = self._steps[0], self._steps[-1]
        return (progress.total - last) * (end - start) / (last - first)


@dataclass(eq=False)
class _Record:
    """A job, its process, and what has come from it that the window has not seen."""

    state: JobState
    pace: Pace
    link: JobLink | None = None
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    unseen: Progress | None = None

    @property
    def is_started(self) -> bool:
        return self.link is not None


@dataclass(frozen=True)
class _End:
    event: object | None


class Jobs(QObject):
    """Runs jobs, at most two at once unless told otherwise, and holds, resumes and ends them.

    Others wait, and come in the order of asking.

    Signals
    -------
    added(JobState), changed(JobState)
        After a state whose phase is over nothing more comes of that job.
    count_changed(int)
        Jobs that are not over.
    arrived(number, request, result, is_partial)
        The whole result comes just before the job is done.
    failed(number, request, Failure)
        Just before the job is over; the sentence is in its state too.
    """

    added = Signal(object)
    changed = Signal(object)
    count_changed = Signal(int)
    arrived = Signal(int, object, object, bool)
    failed = Signal(int, object, object)

    _posted = Signal(object, object)  # a job's thread -> window, queued

    def __init__(
        self,
        parent: QObject | None = None,
        link_factory: Callable[[], JobLink] = JobProcessLink,
        clock: Callable[[], float] = time.monotonic,
        n_at_once: int = N_AT_ONCE,
    ) -> None:
        super().__init__(parent)
        self._n_at_once = n_at_once
        self._link_factory = link_factory
        self._clock = clock
        self._records: dict[int, _Record] = {}  # by number, what is not over
        self._last_number = 0
        self._posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)
        self._links: tuple[JobLink, ...] = ()  # of what runs; replaced as a whole, as the watchdog reads it
        self._watchdog = Watchdog(self._kill_hung)

    def another(self, parent: QObject, n_at_once: int) -> Jobs:
        """A lane beside this one, with processes of the same kind, and so on the same machine."""
        return Jobs(parent, self._link_factory, n_at_once=n_at_once)

    @property
    def states(self) -> tuple[JobState, ...]:
        """Of all that is not over."""
        return tuple(record.state for record in self._records.values())

    def state(self, number: int) -> JobState:
        """Of a job that is not over."""
        return self._records[number].state

    def submit(self, request: JobRequest) -> int:
        """The number of the job; one that does the same already is not started twice."""
        for number, record in self._records.items():
            if record.state.request == request and record.state.phase is not JobPhase.CANCELLING:
                return number
        self._last_number += 1
        state = JobState(self._last_number, request, JobPhase.WAITING)
        self._records[state.number] = _Record(state, Pace(self._clock))
        self.added.emit(state)
        self.count_changed.emit(len(self._records))
        self._start_waiting()
        return state.number

    @Slot(int, object)
    def act(self, number: int, action: JobAction) -> None:
        """Do with a job what the user wants done; nothing where it is over or that makes no sense."""
        {JobAction.PAUSE: self.pause, JobAction.RESUME: self.resume, JobAction.CANCEL: self.cancel}[action](number)

    def pause(self, number: int) -> None:
        """Hold a running job at its next checkpoint. Its place is not given to another."""
        record = self._records.get(number)
        if record and record.link and record.state.phase is JobPhase.RUNNING:
            record.link.pause()
            self._change(record, JobPhase.PAUSING)

    def resume(self, number: int) -> None:
        """Let a paused job go on."""
        record = self._records.get(number)
        if record and record.link and record.state.phase in (JobPhase.PAUSING, JobPhase.PAUSED):
            if record.state.phase is JobPhase.PAUSED:
                record.pace.resume()
            record.link.resume()
            self._change(record, JobPhase.RUNNING)

    def cancel(self, number: int) -> None:
        """End a job at its next checkpoint, also where it is paused."""
        record = self._records.get(number)
        if record is None:
            return
        if record.link is None:
            self._end(record, JobPhase.CANCELLED)
        elif record.state.phase is not JobPhase.CANCELLING:
            record.link.cancel()
            self._change(record, JobPhase.CANCELLING)

    def shutdown(self) -> None:
        """End all processes and threads; returns when they are gone."""
        self._watchdog.stop()
        records, self._records = list(self._records.values()), {}
        for record in records:
            if record.link:
                record.link.stop()
        for record in records:
            if record.thread:
                record.thread.join()

    def _start_waiting(self) -> None:
        waiting = [record for record in self._records.values() if not record.is_started]
        n_free = self._n_at_once - (len(self._records) - len(waiting))
        busy = {record.state.request.queue for record in self._records.values() if record.is_started}
        for record in waiting:
            queue = record.state.request.queue
            if n_free <= 0:
                break
            if queue and queue in busy:
                continue
            n_free -= 1
            busy.add(queue)
            record.link = self._link_factory()
            name = f"inference-job-{record.state.number}"
            record.thread = threading.Thread(target=self._work, args=(record, record.link), name=name, daemon=True)
            record.thread.start()
            self._links = (*self._links, record.link)
            self._watchdog.start()
            self._change(record, JobPhase.RUNNING)

    def _change(self, record: _Record, phase: JobPhase, progress: Progress | None = None, message: str = "") -> None:
        old = record.state
        progress = progress or old.progress
        left = record.pace.seconds_left(progress) if progress else None
        record.state = JobState(old.number, old.request, phase, progress, left, message)
        self.changed.emit(record.state)

    def _end(self, record: _Record, phase: JobPhase, message: str = "") -> None:
        del self._records[record.state.number]
        self._links = tuple(link for link in self._links if link is not record.link)
        self._change(record, phase, message=message)
        self.count_changed.emit(len(self._records))
        self._start_waiting()

    # A job's thread

    def _work(self, record: _Record, link: JobLink) -> None:
        event = link.run(record.state.request, lambda event: self._report(record, event))
        link.close()
        self._posted.emit(record, _End(event))

    def _report(self, record: _Record, event: Progress | Partial | Paused) -> None:
        if not isinstance(event, Progress):
            self._posted.emit(record, event)
            return
        # Steps may be a thousand a second: the window is told of the latest, once it has seen the one before.
        with record.lock:
            is_seen, record.unseen = record.unseen is None, event
        if is_seen:
            self._posted.emit(record, event)

    # Window's thread

    @Slot(object, object)
    def _on_posted(self, record: _Record, event: object) -> None:
        number, phase = record.state.number, record.state.phase
        if self._records.get(number) is not record:
            return  # after shutdown
        if isinstance(event, _End):
            self._on_end(record, event.event)
        elif isinstance(event, Progress):
            with record.lock:
                latest, record.unseen = record.unseen or event, None
            record.pace.note(latest)
            self._change(record, phase, latest)
        elif isinstance(event, Paused):
            if phase is JobPhase.PAUSING:
                record.pace.pause()
                self._change(record, JobPhase.PAUSED)
        elif isinstance(event, Partial) and phase is not JobPhase.CANCELLING:
            self.arrived.emit(number, record.state.request, event.result, True)

    def _on_end(self, record: _Record, event: object | None) -> None:
        number, request = record.state.number, record.state.request
        if record.thread:
            record.thread.join()  # it has nothing left to do
        if record.state.phase is JobPhase.CANCELLING or event is None:
            self._end(record, JobPhase.CANCELLED)
        elif isinstance(event, Failure):
            self.failed.emit(number, request, event)
            self._end(record, JobPhase.FAILED, event.message)
        else:
            self.arrived.emit(number, request, event, False)
            self._end(record, JobPhase.DONE)

    # The watchdog's thread

    def _kill_hung(self) -> None:
        for link in self._links:
            link.kill_if_hung()
