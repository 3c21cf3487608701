"""What the open checkpoint's features are worth for another task: measured in the background when it is asked for."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inference.results.checkpoint import CheckpointInfo
from inference.results.job import JobRequest, JobState
from inference.results.request import Capability
from inference.results.transfer import TransferRequest, TransferResult
from widgets.look.theme import FigureStyle
from widgets.panels.job_page import JobPage
from widgets.subject import Subject
from widgets.views.fine_tuning.command import transfer_request
from widgets.views.fine_tuning.examples_figure import ExamplesFigure
from widgets.views.fine_tuning.options import TransferOptions


def _tr(text: str) -> str:
    return QCoreApplication.translate("TransferPage", text)


class TransferPage(JobPage[TransferResult]):
    """Accuracy by the number of labelled portraits; the button measures it as a job, number by number."""

    def __init__(self) -> None:
        about = _tr("Draw portraits, read what networks make of them, and learn; takes minutes, in the background")
        super().__init__(
            "transfer",
            (_tr("Accuracy by labelled portraits"), _tr("What is shown"), _tr("What is pointed at")),
            (_tr("Measure"), about),
            TransferOptions,
            _tr("Point at a dot for its numbers; drag or wheel to pan and zoom."),
        )
        self._info: CheckpointInfo | None = None

    def set_subject(self, subject: Subject | None, style: FigureStyle) -> None:
        """Show what is known of its checkpoint."""
        self._info = subject.checkpoint if subject is not None else None
        self.checkpoint = self._info.checkpoint if self._info is not None else ""
        self.look_again(style)

    @property
    def is_able(self) -> bool:
        return self._info is not None and not self._why_not(self._info)

    @staticmethod
    def _why_not(info: CheckpointInfo) -> str:
        return info.why_missing(frozenset({Capability.IMAGE_FEATURES}))

    def request(self) -> TransferRequest:
        return transfer_request(self.checkpoint, self.options.value())

    def figure_of(self, result: TransferResult) -> ExamplesFigure:
        return ExamplesFigure(result.study)

    def show_job(self, state: JobState) -> None:
        """Show how far a measurement is."""
        request: JobRequest = state.request
        if isinstance(request, TransferRequest):
            self.take_job(request.checkpoint, state)

    def why_nothing_yet(self) -> str:
        if self._info is None:
            return _tr("Open a checkpoint that reads images, such as virtex-scenes.")
        if why := self._why_not(self._info):
            return _tr("{}. Open one that reads whole images alone, such as virtex-scenes.").format(why)
        if self.is_measuring:
            return _tr("Measuring …")
        text = _tr(
            "What has {} learned that helps with another task? Press Measure: linear classifiers name drawn portraits "
            "by its features, by those of random weights and of weights trained on labels, and the whole network is "
            "trained from scratch beside them."
        )
        return text.format(self._info.name)
