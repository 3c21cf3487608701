"""The view of attention that does without the whole pattern."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from inference.results.approximation import (
    METHOD_BY_NAME,
    METHODS,
    OWN,
    ApproximationErrorsRequest,
    ApproximationErrorsResult,
    ApproximationRequest,
    ApproximationResult,
    ApproximationTimesRequest,
    ApproximationTimesResult,
)
from inference.results.events import Failure
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.availability import offer
from widgets.kit.figure import Figure
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import layer_and_head, walk
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.plots.canvas import PlotCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.approximation.errors_figure import ApproximationErrorsFigure
from widgets.views.approximation.maps_figure import ApproximationMapsFigure
from widgets.views.approximation.options import ApproximationOptions


class ApproximationView(View):
    """Linformer, Performer and Nyström on the selected head's queries and keys: maps, or error, cells and time.

    Where the method that it begins with is impossible, it goes on to the first that is not, unless the user chose one.
    A click on a cell of a map selects its query and key.
    """

    details = frozenset({ApproximationTimesRequest})  # the plots of error and cells are there without

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._maps_result: ApproximationResult | None = None
        self._errors: ApproximationErrorsResult | None = None
        self._times: ApproximationTimesResult | None = None
        self._errors_of: ApproximationErrorsRequest | None = None
        self._times_of: ApproximationTimesRequest | None = None
        self._is_own_choice = False  # whether the user chose the method
        self._tried: set[str] = set()  # methods that this checkpoint has not, as far as was asked without the user
        self._is_refused = False  # whether there is no map by this method
        self._maps = PointedCanvas("approximation_maps_canvas", self.tr("Exact and approximate attention"))
        self._plots = PlotCanvas("approximation_errors_canvas", self.tr("Errors and cost"))
        self._canvases = QStackedWidget(self)
        self._canvases.addWidget(self._maps)
        self._canvases.addWidget(self._plots)
        self._page = self.add_page(
            Page("approximation", self._canvases, self.tr("What is shown"), self.tr("What is pointed at"))
        )
        self._page.show_empty(self.tr("Asking the model …"))
        controls = self._page.controls
        self._group = GroupChoice(controls, "approximation_group", context.selection)
        self._options = self.add_options(
            OptionControls(controls, "approximation", ApproximationOptions, rare=("seed",))
        )
        self._about = PlainLabel("", self)
        self._about.setObjectName("approximation_about")
        self._about.setWordWrap(True)
        self._about.setContentsMargins(8, 0, 8, 4)
        self._about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._page.add_above(self._about)
        methods = self._options.combo("method")
        for index in range(methods.count()):
            methods.setItemData(
                index, plain_tip(METHOD_BY_NAME[methods.itemData(index)].about), Qt.ItemDataRole.ToolTipRole
            )

        self._options.changed.connect(self._on_options_changed)
        methods.currentIndexChanged.connect(self._on_methods_current_index_changed)
        self._maps.spot_changed.connect(self._on_maps_spot_changed)
        self._maps.spot_chosen.connect(self._on_maps_spot_chosen)
        self._plots.read_out_changed.connect(self._read)
        self._plots.shown_changed.connect(self.figure_changed)
        self.standing_changed.connect(self._read)
        self._show_controls()

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        self._group.offer(subject.checkpoint if subject else None)
        if not self._is_of(subject):
            if self._tried and not self._is_own_choice:
                self._take_method(ApproximationOptions().method)
            self._tried.clear()
        super().set_subject(subject)
        self._show_controls()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject
        options = self._options.value()
        checkpoint = self.subject.checkpoint
        of = (checkpoint.checkpoint, self.subject.input, *layer_and_head(checkpoint, self.selection))
        if options.show == "maps":
            return (ApproximationRequest(*of, options.method, options.size, options.seed),)
        return ApproximationErrorsRequest(*of), ApproximationTimesRequest(*of)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, ApproximationResult):
            self._maps_result, self._is_refused = result, False
            self._show_controls()
        elif isinstance(request, ApproximationErrorsRequest):
            assert isinstance(result, ApproximationErrorsResult)
            self._errors, self._errors_of = result, request
        else:
            assert isinstance(request, ApproximationTimesRequest)
            assert isinstance(result, ApproximationTimesResult)
            self._times, self._times_of = result, request
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        """What cannot be told of this head is no reason to look at maps of another checkpoint or text."""
        if isinstance(request, ApproximationRequest):
            following = self._method_after(request.method)
            if following and METHOD_BY_NAME[request.method].title in failure.message:  # no fault of the input
                self._take_method(following)
                self.refresh()
                return
            self._is_refused = True
            self._show_controls()
        super().show_failure(request, failure)
        if not self.is_detail(request) and self._is_other_subject():
            self._pictured = None
            self._maps_result = self._errors = self._times = None
            self._rebuild()

    def figure(self) -> Figure | None:
        if self._is_of_maps():
            return self._maps.figure if self._maps_result is not None else None
        return self._plots.figure_now() if self._errors is not None else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self._show_controls()
        self.refresh()
        self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def _is_of(self, subject: Subject | None) -> bool:
        """Whether that is of the checkpoint that is looked at already."""
        names = [one.checkpoint.checkpoint if one is not None else "" for one in (self.subject, subject)]
        return names[0] == names[1]

    def _method_after(self, name: str) -> str:
        """What is tried where a method is impossible that the user did not choose; empty where nothing is left."""
        self._tried.add(name)
        left = (method.name for method in METHODS if method.name not in self._tried)
        return "" if self._is_own_choice else next(left, "")

    def _take_method(self, name: str) -> None:
        """Without the user."""
        self._options.set_value(replace(self._options.value(), method=name), quietly=True)
        self._is_refused = False
        self._show_controls()

    # The picture

    def _is_of_maps(self) -> bool:
        return self._options.value().show == "maps"

    def _show_controls(self) -> None:
        """Only the options that count."""
        options, group = self._options.value(), self.group
        method = METHOD_BY_NAME[options.method]
        for field in ("method", "size", "seed", "error"):
            is_shown = self._is_of_maps() != (field == "error")
            is_shown &= field != "size" or bool(method.unit)
            is_shown &= field != "seed" or method.is_random
            self._options.set_shown(field, is_shown)
        self._about.setVisible(self._is_of_maps() and not self._is_refused)  # no formula of what is not there
        self._about.setText(self.tr(method.about))
        self._options.combo("method").setToolTip(plain_tip(self.tr(method.about)))
        why_not = self.tr("Only of a Nyströmformer that attends by landmarks.")
        offer(self._options.combo("method"), OWN, group is not None and bool(group.landmarks), why_not)

    def _rebuild(self) -> None:
        """Put what is known on screen; of another head than errors are of, there are no times yet."""
        if self._is_of_maps() and self._maps_result is not None:
            result = self._maps_result
            q, k = self.query_pos, self.key_pos
            is_there = q is not None and k is not None and q < result.exact.shape[0] and k < result.exact.shape[1]
            figure = ApproximationMapsFigure(result, (q, k) if is_there else None)  # type: ignore[arg-type]
            self._show(self._maps, figure)
        elif not self._is_of_maps() and self._errors is not None:
            times = self._times if self._are_of_one_head() else None
            self._show(self._plots, ApproximationErrorsFigure(self._errors, times, self._options.value().error))
        else:
            self._page.show_empty(self.tr("Asking the model …"))
        self.figure_changed.emit()

    def _are_of_one_head(self) -> bool:
        """Whether errors and times are of the same head and input."""
        names = ("checkpoint", "input", "group", "layer", "head")
        errors, times = self._errors_of, self._times_of
        return times is not None and all(getattr(errors, name) == getattr(times, name) for name in names)

    def _show(self, canvas: PointedCanvas, figure: ApproximationMapsFigure | ApproximationErrorsFigure) -> None:
        self._canvases.setCurrentWidget(canvas)
        self._page.setFocusProxy(canvas)
        self._page.show_on(canvas, figure, self.style_now())
        self._read()

    def _read(self, text: str = "") -> None:
        """What is pointed at, or how to; nothing beside an old picture."""
        figure, spot = self._maps.figure, self._maps.spot
        if self._is_of_maps() and isinstance(figure, ApproximationMapsFigure):
            hint = self.tr("Point at a cell to see its numbers; a click selects its query and key.")
            text = figure.describe(spot) if isinstance(spot, Cell) else hint
        elif not text:
            refused = {} if self._errors is None else self._errors.refused
            names = ", ".join(METHOD_BY_NAME[name].title for name in refused)
            text = self.tr("Point at a curve to see its numbers.")
            if refused:
                why = next(iter(refused.values()))
                text = self.tr("Not possible here: {}: {}").format(names, why)
        self._page.read_out.show_text("" if self.is_dimmed else text)

    # What the user does

    def _on_methods_current_index_changed(self) -> None:
        self._is_own_choice = True

    def _on_options_changed(self) -> None:
        self._is_refused = False
        self._show_controls()
        self.refresh()
        self._rebuild()

    def _on_maps_spot_changed(self, _spot: Cell | None) -> None:
        self._read()

    def _on_maps_spot_chosen(self, cell: Cell) -> None:
        self.choose(query_pos=cell.row, key_pos=cell.column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the canvas leaves: arrow keys walk through heads and layers."""
        if not (self.subject and walk(event, self.subject.checkpoint, self.selection)):
            super().keyPressEvent(event)
