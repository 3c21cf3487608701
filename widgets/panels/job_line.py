"""One job in one line: how far it is, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from inference.results.job import JobAction, JobPhase, JobState
from widgets.kit.labels import LineLabel
from widgets.panels.progress_bar import QuietProgressBar


class JobLine(QWidget):
    """Progress bar, what is being done and how long it will take, Pause or Resume, Cancel.

    Where a job failed, the reason stands there and Cancel becomes Remove.

    Signals
    -------
    action_requested(number, JobAction)
    remove_requested(number)
        A job that is over is not to be shown any more.
    """

    action_requested = Signal(int, object)
    remove_requested = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None, *, with_title: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._state: JobState | None = None
        self._title = LineLabel(self.tr("Job"), self)
        self._title.setObjectName(f"{name}_title")
        self._title.setVisible(with_title)
        self._bar = QuietProgressBar(self)
        self._bar.setObjectName(f"{name}_bar")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(18 * self.fontMetrics().averageCharWidth())
        self._text = LineLabel(self.tr("How far the job is"), self)
        self._text.setObjectName(f"{name}_text")
        self._pause = self._button(f"{name}_pause")
        self._cancel = self._button(f"{name}_cancel")
        for button, texts in (
            (self._pause, (self.tr("Pause"), self.tr("Resume"))),
            (self._cancel, (self.tr("Cancel"), self.tr("Remove"))),
        ):
            self._keep_width(button, texts)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0 if with_title else 8, 0, 8, 0)
        layout.addWidget(self._title, 2)
        layout.addWidget(self._bar)
        layout.addWidget(self._text, 3)
        layout.addWidget(self._pause)
        layout.addWidget(self._cancel)
        self._pause.clicked.connect(self._on_pause_clicked)
        self._cancel.clicked.connect(self._on_cancel_clicked)

    def _button(self, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        return button

    @staticmethod
    def _keep_width(button: QToolButton, texts: tuple[str, ...]) -> None:
        """So that nothing jumps when the button says something else."""
        widths = []
        for text in texts:
            button.setText(text)
            widths.append(button.sizeHint().width())
        button.setMinimumWidth(max(widths))

    @property
    def state(self) -> JobState | None:
        return self._state

    def show_job(self, state: JobState) -> None:
        """Show where a job stands now."""
        self._state = state
        title, phase, progress = state.request.title, state.phase, state.progress
        self._title.show_text(title)
        self._bar.setAccessibleName(self.tr("Progress of {}").format(title))
        self._bar.setVisible(phase is not JobPhase.FAILED)
        if progress:
            self._bar.show_part(progress.done, progress.total)
        else:  # nothing known: it moves where something happens, and stands while it waits
            self._bar.show_part(0, 1 if phase is JobPhase.WAITING else 0)
        self._text.show_text(self._words(state))
        is_held = phase in (JobPhase.PAUSING, JobPhase.PAUSED)
        self._say(self._pause, self.tr("Resume") if is_held else self.tr("Pause"), title)
        self._pause.setVisible(phase is not JobPhase.FAILED)
        self._pause.setEnabled(is_held or phase is JobPhase.RUNNING)
        end = self.tr("Stop") if state.request.keeps_what_is_done else self.tr("Cancel")
        self._say(self._cancel, self.tr("Remove") if phase.is_over else end, title)
        self._cancel.setEnabled(phase is not JobPhase.CANCELLING)
        is_failed = phase is JobPhase.FAILED
        self._text.setForegroundRole(QPalette.ColorRole.BrightText if is_failed else QPalette.ColorRole.PlaceholderText)

    @property
    def last_button(self) -> QWidget:
        """Where Tab leaves it."""
        return self._cancel

    def follow_in_tab_order(self, before: QWidget) -> None:
        """Let Tab come from `before` to the buttons of this line."""
        self.setTabOrder(before, self._pause)
        self.setTabOrder(self._pause, self._cancel)

    def focus_button(self) -> None:
        """Let the keyboard act on this job."""
        (self._pause if self._pause.isEnabled() and self._pause.isVisibleTo(self) else self._cancel).setFocus()

    @staticmethod
    def _say(button: QToolButton, text: str, title: str) -> None:
        button.setText(text)
        button.setAccessibleName(f"{text}: {title}")

    def _words(self, state: JobState) -> str:
        label = state.progress.label if state.progress else self.tr("Starting a process")
        match state.phase:
            case JobPhase.WAITING:
                return self.tr("Waits until another job is over")
            case JobPhase.PAUSING:
                return self.tr("Pauses after this step: {}").format(label)
            case JobPhase.PAUSED:
                return self.tr("Paused before: {}").format(label)
            case JobPhase.CANCELLING:
                return self.tr("Stops after this step: {}").format(label)
            case JobPhase.FAILED:
                return f"⚠ {state.message}"
        left = self._time(state.seconds_left)
        return f"{label}, {left}" if left else label

    def _time(self, seconds: float | None) -> str:
        if seconds is None:
            return ""
        if seconds < 60:
            return self.tr("about {} s left").format(max(1, round(seconds)))
        if seconds < 3600:
            return self.tr("about {} min left").format(round(seconds / 60))
        return self.tr("about {} h {} min left").format(*divmod(round(seconds / 60), 60))

    def _on_pause_clicked(self) -> None:
        assert self._state
        is_held = self._state.phase in (JobPhase.PAUSING, JobPhase.PAUSED)
        self.action_requested.emit(self._state.number, JobAction.RESUME if is_held else JobAction.PAUSE)

    def _on_cancel_clicked(self) -> None:
        assert self._state
        if self._state.phase.is_over:
            self.remove_requested.emit(self._state.number)
        else:
            self.action_requested.emit(self._state.number, JobAction.CANCEL)
