"""The training lab: tiny models learn while one watches, and runs are compared."""

from __future__ import annotations

import os
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.comparison import Compared, NotComparable, compared_runs
from inference.results.events import Failure
from inference.results.job import JobPhase, JobState
from inference.results.kept_runs import RunsRequest, RunsResult
from inference.results.request import Request
from inference.results.training import TrainingRequest, TrainingResult
from resources import bundled_checkpoints
from widgets.context import ViewContext, ViewExample
from widgets.kit.clean import clean
from widgets.kit.figure import Figure
from widgets.kit.option_controls import PageChoice
from widgets.look.tabs import Tabs
from widgets.subject import Subject
from widgets.view import View
from widgets.views.training.attention_page import AttentionPage
from widgets.views.training.distance_page import DistancePage
from widgets.views.training.formula_pages import SchedulePage, SmoothingPage
from widgets.views.training.lab_page import LabPage
from widgets.views.training.record import RunRecord
from widgets.views.training.unsaved import unsaved_requests, unsaved_state

_RUNS, _ATTENTION, _DISTANCE = 0, 1, 2
_N_INKS = 10
_OF_WORD2VEC = "Training"  # the page of the word vectors where they are trained


class TrainingView(View):
    """Runs and their curves; attention taking shape; the learning rate and label smoothing by formula.

    A run lives in a folder beside the settings and survives the window; what has become of it opens like any other
    checkpoint.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._records: dict[str, RunRecord] = {}  # by folder, the latest first
        self._removed: tuple[str, ...] = ()  # to be deleted with the next question
        self._is_first = True
        self._lab, self._attention, self._distance = LabPage(), AttentionPage(), DistancePage()
        self._schedule, self._smoothing = SchedulePage(), SmoothingPage()
        self._pages = Tabs(self)
        self._pages.setObjectName("training_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        for page, title in (
            (self._lab, self.tr("Runs")),
            (self._attention, self.tr("Attention")),
            (self._distance, self.tr("Distance")),
            (self._schedule, self.tr("Learning rate")),
            (self._smoothing, self.tr("Label smoothing")),
        ):
            self._pages.addTab(self.add_page(page), title)
        for options in (self._lab.options, self._lab.show_options, self._schedule.options, self._smoothing.options):
            self.add_options(options)  # type: ignore[type-var]
        self.setFocusProxy(self._pages)
        self._tell_names()

        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._lab.show_options.changed.connect(self._show_all)
        for page in (self._lab, self._attention, self._distance, self._schedule, self._smoothing):
            page.figure_changed.connect(self.figure_changed)
        self._lab.start_requested.connect(self._on_lab_start_requested)
        self._lab.compare_requested.connect(self._on_lab_compare_requested)
        self._lab.word2vec_requested.connect(self._on_lab_word2vec_requested)
        self._lab.job_line.action_requested.connect(self.job_action_requested)
        self._lab.job_line.remove_requested.connect(self._on_job_line_remove_requested)
        runs = self._lab.runs
        runs.shown_changed.connect(self._on_runs_shown_changed)
        runs.current_changed.connect(self._show_current)
        runs.go_on_requested.connect(self._on_runs_go_on_requested)
        runs.open_requested.connect(self.context.open_checkpoint)
        runs.remove_requested.connect(self._on_runs_remove_requested)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        self._tell_names()

    def requests(self) -> tuple[Request, ...]:
        if not self.context.runs_folder:
            return ()
        missing = [folder for folder in self._lab.runs.shown if self._needs_steps(folder)]
        return (RunsRequest(self.context.runs_folder, tuple(missing), self._removed),)

    def _needs_steps(self, folder: str) -> bool:
        record = self._records.get(folder)
        return record is not None and record.result is None and not record.is_running

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, TrainingResult):
            assert isinstance(request, TrainingRequest)
            record = self._records.get(request.folder)
            if record is not None:
                record.take(result)
                self._lab.runs.show_record(record)
                self._show_all(has_grown=True)
        elif isinstance(result, RunsResult):
            assert isinstance(request, RunsRequest)
            self._take_runs(request, result)

    def _take_runs(self, request: RunsRequest, result: RunsResult) -> None:
        self._lab.set_lora(result.has_lora)
        gone = set(request.removed)
        if self._removed == request.removed:
            self._removed = ()
        old, kept = self._records, {run.request.folder: run for run in result.runs if run.request.folder not in gone}
        # What trains or waits stands first, be it that nothing of it is on the disk yet.
        records = {
            folder: record
            for folder, record in old.items()
            if record.is_running or (record.is_unsaved and folder not in kept)
        }
        for folder, run in kept.items():
            record = (
                records.get(folder)
                or old.get(folder)
                or RunRecord(run.request, self._next_ink([*old.values(), *records.values()]))
            )
            records[folder] = record
            record.n_bytes, record.is_unsaved = run.n_bytes, False
            if not record.is_running:
                record.request, record.n_done = run.request, run.n_done
        for folder, steps in result.steps:
            if folder in records and not records[folder].is_running:
                records[folder].take(steps)
        is_other = list(records) != list(old) or bool(gone)
        self._records = records
        self._lab.runs.set_records(records.values(), self.style_now())
        if self._is_first and records:
            self._is_first = False
            self._choose_first()
        self._tell_names()
        if is_other:
            self.context.tell_runs_changed()
        self._show_current()
        self.refresh()

    def _choose_first(self) -> None:
        """Something to see: the latest run, with what it is compared with."""
        latest = max(self._records.values(), key=lambda one: (one.n_done > 0, not one.is_unsaved))  # the first of these
        compared = latest.request.comparison
        for record in self._records.values():
            if compared and record.request.comparison == compared:
                self._lab.runs.choose(record.request.folder)
        self._lab.runs.choose(latest.request.folder)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._removed = ()

    def show_job(self, state: JobState) -> None:
        request = state.request
        assert isinstance(request, TrainingRequest)
        record = self._records.get(request.folder)
        if record is None:
            return
        record.job = state
        if state.phase.is_over:
            if state.phase is not JobPhase.FAILED:
                record.job, record.is_unsaved = None, False
                record.n_bytes = record.n_bytes or 1
            self.refresh(again=True)
            self.context.tell_runs_changed()
        self._lab.runs.show_record(record)
        self._show_job()

    # A session

    def options_state(self) -> dict[str, Any]:
        """With the file that is learned from, and the runs of which nothing is on the disk yet: they wait for others,
        or have only just been begun.
        """
        unsaved = [record.request for record in self._records.values() if record.is_unsaved]
        kept: dict[str, Any] = {"path": self._lab.path, "unsaved": unsaved_state(unsaved)}
        return super().options_state() | {name: value for name, value in kept.items() if value}

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        path = stored.get("path") if isinstance(stored, dict) else None
        if isinstance(path, str) and path:
            self._lab.set_path(path)
        kept = stored.get("unsaved") if isinstance(stored, dict) and self.context.runs_folder else ()
        for request in reversed(unsaved_requests(kept, self.context.runs_folder)):
            if request.folder not in self._records:
                self._add(request)
        self._lab.runs.set_records(self._records.values(), self.style_now())
        self._tell_names()

    def figure(self) -> Figure | None:
        page = self._pages.currentIndex()
        if page == _RUNS:
            return self._lab.figure_now()
        if page == _ATTENTION:
            return self._attention.figure
        if page == _DISTANCE:
            return self._distance.figure_now()
        return (self._schedule, self._smoothing)[page - 3].figure_now()

    def restyle(self) -> None:
        style = self.style_now()
        self._lab.runs.set_records(self._records.values(), style)
        self._show_all()
        self._attention.restyle(style)
        self._schedule.restyle(style)
        self._smoothing.restyle(style)

    # The picture

    def _show_all(self, *, has_grown: bool = False) -> None:
        """Draw the curves of what is ticked, and the attention of what is chosen."""
        shown = set(self._lab.runs.shown)
        records = tuple(record for folder, record in reversed(self._records.items()) if folder in shown)
        self._lab.show_records(records, self.style_now(), has_grown=has_grown)
        self._distance.show_records(records, self._lab.against, self.style_now())
        self._attention.show_record(self._records.get(self._lab.runs.current), self.style_now())

    def _show_current(self) -> None:
        self._show_job()
        self._show_all()

    def _show_job(self) -> None:
        """How far the chosen run is, or why it failed."""
        record = self._records.get(self._lab.runs.current)
        job = record.job if record is not None else None
        self._lab.job_line.setVisible(job is not None)
        if job is not None:
            self._lab.job_line.show_job(job)

    def _tell_names(self) -> None:
        self._lab.set_names(self._is_taken)

    def _is_taken(self, name: str) -> bool:
        return any(name in (record.request.name, record.request.comparison) for record in self._records.values())

    def _folder(self, name: str) -> str:
        return os.path.join(self.context.runs_folder, name)

    @staticmethod
    def _next_ink(records: list[RunRecord]) -> int:
        taken = {record.ink for record in records}
        return next((ink for ink in range(_N_INKS) if ink not in taken), len(records) % _N_INKS)

    # What the user does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._pages.currentIndex() != _ATTENTION or not self._attention.act_on(event):
            super().keyPressEvent(event)

    def _on_pages_current_changed(self, _page: int) -> None:
        self._show_all()
        self.refresh()
        self.figure_changed.emit()

    def _request(self) -> TrainingRequest | None:
        """What is chosen; None where it cannot be trained, of which a sentence says why."""
        options, base = self._lab.options.value(), ""
        if not self.context.runs_folder:
            self._lab.show_why_not(self.tr("There is no folder for runs."))
            return None
        if options.task == "classify":
            if self.subject is None or "text" not in self.subject.checkpoint.reads:
                self._lab.show_why_not(self.tr("Open a checkpoint that reads texts; that is what is fine-tuned."))
                return None
            base = self.subject.checkpoint.checkpoint
        return options.request(self._folder(self._lab.name), self._lab.path, base)

    def _on_lab_start_requested(self) -> None:
        if (request := self._request()) is not None:
            self._lab.clear_name()
            self._begin(self._add(request))

    def _on_lab_compare_requested(self, compared: Compared) -> None:
        request = self._request()
        if request is None:
            return
        try:
            requests = compared_runs(request, compared)
        except NotComparable as error:
            self._lab.say(str(error))
            return
        if taken := [one.name for one in requests if self._is_taken(one.name)]:
            text = self.tr("There is a run named {} already; choose another name.")
            self._lab.say(text.format(clean(taken[0])))
            return
        self._lab.clear_name()
        records = [self._add(one) for one in requests]
        with QSignalBlocker(self._lab.runs):
            self._lab.runs.show_only(())
        for record in records:
            self._begin(record)
        self._lab.runs.choose(requests[0].folder)
        self._show_current()

    def _on_lab_word2vec_requested(self) -> None:
        checkpoint = self.subject.checkpoint.checkpoint if self.subject is not None else bundled_checkpoints()[0]
        self.context.open_example(ViewExample("embedding", checkpoint, options={"pages": {"page": _OF_WORD2VEC}}))

    def _add(self, request: TrainingRequest) -> RunRecord:
        record = RunRecord(request, self._next_ink(list(self._records.values())))
        record.is_unsaved = True
        self._records = {request.folder: record} | self._records
        return record

    def _on_runs_go_on_requested(self, folder: str) -> None:
        chosen = self._records[folder]
        self._begin(chosen)
        if not (compared := chosen.request.comparison):
            return
        for record in reversed(list(self._records.values())):  # as they were asked for
            is_other = record is not chosen and record.request.comparison == compared
            if is_other and not record.is_running and not record.is_finished:
                self._begin(record)
        self._lab.runs.choose(folder)
        self._show_current()

    def _begin(self, record: RunRecord) -> None:
        folder = record.request.folder
        record.job, self._is_first = None, False
        self._lab.runs.set_records(self._records.values(), self.style_now())
        self._lab.runs.choose(folder)
        self._tell_names()
        self.request_changed.emit(record.request)
        self._show_current()

    def _on_runs_remove_requested(self, folder: str) -> None:
        self._records.pop(folder, None)
        self._removed = (*self._removed, folder)
        with QSignalBlocker(self._lab.runs):
            self._lab.runs.set_records(self._records.values(), self.style_now())
        self._show_current()
        self.refresh(again=True)

    def _on_runs_shown_changed(self) -> None:
        self.refresh()
        self._show_all()

    def _on_job_line_remove_requested(self, _number: int) -> None:
        record = self._records.get(self._lab.runs.current)
        if record is not None:
            record.job = None
            self._lab.runs.show_record(record)
        self._show_job()
