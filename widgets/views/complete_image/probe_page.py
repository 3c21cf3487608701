"""The linear probe: measured in the background when it is asked for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.job import JobRequest, JobState
from inference.results.probe import ProbeRequest, ProbeResult
from widgets.look.theme import FigureStyle
from widgets.panels.job_page import JobPage
from widgets.views.complete_image.command import ProbeOptions
from widgets.views.complete_image.probe import ProbeFigure


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProbePage", text)


class ProbePage(JobPage[ProbeResult]):
    """Accuracy of a linear classifier on each layer's features; the button measures it as a job, layer by layer."""

    def __init__(self) -> None:
        super().__init__(
            "probe",
            (_tr("Accuracy by layer"), _tr("What is shown"), _tr("What is pointed at")),
            (_tr("Measure"), _tr("Make images, read features, and learn; takes a while, in the background")),
            ProbeOptions,
            _tr("Point at a layer to see its number; drag or wheel to pan and zoom."),
        )

    def set_checkpoint(self, checkpoint: str, style: FigureStyle) -> None:
        """Show what is known of it; empty: none is open."""
        self.checkpoint = checkpoint
        self.look_again(style)

    @property
    def is_able(self) -> bool:
        return bool(self.checkpoint)

    def request(self) -> ProbeRequest:
        options = self.options.value()
        return ProbeRequest(self.checkpoint, options.train, options.test, options.seed)

    def figure_of(self, result: ProbeResult) -> ProbeFigure:
        return ProbeFigure(result)

    def show_job(self, state: JobState) -> None:
        """Show how far a measurement is; of one that was stopped nothing stays but what is whole."""
        request: JobRequest = state.request
        if not isinstance(request, ProbeRequest):
            return
        found = self.found.get(request.checkpoint)
        if state.phase.is_over and found is not None and np.isnan(found.accuracy).any():
            del self.found[request.checkpoint]
            self.figure_changed.emit()
        self.take_job(request.checkpoint, state)

    def why_nothing_yet(self) -> str:
        if self.is_measuring:
            return _tr("Making images and reading features …")
        return _tr(
            "How much of what is in an image can be read from each layer by a linear classifier? "
            "Press Measure: it learns on generated images, and is tested on others."
        )
