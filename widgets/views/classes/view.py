"""What the model calls an image."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.classes import ClassesRequest, ClassesResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls, PageChoice
from widgets.kit.page import Page
from widgets.kit.plain import explain_items
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.tabs import Tabs
from widgets.subject import Subject
from widgets.view import View
from widgets.views.classes.command import ClassesOptions
from widgets.views.classes.figure import ClassCell, ClassesFigure
from widgets.views.classes.vit_results import VitResultsFigure

_PAPER_PAGE = 1


class ClassesView(View):
    """The classes that the model gives an image after each layer; on the second page what the paper reports of ViT.

    A click on a row of the table shows that layer's classes as bars.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: ClassesResult | None = None
        self._figure: ClassesFigure | None = None
        self._pages = Tabs(self)
        self._pages.setObjectName("classes_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._canvas = PointedCanvas("classes_canvas", self.tr("Classes after each layer"))
        self._scroll = FigureScroll(self._canvas)
        self._page = self.add_page(
            Page("classes", self._scroll, self.tr("What is shown"), self.tr("Probability pointed at"))
        )
        self._options = self.add_options(OptionControls(self._page.controls, "classes", ClassesOptions))
        self._row = self._page.controls.add_choice("classes_row", self.tr("After"), ())
        self._row.setMinimumContentsLength(20)  # what is offered comes later
        self._paper: FigureCanvas[VitResultsFigure] = FigureCanvas()
        self._pages.addTab(self._page, self.tr("This image"))
        self._pages.addTab(self.add_page(self._paper_page()), self.tr("The paper's table"))
        self._show_page()

        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._options.changed.connect(self._rebuild)
        self._row.currentIndexChanged.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self.setFocusProxy(self._pages)

    def _paper_page(self) -> Page:
        self._paper.setObjectName("classes_paper")
        self._paper.setAccessibleName(self.tr("Results of the Vision Transformer's paper"))
        self._paper.setAccessibleDescription(VitResultsFigure().source)
        page = Page("classes_paper", self._paper, self.tr("What is shown"), "")
        page.is_of_subject = False
        page.controls.hide()
        page.caption.show_text(VitResultsFigure().caption)
        page.show_canvas()
        return page

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        if subject is None:
            self._result = self._figure = None
        self._show_page()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        image = self.subject.input
        if image.image is None or self._pages.currentIndex() == _PAPER_PAGE:
            return ()
        return (ClassesRequest(self.subject.checkpoint.checkpoint, image),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, ClassesResult)
        self._result = result
        n_rows, figure = len(result.probabilities), ClassesFigure(result)
        if [self._row.itemText(row) for row in range(n_rows - 1)] != [figure.row_title(i) for i in range(n_rows - 1)]:
            with QSignalBlocker(self._row):
                self._row.clear()
                for row in range(n_rows):
                    title = figure.row_title(row)
                    self._row.addItem(self.tr("{} (the answer)").format(title) if row == n_rows - 1 else title, row)
                self._row.setCurrentIndex(n_rows - 1)
                explain_items(self._row)
        self._rebuild()

    def figure(self) -> ClassesFigure | VitResultsFigure | None:
        return VitResultsFigure() if self._pages.currentIndex() == _PAPER_PAGE else self._figure

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        n_rows, row = len(self._result.probabilities), self._row.currentIndex()
        self._figure = ClassesFigure(self._result, row if 0 <= row < n_rows - 1 else None, self._options.value().top_k)
        self._page.caption.show_text("  ·  ".join((self._figure.caption, *self._result.notes)))
        self.restyle()
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def restyle(self) -> None:
        style = self.style_now()
        self._paper.show_figure(VitResultsFigure(), style)
        if self._figure is not None:
            self._scroll.show_figure(self._figure, style)

    def _show_page(self) -> None:
        self._row.setEnabled(self._figure is not None)
        if self._figure is not None:
            self._page.show_canvas()
        elif self.subject is not None:
            self._page.show_empty(self.tr("Asking the model …"))
        else:
            self._page.show_empty(self.tr("Open an image."))

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.restyle()
        self.figure_changed.emit()

    def _on_canvas_spot_changed(self, cell: ClassCell | None) -> None:
        text = self._figure.describe(cell) if self._figure is not None and cell else ""
        text = text or self.tr("Click a layer to see its classes as bars. ✓ marks what is true.")
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, cell: ClassCell) -> None:
        self._row.setCurrentIndex(cell.row)
