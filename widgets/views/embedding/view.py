"""Word vectors: a map and neighbours, analogies, the sliding window, and training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.embedding import (
    AnalogyRequest,
    AnalogyResult,
    EmbeddingRequest,
    EmbeddingResult,
    OpenVectorsRequest,
    SlidingWindowRequest,
    SlidingWindowResult,
    VectorSource,
)
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
from widgets.look.tabs import Tabs
from widgets.subject import input_title
from widgets.view import View
from widgets.views.embedding.analogy_page import AnalogyPage
from widgets.views.embedding.map_page import WordMapPage
from widgets.views.embedding.training_page import Word2VecPage
from widgets.views.embedding.typed_words import TypedWords
from widgets.views.embedding.vector_choice import VectorChoice
from widgets.views.embedding.window_page import SlidingWindowPage


class EmbeddingView(View):
    """Vectors of words that come with Headlight, of a file, or of the checkpoint's tokens: their map, neighbours,
    analogies, the window that makes them, and word2vec while it learns.

    What clicking does, the pages say.
    """

    details = frozenset({OpenVectorsRequest})

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._bar = ControlBar(self, is_beside=True)
        self._vectors = VectorChoice(self._bar)
        self._map = WordMapPage()
        self._analogy = AnalogyPage()
        self._window = SlidingWindowPage()
        self._training = Word2VecPage()
        self._pages = Tabs(self)
        self._pages.setObjectName("embedding_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        fill_column(self, self._pages, self._bar, self._vectors.said, self._pages)
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
        fields = (*self._map.fields, *self._analogy.fields, *self._training.fields)
        self._words = TypedWords(fields)
        self._titles: dict[QWidget, str] = {}  # of what the picture of a page is
        self._vectors.changed.connect(self._on_vectors_changed)
        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._training.train_requested.connect(self._on_training_train_requested)
        self._training.open_requested.connect(self.open_file)
        self._training.job_action_requested.connect(self.job_action_requested)
        self.setFocusProxy(self._pages)

    # Where the choice of vectors is

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_bar()

    def _place_bar(self) -> None:
        """Behind the tabs where there is room for both, which saves a line; else above them."""
        is_behind, corner = self._pages.cornerWidget() is self._bar, Qt.Corner.TopRightCorner
        fits = self._pages.tabBar().sizeHint().width() + self._bar.sizeHint().width() <= self.width()
        if fits == is_behind:
            return
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        if fits:
            column.removeWidget(self._bar)
            self._pages.setCornerWidget(self._bar, corner)
        else:
            self._pages.setCornerWidget(None, corner)  # type: ignore[arg-type] (None is allowed)
            column.insertWidget(0, self._bar)
        self._bar.show()

    # Data in

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        page, source = self._pages.currentWidget(), self.source
        opening = (OpenVectorsRequest(self._vectors.opening),) if self._vectors.opening else ()
        if self._vectors.is_first:
            return opening
        if page not in self._visited:
            self._visited.append(page)
        # What other pages asked stays asked: coming back to them must not begin everything again.
        found: list[Request] = [*opening]
        for asking in (self._map, self._analogy, self._window):
            if asking in self._visited:
                found += asking.requests(self.subject, source)
        return tuple(found)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert self.subject is not None
        style = self.style_now()
        if isinstance(request, OpenVectorsRequest):
            self._take_opened()
        elif isinstance(request, EmbeddingRequest) and isinstance(result, EmbeddingResult):
            self._keep_title(self._map, request.source)
            self._map.show_result(result, style)
        elif isinstance(request, AnalogyRequest) and isinstance(result, AnalogyResult):
            self._keep_title(self._analogy, request.source)
            self._analogy.show_result(result, style)
        elif isinstance(request, SlidingWindowRequest) and isinstance(result, SlidingWindowResult):
            self._keep_title(self._window, request.source, input_title(request.input, self.subject.checkpoint))
            self._window.show_result(result, style)
        elif isinstance(result, TrainWord2VecResult):
            self._training.show_result(result, style)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if isinstance(request, OpenVectorsRequest):
            self._vectors.give_up(failure.message)
            self.refresh()
            return
        page = self._pages.currentWidget()
        if isinstance(page, WordMapPage | AnalogyPage | SlidingWindowPage):
            page.show_sentence(failure.message)

    def take_cancellation(self, request: Request) -> None:
        super().take_cancellation(request)
        if isinstance(request, OpenVectorsRequest) and request.path == self._vectors.opening:
            self.forget(request)
            name = clean(Path(request.path).name)
            self._vectors.give_up(self.tr("Opening {} was cancelled.").format(name))
            self.refresh()

    def pictured_title(self) -> str:
        """Whose vectors, and of the sliding window which text; the checkpoint matters for its own vectors alone."""
        return self._titles.get(self._pages.currentWidget(), "") or super().pictured_title()

    def _keep_title(self, page: QWidget, source: VectorSource, text: str = "") -> None:
        assert self.subject is not None
        whose = self._vectors.title_of(source, self.subject.checkpoint.name)
        self._titles[page] = f"{whose} · {text}" if text else whose

    def _take_opened(self) -> None:
        was = self.source
        self._vectors.take_opened()
        if self._pages.currentWidget() is self._training:
            self._pages.setCurrentWidget(self._map)
        self.refresh(again=self.source == was)  # the file may have been written anew

    def options_state(self) -> dict[str, Any]:
        """With the vectors that are looked at, the words that were typed, and what is trained."""
        kept: dict[str, Any] = {
            "vectors": self._vectors.state(),
            "words": self._words.state(),
            "training": self._training.state(),
        }
        return {**super().options_state(), **{name: value for name, value in kept.items() if value}}

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        if isinstance(stored, dict):
            self._words.set_state(stored.get("words"))
            self._vectors.set_state(stored.get("vectors"))
            self._training.set_state(stored.get("training"))

    def show_job(self, state: JobState) -> None:
        self._training.show_job(state)

    def figure(self) -> Figure | None:
        page = self._pages.currentWidget()
        assert isinstance(page, WordMapPage | AnalogyPage | SlidingWindowPage | Word2VecPage)
        return page.figure_now()

    def restyle(self) -> None:
        self._place_bar()
        style = self.style_now()
        for page in (self._map, self._analogy, self._window, self._training):
            page.restyle(style)

    # Whose vectors

    @property
    def source(self) -> VectorSource:
        """Whose vectors are looked at."""
        return self._vectors.source

    def open_file(self, path: str) -> None:
        """Look at the vectors of a file, if it opens."""
        self._vectors.open(path)

    # What the user does

    def _on_vectors_changed(self) -> None:
        if self._vectors.opening:
            self.forget(OpenVectorsRequest(self._vectors.opening))  # one that opened once may be another now
        self.refresh()

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    def _on_training_train_requested(self, request: TrainWord2VecRequest) -> None:
        self.request_changed.emit(request)
