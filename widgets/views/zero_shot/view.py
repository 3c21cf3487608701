"""Images named by labels: the chips as labels, and a folder whose labels are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from inference.results.events import Failure
from inference.results.request import Request
from inference.results.zero_shot import ZeroShotRequest, ZeroShotResult, ZeroShotTestRequest, ZeroShotTestResult
from widgets.context import ViewContext
from widgets.figure_command import image_title
from widgets.figures.panel_figure import Cell
from widgets.kit.figure import Figure
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls, PageChoice
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.tabs import Tabs
from widgets.subject import Subject
from widgets.view import View
from widgets.views.zero_shot.confusion_figure import ZeroShotTestFigure
from widgets.views.zero_shot.figure import RankedLabel, ZeroShotFigure
from widgets.views.zero_shot.options import ZeroShotOptions, ZeroShotTestOptions, typed


class ZeroShotView(View):
    """Bars of the likeliest labels of each image; on a second page how often the right one is told."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._shown: tuple[ZeroShotRequest, ZeroShotResult] | None = None
        self._tested: tuple[ZeroShotTestRequest, ZeroShotTestResult] | None = None
        self._wanted: ZeroShotTestRequest | None = None
        self._folder = ""
        self._pages = Tabs(self)
        self._pages.setObjectName("zero_shot_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._pages.addTab(self._build_labels(), self.tr("Your labels"))
        self._pages.addTab(self._build_test(), self.tr("How often right"))
        self.setFocusProxy(self._pages)
        self.add_options(PageChoice("zero_shot_pages", self._pages))
        self._pages.currentChanged.connect(self._on_pages_current_changed)

    def _build_labels(self) -> Page:
        self._canvas = PointedCanvas("zero_shot_canvas", self.tr("Labels of each image"))
        self._scroll = FigureScroll(self._canvas)
        page = Page("zero_shot", self._scroll, self.tr("What is shown"), self.tr("Label pointed at"))
        self._labels_page = self.add_page(page)
        self._options = self.add_options(OptionControls(page.controls, "zero_shot", ZeroShotOptions))
        page.show_empty(self.tr("Naming the images …"))
        self._options.changed.connect(self._on_options_changed)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        return page

    def _build_test(self) -> Page:
        self._matrix = PointedCanvas("zero_shot_test_canvas", self.tr("True labels against told ones"))
        page = Page("zero_shot_test", self._matrix, self.tr("What is shown"), self.tr("Cell pointed at"))
        self._test_page = self.add_page(page)
        self._test_options = self.add_options(OptionControls(page.controls, "zero_shot_test", ZeroShotTestOptions))
        self._open = page.controls.add_button(
            "zero_shot_open",
            self.tr("Folder…"),
            self.tr("Test images of your own: a folder with a folder for each label, called as it is"),
        )
        self._portraits = page.controls.add_button(
            "zero_shot_portraits", self.tr("Test portraits"), self.tr("Test generated images of one thing")
        )
        page.setFocusProxy(self._portraits)
        page.show_empty(
            self.tr(
                "How often is the right label told? Choose a folder that has a folder of images for each label, or "
                "test generated portraits. Half of the images teach a linear probe, for comparison."
            )
        )
        self._open.clicked.connect(self._on_open_clicked)
        self._portraits.clicked.connect(self._on_portraits_clicked)
        self._test_options.changed.connect(self._rebuild_test)
        self._matrix.spot_changed.connect(self._on_matrix_spot_changed)
        return page

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        new, old = (each and each.checkpoint.checkpoint for each in (subject, self.subject))
        if new != old:  # which is tested when the user wants it
            self._wanted = None
        super().set_subject(subject)
        if subject is not None and not (subject.images and subject.texts):
            self._labels_page.show_empty(self.tr("Add an image and labels above: the texts are the labels."))
        elif self._labels_page.is_empty:
            self._rebuild()

    def requests(self) -> tuple[Request, ...]:
        subject = self.subject
        if subject is None:
            return ()
        if self._is_test:
            return () if self._wanted is None else (self._wanted,)
        if not subject.images or not subject.texts:
            return ()
        place, templates = subject.checkpoint.checkpoint, self._options.value().each_template
        return (ZeroShotRequest(place, subject.images, subject.texts, templates),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, ZeroShotTestResult):
            assert isinstance(request, ZeroShotTestRequest)
            self._tested = request, result
            self._rebuild_test()
            return
        assert isinstance(request, ZeroShotRequest)
        assert isinstance(result, ZeroShotResult)
        self._shown = request, result
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        is_test = isinstance(request, ZeroShotTestRequest)
        page, shown = (self._test_page, self._tested) if is_test else (self._labels_page, self._shown)
        if is_test:
            self._wanted = None
        if shown is None:
            page.show_empty(failure.message)

    def take_cancellation(self, request: Request) -> None:
        super().take_cancellation(request)
        if isinstance(request, ZeroShotTestRequest):
            self._wanted = None  # pressed again, it is tested again
            if self._tested is None:
                self._test_page.show_empty(self.tr("Cancelled. Press a button to test."))

    def figure(self) -> Figure | None:
        page, canvas = (self._test_page, self._matrix) if self._is_test else (self._labels_page, self._canvas)
        return None if page.is_empty else canvas.figure

    def restyle(self) -> None:
        self._rebuild()
        self._rebuild_test()

    @property
    def _is_test(self) -> bool:
        return self._pages.currentIndex() == 1

    def _rebuild(self) -> None:
        if self._shown is None:
            return
        request, result = self._shown
        # What is typed now may not be answered yet, or be refused.
        options = replace(self._options.value(), templates=typed(request.templates))
        figure = ZeroShotFigure(result, tuple(map(image_title, request.images)), request.labels, options)
        self._labels_page.show_on(self._scroll, figure, self.style_now(), result.notes)
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _rebuild_test(self) -> None:
        if self._tested is None:
            return
        request, result = self._tested
        figure = ZeroShotTestFigure(result, Path(request.folder).name, self._test_options.value())
        self._test_page.show_on(self._matrix, figure, self.style_now(), result.notes)
        self._on_matrix_spot_changed(self._matrix.spot)
        self.figure_changed.emit()

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    def _on_options_changed(self) -> None:
        self._rebuild()
        self.refresh()

    def _on_open_clicked(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("A folder for each label"), self._folder)
        if folder:
            self._folder = folder
            self._test(folder)

    def _on_portraits_clicked(self) -> None:
        self._test("")

    def _test(self, folder: str) -> None:
        if self.subject is None:
            return
        options = self._test_options.value()
        templates = self._options.value().each_template
        place = self.subject.checkpoint.checkpoint
        self._wanted = ZeroShotTestRequest(place, folder, templates, options.portraits, options.seed)
        if self._tested is None:
            self._test_page.show_empty(self.tr("Testing …"))
        self.refresh(again=True)

    def _on_canvas_spot_changed(self, spot: RankedLabel | None) -> None:
        figure, text = self._canvas.figure, self.tr("Point at a label.")
        if isinstance(figure, ZeroShotFigure) and spot is not None:
            text = figure.describe(spot)
        self._labels_page.read_out.show_text("" if self.why_not_current else text)

    def _on_matrix_spot_changed(self, cell: Cell | None) -> None:
        figure, text = self._matrix.figure, self.tr("Point at a cell.")
        if isinstance(figure, ZeroShotTestFigure) and cell is not None:
            text = figure.describe(cell)
        self._test_page.read_out.show_text("" if self.why_not_current else text)
