"""The runner: the latest request wins, cancelling works in mid-run, what dies is started again."""

from __future__ import annotations

import itertools
import threading

import pytest
from PySide6.QtCore import QTimer

from app.link.engine_link import ThreadLink
from app.link.runner import Runner
from inference.context import Refused
from inference.results.events import Failure, Progress


class Ask(str):
    """A request that is its own name; those about maps are refined, those about texts give way."""

    @property
    def refines(self):
        return self.startswith("map")

    @property
    def gives_way(self):
        return self.startswith("text")


class GatedEngine:
    """Runs a request only when the test lets it through."""

    def __init__(self) -> None:
        self.entered: dict[str, threading.Event] = {}
        self.gates: dict[str, threading.Event] = {}
        self.finished: list[str] = []

    def add(self, *names: str) -> None:
        for name in names:
            self.entered[name], self.gates[name] = threading.Event(), threading.Event()

    def run(self, request, context):
        if request in self.gates:
            self.entered[request].set()
            assert self.gates[request].wait(10)
        if request == "refuse":
            raise Refused("The text has 9 tokens; at most 5 are allowed.")
        if request == "crash":
            raise ZeroDivisionError("oh")
        context.checkpoint(1, 2, f"half of {request}")
        context.partial(f"part of {request}")
        self.finished.append(request)
        return f"result of {request}"


@pytest.fixture
def engine():
    return GatedEngine()


@pytest.fixture
def runner(qapp, engine):
    runner = Runner(ThreadLink(lambda: engine))
    runner.start()
    yield runner
    for gate in engine.gates.values():
        gate.set()
    runner.shutdown()


@pytest.fixture
def heard(runner):
    events = []
    runner.arrived.connect(lambda channel, _request, *event: events.append((channel, *event)))
    runner.failed.connect(lambda channel, _request, *event: events.append((channel, *event)))
    runner.progressed.connect(lambda *event: events.append(event))
    return events


def test_progress_partial_and_result_arrive_in_order(runner, heard, qtbot):
    runner.submit("a", Ask("x"))
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert heard == [
        ("a", Progress(1, 2, "half of x")),
        ("a", "part of x", True),
        ("a", "result of x", False),
    ]


def test_answers_that_come_together_and_take_long_are_told_in_a_turn_each(runner, engine, heard, qtbot, monkeypatch):
    monkeypatch.setattr("app.link.runner._SLICE", 0.0)  # so that each takes longer
    turn, turns, window = itertools.count(), [], QTimer()
    window.timeout.connect(lambda: next(turn))  # which works in every turn
    window.start(0)
    runner.arrived.connect(lambda *_: turns.append(next(turn)))
    engine.add("y")
    runner.submit("a", Ask("x"))
    runner.submit("b", Ask("y"))
    assert engine.entered["y"].wait(10)  # all of x has come, and none of it was told
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert heard == [
        ("a", Progress(1, 2, "half of x")),
        ("a", "part of x", True),
        ("a", "result of x", False),
    ]
    assert turns[1] > turns[0] + 1, "the window did not work between them"


def test_an_answer_travels_with_its_request(runner, qtbot):
    with qtbot.waitSignal(runner.arrived, check_params_cb=lambda *event: not event[3]) as blocker:
        runner.submit("a", Ask("x"))
    assert blocker.args == ["a", "x", "result of x", False]


def test_what_is_withdrawn_is_forgotten_without_a_word(runner, engine, heard, qtbot):
    cancelled = []
    runner.cancelled.connect(lambda *event: cancelled.append(event))
    engine.add("x")
    runner.submit("a", Ask("x"))
    assert engine.entered["x"].wait(10)
    runner.withdraw("a")
    assert not runner.is_busy
    engine.gates["x"].set()
    runner.submit("b", Ask("y"))
    qtbot.waitUntil(lambda: ("b", "result of y", False) in heard)
    assert cancelled == []
    assert {event[0] for event in heard} == {"b"}


