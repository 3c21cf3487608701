"""How alike images and texts are."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inference.results.inputs import Input, TextInput
from inference.results.request import Request
from inference.results.similarity import SimilarityRequest, SimilarityResult
from widgets.context import ViewContext
from widgets.figure_command import image_title
from widgets.figures.panel_figure import Cell
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.similarity.figure import SimilarityFigure
from widgets.views.similarity.options import SimilarityOptions


class SimilarityView(View):
    """A heat map of images against texts. A click on a cell looks at its pair, and opens why they are alike."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._shown: tuple[SimilarityRequest, SimilarityResult] | None = None
        self._canvas = PointedCanvas("similarity_canvas", self.tr("Images against texts"))
        title = self.tr("Similarity")
        self._page = self.add_page(Page("similarity", self._canvas, self.tr("What is shown"), title))
        self._options = self.add_options(OptionControls(self._page.controls, "similarity", SimilarityOptions))
        self._page.show_empty(self.tr("Comparing images with texts …"))
        self._options.changed.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        if subject is not None and not (subject.images and subject.texts):
            self._page.show_empty(self.tr("Add an image and a text above to compare them."))
        elif self._shown is not None:
            self._rebuild()  # another pair is looked at

    def requests(self) -> tuple[Request, ...]:
        subject = self.subject
        if subject is None or not subject.images or not subject.texts:
            return ()
        return (SimilarityRequest(subject.checkpoint.checkpoint, subject.images, subject.texts),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(request, SimilarityRequest)
        assert isinstance(result, SimilarityResult)
        self._shown = request, result
        self._rebuild()

    def figure(self) -> SimilarityFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, SimilarityFigure) and not self._page.is_empty else None

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        if self._shown is None:
            return
        request, result = self._shown
        names = tuple(map(image_title, request.images))
        figure = SimilarityFigure(result, names, request.texts, self._options.value(), self._chosen(request))
        self._page.show_on(self._canvas, figure, self.style_now(), result.notes)
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _chosen(self, request: SimilarityRequest) -> tuple[int, int] | None:
        """Where the pair is that is looked at."""
        given = self.subject.input if self.subject is not None else Input()
        text = given.text.text if given.text is not None else ""
        if given.image not in request.images or text not in request.texts:
            return None
        return request.images.index(given.image), request.texts.index(text)

    def _on_canvas_spot_changed(self, cell: Cell | None) -> None:
        figure, text = self.figure(), self.tr("Point at a cell; a click shows why both are alike.")
        if figure is not None and cell is not None:
            text = figure.describe(cell)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, cell: Cell) -> None:
        if self._shown is None or self.why_not_current:
            return
        request, _ = self._shown
        self.context.set_input(Input(text=TextInput(request.texts[cell.column]), image=request.images[cell.row]))
        self.context.open_view("relevance")
