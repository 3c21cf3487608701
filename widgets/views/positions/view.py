"""How positions are encoded: by the paper's sinusoids, and by the open checkpoint."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.positions import PositionsRequest, PositionsResult, PositionTable
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.availability import offer
from widgets.kit.labels import make_selectable
from widgets.kit.option_controls import OptionControls, PageChoice
from widgets.kit.page import Page
from widgets.kit.plain import PlainLabel
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.tabs import Tabs
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.positions.command import PositionsOptions
from widgets.views.positions.figure import PositionsFigure
from widgets.views.positions.position_grid import GridSpot, PositionGridFigure
from widgets.views.positions.sinusoids import SinusoidsFigure
from widgets.views.positions.sinusoids_page import SinusoidsPage

_CHECKPOINT_PAGE = 1


class PositionsView(View):
    """The sinusoids of 2017 with sliders; on the second page what the checkpoint uses, and how alike positions are.

    A click on a sinusoid's cell chooses its pair; pointing at any cell gives its number.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: PositionsResult | None = None
        self._figure: PositionsFigure | PositionGridFigure | None = None
        self._pages = Tabs(self)
        self._pages.setObjectName("positions_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._sinusoids = SinusoidsPage()
        self._canvas = PointedCanvas("positions_canvas", self.tr("Position encoding of the checkpoint"))
        self._page = Page("positions", self._canvas, "", self.tr("Number pointed at"))
        self._table = self._page.controls.add_choice("positions_table", self.tr("Table"), ())
        self._options = OptionControls(self._page.controls, "positions", PositionsOptions, leave_out=("length",))
        self._head = self._page.controls.add_choice("positions_head", self.tr("Head"), ())
        self._note = PlainLabel()
        self._note.setObjectName("positions_note")
        self._note.setWordWrap(True)
        make_selectable(self._note)
        self._note.setContentsMargins(8, 0, 8, 4)
        self._page.add_above(self._note)
        for page, options, title in (
            (self._sinusoids, self._sinusoids.options, self.tr("2017 sinusoids")),
            (self._page, self._options, self.tr("This checkpoint")),
        ):
            self._pages.addTab(self.add_page(page), title)
            self.add_options(options)  # type: ignore[type-var]
        self._show_page()

        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._sinusoids.figure_changed.connect(self.figure_changed)
        self._table.currentIndexChanged.connect(self._on_table_changed)
        self._options.changed.connect(self._rebuild)
        self._head.activated.connect(self._on_head_activated)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self.setFocusProxy(self._pages)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        self._show_page()
        self.figure_changed.emit()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        if self._pages.currentIndex() != _CHECKPOINT_PAGE or self._why_off(self.subject):
            return ()
        return (PositionsRequest(self.subject.checkpoint.checkpoint, self._options.value().length),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, PositionsResult)
        if not result.tables:
            return
        self._result = result
        with QSignalBlocker(self._table):
            self._table.clear()
            for number, table in enumerate(result.tables):
                self._table.addItem(table.name, number)
        self._page.controls.settle(self._table)
        self._on_table_changed()
        self._show_page()

    def figure(self) -> SinusoidsFigure | PositionsFigure | PositionGridFigure | None:
        if self._pages.currentIndex() != _CHECKPOINT_PAGE:
            return self._sinusoids.figure_now()
        return self._figure if self._has_table() else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.head != old.head and self._figure is not None and self._figure.has_heads:
            self._head.setCurrentIndex(min(now.head, self._head.count() - 1))
            self._rebuild()

    def _has_table(self) -> bool:
        return self._figure is not None and self.subject is not None and not self._why_off(self.subject)

    @staticmethod
    def _why_off(subject: Subject) -> str:
        return subject.checkpoint.why_missing(PositionsRequest.needs)

    def _show_page(self) -> None:
        """Say why there is nothing to see yet, where that is so."""
        if self._has_table():
            self._page.show_canvas()
        elif self.subject is None:
            self._page.show_empty(self.tr("Open a checkpoint to see how it encodes positions."))
        elif why := self._why_off(self.subject):
            text = self.tr("Headlight shows no position encoding of {}: {}.")
            self._page.show_empty(text.format(self.subject.checkpoint.name, why))
        else:
            self._page.show_empty(self.tr("Reading the position encoding …"))
        self._page.controls.setVisible(self._has_table())
        self._note.setVisible(self._has_table())

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        table = self._result.tables[max(self._table.currentIndex(), 0)]
        head = max(self._head.currentIndex(), 0)
        show = self._options.value().show
        if show == "grid":
            self._figure = PositionGridFigure(table, head, self._result.note_of(table))
        else:
            self._figure = PositionsFigure(table, head, show, self._result.note_of(table))
        self.restyle()
        self.figure_changed.emit()

    def restyle(self) -> None:
        style = self.style_now()
        self._sinusoids.restyle(style)
        if self._figure is not None:
            # The note stands above already, with all its lines; so does what small maps without titles show.
            figure = replace(self._figure, note="")
            said = (self._figure.note, figure.caption if isinstance(figure, PositionGridFigure) else "")
            self._note.setText("  \N{MIDDLE DOT}  ".join(filter(None, said)))
            self._canvas.show_figure(figure, style)
            self._on_canvas_spot_changed(self._canvas.spot)

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    def _on_table_changed(self) -> None:
        assert self._result is not None
        table = self._result.tables[max(self._table.currentIndex(), 0)]
        maps = table.similarity
        with QSignalBlocker(self._head):
            self._head.clear()
            for head in range(len(maps)):
                self._head.addItem(str(head), head)
            self._head.setCurrentIndex(min(self.selection.now.head, len(maps) - 1))
        self._page.controls.set_shown(self._head, len(maps) > 1)
        self._offer(table)
        self._rebuild()

    def _offer(self, table: PositionTable) -> None:
        """Maps on a grid for places in an image, and first; else similarity, unless it would be too large."""
        grid, similarity = self.tr("For places in an image."), self.tr("There are too many places for this map.")
        offer(self._options.combo("show"), "grid", table.grid is not None, grid)
        for what in ("both", "similarity"):
            offer(self._options.combo("show"), what, table.similarity.shape[-1] > 0, similarity)
        options = self._options.value()
        is_on_grid = options.show == "grid"
        if is_on_grid != (table.grid is not None):
            self._options.set_value(replace(options, show="both" if is_on_grid else "grid"), quietly=True)

    def _on_head_activated(self, head: int) -> None:
        if head == self.selection.now.head:
            self._rebuild()
        self.selection.update(head=head)

    def _on_canvas_spot_changed(self, spot: Cell | GridSpot | None) -> None:
        figure, text = self._canvas.figure, ""
        if (isinstance(figure, PositionsFigure) and isinstance(spot, Cell)) or (
            isinstance(figure, PositionGridFigure) and isinstance(spot, GridSpot)
        ):
            text = figure.describe(spot)  # type: ignore[arg-type]
        text = text or self.tr("Point at a cell to see its number.")
        self._page.read_out.show_text("" if self.why_not_current else text)
