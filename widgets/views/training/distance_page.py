"""How far the runs that are shown carry a letter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from inference.results.training import WITH_NETWORKS
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.views.training.curves import shown_run
from widgets.views.training.distance import DistanceFigure, RunOfNetwork
from widgets.views.training.options import Against
from widgets.views.training.record import RunRecord
from widgets.views.training.words import run_labels


class DistancePage(Page):
    """What is right by distance, and how long paths are, of the runs that are ticked; it grows while they train.

    Signals
    -------
    figure_changed()
    """

    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = PlotCanvas("training_distance_canvas", _tr("What is right by distance"))
        super().__init__("training_distance", canvas, _tr("What is shown"), _tr("Number pointed at"), parent)
        self._canvas, self.is_of_subject = canvas, False
        self.figure = DistanceFigure(())
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)
        self._on_canvas_read_out_changed("")
        self.show_records((), "steps", FigureStyle())

    def show_records(self, records: tuple[RunRecord, ...], against: Against, style: FigureStyle) -> None:
        """Draw these runs."""
        measured = [(record, record.result) for record in records if record.result is not None]
        labels = run_labels([record.request for record, _ in measured])
        runs = tuple(
            RunOfNetwork(shown_run(label, record.ink, result), record.request)
            for label, (record, result) in zip(labels, measured, strict=True)
        )
        self.figure = DistanceFigure(runs, against)
        self.caption.show_text(self.figure.caption)
        if any(run.request.task in WITH_NETWORKS for run in runs):
            self.show_canvas()
            self._canvas.show_figure(self.figure, style)
        else:
            self.show_empty(_tr("Train a string reversal on the page Runs, or tick one there that is kept."))
        self.figure_changed.emit()

    def figure_now(self) -> Any:
        """The figure as it is looked at; None while there is nothing to see."""
        return None if self.is_empty else self._canvas.figure_now() or self.figure

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self.read_out.show_text(text or _tr("Point at a curve to see its numbers; drag or wheel to pan and zoom."))


def _tr(text: str) -> str:
    return QCoreApplication.translate("DistancePage", text)
