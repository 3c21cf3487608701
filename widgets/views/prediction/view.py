"""What a fine-tuned model predicts of the text."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inference.results.prediction import PredictionRequest, PredictionResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Position, Selected
from widgets.view import View
from widgets.views.prediction.figure import prediction_figure
from widgets.views.prediction.figures.prediction import PredictionFigure, PredictionSpot
from widgets.views.prediction.options import PredictionOptions


class PredictionView(View):
    """The class of the text, labels under its tokens, or an answer in it; pointing tells the probabilities.

    A click on a token selects it in all views; a click on an entity or an answer its first token.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: PredictionResult | None = None
        self._canvas = PointedCanvas("prediction_canvas", self.tr("Prediction"))
        self._scroll = FigureScroll(self._canvas, has_growing_letters=True)
        page = Page("prediction", self._scroll, self.tr("What is predicted"), self.tr("Probabilities"))
        self._page = self.add_page(page)
        self._options = self.add_options(OptionControls(page.controls, "prediction", PredictionOptions))
        page.show_empty(self.tr("Asking the model …"))
        self._options.changed.connect(self._on_options_changed)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        options = self._options.value()
        checkpoint, input = self.subject.checkpoint.checkpoint, self.subject.input
        return (PredictionRequest(checkpoint, input, options.top_k, options.longest),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, PredictionResult)
        self._result = result
        # Of two classes both are shown, unless the user wanted one.
        is_some = result.predicts == "text" and len(result.labels) > min(self._options.value().top_k, 2)
        self._options.set_shown("top_k", is_some or result.predicts == "answer")
        self._options.set_shown("longest", result.predicts == "answer")
        self._rebuild()

    def figure(self) -> PredictionFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, PredictionFigure) else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.query != old.query:
            self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        if self._result is None:
            return
        selected = self.selection.now.query_on(self._result.axis)
        figure = prediction_figure(self._result, self._options.value(), selected)
        self._scroll.show_figure(figure, self.style_now())
        self._page.caption.show_text("  ·  ".join((figure.caption, *self._result.notes)))
        self._page.show_canvas()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_options_changed(self) -> None:
        self.refresh()
        self._rebuild()

    def _on_canvas_spot_changed(self, spot: PredictionSpot | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a token or a bar to read its numbers; a click selects the token in all views.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: PredictionSpot) -> None:
        figure = self.figure()
        if figure is None or self._result is None:
            return
        span = figure.rows[spot.place].span if spot.kind == "row" else None
        place = spot.place if spot.kind == "token" else span.start if span is not None else None
        if place is not None:
            self.selection.update(query=Position(self._result.axis, place))
