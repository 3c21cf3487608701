"""Image GPT: images pixel by pixel."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.complete_image import CompleteImageResult
from inference.results.events import Failure
from inference.results.image import ImageResult
from inference.results.job import JobState
from inference.results.masked_pixels import MaskedPixelsResult
from inference.results.patches import PatchesResult
from inference.results.probe import ProbeRequest, ProbeResult
from inference.results.request import Capability, Request
from widgets.context import ViewContext
from widgets.kit.figure import Figure
from widgets.kit.option_controls import PageChoice
from widgets.look.tabs import Tabs
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.view_options import MASKS, kept_places, places_kept
from widgets.views.complete_image.completion_page import CompletionPage
from widgets.views.complete_image.masked_pixels_page import MaskedPixelsPage
from widgets.views.complete_image.probe_page import ProbePage


class CompleteImageView(View):
    """Completions of the image that grow pixel by pixel, or masked pixels, whichever the checkpoint was trained for;
    and how much a linear classifier reads from each layer.

    What clicking does, the pages say.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._completions = CompletionPage(context.selection)
        self._masked = MaskedPixelsPage()
        self._probe = ProbePage()
        self._pages = Tabs(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._pages.setObjectName("complete_image_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        for page, title in (
            (self._completions, self.tr("Completions")),
            (self._masked, self.tr("Masked pixels")),
            (self._probe, self.tr("Linear probe")),
        ):
            self.add_page(page)
            self._pages.addTab(page, title)
            page.figure_changed.connect(self.figure_changed)
        self._completions.changed.connect(self._on_page_changed)
        self._masked.changed.connect(self._on_page_changed)
        self._probe.measure_requested.connect(self.request_changed)
        self._probe.job_action_requested.connect(self.job_action_requested)
        self.add_options(self._completions.options)
        self.add_options(self._masked.options)
        self.add_options(self._probe.options)
        self._asked_by: dict[QWidget, tuple[Request, ...]] = {}
        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._masked.masks_changed.connect(self.options.changed)
        self.setFocusProxy(self._pages)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        if subject is None or (self.subject and subject.checkpoint != self.subject.checkpoint):
            for page in (self._completions, self._masked):
                page.forget()
            self._asked_by = {}
            self._probe.set_checkpoint("", self.style_now())
        if subject is not None:
            self._offer_pages(subject)
            self._probe.set_checkpoint(subject.checkpoint.checkpoint, self.style_now())
            for page in (self._completions, self._masked):
                page.show_sentence(self.tr("Asking the model …"))
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        page = self._pages.currentWidget()
        if page is self._completions:
            self._asked_by[page] = self._completions.requests(self.subject)
        elif page is self._masked:
            self._asked_by[page] = self._masked.requests(self.subject)
        # What other pages asked stays asked: coming back to them must not begin everything again.
        return tuple(request for requests in self._asked_by.values() for request in requests)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if self.subject is None:
            return
        if isinstance(result, CompleteImageResult):
            self._completions.show_result(result)
        elif isinstance(result, ImageResult):
            self._completions.show_image(result)
        elif isinstance(result, PatchesResult):
            self._completions.show_attention(result)
        elif isinstance(result, MaskedPixelsResult):
            self._masked.show_result(result, self.style_now())
        elif isinstance(result, ProbeResult):
            assert isinstance(request, ProbeRequest)
            self._probe.show_result(request.checkpoint, result, self.style_now())

    def show_job(self, state: JobState) -> None:
        self._probe.show_job(state)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        for page in (self._completions, self._masked):
            if page is self._pages.currentWidget():
                page.show_sentence(failure.message)

    def provisional_note(self) -> str:
        """None is needed: completions are seen to grow."""
        return ""

    def figure(self) -> Figure | None:
        page = self._pages.currentWidget()
        assert isinstance(page, CompletionPage | MaskedPixelsPage | ProbePage)
        return page.figure

    def options_state(self) -> dict[str, Any]:
        """With the user's masks, so that they can be undone."""
        return super().options_state() | kept_places(MASKS, self._masked.masks, self.subject)

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        self._masked.set_masks(places_kept(MASKS, stored, self.subject))

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        if (now.group, now.layer, now.head) != (old.group, old.layer, old.head):
            self._completions.rebuild()

    # The pages

    def _offer_pages(self, subject: Subject) -> None:
        """Only what the checkpoint can do."""
        for page, need in ((self._completions, Capability.NEXT_PIXEL), (self._masked, Capability.MASKED_PIXELS)):
            is_offered = not subject.checkpoint.why_missing(frozenset({need}))
            self._pages.setTabVisible(self._pages.indexOf(page), is_offered)

    def _on_page_changed(self) -> None:
        self.refresh()

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    # The looks

    def restyle(self) -> None:
        style = self.style_now()
        for page in (self._completions, self._masked, self._probe):
            page.restyle(style)
