"""The wiring between views and engine: requests out, results back to the view that asked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot

from app.link.first_answers import FirstAnswers
from app.link.jobs import Jobs
from app.link.result_cache import ResultCache
from app.link.runner import Runner
from inference.results.checkpoint import CheckpointInfo, OpenRequest
from inference.results.devices import DevicesRequest, DevicesResult
from inference.results.events import Failure, Progress
from inference.results.inputs import Input
from inference.results.job import JobPhase, JobRequest, JobState
from inference.results.late import Late
from inference.results.request import Request
from widgets.view import View

if TYPE_CHECKING:
    from inference.results import memory, tokenize
else:  # of what is asked behind the first picture
    memory, tokenize = Late("inference.results.memory"), Late("inference.results.tokenize")

OPEN, TOKENS, MEMORY, DEVICES = "open", "tokens", "memory", "devices"
_OF_ENGINE = (MEMORY, DEVICES)  # channels: about what it is, whatever is looked at
WRITING_PAUSE = 2000  # ms without an answer after which the last ones are put on disk


class Controller(QObject):
    """Knows which view asked what. A channel is `view/request type`, so a view may wait for several things at once.

    What takes minutes goes to the second lane. Two views that ask for the same job are both told of it.

    While another checkpoint is on its way, nothing is computed of the one that is being left: what its views want is
    held back. It is asked after all if the other one does not open, and given up if the user stops that.

    Signals
    -------
    opened(CheckpointInfo), open_failed(Failure)
        Answer to `open`; after a failure the checkpoint that was open still is.
    tokenized(TokenizeResult | None, str)
        Answer to `tokenize`; without one the sentence says why.
    open_cancelled(), tokenize_cancelled()
        The user stopped it; no answer will come.
    progressed(Progress)
        Of whatever runs.
    memory_told(MemoryResult)
        What the engine holds, after each piece of work.
    devices_told(DevicesResult), devices_refused(str)
        Answer to `ask_for_devices`.
    view_noticed(str, str)
        What a sentence of a view is about, and the sentence for the user.
    engine_died(str)
        A sentence that says how, and what the user can do.
    job_told(str, str, bool)
        What it is about, what became of a job, and whether that is a warning; without a sentence it begins anew.
    settled(str)
        What was said about this does not hold any more.
    """

    opened = Signal(object)
    open_failed = Signal(object)
    tokenized = Signal(object, str)
    open_cancelled = Signal()
    tokenize_cancelled = Signal()
    progressed = Signal(object)
    memory_told = Signal(object)
    devices_told = Signal(object)
    devices_refused = Signal(str)
    view_noticed = Signal(str, str)
    engine_died = Signal(str)
    job_told = Signal(str, str, bool)
    settled = Signal(str)

    def __init__(
        self,
        runner: Runner,
        jobs: Jobs,
        parent: QObject | None = None,
        *,
        cache: ResultCache | None = None,
        first_answers: FirstAnswers | None = None,
    ) -> None:
        super().__init__(parent)
        self._cache, self._first_answers = cache, first_answers
        self._is_engine_up = self._is_checkpoint_remembered = False
        self._writing = QTimer(self, interval=WRITING_PAUSE, singleShot=True)
        self._writing.timeout.connect(self._on_writing_timeout)
        self._runner = runner
        self._jobs = jobs
        self._views: dict[str, View] = {}
        self.elsewhere = runner.elsewhere
        self.checkpoint: CheckpointInfo | None = None
        self._memory: memory.MemoryRequest | None = None  # until the window says how much
        self._unanswered: set[str] = set()  # channels
        self._is_leaving = False
        self._held: dict[str, Request] = {}  # by channel, until it is known whether the checkpoint is left
        self._answered = ""  # channel whose answer a view is being told
        self._job_views: dict[int, list[View]] = {}  # who asked for a job that is not over
        runner.arrived.connect(self._on_runner_arrived)
        runner.failed.connect(self._on_runner_failed)
        runner.cancelled.connect(self._on_runner_cancelled)
        runner.progressed.connect(self._on_runner_progressed)
        runner.engine_died.connect(self.engine_died)
        runner.busy_changed.connect(self._on_runner_busy_changed)
        jobs.added.connect(self._tell_job)
        jobs.changed.connect(self._on_jobs_changed)
        jobs.arrived.connect(self._on_jobs_arrived)

    def attach(self, view: View) -> None:
        """Serve a view's requests from now on."""
        view.request_changed.connect(partial(self._on_view_request_changed, view.objectName()))
        view.request_withdrawn.connect(partial(self._on_view_request_withdrawn, view.objectName()))
        view.noticed.connect(partial(self._on_view_noticed, view.objectName()))
        view.installEventFilter(self)
        view.job_action_requested.connect(self._jobs.act)
        self._views[view.objectName()] = view

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What went wrong in a view is told as long as that is looked at; it asks again when it is shown."""
        if event.type() is QEvent.Type.Hide and not event.spontaneous():
            self.settled.emit(_about(watched.objectName()))
        return super().eventFilter(watched, event)

    def open(self, checkpoint: str) -> None:
        """Load a checkpoint; the answer comes by `opened` or `open_failed`."""
        request = OpenRequest(checkpoint)
        self._runner.submit(OPEN, request)
        if isinstance(info := self._remembered(request)[0], CheckpointInfo):
            self._is_checkpoint_remembered = True
            self.checkpoint = info
            self.opened.emit(info)
        else:
            self._is_leaving = True
            self.progressed.emit(Progress(0, 0, self.tr("Opening")))  # and not what is computed no more
            self._held |= self._runner.withdraw_all_but(OPEN, TOKENS, *_OF_ENGINE)

    def ask_again(self) -> None:
        """Let every view ask anew, whatever became of what it had asked."""
        for view in self._views.values():
            view.refresh(again=True)

    def set_memory_budget(self, budget: int) -> None:
        """How many bytes of what attention receives the engine may hold from now on."""
        self._memory = replace(self._memory or memory.MemoryRequest(), budget=budget)
        self._ask_for_memory()

    def set_checkpoint_memory(self, budget: int, pinned: tuple[str, ...]) -> None:
        """How many bytes of weights may be open at once (0: a quarter of the machine's), and what is unloaded last."""
        wish = self._memory or memory.MemoryRequest()
        self._memory = replace(wish, for_checkpoints=budget, pinned=pinned)
        self._ask_for_memory()

    def ask_for_devices(self, device: str = "") -> None:
        """Let the engine tell of its devices, and move to one if its name is given; the answer comes by a signal."""
        self._runner.submit(DEVICES, DevicesRequest(device), is_quiet=not device)

    def tokenize(self, input: Input) -> None:
        """Split an input for the token row; the answer comes by `tokenized`."""
        if self.checkpoint:
            request = tokenize.TokenizeRequest(self.checkpoint.checkpoint, input)
            self._runner.submit(TOKENS, request)
            if isinstance(result := self._remembered(request)[0], tokenize.TokenizeResult):
                self.tokenized.emit(result, "")

    # Until the engine is up, what it answered in the last session, or when Headlight was made, stands for its answer.

    def _remembered(self, request: Request) -> tuple[object | None, str]:
        """An answer, and the sentence that says where it is from; None if there is none, or none is needed."""
        if self._is_engine_up:
            return None, ""
        if self._cache is not None and (answer := self._cache.answer(request)) is not None:
            return answer, self.tr("An answer of the last session; the engine is about to compute it again …")
        if self._first_answers is not None and (answer := self._first_answers.answer(request)) is not None:
            return answer, self.tr("An answer that came with Headlight; the engine is about to compute it here …")
        return None, ""

    def _keep(self, channel: str, request: Request, result: object) -> None:
        self._is_engine_up = True
        if self._cache is not None:
            self._cache.keep(channel, request, result)
            self._writing.start()

    @Slot()
    def _on_writing_timeout(self) -> None:
        if self._cache is not None:
            self._cache.write_beside()

    def write_cache(self) -> None:
        """Keep the last answers for the next session; they are on disk when this returns."""
        if self._cache is not None:
            self._cache.write()

    @Slot(str, object)
    def _on_view_request_changed(self, name: str, request: Request) -> None:
        if isinstance(request, JobRequest):
            number = self._jobs.submit(request)
            views = self._job_views.setdefault(number, [])
            if (view := self._views[name]) not in views:
                views.append(view)
                view.show_job(self._jobs.state(number))
            return
        channel = _channel(name, request)
        self.settled.emit(_about(name))  # it looks at something else; what still fails is asked, and told, again
        if self._is_leaving:
            self._held[channel] = request
            return
        self._submit(channel, request)
        result, where_from = self._remembered(request)
        if result is not None:
            self._views[name].take_remembered(request, result, where_from)

    def _submit(self, channel: str, request: Request) -> None:
        self._unanswered.add(channel)
        self._runner.submit(channel, request)

    def _stop_leaving(self) -> list[tuple[str, View, Request]]:
        """It is known what becomes of what was held back: channels, views and requests."""
        held, self._held, self._is_leaving = self._held, {}, False
        return [(channel, self._view(channel), request) for channel, request in held.items()]

    def _view(self, channel: str) -> View:
        return self._views[channel.partition("/")[0]]

    @Slot(str, str)
    def _on_view_noticed(self, name: str, sentence: str) -> None:
        self.view_noticed.emit(_about(self._answered or f"{name}/"), sentence)

    @Slot(str, object)
    def _on_view_request_withdrawn(self, name: str, request: Request) -> None:
        channel = _channel(name, request)
        self._held.pop(channel, None)
        self._runner.withdraw(channel)

    @Slot(str, object, object, bool)
    def _on_runner_arrived(self, channel: str, request: Request, result: object, is_partial: bool) -> None:
        if not is_partial and channel not in _OF_ENGINE:
            self._keep(channel, request, result)
            for about in ("engine", "cancelled"):  # something was asked for again
                self.settled.emit(about)
        if channel == OPEN and isinstance(result, CheckpointInfo):
            is_known = self._is_checkpoint_remembered and result == self.checkpoint
            self._is_checkpoint_remembered = False
            for _, view, lost in self._stop_leaving():
                view.forget(lost)
            if not is_known:
                self.checkpoint = result
                self.opened.emit(result)
        elif channel == TOKENS and isinstance(result, tokenize.TokenizeResult):
            self.tokenized.emit(result, "")
        elif isinstance(result, memory.MemoryResult):
            self.memory_told.emit(result)
        elif isinstance(result, DevicesResult):
            self.devices_told.emit(result)
        else:
            self._answered = channel
            self._view(channel).take_result(request, result, is_partial)
            self._answered = ""
            if is_partial and channel in self._unanswered:  # what is held now; the rest may take minutes
                self._ask_for_memory()
            self._unanswered.discard(channel)

    @Slot(str, object, object)
    def _on_runner_failed(self, channel: str, request: Request, failure: Failure) -> None:
        if channel == OPEN:
            if self._is_checkpoint_remembered:  # it was never open in this session
                self._is_checkpoint_remembered, self.checkpoint = False, None
            for held, view, wanted in self._stop_leaving():
                if failure.kind == "engine":
                    view.take_failure(wanted, failure)
                else:
                    self._submit(held, wanted)
            self.open_failed.emit(failure)
        elif channel == TOKENS:
            self.tokenized.emit(None, failure.message)
        elif channel == DEVICES:
            self.devices_refused.emit(failure.message)
        elif channel != MEMORY:
            self._answered = channel
            self._view(channel).take_failure(request, failure)
            self._answered = ""

    @Slot(str, object)
    def _on_runner_cancelled(self, channel: str, request: Request) -> None:
        if channel == OPEN:
            for _, view, given_up in self._stop_leaving():
                view.take_cancellation(given_up)
            self.open_cancelled.emit()
        elif channel == TOKENS:
            self.tokenize_cancelled.emit()
        elif view := self._views.get(channel.partition("/")[0]):
            view.take_cancellation(request)

    @Slot(str, object)
    def _on_runner_progressed(self, _channel: str, progress: Progress) -> None:
        self.progressed.emit(progress)

    @Slot(object)
    def _on_jobs_changed(self, state: JobState) -> None:
        for view in self._job_views.get(state.number, ()):
            view.show_job(state)
        if state.phase.is_over:
            self._job_views.pop(state.number, None)
        self._tell_job(state)

    def _tell_job(self, state: JobState) -> None:
        title = state.request.title
        told = {
            JobPhase.WAITING: "",
            JobPhase.DONE: self.tr("{}: done.").format(title),
            JobPhase.CANCELLED: self._sentence_of_end(state),
            JobPhase.FAILED: f"{title}: {state.message}",
        }
        if state.phase in told:
            self.job_told.emit(f"job {title}", told[state.phase], state.phase is JobPhase.FAILED)

    def _sentence_of_end(self, state: JobState) -> str:
        keeps = state.request.keeps_what_is_done
        sentence = self.tr("{}: stopped; what is done is kept.") if keeps else self.tr("{}: cancelled.")
        return sentence.format(state.request.title)

    @Slot(int, object, object, bool)
    def _on_jobs_arrived(self, number: int, request: JobRequest, result: object, is_partial: bool) -> None:
        for view in self._job_views.get(number, ()):
            view.show_result(request, result, is_partial)

    @Slot(bool)
    def _on_runner_busy_changed(self, is_busy: bool) -> None:
        if not is_busy:
            self._ask_for_memory()

    def _ask_for_memory(self) -> None:
        # With the budgets each time: an engine that was started again knows nothing of it.
        self._runner.submit(MEMORY, self._memory or memory.MemoryRequest(), is_quiet=True)


def _channel(view: str, request: Request) -> str:
    return f"{view}/{type(request).__name__}"


def _about(channel: str) -> str:
    """What sentences of a view are about, or of what it asked there: `view heads HeadsRequest`."""
    return f"view {channel.replace('/', ' ')}"
