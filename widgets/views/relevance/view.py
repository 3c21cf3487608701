"""Where in the image the text is found."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inference.results.relevance import RelevanceRequest, RelevanceResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figure_command import image_title
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.relevance.figure import RelevanceFigure, RelevanceSpot
from widgets.views.relevance.options import RelevanceOptions


class RelevanceView(View):
    """The chosen image with the relevance of its patches for the chosen text, and the words by their relevance."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._shown: tuple[RelevanceRequest, RelevanceResult] | None = None
        self._canvas = PointedCanvas("relevance_canvas", self.tr("Relevance over the image and the words"))
        self._page = self.add_page(
            Page("relevance", self._canvas, self.tr("What is shown"), self.tr("What is pointed at"))
        )
        self._options = self.add_options(
            OptionControls(self._page.controls, "relevance", RelevanceOptions, rare=("high",))
        )
        self._page.show_empty(self.tr("Looking for the text in the image …"))
        self._options.changed.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        if subject is not None and self._shown is None and not self.requests():
            self._page.show_empty(self.tr("Add a text above to look for it in the image."))

    def requests(self) -> tuple[Request, ...]:
        subject = self.subject
        if subject is None or subject.input.text is None or not subject.input.text.text.strip():
            return ()
        return (RelevanceRequest(subject.checkpoint.checkpoint, subject.input),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(request, RelevanceRequest)
        assert isinstance(result, RelevanceResult)
        self._shown = request, result
        self._rebuild()

    def figure(self) -> RelevanceFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, RelevanceFigure) and not self._page.is_empty else None

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        if self._shown is None:
            return
        request, result = self._shown
        given = request.input
        assert given.image is not None
        assert given.text is not None
        self._options.set_shown("high", self._options.value().show != "patches")
        self._options.set_shown("truth", bool(result.picture.things))  # of files nobody knows what is in them
        figure = RelevanceFigure(result, image_title(given.image), given.text.text, self._options.value())
        self._page.show_on(self._canvas, figure, self.style_now(), result.notes)
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_canvas_spot_changed(self, spot: RelevanceSpot | None) -> None:
        figure, text = self.figure(), self.tr("Point at a patch or at a word.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)
