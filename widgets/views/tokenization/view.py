"""How vocabularies of subwords are built, and how the checkpoint's tokenizer cuts the text."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.events import Failure
from inference.results.request import Request
from inference.results.tokenization import (
    CompareRequest,
    CompareResult,
    CutRequest,
    CutResult,
    VocabularyRequest,
    VocabularyResult,
)
from widgets.context import ViewContext
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import PageChoice
from widgets.kit.page import Page
from widgets.kit.plain import plain_tip
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.tabs import Tabs
from widgets.subject import Subject
from widgets.view import View
from widgets.views.tokenization.comparison_figure import ComparisonFigure
from widgets.views.tokenization.comparison_page import ComparisonPage
from widgets.views.tokenization.cut_figure import CutFigure, PartSpot, TokenSpot, most_telling
from widgets.views.tokenization.glossary import Term, explained
from widgets.views.tokenization.vocabulary_figure import VocabularyFigure
from widgets.views.tokenization.vocabulary_page import VocabularyPage

_VOCABULARY, _CHECKPOINT, _COMPARISON = range(3)


class TokenizationView(View):
    """On the first page a vocabulary is built from a text; on the second the checkpoint's tokenizer cuts the input.

    On the third the tokenizers of all checkpoints at hand cut the same sentences.

    A click on a word or a token shows how it comes about.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: CutResult | None = None
        self._word = 0
        self._pages = Tabs(self)
        self._pages.setObjectName("tokenization_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._vocabulary = VocabularyPage()
        self._canvas = PointedCanvas("tokenizer_canvas", self.tr("How the text is cut"))
        self._scroll = FigureScroll(self._canvas)
        self._page = Page("tokenizer", self._scroll, self.tr("What is shown"), self.tr("What is pointed at"))
        self._page.show_empty(self.tr("Cutting the text …"))
        self._pages.addTab(self.add_page(self._vocabulary), self.tr("Building a vocabulary"))
        self._pages.addTab(self.add_page(self._page), self.tr("This checkpoint"))
        self._comparison = ComparisonPage()
        self._pages.addTab(self.add_page(self._comparison), self.tr("Side by side"))
        self.add_options(self._vocabulary.options)
        self.add_options(self._comparison.options)  # type: ignore[type-var]

        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._vocabulary.wanted_changed.connect(self._on_vocabulary_wanted_changed)
        self._vocabulary.figure_changed.connect(self.figure_changed)
        self._comparison.figure_changed.connect(self.figure_changed)
        context.checkpoints_changed.connect(self._on_context_checkpoints_changed)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self.setFocusProxy(self._pages)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        if self._result is None and subject is not None:
            self._page.show_empty(self._why_nothing() or self.tr("Cutting the text …"))

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        if self._pages.currentIndex() == _VOCABULARY:
            wanted = self._vocabulary.request()
            return () if wanted is None else (wanted,)
        if self._pages.currentIndex() == _COMPARISON:
            return (self._comparison.request(self.subject, self.context.checkpoints),)
        if why := self._why_nothing():
            self._page.show_empty(why)
            return ()
        return (CutRequest(self.subject.checkpoint.checkpoint, self.subject.input.unmasked()),)

    def _why_nothing(self) -> str:
        assert self.subject is not None
        text = self.subject.input.text
        if text is None:
            return self.tr("{} reads no texts, so there is nothing to cut.").format(self.subject.checkpoint.name)
        if text.token_ids is not None:
            return self.tr("Ids were given instead of a text, so there is nothing to cut.")
        return "" if text.text else self.tr("Type a text to see how it is cut.")

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(request, VocabularyRequest):
            assert isinstance(result, VocabularyResult)
            self._vocabulary.show_result(request, result, self.style_now())
            return
        if isinstance(result, CompareResult):
            self._comparison.show_result(result, self.style_now())
            return
        assert isinstance(result, CutResult)
        is_same = self._result is not None and self._result.words == result.words
        self._word = self._word if is_same else most_telling(result)
        self._result = result
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if isinstance(request, VocabularyRequest):
            self._vocabulary.show_refusal(failure.message)
            return
        page = self._comparison if isinstance(request, CompareRequest) else self._page
        if page.is_empty:
            page.show_empty(failure.message)

    def take_cancellation(self, request: Request) -> None:
        """What plays stands still, and an empty page says what to do."""
        super().take_cancellation(request)
        if isinstance(request, VocabularyRequest):
            self._vocabulary.show_refusal(self.tr("Cancelled; F5 asks again."))

    def figure(self) -> VocabularyFigure | CutFigure | ComparisonFigure | None:
        if self._pages.currentIndex() == _VOCABULARY:
            return self._vocabulary.figure_now()
        if self._pages.currentIndex() == _COMPARISON:
            return self._comparison.figure_now()
        figure = self._canvas.figure
        return figure if isinstance(figure, CutFigure) and not self._page.is_empty else None

    def restyle(self) -> None:
        self._vocabulary.rebuild(self.style_now())
        self._comparison.rebuild(self.style_now())
        self._rebuild()

    def options_state(self) -> dict[str, Any]:
        """With the text that is learned from."""
        return {**super().options_state(), **self._vocabulary.text_state()}

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        self._vocabulary.set_text_state(stored)

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        figure = CutFigure(self._result, self._word)
        self._page.show_on(self._scroll, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self._vocabulary.playback.pause()
        self.refresh()
        self.figure_changed.emit()

    def _on_context_checkpoints_changed(self) -> None:
        self.follow()

    def _on_vocabulary_wanted_changed(self) -> None:
        self.refresh()

    def _on_canvas_spot_changed(self, spot: Any) -> None:
        figure = self._canvas.figure
        text = self.tr("Point at a token to read its id, bytes and place; a click on a word shows how it is cut.")
        if isinstance(figure, CutFigure):
            if spot is not None:
                text = figure.describe(spot)
            elif figure.result.notes:
                text = " ".join(figure.result.notes)
        self._canvas.setToolTip(plain_tip(explained(spot)) if isinstance(spot, Term) else "")
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: Any) -> None:
        figure = self._canvas.figure
        if not isinstance(figure, CutFigure):
            return
        word = spot.word if isinstance(spot, PartSpot) else -1
        if isinstance(spot, TokenSpot):
            word = figure.word_of(spot.token)
        if word >= 0 and word != self._word:
            self._word = word
            self._rebuild()
