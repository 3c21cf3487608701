"""The controller brings each result to the view that asked, and to no other."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Signal

from app.link.controller import Controller
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import OpenRequest
from inference.results.events import Failure, Progress
from inference.results.heads import HeadsRequest
from inference.results.memory import MemoryRequest, MemoryResult
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from tests.factories import make_checkpoint_info, make_tokens
from tests.inputs import text_input
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.view import View

INPUT = text_input("a cat")


class FakeRunner(QObject):
    progressed, arrived, failed = Signal(str, object), Signal(str, object, bool), Signal(str, object)
    engine_died, busy_changed = Signal(str), Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[tuple[str, object]] = []

    def submit(self, channel: str, request: object, *, is_quiet: bool = False) -> None:
        self.submitted.append((channel, request))


class Listener(View):
    """Asks two things at once and writes down what it is shown."""

    def __init__(self, name: str, selection: Selection) -> None:
        super().__init__(selection)
        self.setObjectName(name)
        self.shown: list[object] = []

    def requests(self):
        return HeadsRequest("x", INPUT, "encoder"), AttentionRequest("x", INPUT, "encoder", (self.selection.now.layer,))

    def selection_changed(self, now, old):
        self.refresh()

    def show_result(self, result):
        self.shown.append(result)

    def show_failure(self, failure):
        super().show_failure(failure)
        self.shown.append(failure)

    def figure(self):
        return None


@pytest.fixture
def runner(qapp):
    return FakeRunner()


@pytest.fixture
def controller(runner):
    return Controller(runner)


@pytest.fixture
def views(controller, qtbot):
    selection = Selection()
    views = [Listener(name, selection) for name in ("left", "right")]
    for view in views:
        qtbot.addWidget(view)
        controller.attach(view)
        view.show()
    return views


def test_each_kind_of_request_has_a_channel_of_its_own(runner, views):
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    assert [channel for channel, _ in runner.submitted] == ["left/HeadsRequest", "left/AttentionRequest"]


def test_only_what_changed_is_asked_again(runner, views):
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    runner.submitted.clear()
    views[0].selection.update(layer=2)
    asked = [request for channel, request in runner.submitted if channel.startswith("left")]
    assert asked == [AttentionRequest("x", INPUT, "encoder", (2,))]
    runner.submitted.clear()
    views[0].refresh(again=True)
    assert len(runner.submitted) == 2


def test_a_hidden_view_asks_when_it_is_shown(runner, views):
    views[0].hide()
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    assert runner.submitted == []
    views[0].show()
    assert len(runner.submitted) == 2


def test_results_and_failures_reach_the_view_that_asked(runner, controller, views):
    noticed = []
    controller.noticed.connect(noticed.append)
    failure = Failure("refused", "no")
    runner.arrived.emit("left/HeadsRequest", "part", True)
    runner.arrived.emit("left/HeadsRequest", "whole", False)
    runner.failed.emit("right/HeadsRequest", failure)
    assert views[0].shown == ["part", "whole"]
    assert views[1].shown == [failure]
    assert noticed == ["no"]


def test_a_dead_engine_is_told_once(runner, controller, views):
    noticed = []
    controller.noticed.connect(noticed.append)
    runner.engine_died.emit("The engine stopped.")
    runner.failed.emit("left/HeadsRequest", Failure("engine", "The engine stopped."))
    assert noticed == ["The engine stopped."]


def test_opening_remembers_the_checkpoint_and_a_failure_keeps_it(runner, controller):
    info = make_checkpoint_info()
    opened, failed = [], []
    controller.opened.connect(opened.append)
    controller.open_failed.connect(failed.append)
    controller.open("x")
    assert runner.submitted == [("open", OpenRequest("x"))]
    runner.arrived.emit("open", info, False)
    runner.failed.emit("open", Failure("refused", "broken"))
    assert opened == [info]
    assert controller.checkpoint == info
    assert [f.message for f in failed] == ["broken"]


def test_tokens_are_asked_of_the_open_checkpoint(runner, controller):
    controller.tokenize(INPUT)
    assert runner.submitted == []
    runner.arrived.emit("open", make_checkpoint_info(), False)
    told = []
    controller.tokenized.connect(lambda tokens, why: told.append((tokens, why)))
    controller.tokenize(INPUT)
    assert runner.submitted == [("tokens", TokenizeRequest(make_checkpoint_info().checkpoint, INPUT))]
    tokens = make_tokens()
    runner.arrived.emit("tokens", TokenizeResult(tokens), False)
    runner.failed.emit("tokens", Failure("refused", "too long"))
    assert told == [(tokens, ""), (None, "too long")]


def test_progress_is_passed_on(runner, controller):
    told = []
    controller.progressed.connect(told.append)
    runner.progressed.emit("left/HeadsRequest", Progress(1, 4, "Layer 1 of 4"))
    assert told == [Progress(1, 4, "Layer 1 of 4")]


def test_what_is_held_is_asked_after_each_piece_of_work(runner, controller, qtbot):
    controller.set_memory_budget(5)
    assert runner.submitted == [("memory", MemoryRequest(5))]
    runner.busy_changed.emit(True)
    assert len(runner.submitted) == 1
    runner.busy_changed.emit(False)
    assert runner.submitted[1:] == [("memory", MemoryRequest(5))]
    told = MemoryResult(held=3, budget=5, n_calls=4, n_held=2, n_tokens=9, has_qk=True)
    with qtbot.waitSignal(controller.memory_told) as blocker:
        runner.arrived.emit("memory", told, False)
    assert blocker.args == [told]
    runner.failed.emit("memory", Failure("error", "oh"))  # nobody asked for it, so nobody is told


def test_what_is_held_is_asked_once_while_a_first_look_is_refined(runner, controller, views):
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    runner.submitted.clear()
    for is_partial in (True, True, False):
        runner.arrived.emit("left/HeadsRequest", "heads", is_partial)
    assert runner.submitted == [("memory", MemoryRequest(0))]
    assert views[0].shown == ["heads"] * 3
