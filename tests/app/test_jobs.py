"""The second lane: at most two jobs at once, each paused, resumed and ended alone; looking goes on beside them."""

from __future__ import annotations

import os
import queue
import threading
from dataclasses import replace

import pytest

from app.link.engine_link import ProcessLink
from app.link.jobs import N_AT_ONCE, Jobs, Pace
from app.link.runner import Runner
from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.events import Failure, Partial, Progress
from inference.results.job import JobAction, JobPhase, JobState, Paused
from inference.results.layer_times import LayerTimesRequest
from tests.inputs import text_input
from tests.tiny_runs import make_tiny_request

A, B, C, D = (LayerTimesRequest(lengths=(n,)) for n in (1, 2, 3, 4))
STOP = object()


class FakeLink:
    """A job that does what the test says."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue = queue.SimpleQueue()
        self.heard: list[str] = []
        self.is_deaf = False

    def run(self, request, report):
        self.request = request
        while not isinstance(event := self.events.get(timeout=60), tuple):
            if event is STOP:
                return None
            report(event)
        return event[0]

    def say(self, event):
        self.events.put(event)

    def end(self, result):
        self.events.put((result,))

    def pause(self):
        self.heard.append("pause")

    def resume(self):
        self.heard.append("resume")

    def cancel(self):
        self.heard.append("cancel")
        self.events.put(STOP)

    def stop(self):
        self.heard.append("stop")
        self.events.put(STOP)

    def kill_if_hung(self):
        if self.is_deaf:
            self.is_deaf = False
            self.end(Failure("engine", "It no longer answered."))
        return False

    def close(self):
        self.heard.append("close")


class Clock:
    """Time goes on when the test says so."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def links():
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jobs(qapp, links, clock):
    def link():
        links.append(FakeLink())
        return links[-1]

    jobs = Jobs(None, link, clock)
    yield jobs
    jobs.shutdown()


@pytest.fixture
def told(jobs):
    """Pairs of number and phase, in the order in which they were told."""
    told = []
    jobs.added.connect(lambda state: told.append((state.number, state.phase)))
    jobs.changed.connect(lambda state: told.append((state.number, state.phase)))
    return told


@pytest.fixture
def came(jobs):
    came = []
    jobs.arrived.connect(lambda *event: came.append(event))
    jobs.failed.connect(lambda *event: came.append(event))
    return came


def phases(jobs):
    return [state.phase for state in jobs.states]


def until(qtbot, jobs, number, phase):
    qtbot.waitUntil(lambda: any(s.number == number and s.phase is phase for s in jobs.states))


def test_a_job_tells_its_progress_and_parts_and_then_its_result(jobs, links, told, came, qtbot):
    states = []
    jobs.changed.connect(states.append)
    assert jobs.submit(A) == 1
    links[0].say(Progress(1, 4, "step 2"))
    links[0].say(Partial("part"))
    links[0].end("whole")
    qtbot.waitUntil(lambda: not jobs.states)
    assert came == [(1, A, "part", True), (1, A, "whole", False)]
    running, done = JobPhase.RUNNING, JobPhase.DONE
    assert told == [(1, JobPhase.WAITING), (1, running), (1, running), (1, done)]
    assert states[1] == JobState(1, A, running, Progress(1, 4, "step 2"))
    assert links[0].request == A
    assert links[0].heard == ["close"]


def test_two_run_at_once_and_others_come_in_their_order(jobs, links, came, qtbot):
    counts = []
    jobs.count_changed.connect(counts.append)
    for request in (A, B, C, D):
        jobs.submit(request)
    running, waiting = JobPhase.RUNNING, JobPhase.WAITING
    assert phases(jobs) == [running, running, waiting, waiting]
    assert len(links) == N_AT_ONCE
    links[1].end("b")
    qtbot.waitUntil(lambda: len(links) == 3)
    assert phases(jobs) == [running, running, waiting]
    links[0].end("a")
    qtbot.waitUntil(lambda: len(links) == 4)
    for number, n_left in ((2, 1), (3, 0)):
        links[number].end("x")
        qtbot.waitUntil(lambda n_left=n_left: len(jobs.states) == n_left)
    assert [request for _, request, *_ in came] == [B, A, C, D]
    assert counts == [1, 2, 3, 4, 3, 2, 1, 0]


