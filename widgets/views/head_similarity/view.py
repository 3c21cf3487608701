"""How alike the heads of a layer are."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inference.results.head_similarity import HeadSimilarityRequest, HeadSimilarityResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import LayerSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.head_similarity.command import HeadSimilarityOptions
from widgets.views.head_similarity.figure import HeadSimilarityFigure


class HeadSimilarityView(View):
    """A heat map of the heads of a layer against each other. A click selects the head of its row."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: HeadSimilarityResult | None = None
        self._canvas = PointedCanvas("head_similarity_canvas", self.tr("Similarity of heads"))
        title = self.tr("Head similarity")
        self._page = self.add_page(Page("head_similarity", self._canvas, self.tr("What is shown"), title))
        self._group = GroupChoice(self._page.controls, "head_similarity_group", context.selection)
        self._layer = LayerSlider(self._page.controls, "head_similarity_layer", context.selection)
        self._options = self.add_options(OptionControls(self._page.controls, "head_similarity", HeadSimilarityOptions))
        self._page.show_empty(self.tr("Comparing the heads …"))
        self._options.changed.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def set_subject(self, subject: Subject | None) -> None:
        for control in (self._group, self._layer):
            control.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        subject, group = self.subject, self.group
        if subject is None or group is None:
            return ()
        layer = group.nearest(self.selection.now.layer)
        return (HeadSimilarityRequest(subject.checkpoint.checkpoint, subject.input, group.name, layer),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, HeadSimilarityResult)
        self._result = result
        self._rebuild()

    def figure(self) -> HeadSimilarityFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, HeadSimilarityFigure) else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        if self._result is None:
            return
        options = self._options.value()
        figure = HeadSimilarityFigure(self._result, self.selection.now.head, options.order, options.has_numbers)
        self._page.show_on(self._canvas, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_canvas_spot_changed(self, cell: Cell | None) -> None:
        figure = self.figure()
        is_cell = figure is not None and cell is not None
        text = figure.describe(cell) if is_cell else self.tr("Point at a cell; a click selects the head of its row.")  # type: ignore[union-attr, arg-type]
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, cell: Cell) -> None:
        if (figure := self.figure()) is not None:
            self.selection.update(head=figure.heads[cell.row])