def test_the_latest_request_of_a_channel_wins(runner, engine, heard, qtbot):
    engine.add("first")
    runner.submit("a", Ask("first"))
    assert engine.entered["first"].wait(10)
    for number in range(1000):
        runner.submit("a", Ask(f"old {number}"))
    runner.submit("a", Ask("last"))
    engine.gates["first"].set()
    qtbot.waitUntil(lambda: ("a", "result of last", False) in heard)
    assert engine.finished == ["last"]
    assert {event[1] for event in heard if len(event) == 3} == {"part of last", "result of last"}


def test_channels_do_not_disturb_each_other(runner, engine, heard, qtbot):
    engine.add("x")
    runner.submit("a", Ask("x"))
    assert engine.entered["x"].wait(10)
    runner.submit("b", Ask("y"))
    runner.submit("c", Ask("z"))
    engine.gates["x"].set()
    qtbot.waitUntil(lambda: len([e for e in heard if len(e) == 3 and not e[2]]) == 3)
    assert engine.finished == ["x", "y", "z"]


def test_cancelling_ends_a_run_at_its_next_checkpoint(runner, engine, heard, qtbot):
    engine.add("x")
    runner.submit("a", Ask("x"))
    assert engine.entered["x"].wait(10)
    with qtbot.waitSignals([runner.cancelled, runner.busy_changed]):
        runner.cancel_all()
    engine.gates["x"].set()
    runner.submit("a", Ask("y"))
    qtbot.waitUntil(lambda: ("a", "result of y", False) in heard)
    assert engine.finished == ["y"]
    assert not runner.is_busy


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        ("refuse", "refused", "The text has 9 tokens; at most 5 are allowed."),
        ("crash", "error", "something in it was not foreseen"),
    ],
)
def test_failures_are_text(runner, qtbot, request_, kind, message):
    with qtbot.waitSignal(runner.failed) as blocker:
        runner.submit("a", Ask(request_))
    assert blocker.args[1] == request_
    failure = blocker.args[2]
    assert isinstance(failure, Failure)
    assert failure.kind == kind
    assert message in failure.message
    assert ("Traceback" in failure.details) == (kind == "error")


@pytest.fixture
def refinable(monkeypatch, engine):
    """Requests about maps are refined: after the first look they wait at a second gate, where they can be ended."""

    def run(request, context):
        engine.entered[request].set()
        context.partial(f"part of {request}", is_whole=False)
        while "slow" in request and not engine.gates[f"look at {request}"].wait(0.001):
            context.checkpoint()
        context.partial(f"first look at {request}")
        while not engine.gates[request].wait(0.001):
            context.checkpoint()
        engine.finished.append(request)
        return f"exact {request}"

    monkeypatch.setattr(engine, "run", run)
    return engine


def test_a_refinement_makes_way_and_goes_on_later(runner, refinable, heard, qtbot):
    refinable.add("map", "tile")
    refinable.gates["tile"].set()
    runner.submit("a", Ask("map"))
    qtbot.waitUntil(lambda: ("a", "first look at map", True) in heard)
    runner.submit("b", Ask("tile"))
    qtbot.waitUntil(lambda: ("b", "exact tile", False) in heard)
    assert refinable.finished == ["tile"]
    refinable.gates["map"].set()
    qtbot.waitUntil(lambda: ("a", "exact map", False) in heard)
    assert not runner.is_busy


def test_nothing_comes_between_the_parts_of_a_first_look(runner, refinable, heard, qtbot):
    refinable.add("map slow", "look at map slow", "tile")
    refinable.gates["tile"].set()
    runner.submit("a", Ask("map slow"))
    qtbot.waitUntil(lambda: ("a", "part of map slow", True) in heard)
    runner.submit("b", Ask("tile"))
    refinable.gates["look at map slow"].set()
    qtbot.waitUntil(lambda: ("b", "exact tile", False) in heard)
    assert heard.index(("a", "first look at map slow", True)) < heard.index(("b", "part of tile", True))
    refinable.gates["map slow"].set()
    qtbot.waitUntil(lambda: ("a", "exact map slow", False) in heard)