def test_jobs_of_one_queue_run_one_after_the_other_and_let_others_pass(jobs, links, came, qtbot):
    first, second, other = (make_tiny_request(f"/{name}", comparison=queue) for name, queue in ("ax", "bx", "c "))
    other = replace(other, comparison="")
    for request in (first, second, other):
        jobs.submit(request)
    assert phases(jobs) == [JobPhase.RUNNING, JobPhase.WAITING, JobPhase.RUNNING]
    links[1].end("other")
    qtbot.waitUntil(lambda: len(came) == 1)
    assert phases(jobs) == [JobPhase.RUNNING, JobPhase.WAITING]
    jobs.pause(1)
    links[0].say(Paused())
    until(qtbot, jobs, 1, JobPhase.PAUSED)
    assert phases(jobs)[1] is JobPhase.WAITING
    jobs.cancel(1)
    until(qtbot, jobs, 2, JobPhase.RUNNING)
    links[2].end("second")
    qtbot.waitUntil(lambda: len(came) == 2)


def test_the_same_job_is_not_started_twice(jobs, links):
    assert jobs.submit(A) == jobs.submit(A) == 1
    assert jobs.submit(B) == 2
    assert len(links) == 2


def test_one_that_is_being_cancelled_can_be_asked_for_again(jobs, links):
    jobs.submit(A)
    jobs.cancel(1)
    assert jobs.submit(A) == 2


def test_a_job_is_paused_when_it_says_so_and_goes_on(jobs, links, qtbot):
    jobs.submit(A)
    jobs.pause(1)
    assert phases(jobs) == [JobPhase.PAUSING]
    links[0].say(Paused())
    until(qtbot, jobs, 1, JobPhase.PAUSED)
    jobs.resume(1)
    assert phases(jobs) == [JobPhase.RUNNING]
    assert links[0].heard == ["pause", "resume"]


def test_a_pause_that_was_taken_back_in_time_is_forgotten(jobs, links, qtbot):
    jobs.submit(A)
    jobs.pause(1)
    jobs.resume(1)
    links[0].say(Paused())
    links[0].say(Progress(1, 2, "on"))
    qtbot.waitUntil(lambda: jobs.state(1).progress is not None)
    assert phases(jobs) == [JobPhase.RUNNING]


def test_a_paused_job_keeps_its_place(jobs, links, qtbot):
    for request in (A, B, C):
        jobs.submit(request)
    jobs.pause(1)
    links[0].say(Paused())
    until(qtbot, jobs, 1, JobPhase.PAUSED)
    assert len(links) == N_AT_ONCE
    assert jobs.state(3).phase is JobPhase.WAITING


def test_a_paused_job_is_cancelled_and_its_place_is_free(jobs, links, came, qtbot):
    for request in (A, B, C):
        jobs.submit(request)
    jobs.pause(1)
    links[0].say(Paused())
    until(qtbot, jobs, 1, JobPhase.PAUSED)
    jobs.cancel(1)
    assert jobs.state(1).phase is JobPhase.CANCELLING
    until(qtbot, jobs, 3, JobPhase.RUNNING)
    assert came == []


def test_nothing_comes_of_a_job_that_was_cancelled(jobs, links, told, came, qtbot):
    jobs.submit(A)
    links[0].say(Partial("part"))
    links[0].end("whole")
    jobs.cancel(1)
    qtbot.waitUntil(lambda: not jobs.states)
    assert came == []
    assert told[-1] == (1, JobPhase.CANCELLED)


def test_a_waiting_job_is_cancelled_without_a_process(jobs, links, told):
    for request in (A, B, C):
        jobs.submit(request)
    jobs.pause(3)
    jobs.cancel(3)
    assert told[-1] == (3, JobPhase.CANCELLED)
    assert len(links) == 2


def test_a_failure_is_told_in_its_state_and_the_next_job_runs(jobs, links, came, qtbot):
    states = []
    jobs.changed.connect(states.append)
    for request in (A, B, C):
        jobs.submit(request)
    failure = Failure(
        "engine", "Its process was ended from outside (often because memory is short) before it was done."
    )
    links[0].end(failure)
    until(qtbot, jobs, 3, JobPhase.RUNNING)
    assert came == [(1, A, failure)]
    assert JobState(1, A, JobPhase.FAILED, message=failure.message) in states


def test_a_job_that_hangs_is_looked_after(jobs, links, came, qtbot):
    jobs.submit(A)
    links[0].is_deaf = True
    qtbot.waitUntil(lambda: came == [(1, A, Failure("engine", "It no longer answered."))])


