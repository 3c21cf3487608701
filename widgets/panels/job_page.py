"""A page whose curve is measured as a job, when its button is pressed, and kept for each checkpoint."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from PySide6.QtCore import Signal

from inference.results.job import JobPhase, JobState
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.panels.job_line import JobLine
from widgets.plots.canvas import PlotCanvas

R = TypeVar("R")


class JobPage(Page, Generic[R]):
    """Options, a button and a line that says how far the job is, over the curve of the open checkpoint.

    A subclass answers `request`, `figure_of`, `why_nothing_yet` and `is_able`, and calls `look_again` when another
    checkpoint is open.

    Signals
    -------
    measure_requested(JobRequest)
    job_action_requested(number, JobAction)
    figure_changed()

    Attributes
    ----------
    checkpoint
        Whose curve is shown; empty where none is open.
    found
        The latest results, by checkpoint.
    """

    measure_requested = Signal(object)
    job_action_requested = Signal(int, object)
    figure_changed = Signal()

    def __init__(
        self, name: str, titles: tuple[str, str, str], button: tuple[str, str], options: type, point_at: str
    ) -> None:
        """`titles`: of the canvas, caption and read-out; `button`: text and tip; `point_at`: said where nothing is."""
        canvas = PlotCanvas(f"{name}_canvas", titles[0])
        super().__init__(name, canvas, *titles[1:])
        self.is_of_subject = False  # it looks at images of its own, and a curve says of which checkpoint it is
        self._canvas, self._point_at = canvas, point_at
        self.checkpoint = ""
        self.found: dict[str, R] = {}
        self._jobs: dict[str, JobState] = {}  # by checkpoint, the latest that measures, or failed to
        self.options = OptionControls(self.controls, name, options)
        self._measure = self.controls.add_button(f"{name}_measure", *button)
        self.setFocusProxy(self._measure)
        self._line = JobLine(f"{name}_job", self, with_title=False)
        self._line.hide()
        self.add_above(self._line)
        self._measure.clicked.connect(self._on_measure_clicked)
        self._line.action_requested.connect(self.job_action_requested)
        self._line.remove_requested.connect(self._on_line_remove_requested)
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)

    # What a subclass answers

    def request(self) -> object:
        """The job that measures what the options say."""
        raise NotImplementedError

    def figure_of(self, result: R) -> Any:
        """The curve of a result."""
        raise NotImplementedError

    def why_nothing_yet(self) -> str:
        """What stands there before anything was measured."""
        raise NotImplementedError

    @property
    def is_able(self) -> bool:
        """Whether the open checkpoint can be measured."""
        raise NotImplementedError

    # What is shown

    @property
    def figure(self) -> Any:
        """The curve of the open checkpoint; None before it was measured."""
        return self._canvas.figure_now() if self.checkpoint in self.found else None

    @property
    def is_measuring(self) -> bool:
        """Whether the open checkpoint is being measured."""
        state = self._jobs.get(self.checkpoint)
        return state is not None and not state.phase.is_over

    def look_again(self, style: FigureStyle) -> None:
        """Show what is known of another checkpoint."""
        self._tell_job()
        self.restyle(style)

    def show_result(self, checkpoint: str, result: R, style: FigureStyle) -> None:
        """Show the numbers so far."""
        self.found[checkpoint] = result
        if checkpoint == self.checkpoint:
            self.restyle(style)
            self.figure_changed.emit()

    def take_job(self, checkpoint: str, state: JobState) -> None:
        """Show how far a measurement is; of several the latest."""
        now = self._jobs.get(checkpoint)
        if now is None or state.number >= now.number:
            self._jobs[checkpoint] = state
        self._tell_job()

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style, or say why there is nothing to paint."""
        found = self.found.get(self.checkpoint)
        if found is None:
            self.show_empty(self.why_nothing_yet())
        else:
            self.show_on(self._canvas, self.figure_of(found), style)
            self._on_canvas_read_out_changed("")

    def _tell_job(self) -> None:
        state = self._jobs.get(self.checkpoint)
        self._measure.setEnabled(self.is_able and not self.is_measuring)
        is_told = state is not None and state.phase not in (JobPhase.DONE, JobPhase.CANCELLED)
        self._line.setVisible(is_told)
        if state is not None and is_told:
            self._line.show_job(state)
        if self.checkpoint not in self.found:
            self.show_empty(self.why_nothing_yet())

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self.read_out.show_text(text or self._point_at)

    def _on_measure_clicked(self) -> None:
        self.measure_requested.emit(self.request())

    def _on_line_remove_requested(self, _number: int) -> None:
        del self._jobs[self.checkpoint]
        self._tell_job()
