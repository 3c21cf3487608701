"""Of what the logit of a word is made."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from inference.results.attribution import AttributionRequest, AttributionResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Selected
from widgets.view import View
from widgets.views.attribution.figure import AttributionFigure, Bar, WordChip
from widgets.views.attribution.options import AttributionOptions


class AttributionView(View):
    """Bars of layers and a heat map of heads. A click on a word takes its logit apart, one on a cell selects a head."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: AttributionResult | None = None
        self._canvas = PointedCanvas("attribution_canvas", self.tr("Logit attribution"))
        self._scroll = FigureScroll(self._canvas)
        page = Page("attribution", self._scroll, self.tr("What is shown"), self.tr("What a part adds"))
        self._page = self.add_page(page)
        self._options = self.add_options(OptionControls(page.controls, "attribution", AttributionOptions))
        page.show_empty(self.tr("Taking the logits apart …"))
        self._options.changed.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        return (AttributionRequest(self.subject.checkpoint.checkpoint, self.subject.input, self._position()),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, AttributionResult)
        self._result = result
        self._rebuild()

    def figure(self) -> AttributionFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, AttributionFigure) else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _position(self) -> int | None:
        """The selected token of the sequence that words are told of."""
        assert self.subject is not None
        return self.selection.now.query_on(self.subject.checkpoint.word_axis)

    def _rebuild(self) -> None:
        if self._result is None:
            return
        now = self.selection.now
        group = self.subject.checkpoint.group(now.group).name if self.subject else ""
        figure = AttributionFigure(self._result, self._options.value(), (group, now.layer, now.head))
        self._page.show_on(self._scroll, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_canvas_spot_changed(self, spot: WordChip | Bar | Cell | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a bar or a head to read what it adds; a click on a word takes its logit apart.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: WordChip | Bar | Cell) -> None:
        figure = self.figure()
        if figure is None:
            return
        if isinstance(spot, Cell):
            group, layer, head = figure.place(spot)
            self.selection.update(group=group, layer=layer, head=head)
        elif isinstance(spot, WordChip):
            name = _name(spot.word, figure.result)
            options = self._options.value()
            self._options.set_value(replace(options, **{"against" if spot.line else "word": name}))
        elif (layer := figure.layer_of(spot)) is not None:
            self.selection.update(layer=layer)


def _name(word: int, result: AttributionResult) -> str:
    """What the options call a word."""
    if word < 0:
        return "none"
    # The true word may be none of the likeliest.
    return "true" if word == result.target and word == len(result.words) - 1 else str(word + 1)
