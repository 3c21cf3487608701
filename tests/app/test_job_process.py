"""The process of a job: it holds at its checkpoints while it is paused, and ends when it is told to or killed."""

from __future__ import annotations

import io
import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from app.link.engine_link import JobProcessLink
from inference.context import Cancelled, Context
from inference.results.events import Failure, Partial, Progress
from inference.results.job import Paused
from inference.results.layer_times import LayerTimesRequest, LayerTimesResult
from inference.service import wire
from inference.service.server import Server

ROOT = Path(__file__).parents[2]
ENDLESS, SHORT = LayerTimesRequest(lengths=(1, 2)), LayerTimesRequest(lengths=(1,))

# Counts its checkpoints, for ever or to three; the process, the wire and the server are real. It beats fast, so that a
# test can wait for beats.
COUNTER = textwrap.dedent(
    """
    import os
    from itertools import count
    from inference.service import server

    class Counter:
        def run(self, request, context):
            if request.d_model == 8:
                os._exit(3)
            steps = count() if len(request.lengths) > 1 else range(3)
            for step in steps:
                context.checkpoint(step, 3, f"step {step}, nice {os.nice(0)}")
            return request

    server.Engine = Counter
    server.HEARTBEAT = 0.02
    server.share_cores = lambda: None
    server.main()
    """
)


@pytest.fixture
def script(tmp_path):
    script = tmp_path / "counter.py"
    script.write_text(COUNTER)
    return str(script)


class Talk:
    """Speaks with the server by hand."""

    def __init__(self, command: list[str]) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def say(self, name, **fields):
        wire.write(self.process.stdin, {"name": name, "number": 1, **fields})

    def hear(self):
        got = wire.read(self.process.stdout)
        assert got is not None, "the process is gone"
        return got[0]

    def until_paused(self):
        """Steps that it told of before it stood still."""
        steps = []
        while not isinstance(event := self.hear().get("event"), Paused):
            if isinstance(event, Progress):
                steps.append(event.done)
        return steps

    def during(self, n_beats):
        """All but heartbeats that comes until so many of them."""
        others = []
        while n_beats:
            message = self.hear()
            if message["name"] == "alive":
                n_beats -= 1
            else:
                others.append(message)
        return others

    def next_step(self):
        while not isinstance(event := self.hear().get("event"), Progress):
            pass
        return event.done


@pytest.fixture
def talk(script):
    talk = Talk([sys.executable, script, "--job"])
    yield talk
    talk.process.kill()
    talk.process.wait()
    talk.process.stdin.close()
    talk.process.stdout.close()


def test_no_checkpoint_passes_while_it_is_paused_and_the_next_one_follows(talk):
    talk.say("run", request=ENDLESS)
    last = talk.next_step()
    for _ in range(3):
        talk.say("pause")
        last = [last, *talk.until_paused()][-1]
        assert talk.during(n_beats=5) == []
        talk.say("resume")
        assert talk.next_step() == last + 1
        last += 1


def test_what_is_paused_before_it_runs_passes_no_checkpoint(talk):
    talk.say("pause")
    talk.say("run", request=ENDLESS)
    assert talk.until_paused() == []
    assert talk.during(n_beats=5) == []
    talk.say("resume")
    assert talk.next_step() == 0


def test_it_is_cancelled_while_it_is_paused(talk):
    talk.say("run", request=ENDLESS)
    talk.say("pause")
    talk.until_paused()
    talk.say("cancel")
    (done,) = [message for message in talk.during(n_beats=50) if not isinstance(message.get("event"), Paused)]
    assert (done["name"], done["result"]) == ("done", None)


def test_a_pause_after_the_cancel_holds_nothing():
    told = io.BytesIO()
    server = Server(io.BytesIO(), told, None, is_job=True)
    server._steer("cancel", 1)
    server._steer("pause", 1)
    assert not server._paused
    server._wait_while_paused(1)
    assert told.getvalue() == b""


def test_what_is_cancelled_before_it_runs_passes_no_checkpoint(talk):
    talk.say("cancel")
    talk.say("run", request=ENDLESS)
    assert [message["name"] for message in talk.during(n_beats=50)] == ["ready", "done"]


def test_a_paused_process_leaves_with_the_window(talk):
    talk.say("run", request=ENDLESS)
    talk.say("pause")
    talk.until_paused()
    talk.process.stdin.close()
    assert talk.process.wait(30) == 0


