"""The engine in a process of its own: it answers, dies alone, and leaves with the window."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time

import pytest

from app.link.engine_link import ProcessLink, how_it_ended
from app.link.runner import Runner
from inference.results.tokenize import TokenizeRequest
from inference.service import OUT_OF_MEMORY
from tests.inputs import text_input

# Stands in for the analyses: no torch, so that it starts at once; the process, the wire and the server are real.
FAKE_ENGINE = textwrap.dedent(
    """
    import os, signal, threading
    import numpy as np
    from inference.service import engine
    from inference.service import server
    from inference.results.events import Failure
    from inference.results.positions import PositionTable

    class FakeEngine:
        def run(self, request, context):
            text = request.input.text.text
            if text == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if text == "print":
                print("this must not end up among the results")
            if text == "no memory for a thread":
                server._has_memory = lambda: False
                threading.Event().wait()
            if text == "forever":
                context.checkpoint(1, 2, "for ever")
                while True:
                    context.checkpoint()
            if text == "deaf":
                context.checkpoint(1, 2, "deaf")
                threading.Event().wait()
            n = int(text) if text.isdigit() else 4
            values = np.arange(n, dtype=np.float32)
            return PositionTable(text, "learned", values, "", "", os.getpid(), values, "")

    server.Engine = FakeEngine
    server._warm_up = lambda: None
    server.HEARTBEAT = 0.1
    server.main()
    """
)


def ask(text: str) -> TokenizeRequest:
    return TokenizeRequest("x", text_input(text))


@pytest.fixture
def link(tmp_path):
    script = tmp_path / "fake_engine.py"
    script.write_text(FAKE_ENGINE)
    return ProcessLink((sys.executable, str(script)))


@pytest.fixture
def runner(qapp, link):
    runner = Runner(link)
    runner.start()
    yield runner
    runner.shutdown()


def result_of(runner, qtbot, text):
    with qtbot.waitSignal(runner.arrived, timeout=20_000) as blocker:
        runner.submit("a", ask(text))
    return blocker.args[2]


def test_it_answers_from_another_process(runner, qtbot):
    assert result_of(runner, qtbot, "x").column_start != os.getpid()


@pytest.mark.parametrize("n", [10, 1_000_000, 4_000_000, 9_000_000])
def test_small_and_large_arrays_arrive_whole(runner, qtbot, n):
    for _ in range(3):  # the ring is used again and again
        values = result_of(runner, qtbot, str(n)).values
        assert values.shape == (n,)
        assert values[-1] == n - 1
        assert values[n // 2] == n // 2


def test_prints_do_not_disturb_the_results(runner, qtbot):
    assert result_of(runner, qtbot, "print").name == "print"


def test_a_dead_engine_costs_one_result_and_is_started_again(runner, qtbot):
    before = result_of(runner, qtbot, "x").column_start
    with qtbot.waitSignal(runner.engine_died), qtbot.waitSignal(runner.failed, timeout=20_000) as blocker:
        runner.submit("a", ask("die"))
    failure = blocker.args[2]
    assert failure.kind == "engine"
    assert failure.message == (
        "The engine was ended from outside (often because memory is short) and was started again. "
        "Press F5 to ask once more."
    )
    assert result_of(runner, qtbot, "x").column_start != before


def test_what_waited_for_an_engine_that_died_is_not_computed_either(runner, qtbot):
    """One rule: all of it waits until it is asked for again, as the sentence says."""
    result_of(runner, qtbot, "x")
    died, failed, arrived = [], [], []
    runner.engine_died.connect(died.append)
    runner.failed.connect(lambda channel, _request, failure: failed.append((channel, failure.kind)))
    runner.arrived.connect(lambda channel, *_: arrived.append(channel))
    for channel, name in (("a", "die"), ("b", "x"), ("c", "x")):
        runner.submit(channel, ask(name))
    qtbot.waitUntil(lambda: not runner.is_busy, timeout=20_000)
    assert failed == [("a", "engine"), ("b", "engine"), ("c", "engine")]
    assert len(died) == 1
    assert arrived == []
    assert result_of(runner, qtbot, "x").name == "x"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-signal.SIGKILL, "was ended from outside (often because memory is short)"),
        (-signal.SIGTERM, "was ended from outside"),
        (-signal.SIGSEGV, "crashed"),
        (-signal.SIGABRT, "crashed"),
        (1, "ended unexpectedly (exit status 1)"),
        (OUT_OF_MEMORY, "ran out of memory, ended"),
    ],
)
def test_how_a_process_ended_is_said_without_names_of_signals(code, words):
    assert how_it_ended(code) == words


def test_an_engine_without_memory_for_a_thread_ends_instead_of_waiting_for_ever(runner, qtbot):
    with qtbot.waitSignal(runner.engine_died, timeout=20_000) as blocker:
        runner.submit("a", ask("no memory for a thread"))
    assert blocker.args == ["The engine ran out of memory, ended and was started again. Press F5 to ask once more."]
    assert result_of(runner, qtbot, "x").name == "x"


def test_an_engine_killed_while_idle_is_started_again(runner, qtbot, link):
    result_of(runner, qtbot, "x")
    os.kill(link.pid, signal.SIGKILL)
    told = []
    runner.failed.connect(lambda *event: told.append(event))
    runner.arrived.connect(lambda *event: told.append(event))
    runner.submit("a", ask("x"))
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert result_of(runner, qtbot, "x").name == "x"


def test_the_pipes_of_a_dead_engine_are_closed_before_another_starts(link):
    assert link.run(ask("x"), lambda event: None).name == "x"
    dead = link._process
    dead.kill()
    dead.wait()  # so that `start` finds it dead, whatever the machine is busy with
    assert link.run(ask("x"), lambda event: None).name == "x"
    assert dead.stdin.closed
    assert dead.stdout.closed
    link.close()


def test_a_run_is_cancelled_and_the_same_engine_goes_on(runner, qtbot):
    pid = result_of(runner, qtbot, "x").column_start
    with qtbot.waitSignal(runner.progressed, timeout=20_000):
        runner.submit("a", ask("forever"))
    runner.cancel("a")
    assert result_of(runner, qtbot, "x").column_start == pid


def test_an_engine_that_does_not_heed_a_cancel_is_killed(runner, qtbot, link, monkeypatch):
    monkeypatch.setattr(ProcessLink, "PATIENCE", 0.2)
    pid = result_of(runner, qtbot, "x").column_start
    with qtbot.waitSignal(runner.progressed, timeout=20_000):
        runner.submit("a", ask("deaf"))
    runner.cancel("a")
    died = []
    runner.engine_died.connect(died.append)
    assert result_of(runner, qtbot, "x").column_start != pid
    assert died == ["The engine no longer answered, was ended and was started again."]  # nothing is to be asked again


LONG = "word " * 60_000  # more than a pipe holds


@pytest.fixture
def stopped(runner, qtbot, link):
    """An engine that reads nothing and says nothing, as SIGSTOP leaves it."""
    result_of(runner, qtbot, "x")
    pid = link.pid
    os.kill(pid, signal.SIGSTOP)
    os.waitpid(pid, os.WUNTRACED)
    return pid


def test_a_window_never_waits_for_an_engine_that_was_stopped(runner, qtbot, link, stopped, monkeypatch):
    """Each of these once waited for ever for a lock that was held by a write into a full pipe."""
    writing = link._outbox._waiting
    runner.submit("a", ask(LONG))
    qtbot.waitUntil(lambda: link._is_running and writing.empty())  # the pipe is full now, and the writer waits
    runner.submit("a", ask(LONG + "again"))
    runner.submit("b", ask("x"))
    runner.cancel("b")
    runner.cancel_all()
    monkeypatch.setattr(ProcessLink, "PATIENCE", 0.1)
    with qtbot.waitSignal(runner.engine_died, timeout=20_000) as blocker:
        pass
    assert "no longer answered" in blocker.args[0]
    assert result_of(runner, qtbot, "x").column_start != stopped


def test_the_watchdog_works_while_the_windows_thread_is_busy(runner, qtbot, link, stopped, monkeypatch):
    monkeypatch.setattr(ProcessLink, "SILENCE", 0.1)
    runner.submit("a", ask("x"))
    process = link._process
    process.wait(20)  # on the window's thread: no timer of it can fire meanwhile
    with qtbot.waitSignal(runner.engine_died, timeout=20_000):
        pass
    monkeypatch.undo()
    assert result_of(runner, qtbot, "x").name == "x"


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_an_engine_that_starts_slowly_is_not_ended(link, monkeypatch, is_cancelled):
    link.start()
    link._is_running = True
    if is_cancelled:
        link.cancel()
    now = time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr("app.link.engine_link.time.monotonic", lambda: now + 60)
        assert not link.kill_if_hung()
        patched.setattr("app.link.engine_link.time.monotonic", lambda: now + 200)
        assert link.kill_if_hung()
    link.close()


def test_closing_the_window_does_not_wait_for_a_stopped_engine(runner, qtbot, link, stopped):
    writing = link._outbox._waiting
    runner.submit("a", ask(LONG))
    qtbot.waitUntil(lambda: link._is_running and writing.empty())
    runner.shutdown()
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)


def test_an_engine_that_cannot_be_started_is_a_sentence_and_is_tried_again(runner, qtbot, link, monkeypatch):
    result_of(runner, qtbot, "x")
    command = link._command
    link._command = ("/no/such/program",)
    link._process.kill()
    link._process.wait()
    with qtbot.waitSignal(runner.failed, timeout=20_000) as blocker:
        runner.submit("a", ask("x"))
    assert blocker.args[2].message == (
        "The engine could not be started (no such file or directory). Press F5 to ask once more."
    )
    link._command = command
    assert result_of(runner, qtbot, "x").name == "x"


def test_too_little_memory_for_an_answer_is_a_sentence(runner, qtbot, link, monkeypatch):
    from inference.service import wire

    result_of(runner, qtbot, "x")
    read = wire.read

    def read_with_little_memory(*given):
        message = read(*given)
        if message is not None and message[0]["name"] == "done":
            raise MemoryError
        return message

    monkeypatch.setattr(wire, "read", read_with_little_memory)
    with qtbot.waitSignal(runner.failed, timeout=20_000) as blocker:
        runner.submit("a", ask("x"))
    assert "not enough memory" in blocker.args[2].message
    monkeypatch.undo()
    assert result_of(runner, qtbot, "x").name == "x"


def test_closing_ends_the_process_and_its_shared_memory(qapp, qtbot, link):
    runner = Runner(link)
    runner.start()
    result_of(runner, qtbot, "1000000")
    pid = link.pid
    runner.shutdown()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert link._ring is None
