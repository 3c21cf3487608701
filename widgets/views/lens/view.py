"""What every layer would say, if it were the last."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inference.results.lens import MOST_POSITIONS, LensRequest, LensResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Position, Selected
from widgets.view import View
from widgets.views.lens.figure import LensFigure
from widgets.views.lens.options import LensOptions


class LensView(View):
    """Layers by tokens, in each cell the word that the layer would say. A click selects its layer and token."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: LensResult | None = None
        self._canvas = PointedCanvas("lens_canvas", self.tr("Logit lens"))
        self._scroll = FigureScroll(self._canvas)
        self._page = self.add_page(Page("lens", self._scroll, self.tr("What is shown"), self.tr("What a layer says")))
        self._options = self.add_options(OptionControls(self._page.controls, "lens", LensOptions))
        self._page.show_empty(self.tr("Reading the layers …"))
        self._options.changed.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        # Of a long text those around the selected token, in steps, so that the next token asks for nothing new.
        position = self._position() or 0
        first = position // MOST_POSITIONS * MOST_POSITIONS
        return (LensRequest(self.subject.checkpoint.checkpoint, self.subject.input, first),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, LensResult)
        self._result = result
        self._rebuild()

    def figure(self) -> LensFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, LensFigure) else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _position(self) -> int | None:
        """The selected token of the sequence that words are told of."""
        return self.selection.now.query_on(self.subject.checkpoint.word_axis) if self.subject is not None else None

    def _rebuild(self) -> None:
        if self._result is None:
            return
        position = self._position()
        selected = None if position is None else (self.selection.now.layer, position)
        figure = LensFigure(self._result, self._options.value(), selected)
        self._page.show_on(self._scroll, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_canvas_spot_changed(self, cell: Cell | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a cell to read what the layer would say there.")
        if figure is not None and cell is not None:
            text = figure.describe(cell)
        self._page.read_out.show_text("" if self.why_not_current else text)
        if figure is None or cell is None or self.why_not_current:
            self._canvas.show_tip("")
        else:
            self._canvas.show_tip(figure.describe_in_lines(cell))

    def _on_canvas_spot_chosen(self, cell: Cell) -> None:
        figure = self.figure()
        if figure is not None and self._result is not None:
            layer, position = figure.place(cell)
            self.selection.update(layer=max(layer, 0), query=Position(self._result.axis, position))
