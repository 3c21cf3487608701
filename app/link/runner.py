"""The worker thread that drives the engine. The latest request of a channel wins."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.link.engine_link import ASK_AGAIN, EngineLink, JobLink, JobProcessLink
from app.link.watchdog import Watchdog
from inference.results.events import Failure, Partial, Progress
from inference.results.job import Paused
from inference.results.request import Request
from widgets.kit.delay import Delay

if TYPE_CHECKING:  # nobody pays for a line who has none
    from app.link.remote.elsewhere import Elsewhere

_SLICE = 0.004  # seconds in which answers are told, before the window paints and heeds the user


@dataclass(eq=False)
class _Job:
    channel: str
    request: Request
    is_quiet: bool = field(default=False)
    is_cancelled: bool = field(default=False)
    can_wait: bool = field(default=False)  # there is something to look at, and it would go on behind that
    is_put_off: bool = field(default=False)  # it is being stopped, to go on later
    was_put_off: bool = field(default=False)  # nobody makes way for it any more, or two such would for ever


class Runner(QObject):
    """Hands requests to the engine one after another and brings back what comes, on the window's thread.

    A request that has shown a first look and only makes it exact, or the beginning of what grows, is put off while
    others wait.
    When the engine dies, all that waited fails with what ran: nothing is computed until it is asked for again. Where
    nobody wanted any more what ran, nothing is lost, and what waited goes on.

    Attributes
    ----------
    elsewhere
        The machine that the engine is on; None: this one.

    Signals
    -------
    progressed(channel, Progress), arrived(channel, request, result, is_partial), failed(channel, request, Failure)
        Only for the latest request of the channel.
    cancelled(channel, request)
        The user stopped it; nothing else will come.
    busy_changed(bool)
        Whether anything is waiting or running that the user would know of.
    engine_died(str)
        It was started again; the sentence says what happened. Before the failures of what was asked of it.
    """

    progressed = Signal(str, object)
    arrived = Signal(str, object, object, bool)
    failed = Signal(str, object, object)
    cancelled = Signal(str, object)
    busy_changed = Signal(bool)
    engine_died = Signal(str)

    _posted = Signal(object, object)  # worker -> window, queued; what is of no job is of the engine

    def __init__(self, link: EngineLink, parent: QObject | None = None, elsewhere: Elsewhere | None = None) -> None:
        super().__init__(parent)
        self.elsewhere = elsewhere
        self._link = link
        self._wake = threading.Condition()
        self._waiting: OrderedDict[str, _Job] = OrderedDict()
        self._latest: dict[str, _Job] = {}
        self._running: _Job | None = None
        self._is_closing = self._was_busy = False
        self._to_tell: deque[tuple[_Job | None, object]] = deque()
        self._next_turn = Delay(0, self)
        self._next_turn.elapsed.connect(self._tell_some)
        self._posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)
        self._watchdog = Watchdog(link.kill_if_hung)
        self._thread = threading.Thread(target=self._work, name="inference-worker", daemon=True)

    def job_link(self) -> JobLink:
        """A process for one job, on the machine where the engine is."""
        return self.elsewhere.job_link() if self.elsewhere else JobProcessLink()

    def start(self) -> None:
        """Start the worker and, in it, the engine: call it once the window is painted."""
        if self._is_closing:  # it was closed at once
            return
        self._thread.start()
        self._watchdog.start()

    def submit(self, channel: str, request: Request, *, is_quiet: bool = False) -> None:
        """Ask; an older request of the same channel is forgotten, also in mid-run. Quiet ones do not count as busy."""
        job = _Job(channel, request, is_quiet)
        with self._wake:
            self._forget(channel)
            self._waiting[channel] = self._latest[channel] = job
            self._put_off_running()
            self._wake.notify()
        self._tell_busy()

    def cancel(self, channel: str) -> None:
        """Stop waiting for a channel, as the user wishes."""
        if job := self.withdraw(channel):
            self.cancelled.emit(channel, job.request)

    def withdraw(self, channel: str) -> _Job | None:
        """Nobody wants the answer of a channel any more; returns what was waited for."""
        with self._wake:
            job = self._latest.pop(channel, None)
            self._forget(channel)
        self._tell_busy()
        return job

    def withdraw_all_but(self, *channels: str) -> dict[str, Request]:
        """Nobody wants what other channels wait for; returns that, by channel."""
        jobs = [self.withdraw(channel) for channel in tuple(self._latest) if channel not in channels]
        return {job.channel: job.request for job in jobs if job is not None}

    def cancel_all(self) -> None:
        """Stop whatever is waiting or running."""
        for channel in list(self._latest):
            self.cancel(channel)

    @property
    def is_busy(self) -> bool:
        return any(not job.is_quiet for job in self._latest.values())

    def shutdown(self) -> None:
        """End the engine and the worker; returns when both are gone."""
        self._watchdog.stop()
        with self._wake:
            self._is_closing = True
            self._waiting.clear()
            self._latest.clear()
            self._wake.notify()
        self._to_tell.clear()
        self._link.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _forget(self, channel: str) -> None:
        self._waiting.pop(channel, None)
        if self._running and self._running.channel == channel and not self._running.is_cancelled:
            self._running.is_cancelled = True
            self._link.cancel()

    def _put_off_running(self) -> None:
        job = self._running
        is_wanted = any(not waiting.was_put_off for waiting in self._waiting.values())
        if is_wanted and job and job.can_wait and not job.is_cancelled and not job.is_put_off:
            job.is_put_off = True
            self._link.cancel()

    # Worker thread

    def _work(self) -> None:
        with suppress(OSError):  # the first request will say why
            self._link.start()
        while (job := self._next()) is not None:
            # The job is bound now: by the time a report is delivered, another one may run.
            event = self._link.run(job.request, lambda event, job=job: self._report(job, event))
            with self._wake:
                self._running = None
                if isinstance(event, Failure) and event.kind == "engine":
                    self._tell_death(job, event)
                    continue
                if job.is_put_off and event is None and not job.is_cancelled and not self._is_closing:
                    job.is_put_off = job.can_wait = False
                    job.was_put_off = True
                    self._waiting[job.channel] = job
                    continue
            if not self._is_closing:
                self._posted.emit(job, event)
        self._link.close()

    def _tell_death(self, job: _Job, failure: Failure) -> None:
        if self._is_closing:
            return
        if job.is_cancelled:
            self._posted.emit(None, replace(failure, message=failure.message.removesuffix(ASK_AGAIN)))
            return
        # Else it would be computed behind the back of a sentence that says to ask again.
        waiting, self._waiting = tuple(self._waiting.values()), OrderedDict()
        self._posted.emit(None, failure)
        for lost in (job, *waiting):
            self._posted.emit(lost, failure)

    def _report(self, job: _Job, event: Progress | Partial | Paused) -> None:
        self._posted.emit(job, event)
        if isinstance(event, Partial) and (job.request.gives_way or (event.is_whole and job.request.refines)):
            with self._wake:
                job.can_wait = True
                self._put_off_running()

    def _next(self) -> _Job | None:
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._is_closing)
            if self._is_closing:
                return None
            # Of what was put off the latest goes on first: it is what the user looks at.
            new = [channel for channel, job in self._waiting.items() if not job.was_put_off]
            self._running = self._waiting.pop(new[0] if new else next(reversed(self._waiting)))
            return self._running

    # Window's thread

    @Slot(object, object)
    def _on_posted(self, job: _Job | None, event: object) -> None:
        self._to_tell.append((job, event))
        if not self._next_turn.is_waiting:
            self._tell_some()

    @Slot()
    def _tell_some(self) -> None:
        """Tell the first of what comes at once, and the rest in later turns, each no longer than it must be."""
        end = time.perf_counter() + _SLICE
        while self._to_tell:
            self._next_turn.start()  # before, since who is told may let the event loop run
            self._tell(*self._to_tell.popleft())
            if time.perf_counter() >= end:
                break

    def _tell(self, job: _Job | None, event: object) -> None:
        if job is None:
            if isinstance(event, Failure):
                self.engine_died.emit(event.message)
            return
        if self._latest.get(job.channel) is not job:
            return  # superseded
        if isinstance(event, Progress):
            self.progressed.emit(job.channel, event)
            return
        if isinstance(event, Partial):
            self.arrived.emit(job.channel, job.request, event.result, True)
            return
        del self._latest[job.channel]
        if isinstance(event, Failure):
            self.failed.emit(job.channel, job.request, event)
        elif event is not None:
            self.arrived.emit(job.channel, job.request, event, False)
        self._tell_busy()

    def _tell_busy(self) -> None:
        # What ends while the window closes outlives what would be told of it.
        if not self._is_closing and self.is_busy != self._was_busy:
            self._was_busy = self.is_busy
            self.busy_changed.emit(self._was_busy)