def test_what_makes_no_sense_is_not_done(jobs, links):
    jobs.submit(A)
    jobs.resume(1)
    for action in JobAction:
        jobs.act(99, action)
    assert links[0].heard == []
    jobs.act(1, JobAction.PAUSE)
    jobs.act(1, JobAction.PAUSE)
    jobs.act(1, JobAction.RESUME)
    jobs.act(1, JobAction.CANCEL)
    jobs.act(1, JobAction.CANCEL)
    jobs.act(1, JobAction.PAUSE)
    assert links[0].heard[:3] == ["pause", "resume", "cancel"]
    assert links[0].heard.count("cancel") == 1


def test_many_steps_do_not_flood_the_window(jobs, links, qtbot):
    """Ten thousand steps while the window's thread is busy: it is told once, and of the last."""
    jobs.submit(A)
    states = []
    jobs.changed.connect(states.append)
    for number in range(10_000):
        links[0].say(Progress(number, 10_000, "step"))
    links[0].end("whole")
    (thread,) = [t for t in threading.enumerate() if t.name == "inference-job-1"]
    thread.join()  # all is reported before the window's thread looks
    qtbot.waitUntil(lambda: not jobs.states)
    assert [state.progress.done for state in states] == [9_999, 9_999]


def test_shutdown_ends_all_threads_and_links(qapp, links):
    def link():
        links.append(FakeLink())
        return links[-1]

    jobs = Jobs(None, link)
    for request in (A, B, C):
        jobs.submit(request)
    jobs.shutdown()
    assert [link.heard for link in links] == [["stop", "close"]] * 2
    assert not [t for t in threading.enumerate() if t.name.startswith("inference-job")]


# How long the rest will take


def test_the_rest_is_estimated_from_the_last_steps(clock):
    pace = Pace(clock)
    left = []
    for done in range(6):
        pace.note(Progress(done, 10, ""))
        left.append(pace.seconds_left(Progress(done, 10, "")))
        clock.now += 2
    assert left == [None, None, None, 14, 12, 10]
    for done in range(6, 20):  # slower now: what was quick is forgotten
        pace.note(Progress(done, 20, ""))
        clock.now += 5
    assert pace.seconds_left(Progress(19, 20, "")) == 5


def test_pauses_do_not_count(clock):
    pace = Pace(clock)
    for done in range(5):
        pace.note(Progress(done, 10, ""))
        clock.now += 1
        pace.pause()
        clock.now += 1000
        pace.resume()
    assert pace.seconds_left(Progress(4, 10, "")) == 6


def test_nothing_is_told_where_the_number_of_steps_is_unknown(clock):
    pace = Pace(clock)
    for done in range(9):
        clock.now += 1
        pace.note(Progress(done, 0, ""))
    assert pace.seconds_left(Progress(8, 0, "")) is None


def test_uneven_steps_tell_nothing_of_the_rest(clock):
    pace = Pace(clock)
    for done, seconds in enumerate((1, 1, 1, 9, 1, 1)):
        pace.note(Progress(done, 10, ""))
        assert (pace.seconds_left(Progress(done, 10, "")) is not None) == (done == 3)
        clock.now += seconds


# The real thing


def test_a_head_is_looked_at_while_a_job_runs_and_while_it_is_paused(qapp, qtbot):
    """Layers are timed for minutes, a step in a moment, in one process, bert-mini is asked in another."""
    minute = 60_000
    many_steps = LayerTimesRequest(lengths=tuple(range(16, 2016, 4)), d_model=32, n_repeats=25)
    runner, jobs = Runner(ProcessLink()), Jobs()
    runner.start()

    def look(layer):
        with qtbot.waitSignal(runner.arrived, timeout=minute) as blocker:
            runner.submit("a", AttentionRequest("bert-mini", text_input("the cat sat"), "encoder", (layer,)))
        assert isinstance(blocker.args[2], AttentionResult)

    try:
        parts = []
        jobs.arrived.connect(lambda *event: parts.append(event))
        number = jobs.submit(many_steps)
        qtbot.waitUntil(lambda: bool(parts), timeout=minute)
        look(0)
        assert jobs.state(number).phase is JobPhase.RUNNING
        jobs.pause(number)
        qtbot.waitUntil(lambda: jobs.state(number).phase is JobPhase.PAUSED, timeout=minute)
        seen = len(parts)
        look(1)
        assert len(parts) == seen
        jobs.resume(number)
        qtbot.waitUntil(lambda: len(parts) > seen, timeout=minute)
        look(2)
        assert jobs.state(number).phase is JobPhase.RUNNING
        pid = jobs._records[number].link.pid
    finally:
        jobs.shutdown()
        runner.shutdown()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
