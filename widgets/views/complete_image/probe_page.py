"""The linear probe: measured in the background when it is asked for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from inference.results.job import JobPhase, JobRequest, JobState
from inference.results.probe import ProbeRequest, ProbeResult
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.panels.job_line import JobLine
from widgets.plots.canvas import PlotCanvas
from widgets.views.complete_image.command import ProbeOptions
from widgets.views.complete_image.probe import ProbeFigure


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProbePage", text)


class ProbePage(Page):
    """Accuracy of a linear classifier on each layer's features; the button measures it as a job, layer by layer.

    Signals
    -------
    measure_requested(ProbeRequest)
    job_action_requested(number, JobAction)
    figure_changed()
    """

    measure_requested = Signal(object)
    job_action_requested = Signal(int, object)
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = PlotCanvas("probe_canvas", _tr("Accuracy by layer"))
        super().__init__("probe", canvas, _tr("What is shown"), _tr("What is pointed at"), parent)
        self.is_of_subject = False  # it looks at images of its own
        self._canvas = canvas
        self._checkpoint = ""
        self._found: dict[str, ProbeResult] = {}  # by checkpoint, the latest
        self._jobs: dict[str, JobState] = {}  # by checkpoint, the latest
        self.options = OptionControls(self.controls, "probe", ProbeOptions)
        self._measure = self.controls.add_button(
            "probe_measure",
            _tr("Measure"),
            _tr("Make images, read features, and learn; takes a while, in the background"),
        )
        self.setFocusProxy(self._measure)
        self._line = JobLine("probe_job", self, with_title=False)
        self._line.hide()
        self.add_above(self._line)
        self._measure.clicked.connect(self._on_measure_clicked)
        self._line.action_requested.connect(self.job_action_requested)
        self._line.remove_requested.connect(self._on_line_remove_requested)
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)

    @property
    def figure(self) -> ProbeFigure | None:
        """The curve of the open checkpoint; None before it was measured."""
        figure = self._canvas.figure_now() if self._checkpoint in self._found else None
        return figure if isinstance(figure, ProbeFigure) else None

    def set_checkpoint(self, checkpoint: str, style: FigureStyle) -> None:
        """Show what is known of it; empty: none is open."""
        self._checkpoint = checkpoint
        self._show_job()
        self.restyle(style)

    def show_result(self, request: ProbeRequest, result: ProbeResult, style: FigureStyle) -> None:
        """Show the layers so far."""
        self._found[request.checkpoint] = result
        if request.checkpoint == self._checkpoint:
            self.restyle(style)
            self.figure_changed.emit()

    def show_job(self, state: JobState) -> None:
        """Show how far a measurement is; of one that was stopped nothing stays but what is whole."""
        request: JobRequest = state.request
        if not isinstance(request, ProbeRequest):
            return
        now = self._jobs.get(request.checkpoint)
        if now is None or state.number >= now.number:
            self._jobs[request.checkpoint] = state
        found = self._found.get(request.checkpoint)
        if state.phase.is_over and found is not None and np.isnan(found.accuracy).any():
            del self._found[request.checkpoint]
            self.figure_changed.emit()
        self._show_job()

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style, or say why there is nothing to paint."""
        found = self._found.get(self._checkpoint)
        if found is None:
            self.show_empty(self._why_nothing_yet())
        else:
            self.show_on(self._canvas, ProbeFigure(found), style)
            self._on_canvas_read_out_changed("")

    def _why_nothing_yet(self) -> str:
        if self._is_measuring:
            return _tr("Making images and reading features …")
        return _tr(
            "How much of what is in an image can be read from each layer by a linear classifier? "
            "Press Measure: it learns on generated images, and is tested on others."
        )

    @property
    def _is_measuring(self) -> bool:
        state = self._jobs.get(self._checkpoint)
        return state is not None and not state.phase.is_over

    def _show_job(self) -> None:
        state = self._jobs.get(self._checkpoint)
        self._measure.setEnabled(bool(self._checkpoint) and not self._is_measuring)
        is_told = state is not None and state.phase not in (JobPhase.DONE, JobPhase.CANCELLED)
        self._line.setVisible(is_told)
        if state is not None and is_told:
            self._line.show_job(state)
        if self._checkpoint not in self._found:
            self.show_empty(self._why_nothing_yet())

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self.read_out.show_text(text or _tr("Point at a layer to see its number; drag or wheel to pan and zoom."))

    def _on_measure_clicked(self) -> None:
        options = self.options.value()
        self.measure_requested.emit(ProbeRequest(self._checkpoint, options.train, options.test, options.seed))

    def _on_line_remove_requested(self, _number: int) -> None:
        del self._jobs[self._checkpoint]
        self._show_job()
