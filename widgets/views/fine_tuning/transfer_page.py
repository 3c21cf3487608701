"""What the open checkpoint's features are worth for another task: measured in the background when it is asked for."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from inference.results.job import JobPhase, JobRequest, JobState
from inference.results.request import Capability
from inference.results.transfer import TransferRequest, TransferResult
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.panels.job_line import JobLine
from widgets.plots.canvas import PlotCanvas
from widgets.subject import Subject
from widgets.views.fine_tuning.command import transfer_request
from widgets.views.fine_tuning.examples_figure import ExamplesFigure
from widgets.views.fine_tuning.options import TransferOptions


def _tr(text: str) -> str:
    return QCoreApplication.translate("TransferPage", text)


class TransferPage(Page):
    """Accuracy by the number of labelled portraits; the button measures it as a job, number by number.

    Signals
    -------
    measure_requested(TransferRequest)
    job_action_requested(number, JobAction)
    figure_changed()
    """

    measure_requested = Signal(object)
    job_action_requested = Signal(int, object)
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = PlotCanvas("transfer_canvas", _tr("Accuracy by labelled portraits"))
        super().__init__("transfer", canvas, _tr("What is shown"), _tr("What is pointed at"), parent)
        self.is_of_subject = False  # a curve says of which checkpoint it is
        self._canvas = canvas
        self._subject: Subject | None = None
        self._found: dict[str, TransferResult] = {}  # by checkpoint, the latest
        self._jobs: dict[str, JobState] = {}  # by checkpoint, the latest that measures, or failed to
        self.options = OptionControls(self.controls, "transfer", TransferOptions)
        self._measure = self.controls.add_button(
            "transfer_measure",
            _tr("Measure"),
            _tr("Draw portraits, read what networks make of them, and learn; takes minutes, in the background"),
        )
        self.setFocusProxy(self._measure)
        self._line = JobLine("transfer_job", self, with_title=False)
        self._line.hide()
        self.add_above(self._line)
        self._measure.clicked.connect(self._on_measure_clicked)
        self._line.action_requested.connect(self.job_action_requested)
        self._line.remove_requested.connect(self._on_line_remove_requested)
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)

    @property
    def _checkpoint(self) -> str:
        return self._subject.checkpoint.checkpoint if self._subject is not None else ""

    @property
    def figure(self) -> ExamplesFigure | None:
        """The curve of the open checkpoint; None before it was measured."""
        figure = self._canvas.figure_now() if self._checkpoint in self._found else None
        return figure if isinstance(figure, ExamplesFigure) else None

    def set_subject(self, subject: Subject | None, style: FigureStyle) -> None:
        """Show what is known of its checkpoint."""
        self._subject = subject
        self._show_job()
        self.restyle(style)

    def show_result(self, request: TransferRequest, result: TransferResult, style: FigureStyle) -> None:
        """Show the numbers so far."""
        self._found[request.checkpoint] = result
        if request.checkpoint == self._checkpoint:
            self.restyle(style)
            self.figure_changed.emit()

    def show_job(self, state: JobState) -> None:
        """Show how far a measurement is."""
        request: JobRequest = state.request
        if isinstance(request, TransferRequest):
            now = self._jobs.get(request.checkpoint)
            if now is None or state.number >= now.number:
                self._jobs[request.checkpoint] = state
            self._show_job()

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style, or say why there is nothing to paint."""
        found = self._found.get(self._checkpoint)
        if found is None:
            self.show_empty(self._why_nothing_yet())
        else:
            self.show_on(self._canvas, ExamplesFigure(found.study), style)
            self._on_canvas_read_out_changed("")

    def _why_nothing_yet(self) -> str:
        if self._subject is None:
            return _tr("Open a checkpoint that reads images, such as virtex-scenes.")
        info = self._subject.checkpoint
        if why := info.why_missing(frozenset({Capability.IMAGE_FEATURES})):
            return _tr("{}. Open one that reads images by themselves, such as virtex-scenes.").format(why)
        state = self._jobs.get(self._checkpoint)
        if state is not None and not state.phase.is_over:
            return _tr("Measuring …")
        text = _tr(
            "What has {} learned that helps with another task? Press Measure: linear classifiers name drawn portraits "
            "by its features, by those of random weights and of weights trained on labels, and the whole network is "
            "trained from scratch beside them."
        )
        return text.format(info.name)

    def _show_job(self) -> None:
        state = self._jobs.get(self._checkpoint)
        is_measuring = state is not None and not state.phase.is_over
        info = self._subject.checkpoint if self._subject is not None else None
        is_able = info is not None and not info.why_missing(frozenset({Capability.IMAGE_FEATURES}))
        self._measure.setEnabled(is_able and not is_measuring)
        is_told = state is not None and state.phase not in (JobPhase.DONE, JobPhase.CANCELLED)
        self._line.setVisible(is_told)
        if state is not None and is_told:
            self._line.show_job(state)
        if self._checkpoint not in self._found:
            self.show_empty(self._why_nothing_yet())

    def _on_measure_clicked(self) -> None:
        if self._subject is not None:
            self.measure_requested.emit(transfer_request(self._checkpoint, self.options.value()))

    def _on_line_remove_requested(self, _number: int) -> None:
        del self._jobs[self._checkpoint]
        self._show_job()

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self.read_out.show_text(text or _tr("Point at a dot for its numbers; drag or wheel to pan and zoom."))
