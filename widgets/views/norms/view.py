"""The view of the residual stream and its norms."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QWidget

from inference.results.norms import NormsRequest, NormsResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.figures.places import place_name
from widgets.kit.figure import Figure
from widgets.kit.group_choice import GroupChoice
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.plots.canvas import PlotCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.norms.command import NormsOptions
from widgets.views.norms.curves_figure import NormsCurvesFigure
from widgets.views.norms.map_figure import NormsMapFigure


class NormsView(View):
    """How large the states of tokens are through the layers, what is added to them, and where the norms stand.

    A click on a cell of the map selects its token and layer; the selected token has a curve of its own.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: NormsResult | None = None
        self._plots = PlotCanvas("norms_curves_canvas", self.tr("Residual stream through the layers"))
        self._map = PointedCanvas("norms_map_canvas", self.tr("Residual stream of every place"))
        self._canvases = QStackedWidget(self)
        self._canvases.addWidget(self._plots)
        self._canvases.addWidget(self._map)
        self._page = self.add_page(
            Page("norms", self._canvases, self.tr("What is shown"), self.tr("What is pointed at"))
        )
        self._page.show_empty(self.tr("Asking the model …"))
        self._group = GroupChoice(self._page.controls, "norms_group", context.selection)
        self._options = self.add_options(OptionControls(self._page.controls, "norms", NormsOptions))
        self._options.changed.connect(self._on_options_changed)
        self._map.spot_changed.connect(self._on_map_spot_changed)
        self._map.spot_chosen.connect(self._on_map_spot_chosen)
        self._plots.read_out_changed.connect(self._read)
        self._plots.shown_changed.connect(self.figure_changed)
        self.standing_changed.connect(self._read)
        self._show_controls()

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        self._group.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        subject, group = self.subject, self.group
        if subject is None or group is None:
            return ()
        return (NormsRequest(subject.checkpoint.checkpoint, subject.input, group.name),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, NormsResult)
        self._result = result
        self._rebuild()

    def figure(self) -> Figure | None:
        return self._plots.figure_now() if self._is_of_curves() else self._map.figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    # The picture

    def _is_of_curves(self) -> bool:
        return self._options.value().show == "curves"

    def _show_controls(self) -> None:
        for field in ("stage", "relative"):
            self._options.set_shown(field, not self._is_of_curves())

    def _rebuild(self) -> None:
        result, options = self._result, self._options.value()
        if result is None:
            return
        pos = self.query_pos
        selected = pos if pos is not None and pos < len(result.tokens) else None
        canvas: PointedCanvas
        figure: NormsCurvesFigure | NormsMapFigure
        if self._is_of_curves():
            canvas, figure = self._plots, NormsCurvesFigure(result, options.quantity, selected)
        else:
            canvas = self._map
            figure = NormsMapFigure(
                result, options.quantity, options.stage, options.relative, self._selected_cell(result, selected)
            )
        self._canvases.setCurrentWidget(canvas)
        self._page.setFocusProxy(canvas)
        self._page.show_on(canvas, figure, self.style_now())
        self._read()
        self.figure_changed.emit()

    def _selected_cell(self, result: NormsResult, token: int | None) -> tuple[int, int] | None:
        """The selected token in the first sub-layer of the selected layer."""
        layers = [step.layer for step in result.sub_layers]
        layer = self.selection.now.layer
        return (layers.index(layer), token) if token is not None and layer in layers else None

    @property
    def _place(self) -> str:
        """What is selected: a token, or a patch."""
        return place_name(self._result.axis if self._result is not None else "text").one

    def _read(self, text: str = "") -> None:
        """What is pointed at, or how to; nothing beside an old picture."""
        if not self._is_of_curves():
            figure, spot = self._map.figure, self._map.spot
            is_cell = isinstance(figure, NormsMapFigure) and isinstance(spot, Cell)
            text = figure.describe(spot) if is_cell else ""  # type: ignore[union-attr, arg-type]
            text = text or self.tr("Point at a cell to see its numbers; a click selects its {} and layer.").format(
                self._place
            )
        hint = self.tr("Point at a curve to see its numbers; a {} that is selected has a curve of its own.")
        text = text or hint.format(self._place)
        self._page.read_out.show_text("" if self.is_dimmed else text)

    # What the user does

    def _on_options_changed(self) -> None:
        self._show_controls()
        self._rebuild()

    def _on_map_spot_changed(self, _spot: Cell | None) -> None:
        self._read()

    def _on_map_spot_chosen(self, cell: Cell) -> None:
        if self._result is not None:
            self.choose(query_pos=cell.column, layer=self._result.sub_layers[cell.row].layer)