def test_what_grows_makes_way_behind_its_beginning_as_often_as_something_is_asked(runner, refinable, heard, qtbot):
    refinable.add("text", "look at text", "tile 1", "tile 2")
    runner.submit("a", Ask("text"))
    for name, n_begun in (("tile 1", 1), ("tile 2", 2)):
        refinable.gates[name].set()
        qtbot.waitUntil(lambda n=n_begun: heard.count(("a", "part of text", True)) == n)
        runner.submit("b", Ask(name))
        qtbot.waitUntil(lambda name=name: ("b", f"exact {name}", False) in heard)
    assert refinable.finished == ["tile 1", "tile 2"]
    refinable.gates["text"].set()
    qtbot.waitUntil(lambda: ("a", "exact text", False) in heard)
    assert not runner.is_busy


def test_two_refinements_both_come_to_their_end(runner, refinable, heard, qtbot):
    refinable.add("map 1", "map 2")
    runner.submit("a", Ask("map 1"))
    qtbot.waitUntil(lambda: ("a", "first look at map 1", True) in heard)
    runner.submit("b", Ask("map 2"))
    qtbot.waitUntil(lambda: ("b", "first look at map 2", True) in heard)
    refinable.gates["map 2"].set()
    qtbot.waitUntil(lambda: ("b", "exact map 2", False) in heard)
    refinable.gates["map 1"].set()
    qtbot.waitUntil(lambda: ("a", "exact map 1", False) in heard)
    assert refinable.finished == ["map 2", "map 1"]


def test_of_what_was_put_off_the_latest_goes_on_first(runner, refinable, heard, qtbot):
    refinable.add("map old", "map new", "tile")
    for channel, request in (("a", "map old"), ("b", "map new")):
        runner.submit(channel, Ask(request))
        qtbot.waitUntil(lambda channel=channel, request=request: (channel, f"first look at {request}", True) in heard)
    runner.submit("c", Ask("tile"))
    assert refinable.entered["tile"].wait(10)
    for gate in refinable.gates.values():
        gate.set()
    qtbot.waitUntil(lambda: ("a", "exact map old", False) in heard)
    assert refinable.finished == ["tile", "map new", "map old"]


def test_a_refinement_that_was_put_off_can_be_replaced(runner, refinable, heard, qtbot):
    refinable.add("map old", "map new", "tile")
    runner.submit("a", Ask("map old"))
    qtbot.waitUntil(lambda: ("a", "first look at map old", True) in heard)
    runner.submit("b", Ask("tile"))
    assert refinable.entered["tile"].wait(10)
    runner.submit("a", Ask("map new"))
    refinable.gates["tile"].set()
    refinable.gates["map new"].set()
    qtbot.waitUntil(lambda: ("a", "exact map new", False) in heard)
    assert refinable.finished == ["tile", "map new"]


def test_busy_is_told_once_at_each_end(runner, engine, qtbot):
    told = []
    runner.busy_changed.connect(told.append)
    engine.add("x")
    runner.submit("a", Ask("x"))
    runner.submit("b", Ask("y"))
    engine.gates["x"].set()
    qtbot.waitUntil(lambda: not runner.is_busy)
    assert told == [True, False]


def test_shutdown_in_mid_run_joins_the_thread(qapp, engine):
    runner = Runner(ThreadLink(lambda: engine))
    engine.add("x")
    runner.start()
    runner.submit("a", Ask("x"))
    assert engine.entered["x"].wait(10)
    engine.gates["x"].set()
    runner.shutdown()
    assert not [t for t in threading.enumerate() if t.name == "inference-worker"]


def test_closed_before_it_was_started_it_starts_nothing(qapp):
    started = []
    runner = Runner(ThreadLink(lambda: started.append("an engine")))
    runner.submit("a", Ask("x"))
    runner.shutdown()
    runner.start()
    assert not runner._thread.is_alive()
    assert started == []
