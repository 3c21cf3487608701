"""How many examples in its prompt a model needs for a task; of a large one measured when it is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QFileDialog, QWidget

from inference.results.few_shot import FewShotRequest, FewShotResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.clean import clean
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.plots.canvas import PlotCanvas
from widgets.plots.data import PlotSpot
from widgets.subject import Subject
from widgets.view import View
from widgets.views.few_shot.figure import FewShotFigure
from widgets.views.few_shot.options import OWN, FewShotOptions

_QUICK = 10_000_000  # parameters of a model that answers all trials in seconds


class FewShotView(View):
    """Curves that grow trial by trial, and a prompt; a click on a point shows the prompt with so many examples."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: FewShotResult | None = None
        self._wanted: FewShotRequest | None = None
        self._path = ""
        self._canvas = PlotCanvas("few_shot_canvas", self.tr("Right answers by examples in the prompt"))
        page = Page("few_shot", self._canvas, self.tr("What is shown"), self.tr("What is pointed at"))
        self._page = self.add_page(page)
        rare = ("trials", "seed")
        self._options = self.add_options(OptionControls(page.controls, "few_shot", FewShotOptions, rare=rare))
        self._open = page.controls.add_button(
            "few_shot_open",
            self.tr("Own task …"),
            self.tr("A text file with an input, a tab and its answer in each line, 9 lines or more"),
            is_rare=True,
        )
        self._measure = page.controls.add_button(
            "few_shot_measure", self.tr("Measure"), self.tr("Ask the model, trial by trial; takes a while")
        )
        self._trial = NumberSlider("few_shot_trial", self.tr("Trial"), 1, 1)
        self._shots = NumberSlider("few_shot_shots", self.tr("Examples"), 0, 0)
        for control in (self._trial, self._shots):
            page.controls.add_widget(control)
            control.value_changed.connect(self._rebuild)
            control.hide()
        page.setFocusProxy(self._measure)
        page.show_empty(
            self.tr(
                "A model that only writes on is shown what is wanted by examples in its prompt (Brown et al. 2020). "
                "How many does this one need? Choose a task and press Measure."
            )
        )
        self._open.clicked.connect(self._on_open_clicked)
        self._measure.clicked.connect(self._on_measure_clicked)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        self._canvas.shown_changed.connect(self.figure_changed)

    def set_subject(self, subject: Subject | None) -> None:
        new, old = (each and each.checkpoint.checkpoint for each in (subject, self.subject))
        if new != old:  # which is asked when the user wants it, unless that takes seconds only
            self._wanted = None
            if subject is not None and subject.checkpoint.n_parameters <= _QUICK and not self._lacks_a_file():
                self._wanted = self._request(subject)
                self._say_that_it_is_asked()
        super().set_subject(subject)
        if new != old and self._result is not None and self._wanted is None:
            self.refuse(self.tr("Press Measure to ask the model that is open now."))

    def requests(self) -> tuple[Request, ...]:
        return () if self._wanted is None else (self._wanted,)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, FewShotResult)
        is_first = self._result is None
        self._result = result
        for control, low, high in ((self._trial, 1, len(result.trials)), (self._shots, 0, result.longest)):
            with QSignalBlocker(control):
                control.set_range(low, high)
            control.show()
        if is_first:
            with QSignalBlocker(self._shots):
                self._shots.set_value(min(2, result.longest))
        self._rebuild()

    def take_cancellation(self, request: Request) -> None:
        """The trials by then stay, and are no less true for being fewer; nothing more is measured by itself."""
        answered, is_partial = self._answered.get(type(request), (None, False))
        if answered == request and is_partial:
            self._answered[type(request)] = (request, False)
            self._judge()
            return
        super().take_cancellation(request)
        self._wanted = None

    def provisional_note(self) -> str:
        """None is needed: the caption says how many trials there are."""
        return ""

    def figure(self) -> FewShotFigure | None:
        return None if self._result is None else self._canvas.figure_now()

    def restyle(self) -> None:
        self._rebuild()

    def pictured_title(self) -> str:
        """What was measured is of the checkpoint alone, whatever is typed."""
        return clean(self._pictured.checkpoint.name) if self._pictured is not None else ""

    def _rebuild(self) -> None:
        if (result := self._result) is None:
            return
        figure = FewShotFigure(result, self._trial.value() - 1, self._shots.value())
        self._page.show_on(self._canvas, figure, self.style_now())
        self._on_canvas_read_out_changed("")
        self.figure_changed.emit()

    def _on_measure_clicked(self) -> None:
        if self.subject is None:
            return
        if self._lacks_a_file():
            self._on_open_clicked()
            return
        self._wanted = self._request(self.subject)
        self._say_that_it_is_asked()
        self.refuse("")
        self.refresh(again=True)

    def _say_that_it_is_asked(self) -> None:
        if self._result is None:
            self._page.show_empty(self.tr("Asking the model …"))

    def _lacks_a_file(self) -> bool:
        return self._options.value().task == OWN and not self._path

    def _request(self, subject: Subject) -> FewShotRequest:
        options = self._options.value()
        path = self._path if options.task == OWN else ""
        return FewShotRequest(subject.checkpoint.checkpoint, options.task, path, options.trials, options.seed)

    def _on_open_clicked(self) -> None:
        kinds = self.tr("Texts (*.tsv *.txt);;All files (*)")
        if path := QFileDialog.getOpenFileName(self, self.tr("Open examples"), self._path, kinds)[0]:
            self.open_examples(path)

    def open_examples(self, path: str) -> None:
        """Take the examples of a file, and measure."""
        self._path = path
        self._open.setText(clean(Path(path).name))
        self._options.set_value(replace(self._options.value(), task=OWN))
        self._on_measure_clicked()

    def _on_canvas_spot_chosen(self, spot: PlotSpot) -> None:
        self._shots.set_value(spot.point)

    def _on_canvas_read_out_changed(self, text: str) -> None:
        hint = self.tr("Point at a dot to read its numbers; a click shows the prompt with so many examples.")
        self._page.read_out.show_text("" if self.is_dimmed else text or hint)
