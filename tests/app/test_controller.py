"""The controller brings each result to the view that asked, and to no other."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Signal

from app.link.controller import WRITING_PAUSE, Controller
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import OpenRequest
from inference.results.events import Failure, Progress
from inference.results.heads import HeadsRequest
from inference.results.job import JobAction, JobPhase, JobRequest, JobState
from inference.results.layer_times import LayerTimesRequest
from inference.results.memory import MemoryRequest, MemoryResult
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from tests.factories import make_checkpoint_info, make_tokens
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.subject import Subject
from widgets.view import View

INPUT = text_input("a cat")
HEADS = HeadsRequest("x", INPUT, "encoder")
OPEN = OpenRequest("x")


class FakeRunner(QObject):
    progressed, cancelled = Signal(str, object), Signal(str, object)
    arrived, failed = Signal(str, object, object, bool), Signal(str, object, object)
    engine_died, busy_changed = Signal(str), Signal(bool)
    elsewhere = None

    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[tuple[str, object]] = []
        self.withdrawn: list[str] = []

    def withdraw(self, channel: str) -> None:
        self.withdrawn.append(channel)

    def withdraw_all_but(self, *channels: str) -> dict[str, object]:
        return {channel: request for channel, request in self.submitted if channel not in channels}

    def submit(self, channel: str, request: object, *, is_quiet: bool = False) -> None:
        self.submitted.append((channel, request))


class FakeJobs(QObject):
    added, changed = Signal(object), Signal(object)
    arrived = Signal(int, object, object, bool)

    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[JobRequest] = []
        self.acted: list[tuple[int, JobAction]] = []

    def submit(self, request: JobRequest) -> int:
        if request not in self.submitted:
            self.submitted.append(request)
        return self.submitted.index(request)

    def state(self, number: int) -> JobState:
        return JobState(number, self.submitted[number], JobPhase.RUNNING)

    def act(self, number: int, action: JobAction) -> None:
        self.acted.append((number, action))


class Listener(View):
    """Asks two things at once and writes down what it is shown."""

    def __init__(self, name: str, context: ViewContext) -> None:
        super().__init__(context)
        self.setObjectName(name)
        self.shown: list[object] = []
        self.wants_heads = True

    def requests(self):
        attention = AttentionRequest("x", INPUT, "encoder", (self.selection.now.layer,))
        return (HEADS, attention) if self.wants_heads else (attention,)

    def selection_changed(self, now, old):
        self.refresh()

    def show_result(self, request, result, is_partial):
        self.shown.append((request, result, is_partial))

    def show_failure(self, request, failure):
        super().show_failure(request, failure)
        self.shown.append((request, failure))

    def show_job(self, state):
        self.shown.append(state.phase)

    def figure(self):
        return None


@pytest.fixture
def runner(qapp):
    return FakeRunner()


@pytest.fixture
def jobs(qapp):
    return FakeJobs()


@pytest.fixture
def controller(runner, jobs):
    return Controller(runner, jobs)


@pytest.fixture
def views(controller, qtbot):
    context = ViewContext()
    views = [Listener(name, context) for name in ("left", "right")]
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
    controller.view_noticed.connect(lambda *told: noticed.append(told))
    for view in views:
        view.set_subject(Subject(make_checkpoint_info(), INPUT))
    failure = Failure("refused", "no")
    runner.arrived.emit("left/HeadsRequest", HEADS, "part", True)
    runner.arrived.emit("left/HeadsRequest", HEADS, "whole", False)
    runner.failed.emit("right/HeadsRequest", HEADS, failure)
    assert views[0].shown == [(HEADS, "part", True), (HEADS, "whole", False)]
    assert views[1].shown == [(HEADS, failure)]
    assert noticed == [("view right HeadsRequest", "no")]


def test_what_is_no_longer_wanted_is_withdrawn(runner, views):
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    views[0].wants_heads = False
    views[0].refresh()
    assert runner.withdrawn == ["left/HeadsRequest"]


def test_a_cancel_reaches_the_view(runner, views):
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    for request in views[0].requests():
        runner.arrived.emit(f"left/{type(request).__name__}", request, "whole", False)
    views[0].selection.update(layer=1)
    runner.cancelled.emit("left/AttentionRequest", views[0].requests()[1])
    assert "Cancelled" in views[0].why_not_current


def test_a_dead_engine_is_told_once(runner, controller, views):
    noticed = []
    controller.engine_died.connect(noticed.append)
    runner.engine_died.emit("The engine stopped.")
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    runner.failed.emit("left/HeadsRequest", HEADS, Failure("engine", "The engine stopped."))
    assert views[0].shown == []
    assert noticed == ["The engine stopped."]


def test_opening_remembers_the_checkpoint_and_a_failure_keeps_it(runner, controller):
    info = make_checkpoint_info()
    opened, failed = [], []
    controller.opened.connect(opened.append)
    controller.open_failed.connect(failed.append)
    controller.open("x")
    assert runner.submitted == [("open", OpenRequest("x"))]
    runner.arrived.emit("open", OPEN, info, False)
    runner.failed.emit("open", OPEN, Failure("refused", "broken"))
    assert opened == [info]
    assert controller.checkpoint == info
    assert [f.message for f in failed] == ["broken"]


def test_tokens_are_asked_of_the_open_checkpoint(runner, controller):
    controller.tokenize(INPUT)
    assert runner.submitted == []
    runner.arrived.emit("open", OPEN, make_checkpoint_info(), False)
    told = []
    controller.tokenized.connect(lambda tokens, why: told.append((tokens, why)))
    controller.tokenize(INPUT)
    asked = TokenizeRequest(make_checkpoint_info().checkpoint, INPUT)
    assert runner.submitted == [("tokens", asked)]
    tokens = TokenizeResult(make_tokens(), ("Something is left aside.",))
    runner.arrived.emit("tokens", asked, tokens, False)
    runner.failed.emit("tokens", asked, Failure("refused", "too long"))
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
        runner.arrived.emit("memory", MemoryRequest(5), told, False)
    assert blocker.args == [told]
    runner.failed.emit("memory", MemoryRequest(5), Failure("error", "oh"))  # nobody asked for it, so nobody is told


def test_what_is_held_is_asked_once_while_a_first_look_is_refined(runner, controller, views):
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    runner.submitted.clear()
    for is_partial in (True, True, False):
        runner.arrived.emit("left/HeadsRequest", HEADS, "heads", is_partial)
    assert runner.submitted == [("memory", MemoryRequest(0))]
    assert views[0].shown == [(HEADS, "heads", is_partial) for is_partial in (True, True, False)]


def test_a_job_goes_to_the_second_lane_and_its_view_hears_of_it(runner, jobs, controller, views):
    request = LayerTimesRequest()
    views[0].request_changed.emit(request)
    assert runner.submitted == []
    assert jobs.submitted == [request]
    done, told = JobState(0, request, JobPhase.DONE), []
    controller.job_told.connect(lambda *one: told.append(one))
    jobs.arrived.emit(0, request, "part", True)
    jobs.arrived.emit(0, request, "whole", False)
    jobs.changed.emit(done)
    answers = [(request, "part", True), (request, "whole", False)]
    assert views[0].shown == [JobPhase.RUNNING, *answers, JobPhase.DONE]
    assert told == [(f"job {request.title}", "Layer times, d = 256, n = 128–2,048: done.", False)]
    jobs.arrived.emit(0, request, "late", False)
    assert views[0].shown[-1] is JobPhase.DONE
    assert views[1].shown == []


def test_a_job_that_begins_anew_takes_back_what_was_said_of_it_and_a_cancelled_one_is_told(jobs, controller):
    request, told = LayerTimesRequest(), []
    controller.job_told.connect(lambda *one: told.append(one))
    jobs.added.emit(JobState(1, request, JobPhase.WAITING))
    jobs.changed.emit(JobState(1, request, JobPhase.RUNNING))
    jobs.changed.emit(JobState(1, request, JobPhase.CANCELLED))
    about = f"job {request.title}"
    assert told == [(about, "", False), (about, "Layer times, d = 256, n = 128–2,048: cancelled.", False)]


# What is said, and when it does not hold any more


def test_what_a_view_said_is_taken_back_when_it_asks_anew(runner, controller, views):
    settled = []
    controller.settled.connect(settled.append)
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    assert set(settled) == {"view left"}
    told = []
    controller.view_noticed.connect(lambda *one: told.append(one))
    views[0].noticed.emit("This mask was typed.")
    assert told == [("view left ", "This mask was typed.")]


def test_what_a_view_said_is_taken_back_when_another_one_is_looked_at(runner, controller, views):
    views[0].show()
    settled = []
    controller.settled.connect(settled.append)
    views[0].hide()
    assert settled == ["view left"]


def test_after_an_answer_nobody_need_press_f5(runner, controller, views):
    settled = []
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    controller.settled.connect(settled.append)
    runner.arrived.emit("memory", MemoryRequest(0), MemoryResult(0, 0, 0, 0, 0, True), False)
    runner.arrived.emit("left/HeadsRequest", HEADS, "part", True)
    assert settled == []
    runner.arrived.emit("left/HeadsRequest", HEADS, "whole", False)
    assert settled == ["engine", "cancelled"]


# While another checkpoint is on its way


@pytest.fixture
def leaving(runner, controller, views):
    """One view has asked two things when another checkpoint is wanted."""
    views[0].set_subject(Subject(make_checkpoint_info(), INPUT))
    asked = list(runner.submitted)
    controller.open("y")
    return asked


def test_a_checkpoint_that_is_left_keeps_the_next_one_waiting_for_nothing(runner, controller, views, leaving):
    assert runner.submitted[-1] == ("open", OpenRequest("y"))
    n = len(runner.submitted)
    views[0].selection.update(layer=1)
    assert len(runner.submitted) == n
    runner.arrived.emit("open", OpenRequest("y"), make_checkpoint_info(name="y"), False)
    assert len(runner.submitted) == n
    views[0].refresh()  # also where it wants the same as before
    assert len(runner.submitted) == n + 2


def test_progress_is_not_told_any_more_of_what_is_left(controller):
    told = []
    controller.progressed.connect(told.append)
    controller.open("y")
    assert told == [Progress(0, 0, "Opening")]


def test_what_was_cut_off_is_asked_again_when_the_other_checkpoint_does_not_open(runner, views, leaving):
    runner.submitted.clear()
    runner.failed.emit("open", OpenRequest("y"), Failure("refused", "It is broken."))
    assert runner.submitted == leaving
    assert views[0].why_not_current == ""


@pytest.mark.parametrize("ends", ["cancelled", "engine"])
def test_what_was_cut_off_waits_for_f5_when_the_user_stops_the_other_one(runner, controller, views, leaving, ends):
    views[0]._pictured = views[0].subject
    runner.submitted.clear()
    if ends == "cancelled":
        runner.cancelled.emit("open", OpenRequest("y"))
    else:
        runner.failed.emit("open", OpenRequest("y"), Failure("engine", "The engine crashed. Press F5."))
    assert runner.submitted == []
    assert "F5" in views[0].why_not_current
    controller.ask_again()
    assert runner.submitted == leaving


def test_f5_reaches_every_view_that_asks(runner, controller, views):
    """The bar above the images is one of them, too."""
    for view in views:
        view.set_subject(Subject(make_checkpoint_info(), INPUT))
        for request in view.requests():
            view.take_cancellation(request)
    runner.submitted.clear()
    controller.ask_again()
    assert {channel for channel, _ in runner.submitted} == {
        f"{view}/{request}" for view in ("left", "right") for request in ("HeadsRequest", "AttentionRequest")
    }


# Jobs


def test_two_views_that_ask_for_the_same_job_both_hear_of_it(jobs, views):
    for view in (*views, views[0]):
        view.request_changed.emit(LayerTimesRequest())
    jobs.arrived.emit(0, LayerTimesRequest(), "part", True)
    assert [view.shown for view in views] == [[JobPhase.RUNNING, (LayerTimesRequest(), "part", True)]] * 2


def test_jobs_of_one_view_are_kept_apart(jobs, views):
    requests = [LayerTimesRequest(), LayerTimesRequest(d_model=64)]
    for view, request in zip(views, requests, strict=True):
        view.request_changed.emit(request)
    jobs.arrived.emit(1, requests[1], "of the second", False)
    assert [view.shown[1:] for view in views] == [[], [(requests[1], "of the second", False)]]


def test_a_failed_job_is_told_once_with_its_title(jobs, controller, views):
    request, noticed = LayerTimesRequest(), []
    controller.job_told.connect(lambda *told: noticed.append(told))
    views[0].request_changed.emit(request)
    jobs.changed.emit(JobState(0, request, JobPhase.FAILED, message="It broke."))
    assert noticed == [(f"job {request.title}", f"{request.title}: It broke.", True)]
    assert views[0].shown[-1] is JobPhase.FAILED


def test_a_view_steers_its_job(jobs, views):
    views[0].job_action_requested.emit(3, JobAction.CANCEL)
    assert jobs.acted == [(3, JobAction.CANCEL)]


# What the engine answered in the last session


class FakeCache:
    def __init__(self, *kept):
        self.kept, self.noted, self.n_written = list(kept), [], 0

    def answer(self, request):
        return next((answer for asked, answer in self.kept if asked == request), None)

    def keep(self, channel, request, answer):
        self.noted.append((channel, request, answer))

    def write(self):
        self.n_written += 1

    def write_beside(self):
        self.n_written += 1


INFO = make_checkpoint_info(name="x")
TOKENIZE = TokenizeRequest("x", INPUT)


@pytest.fixture
def remembering(runner, jobs):
    cache = FakeCache((OPEN, INFO), (TOKENIZE, TokenizeResult(make_tokens())), (HEADS, "remembered"))
    controller = Controller(runner, jobs, cache=cache)
    controller.cache, controller.told = cache, []
    controller.opened.connect(lambda info: controller.told.append(info))
    return controller


def test_until_the_engine_is_up_what_it_answered_before_is_shown(remembering, runner, qtbot):
    view = Listener("left", ViewContext())
    qtbot.addWidget(view)
    remembering.attach(view)
    view.show()
    remembering.open("x")
    assert remembering.told == [INFO]
    with qtbot.waitSignal(remembering.tokenized):
        remembering.tokenize(INPUT)
    view.set_subject(Subject(INFO, INPUT))
    assert view.shown == [(HEADS, "remembered", False)]
    assert "last session" in view.why_not_current
    assert [channel for channel, _ in runner.submitted][:2] == ["open", "tokens"]  # it is asked all the same
    runner.arrived.emit("open", OPEN, INFO, False)
    assert remembering.told == [INFO]  # the same: nothing begins anew
    for request in view._asked:
        runner.arrived.emit(f"left/{type(request).__name__}", request, "computed", False)
    assert view.why_not_current == ""


def test_what_the_last_session_does_not_know_may_have_come_with_the_program(runner, jobs, qtbot):
    controller = Controller(runner, jobs, cache=FakeCache((OPEN, INFO)), first_answers=FakeCache((HEADS, "kept")))
    view = Listener("left", ViewContext())
    qtbot.addWidget(view)
    controller.attach(view)
    view.show()
    controller.open("x")
    view.set_subject(Subject(INFO, INPUT))
    assert view.shown == [(HEADS, "kept", False)]
    assert "came with Headlight" in view.why_not_current


def test_once_the_engine_is_up_it_is_asked_alone(remembering, runner):
    runner.arrived.emit("open", OPEN, INFO, False)
    remembering.open("x")
    assert remembering.told == [INFO]


def test_a_checkpoint_that_is_another_now_is_opened_anew(remembering, runner):
    remembering.open("x")
    other = make_checkpoint_info(name="x", n_layers=7)
    runner.arrived.emit("open", OPEN, other, False)
    assert remembering.told == [INFO, other]
    assert remembering.checkpoint is other


def test_a_checkpoint_that_no_longer_opens_is_not_open(remembering, runner, qtbot):
    remembering.open("x")
    with qtbot.waitSignal(remembering.open_failed):
        runner.failed.emit("open", OPEN, Failure("refused", "It is gone."))
    assert remembering.checkpoint is None


def test_whole_answers_are_kept_and_written_after_a_pause(remembering, runner, qtbot):
    assert remembering._writing.interval() == WRITING_PAUSE
    remembering._writing.setInterval(50)
    runner.arrived.emit("open", OPEN, INFO, False)
    runner.arrived.emit("memory", MemoryRequest(0), MemoryResult(0, 0, 0, 0, 0, True), False)
    assert remembering.cache.noted == [("open", OPEN, INFO)]
    assert remembering.cache.n_written == 0
    qtbot.waitUntil(lambda: remembering.cache.n_written == 1)
    remembering.write_cache()
    assert remembering.cache.n_written == 2
