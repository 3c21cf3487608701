"""The linear probe: measured when it is asked for."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from inference.results.probe import ProbeRequest, ProbeResult
from inference.results.request import Request
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.plots.canvas import PlotCanvas
from widgets.subject import Subject
from widgets.views.complete_image.command import ProbeOptions
from widgets.views.complete_image.probe import ProbeFigure


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProbePage", text)


class ProbePage(Page):
    """Accuracy of a linear classifier on each layer's features; the button measures it, layer by layer.

    Signals
    -------
    changed()
        It is to be measured.
    figure_changed()
    """

    changed = Signal()
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = PlotCanvas("probe_canvas", _tr("Accuracy by layer"))
        super().__init__("probe", canvas, _tr("What is shown"), _tr("What is pointed at"), parent)
        self._canvas = canvas
        self._figure: ProbeFigure | None = None
        self._wanted: ProbeOptions | None = None
        self.options = OptionControls(self.controls, "probe", ProbeOptions)
        self._measure = self.controls.add_button(
            "probe_measure", _tr("Measure"), _tr("Make images, read features, and learn; takes a while")
        )
        self.setFocusProxy(self._measure)
        self.forget()
        self._measure.clicked.connect(self._on_measure_clicked)
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)

    def requests(self, subject: Subject) -> tuple[Request, ...]:
        """What is to be measured; nothing before the button was pressed."""
        if (wanted := self._wanted) is None:
            return ()
        return (ProbeRequest(subject.checkpoint.checkpoint, wanted.train, wanted.test, wanted.seed),)

    @property
    def figure(self) -> ProbeFigure | None:
        return None if self._figure is None else self._canvas.figure_now()

    def forget(self) -> None:
        """Another model: what is known is not about it."""
        self._figure = self._wanted = None
        self.show_empty(
            _tr(
                "How much of what is in an image can be read from each layer by a linear classifier? "
                "Press Measure: it learns on generated images, and is tested on others."
            )
        )

    def show_result(self, result: ProbeResult, style: FigureStyle) -> None:
        """Show the layers so far."""
        self._figure = ProbeFigure(result)
        self.veil.lift()
        self.caption.show_text(self._figure.caption)
        self.restyle(style)
        self.show_canvas()
        self.figure_changed.emit()

    def show_sentence(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        if self._figure is None:
            self.show_empty(sentence)

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        if self._figure is not None:
            self._canvas.show_figure(self._figure, style)
            self._on_canvas_read_out_changed("")

    def _on_canvas_read_out_changed(self, text: str) -> None:
        if self.veil.is_dimmed:
            self.clear_numbers()
        else:
            self.read_out.show_text(text or _tr("Point at a layer to see its number; drag or wheel to pan and zoom."))

    def _on_measure_clicked(self) -> None:
        self._wanted = self.options.value()
        if self._figure is None:
            self.show_empty(_tr("Making images and reading features …"))
        self.changed.emit()
