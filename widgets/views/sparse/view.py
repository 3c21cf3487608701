"""Sparse patterns: which cells exist, how far they reach, what they cost, and what a checkpoint does with them."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QWidget

from inference.results.job import JobPhase, JobRequest, JobState
from inference.results.layer_times import LayerTimesRequest, LayerTimesResult
from inference.results.maps import MapRequest, TilesResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.figure import Figure
from widgets.kit.layouts import fill_column
from widgets.kit.option_controls import OptionControls, PageChoice
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.tabs import TabBar
from widgets.panels.job_line import JobLine
from widgets.plots.canvas import PlotCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.sparse.command import KindOptions
from widgets.views.sparse.figure_page import DescribedFigure, FigurePage
from widgets.views.sparse.figures.checkpoint import SparseCheckpointFigure
from widgets.views.sparse.figures.complexity import SparseComplexityFigure
from widgets.views.sparse.figures.cost import SparseCostFigure
from widgets.views.sparse.figures.pattern import SparsePatternFigure
from widgets.views.sparse.figures.patterns import SparsePatternsFigure
from widgets.views.sparse.kind_map import KindMapFeed, MappedHead
from widgets.views.sparse.pattern_controls import LayerControls, PatternControls
from widgets.views.sparse.patterns import PATTERNS, Pattern

_PATTERNS, _COST, _COMPLEXITY, _CHECKPOINT = range(4)
# Models of transformers whose attention has kinds of cells.
_SPARSE = ("Longformer", "LED", "BigBird")


class SparseView(View):
    """Attention patterns by formula, the complexity table beside measured times, and a checkpoint's real maps.

    Pointing at a row shows how far that query reaches; a click keeps it. In a checkpoint's map a click selects query
    and key.
    """

    details = frozenset({MapRequest})  # it says how long the text is; what is seen is made of tiles

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._query: int | None = None
        self._times: dict[LayerTimesRequest, LayerTimesResult] = {}
        self._jobs: dict[JobRequest, JobState] = {}  # the latest that measures, or failed to
        self._feed = KindMapFeed()
        self._figure: DescribedFigure | None = None
        self._tabs = TabBar(self)
        self._tabs.setObjectName("sparse_pages")
        self._tabs.setAccessibleName(self.tr("Pages"))
        self._tabs.setDocumentMode(True)
        self._tabs.setExpanding(False)
        self._tabs.setDrawBase(False)
        for title in (self.tr("Patterns"), self.tr("Cost"), self.tr("Complexity"), self.tr("This checkpoint")):
            self._tabs.addTab(title)
        self._patterns = PatternControls(self)
        self._layers = LayerControls(self)
        self._job_line = JobLine("sparse_job", self, with_title=False)
        self._pages = QStackedWidget(self)
        point = self.tr("Point at a row to see how far its query reaches; click to keep it.")
        cell = self.tr("Point at a cell to see its number.")
        curve = self.tr("Point at a curve to see its numbers; drag or wheel to pan and zoom, 0 to see all.")
        self._map_canvas = PointedCanvas("sparse_checkpoint_canvas", self.tr("Attention and kinds of cells"))
        for canvas, hint in (
            (PointedCanvas("sparse_patterns_canvas", self.tr("Attention patterns")), point),
            (PlotCanvas("sparse_cost_canvas", self.tr("Cost of attention patterns")), curve),
            (PlotCanvas("sparse_complexity_canvas", self.tr("Complexity of layer types")), curve),
            (self._map_canvas, cell),
        ):
            page = FigurePage(canvas, hint)
            page.is_of_subject = False
            page.controls.hide()
            page.shown_changed.connect(self.figure_changed)
            self._pages.addWidget(page)
        fill_column(self, self._pages, self._tabs, self._patterns, self._layers, self._job_line, self._pages)
        for number in range(self._pages.count()):
            self.add_page(self._page(number))
        page = self._page(_CHECKPOINT)
        page.is_of_subject = True
        self._kinds = OptionControls(page.controls, "sparse_kinds", KindOptions)
        for options in (self._patterns.options, self._layers.options, self._kinds):
            self.add_options(options)  # type: ignore[type-var]
        self._rebuild()

        self._tabs.currentChanged.connect(self._on_tabs_current_changed)
        self.add_options(PageChoice("pages", self._tabs))
        self._patterns.changed.connect(self._rebuild)
        self._layers.changed.connect(self._rebuild)
        self._layers.measure_requested.connect(self._on_layers_measure_requested)
        self._job_line.action_requested.connect(self.job_action_requested)
        self._job_line.remove_requested.connect(self._on_job_line_remove_requested)
        self._kinds.changed.connect(self._rebuild)
        self._page(_PATTERNS).spot_chosen.connect(self._on_row_chosen)
        self._page(_CHECKPOINT).spot_chosen.connect(self._on_cell_chosen)
        self._map_canvas.spot_changed.connect(self._on_map_canvas_spot_changed)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        self._look_at_head()
        self._rebuild()

    def requests(self) -> tuple[Request, ...]:
        if self._tabs.currentIndex() != _CHECKPOINT:
            return ()
        self._look_at_head()
        return self._feed.requests()

    def take_result(self, request: Request, result: object, is_partial: bool = False) -> None:
        if is_partial and isinstance(result, TilesResult):
            # A map is shown when all of it is there; until then the one that is shown is old.
            if request in self.requests():
                self._feed.take(result)
        else:
            super().take_result(request, result, is_partial)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, LayerTimesResult):
            self._times[result.request] = result
            if result.request == self._layers.value().request:
                self._rebuild()
        else:
            self._feed.take(result)
            self.refresh()
            self._rebuild()

    def show_job(self, state: JobState) -> None:
        request = state.request
        if state.number >= (self._jobs[request].number if request in self._jobs else 0):
            self._jobs[request] = state
            self._show_job()

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        if self._tabs.currentIndex() == _CHECKPOINT:
            self._rebuild()

    def figure(self) -> Figure | None:
        return self._page(self._tabs.currentIndex()).figure_now() if self._figure is not None else None

    # What is shown

    def _page(self, number: int) -> FigurePage:
        page = self._pages.widget(number)
        assert isinstance(page, FigurePage)
        return page

    def _rebuild(self) -> None:
        """Put what is chosen and known on screen."""
        number = self._tabs.currentIndex()
        self._patterns.setVisible(number in (_PATTERNS, _COST))
        self._patterns.set_cost(number == _COST)
        self._layers.setVisible(number == _COMPLEXITY)
        self._show_job()
        figures = (self._patterns_figure, self._cost_figure, self._complexity_figure, self._checkpoint_figure)
        self._figure = figures[number]()
        page = self._page(number)
        self._pages.setCurrentWidget(page)
        self.setFocusProxy(page)
        page.controls.setVisible(number == _CHECKPOINT and self._figure is not None)
        if self._figure is None:
            page.show_empty(self._why_empty())
        else:
            page.show_figure(self._figure, self.style_now())
            if self.why_not_current:
                page.clear_numbers()
        self.figure_changed.emit()

    def _show_job(self) -> None:
        """How far the measurement is that the controls ask for."""
        state = self._jobs.get(self._layers.value().request)
        is_over = state is None or state.phase in (JobPhase.DONE, JobPhase.CANCELLED)
        self._layers.set_measuring(state is not None and not state.phase.is_over)
        self._job_line.setVisible(self._tabs.currentIndex() == _COMPLEXITY and not is_over)
        if state and not is_over:
            self._job_line.show_job(state)

    def _patterns_figure(self) -> DescribedFigure:
        options = self._patterns.value()
        patterns, n = options.patterns, options.n
        query = n // 3 if self._query is None else min(self._query, n - 1)
        if len(patterns) == 1:
            return SparsePatternFigure(patterns[0], options.layers, query)
        return SparsePatternsFigure(patterns, options.layers, query)

    def _cost_figure(self) -> DescribedFigure:
        options = self._patterns.value()
        patterns, full = options.patterns, Pattern.of(next(iter(PATTERNS)), options.parameters)
        return SparseCostFigure(patterns if full in patterns else (full, *patterns), options.d_model)

    def _complexity_figure(self) -> DescribedFigure:
        request = self._layers.value().request
        return SparseComplexityFigure(request, self._times.get(request))

    def _checkpoint_figure(self) -> DescribedFigure | None:
        known, _now = self._feed.map, self.selection.now
        if known is None or self.subject is None or not _is_sparse(self.subject):
            return None
        return SparseCheckpointFigure(
            self.subject.checkpoint.name,
            known.head.layer,
            known.head.head,
            known.level,
            known.queries,
            known.keys,
            known.values,
            known.kinds,
            known.kind_names,
            self._kinds.value().tint / 100,
            self.query_pos,
            self.key_pos,
        )

    def _why_empty(self) -> str:
        needs = self.tr("a Longformer, LED or BigBird checkpoint: the colours of its pattern lie over its real maps")
        if self.subject is None:
            return self.tr("Open {}.").format(needs)
        if not _is_sparse(self.subject):
            text = self.tr("{} ({}) has no sparse pattern. This page needs {}.")
            return text.format(self.subject.checkpoint.name, self.subject.checkpoint.model, needs)
        return self.tr("Computing the map …")

    def _look_at_head(self) -> None:
        subject, now = self.subject, self.selection.now
        if subject is None or not _is_sparse(subject):
            self._feed.look_at(None)
            return
        checkpoint = subject.checkpoint
        group = checkpoint.group(now.group)
        layer = group.nearest(now.layer)
        head = min(now.head, group.n_heads[layer] - 1)
        self._feed.look_at(MappedHead(checkpoint.checkpoint, subject.input, group.name, layer, head))

    # What the user does

    def _on_tabs_current_changed(self, _number: int) -> None:
        self.refresh()
        self._rebuild()

    def _on_layers_measure_requested(self) -> None:
        self.request_changed.emit(self._layers.value().request)

    def _on_job_line_remove_requested(self, _number: int) -> None:
        del self._jobs[self._layers.value().request]
        self._show_job()

    def _on_row_chosen(self, cell: Cell) -> None:
        self._query = cell.row
        self._rebuild()

    def _on_cell_chosen(self, cell: Cell) -> None:
        level = self._feed.map.level if self._feed.map else 0
        self.choose(query_pos=cell.row << level, key_pos=cell.column << level)

    def _on_map_canvas_spot_changed(self, _cell: Cell | None) -> None:
        if self.why_not_current:
            self._page(_CHECKPOINT).clear_numbers()

    def restyle(self) -> None:
        self._rebuild()


def _is_sparse(subject: Subject) -> bool:
    return subject.checkpoint.architecture.startswith(_SPARSE) and subject.input.text is not None