def test_a_job_is_of_lower_priority_than_the_engine(talk):
    talk.say("run", request=SHORT)
    while not isinstance(event := talk.hear().get("event"), Progress):
        pass
    assert event.label == "step 0, nice 19"


def test_a_checkpoint_waits_before_it_looks_whether_it_was_cancelled():
    """So that what is cancelled while it is paused does no step more."""
    order = []
    context = Context(is_cancelled=lambda: bool(order), wait_while_paused=lambda: order.append("waited"))
    with pytest.raises(Cancelled):
        context.checkpoint()


# Through the link


class Run:
    """A link's `run` in a thread of its own, and what it reports."""

    def __init__(self, link, request) -> None:
        self.link, self.reported, self.result = link, queue.SimpleQueue(), queue.SimpleQueue()
        self.thread = threading.Thread(
            target=lambda: self.result.put(link.run(request, self.reported.put)), daemon=True
        )
        self.thread.start()

    def until(self, kind):
        for _ in range(3_000):
            if isinstance(event := self.reported.get(timeout=60), kind):
                return event
        raise AssertionError(f"no {kind.__name__} among what was reported")

    def end(self):
        result = self.result.get(timeout=60)
        self.thread.join()
        return result


@pytest.fixture
def link(script):
    link = JobProcessLink((sys.executable, script, "--job"))
    yield link
    link.close()


def test_a_job_runs_to_its_end(link):
    assert Run(link, SHORT).end() == SHORT


def test_a_job_is_paused_resumed_and_cancelled_while_it_is_paused(link):
    run = Run(link, ENDLESS)
    run.until(Progress)
    link.pause()
    run.until(Paused)
    link.resume()
    run.until(Progress)
    link.pause()
    run.until(Paused)
    link.cancel()
    assert run.end() is None


def test_what_was_wished_before_the_process_was_there_holds(link):
    link.pause()
    run = Run(link, ENDLESS)
    run.until(Paused)
    link.cancel()
    assert run.end() is None


def test_a_job_that_nobody_wants_starts_no_process(link):
    link.cancel()
    assert link.run(ENDLESS, lambda event: None) is None
    assert link.pid is None


def test_a_job_killed_from_outside_says_so_in_one_sentence_and_is_not_started_again(link):
    run = Run(link, ENDLESS)
    run.until(Progress)
    os.kill(link.pid, signal.SIGKILL)
    assert run.end() == Failure(
        "engine", "Its process was ended from outside (often because memory is short) before it was done."
    )
    assert link.pid is None


def test_a_paused_job_killed_from_outside_is_told_too(link):
    run = Run(link, ENDLESS)
    run.until(Progress)
    link.pause()
    run.until(Paused)
    os.kill(link.pid, signal.SIGTERM)
    assert run.end().message == "Its process was ended from outside before it was done."


def test_a_process_that_ends_by_itself_tells_its_exit_status(link):
    failure = link.run(LayerTimesRequest(d_model=8), lambda event: None)
    assert failure.message == "Its process ended unexpectedly (exit status 3) before it was done."


def test_a_process_that_no_longer_answers_is_ended_and_that_is_told(link, monkeypatch):
    run = Run(link, ENDLESS)
    run.until(Progress)
    os.kill(link.pid, signal.SIGSTOP)
    monkeypatch.setattr(JobProcessLink, "SILENCE", -1.0)
    assert link.kill_if_hung()
    assert run.end().message == "Its process no longer answered and was ended."


def test_a_process_that_gets_no_core_for_a_minute_is_not_ended(link, monkeypatch):
    run = Run(link, ENDLESS)
    run.until(Progress)
    os.kill(link.pid, signal.SIGSTOP)
    now = time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr("app.link.engine_link.time.monotonic", lambda: now + 60)
        assert not link.kill_if_hung()
    link.stop()
    assert run.end() is None


def test_a_process_that_cannot_be_started_is_told():
    link = JobProcessLink(("/nowhere/python",))
    failure = link.run(SHORT, lambda event: None)
    assert failure.message == "No process could be started for this job: No such file or directory."


def test_stopping_ends_the_process_without_a_word(link):
    run = Run(link, ENDLESS)
    run.until(Progress)
    pid = link.pid
    link.stop()
    assert run.end() is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_real_process_measures_layers():
    link = JobProcessLink()
    reported = []
    result = link.run(LayerTimesRequest(lengths=(8,), d_model=8, n_repeats=1), reported.append)
    link.close()
    assert isinstance(result, LayerTimesResult)
    assert (result.seconds > 0).all()
    assert sum(isinstance(event, Partial) for event in reported) == 4
