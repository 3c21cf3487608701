"""What the model calls a picture."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QSpinBox, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from inference.results.classes import ClassesRequest, ClassesResult
from inference.results.events import Failure
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.column import fill_column
from widgets.kit.control_bar import ControlBar
from widgets.kit.empty_label import EmptyLabel
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.labelled import labelled
from widgets.kit.line_label import LineLabel
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.classes.figure import ClassCell, ClassesFigure
from widgets.views.classes.vit_results import VitResultsFigure

_PAPER_PAGE = 1


class ClassesView(View):
    """The classes that the model gives a picture after each layer; on the second page what the paper reports of ViT.

    A click on a row of the table shows that layer's classes as bars.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: ClassesResult | None = None
        self._figure: ClassesFigure | None = None
        self._paper: FigureCanvas[VitResultsFigure] = FigureCanvas()
        self._paper.setObjectName("classes_paper")
        self._paper.setAccessibleName(self.tr("Results of the Vision Transformer's paper"))
        self._paper.setAccessibleDescription(VitResultsFigure().source)
        self._pages = QTabWidget(self)
        self._pages.setObjectName("classes_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        self._pages.addTab(self._image_page(), self.tr("This picture"))
        self._pages.addTab(self._paper, self.tr("The paper's table"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._show_page()

        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self._top_k.valueChanged.connect(self._rebuild)
        self._row.currentIndexChanged.connect(self._rebuild)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self.setFocusProxy(self._pages)

    def _image_page(self) -> QWidget:
        page = QWidget()
        controls = ControlBar(page)
        self._top_k = QSpinBox()
        self._top_k.setRange(1, 40)
        self._top_k.setValue(10)
        controls.add_widget(labelled(self._top_k, "classes_top_k", self.tr("Classes")))
        self._row = controls.add_choice("classes_row", self.tr("After"), ())
        self._row.setMinimumContentsLength(20)  # what is offered comes later
        self._caption = LineLabel(self.tr("What is shown"))
        self._canvas = PointedCanvas("classes_canvas", self.tr("Classes after each layer"))
        self._empty = EmptyLabel("classes_empty")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._canvas)
        self._read_out = LineLabel(self.tr("Probability pointed at"))
        self._read_out.setObjectName("classes_read_out")
        fill_column(page, self._stack, controls, self._caption, self._stack, self._read_out)
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
        if not isinstance(result, ClassesResult) or self.subject is None:
            return
        self._result = result
        n_rows, figure = len(result.probabilities), ClassesFigure(result)
        if [self._row.itemText(row) for row in range(n_rows - 1)] != [figure.row_title(i) for i in range(n_rows - 1)]:
            with QSignalBlocker(self._row):
                self._row.clear()
                for row in range(n_rows):
                    title = figure.row_title(row)
                    self._row.addItem(self.tr("{} (the answer)").format(title) if row == n_rows - 1 else title, row)
                self._row.setCurrentIndex(n_rows - 1)
        self._top_k.setMaximum(min(40, len(result.labels)))
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._empty.setText(failure.message)

    def figure(self) -> ClassesFigure | VitResultsFigure | None:
        return VitResultsFigure() if self._pages.currentIndex() == _PAPER_PAGE else self._figure

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        n_rows, row = len(self._result.probabilities), self._row.currentIndex()
        self._figure = ClassesFigure(self._result, row if 0 <= row < n_rows - 1 else None, self._top_k.value())
        self._caption.show_text("  ·  ".join((self._figure.caption, *self._result.notes)))
        self.restyle()
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def restyle(self) -> None:
        style = self.style_now()
        self._paper.show_figure(VitResultsFigure(), style)
        if self._figure is not None:
            self._canvas.show_figure(self._figure, style)

    def _show_page(self) -> None:
        has_figure = self._figure is not None
        self._stack.setCurrentWidget(self._canvas if has_figure else self._empty)
        self._empty.setText(self.tr("Asking the model …") if self.subject else self.tr("Open a picture."))
        self._row.setEnabled(has_figure)
        for widget in (self._caption, self._read_out):
            widget.setVisible(has_figure)

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.restyle()
        self.figure_changed.emit()

    def _on_canvas_spot_changed(self, cell: ClassCell | None) -> None:
        text = self._figure.describe(cell) if self._figure is not None and cell else ""
        self._read_out.show_text(text or self.tr("Click a layer to see its classes as bars. ✓ marks what is true."))

    def _on_canvas_spot_chosen(self, cell: ClassCell) -> None:
        self._row.setCurrentIndex(cell.row)
