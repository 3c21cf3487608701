"""Who tells the status line what, and when a sentence does not hold any more."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot

from app.export.exporting import Exporting
from app.link.controller import Controller
from app.link.jobs import Jobs
from app.link.runner import Runner
from app.window.opening import Opening
from app.window.subject_flow import SubjectFlow
from inference.results.checkpoint import CheckpointInfo
from widgets.panels.status_line import StatusLine
from widgets.selection import Selection

# What sentences are about that only hold as long as the same checkpoint is open.
_OF_CHECKPOINT = ("view", "export", "command", "drop")

# And of those what only holds as long as the same input is looked at: a fault that comes again is told again.
_OF_SUBJECT = ("export picture", "fault")


class Telling(QObject):
    """Each sentence is told with the thing that it is about, and taken back when that changes."""

    def __init__(
        self,
        status_line: StatusLine,
        *,
        controller: Controller,
        runner: Runner,
        jobs: Jobs,
        flow: SubjectFlow,
        opening: Opening,
        exporting: Exporting,
        selection: Selection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._line = status_line
        opening.described.connect(status_line.describe)
        opening.said.connect(self.say)
        opening.opened.connect(self._on_opening_opened)
        exporting.said.connect(self.say)
        controller.view_noticed.connect(self._on_controller_view_noticed)
        controller.job_told.connect(self._on_controller_job_told)
        controller.settled.connect(status_line.settle)
        controller.engine_died.connect(partial(status_line.show_message, about="engine"))
        controller.progressed.connect(status_line.show_progress)
        controller.memory_told.connect(status_line.show_memory)
        flow.subject_changed.connect(self._on_flow_subject_changed)
        runner.busy_changed.connect(status_line.set_busy)
        jobs.count_changed.connect(status_line.show_job_count)
        selection.changed.connect(self._on_selection_changed)

    @Slot(str, bool, str)
    def say(self, sentence: str, is_warning: bool, about: str) -> None:
        """Show a sentence; without one, what was said about the same thing is taken back."""
        self._line.show_message(sentence, is_warning=is_warning, about=about)

    def begin_again(self) -> None:
        """All is asked anew: what went wrong before does not hold any more."""
        for cause in ("engine", "cancelled", "fault"):
            self._line.settle(cause)

    def refuse(self, sentence: str) -> None:
        """Say why a command cannot be done; empty where it was done."""
        self.say(sentence, True, "command")

    def say_why_off(self, sentence: str) -> None:
        """Answer the key of a command that is off: nothing went wrong, and the sentence goes away by itself."""
        self.say(sentence, False, "command")

    @Slot(object)
    def _on_opening_opened(self, info: CheckpointInfo) -> None:
        for about in _OF_CHECKPOINT:
            self._line.settle(about)

    @Slot(object)
    def _on_flow_subject_changed(self, _subject: object) -> None:
        for about in _OF_SUBJECT:
            self._line.settle(about)

    @Slot(object, object)
    def _on_selection_changed(self, _now: object, _old: object) -> None:
        self._line.settle("command")

    @Slot(str, str)
    def _on_controller_view_noticed(self, about: str, sentence: str) -> None:
        self.say(sentence, True, about)

    @Slot(str, str, bool)
    def _on_controller_job_told(self, about: str, sentence: str, is_warning: bool) -> None:
        self.say(sentence, is_warning, about)
