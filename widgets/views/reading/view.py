"""How surprised a model is by every token of a text."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inference.results.events import Failure
from inference.results.reading import ReadingRequest, ReadingResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Position, Selected
from widgets.view import View
from widgets.views.reading.figure import ReadingFigure, ReadToken
from widgets.views.reading.options import ReadingOptions


class ReadingView(View):
    """Bars over the tokens; pointing at one tells what was expected there, a click selects it."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: ReadingResult | None = None
        self._canvas = PointedCanvas("reading_canvas", self.tr("Surprisal"))
        self._scroll = FigureScroll(self._canvas)
        page = Page("reading", self._scroll, self.tr("What is shown"), self.tr("What was expected"))
        self._page = self.add_page(page)
        self._options = self.add_options(OptionControls(page.controls, "reading", ReadingOptions))
        page.show_empty(self.tr("Reading the text …"))
        self._options.changed.connect(self._on_options_changed)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        top_k = self._options.value().top_k
        return (ReadingRequest(self.subject.checkpoint.checkpoint, self.subject.input, top_k),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, ReadingResult)
        self._result = result
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if self._result is None:
            self._page.show_empty(failure.message)

    def figure(self) -> ReadingFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, ReadingFigure) else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.query != old.query:
            self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        if self._result is None:
            return
        query = self.selection.now.query
        selected = query.index if query is not None and query.axis == self._result.axis else None
        figure = ReadingFigure(self._result, self._options.value(), selected)
        self._scroll.show_figure(figure, self.style_now())
        self._page.caption.show_text(figure.caption)
        self._page.show_canvas()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_options_changed(self) -> None:
        self.refresh()
        self._rebuild()

    def _on_canvas_spot_changed(self, spot: ReadToken | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a token to read what the model expected in its place.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: ReadToken) -> None:
        if self._result is not None:
            self.selection.update(query=Position(self._result.axis, spot.position))
