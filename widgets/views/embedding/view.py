"""Word vectors: a map and neighbours, analogies, the sliding window, and training."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QFileDialog, QTabWidget, QWidget

from inference.results.embedding import AnalogyResult, EmbeddingResult, SlidingWindowResult, VectorSource
from inference.results.events import Failure
from inference.results.job import JobState
from inference.results.request import Request
from inference.results.train_word2vec import TrainWord2VecRequest, TrainWord2VecResult
from widgets.context import ViewContext
from widgets.kit.clean import clean
from widgets.kit.control_bar import ControlBar
from widgets.kit.figure import Figure
from widgets.kit.layouts import fill_column
from widgets.kit.option_controls import PageChoice
from widgets.view import View
from widgets.views.embedding.analogy_page import AnalogyPage
from widgets.views.embedding.map_page import WordMapPage
from widgets.views.embedding.training_page import Word2VecPage
from widgets.views.embedding.window_page import SlidingWindowPage


class EmbeddingView(View):
    """Vectors of words that come with Headlight, of a file, or of the checkpoint's tokens: their map, neighbours,
    analogies, the window that makes them, and word2vec while it learns.

    What clicking does, the pages say.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._bar = ControlBar(self)
        self._source = self._bar.add_choice(
            "embedding_source",
            self.tr("Vectors"),
            (
                (self.tr("Bundled English words"), VectorSource()),
                (self.tr("Token embeddings of the checkpoint"), VectorSource("tokens")),
            ),
        )
        self._open = self._bar.add_button(
            "embedding_open",
            self.tr("Open vectors …"),
            self.tr("Open word vectors: Headlight's, word2vec's, GloVe's or fastText's, also packed with gzip"),
        )
        self._map = WordMapPage()
        self._analogy = AnalogyPage()
        self._window = SlidingWindowPage()
        self._training = Word2VecPage()
        self._pages = QTabWidget(self)
        self._pages.setObjectName("embedding_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        fill_column(self, self._pages, self._bar, self._pages)
        for page, title in (
            (self._map, self.tr("Map and neighbours")),
            (self._analogy, self.tr("Analogy")),
            (self._window, self.tr("Sliding window")),
            (self._training, self.tr("Training")),
        ):
            self.add_page(page)
            self._pages.addTab(page, title)
            page.figure_changed.connect(self.figure_changed)
            page.changed.connect(self.refresh)
            self.add_options(page.options)  # type: ignore[type-var]
        self._visited: list[QWidget] = []
        self._source.currentIndexChanged.connect(self.refresh)
        self._open.clicked.connect(self._on_open_clicked)
        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._training.train_requested.connect(self._on_training_train_requested)
        self._training.open_requested.connect(self.open_vectors)
        self._training.job_action_requested.connect(self.job_action_requested)
        self.setFocusProxy(self._pages)

    # Data in

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        page, source = self._pages.currentWidget(), self.source
        if page not in self._visited:
            self._visited.append(page)
        # What other pages asked stays asked: coming back to them must not begin everything again.
        found: list[Request] = []
        for asking in (self._map, self._analogy, self._window):
            if asking in self._visited:
                found += asking.requests(self.subject, source)
        return tuple(found)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        style = self.style_now()
        if isinstance(result, EmbeddingResult):
            self._map.show_result(result, style)
        elif isinstance(result, AnalogyResult):
            self._analogy.show_result(result, style)
        elif isinstance(result, SlidingWindowResult):
            self._window.show_result(result, style)
        elif isinstance(result, TrainWord2VecResult):
            self._training.show_result(result, style)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        page = self._pages.currentWidget()
        if isinstance(page, WordMapPage | AnalogyPage | SlidingWindowPage):
            page.show_sentence(failure.message)

    def show_job(self, state: JobState) -> None:
        self._training.show_job(state)

    def figure(self) -> Figure | None:
        page = self._pages.currentWidget()
        assert isinstance(page, WordMapPage | AnalogyPage | SlidingWindowPage | Word2VecPage)
        return page.figure_now()

    def restyle(self) -> None:
        style = self.style_now()
        for page in (self._map, self._analogy, self._window, self._training):
            page.restyle(style)

    # Whose vectors

    @property
    def source(self) -> VectorSource:
        """Whose vectors are looked at."""
        return self._source.currentData()

    def open_vectors(self, path: str) -> None:
        """Look at the vectors of a file."""
        source = VectorSource("file", path)
        with QSignalBlocker(self._source):
            at = next((i for i in range(self._source.count()) if self._source.itemData(i) == source), -1)
            if at < 0:
                self._source.addItem(clean(Path(path).name), source)
                at = self._source.count() - 1
            self._source.setCurrentIndex(at)
        if self._pages.currentWidget() is self._training:
            self._pages.setCurrentWidget(self._map)
        self.refresh(again=True)  # the file may have been written anew

    # What the user does

    def _on_open_clicked(self) -> None:
        kinds = self.tr("Word vectors (*.npz *.txt *.vec *.bin *.gz);;All files (*)")
        if path := QFileDialog.getOpenFileName(self, self.tr("Open word vectors"), "", kinds)[0]:
            self.open_vectors(path)

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    def _on_training_train_requested(self, request: TrainWord2VecRequest) -> None:
        self.request_changed.emit(request)
