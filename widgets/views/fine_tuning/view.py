"""What pre-training buys, kept or measured, what fine-tuning changes, and published tables: a page each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.events import Failure
from inference.results.fine_tuning import (
    FineTuningRequest,
    FineTuningResult,
    LabelledExamplesRequest,
    LabelledExamplesResult,
    PublishedTableRequest,
    PublishedTableResult,
)
from inference.results.job import JobState
from inference.results.prediction import PredictionRequest, PredictionResult
from inference.results.request import Capability, Request
from inference.results.transfer import TransferRequest, TransferResult
from widgets.context import ViewContext
from widgets.kit.clean import clean
from widgets.kit.figure import Figure
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import explain_items
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.tabs import Tabs
from widgets.plots.canvas import PlotCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.fine_tuning.attention_figure import FineTunedAttentionFigure
from widgets.views.fine_tuning.examples_figure import ExamplesFigure
from widgets.views.fine_tuning.options import FineTuningOptions, PublishedOptions
from widgets.views.fine_tuning.published_figure import PublishedFigure
from widgets.views.fine_tuning.transfer_page import TransferPage

_EXAMPLES, _TRANSFER, _ATTENTION, _PUBLISHED = range(4)


class FineTuningView(View):
    """What was measured of labelled examples, and can be measured here; [CLS] in two checkpoints; published tables."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._examples: LabelledExamplesResult | None = None
        self._result: FineTuningResult | None = None
        self._told: PredictionResult | None = None
        self._published: PublishedTableResult | None = None
        self._pages = Tabs(self)
        self._pages.setObjectName("fine_tuning_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._pages.addTab(self._build_examples(), self.tr("What pre-training buys"))
        self._pages.addTab(self._build_transfer(), self.tr("Transfer"))
        self._pages.addTab(self._build_attention(), self.tr("Before and after"))
        self._pages.addTab(self._build_published(), self.tr("Published"))
        self.setFocusProxy(self._pages)
        self._pages.currentChanged.connect(self._on_pages_current_changed)
        context.checkpoints_changed.connect(self._on_context_checkpoints_changed)
        self._on_context_checkpoints_changed()

    def _build_examples(self) -> Page:
        self._plot = PlotCanvas("fine_tuning_examples_canvas", self.tr("Accuracy by labelled examples"))
        page = Page("fine_tuning_examples", self._plot, self.tr("What is shown"), self.tr("What is pointed at"))
        page.is_of_subject = False
        self._examples_page = self.add_page(page)
        self._study = page.controls.add_choice("fine_tuning_study", self.tr("Checkpoint"), ())
        page.controls.set_shown(self._study, False)
        page.show_empty(self.tr("Reading what was measured …"))
        self._study.activated.connect(self._on_study_activated)
        self._plot.read_out_changed.connect(self._on_plot_read_out_changed)
        self._plot.shown_changed.connect(self.figure_changed)
        return page

    def _build_transfer(self) -> Page:
        page = self._transfer_page = TransferPage()
        self.add_page(page)
        self.add_options(page.options)
        page.measure_requested.connect(self.request_changed)
        page.job_action_requested.connect(self.job_action_requested)
        page.figure_changed.connect(self.figure_changed)
        return page

    def _build_attention(self) -> Page:
        self._maps = PointedCanvas("fine_tuning_attention_canvas", self.tr("Attention before and after fine-tuning"))
        self._maps_scroll = FigureScroll(self._maps)
        page = Page("fine_tuning", self._maps_scroll, self.tr("What is shown"), self.tr("Number pointed at"))
        self._attention_page = self.add_page(page)
        self._base = page.controls.add_choice("fine_tuning_base", self.tr("Base"), ())
        self._options = self.add_options(OptionControls(page.controls, "fine_tuning", FineTuningOptions))
        self._head = NumberSlider("fine_tuning_head", self.tr("Head"), 0, 0)
        page.controls.add_widget(self._head)
        self._head.setVisible(self._options.value().heads == "head")
        page.show_empty(self.tr("Asking both models …"))
        self._base.activated.connect(self._on_base_activated)
        self._options.changed.connect(self._rebuild_attention)
        self._head.value_changed.connect(self._on_head_value_changed)
        self._maps.spot_changed.connect(self._on_maps_spot_changed)
        return page

    def _build_published(self) -> Page:
        self._table = PointedCanvas("fine_tuning_published_canvas", self.tr("Published numbers"))
        self._table_scroll = FigureScroll(self._table)
        page = Page("fine_tuning_published", self._table_scroll, self.tr("What is shown"), self.tr("Number pointed at"))
        page.is_of_subject = False
        self._published_page = self.add_page(page)
        self._tables = self.add_options(OptionControls(page.controls, "fine_tuning_published", PublishedOptions))
        self._tables.changed.connect(self.refresh)
        page.show_empty(self.tr("Reading the table …"))
        self._table.spot_changed.connect(self._on_table_spot_changed)
        return page

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        before = self.subject.checkpoint if self.subject is not None else None
        if subject is not None and subject.checkpoint != before:
            self._told = None
            self._base.setCurrentIndex(0)  # another base is that of what was open before
            if self._result is None:
                self._attention_page.show_empty(self.tr("Asking both models …"))
            self._choose_study_of(subject)
        super().set_subject(subject)
        self._rebuild_examples()
        self._transfer_page.set_subject(subject, self.style_now())

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        page = self._pages.currentIndex()
        if page == _EXAMPLES:
            return (LabelledExamplesRequest(self._study.currentData() or ""),)
        if page == _TRANSFER:
            return ()
        if page == _PUBLISHED:
            return (PublishedTableRequest(self._tables.value().table),)
        place, text = self.subject.checkpoint.checkpoint, self.subject.input.unmasked()
        asked = FineTuningRequest(place, text, self._base.currentData() or "")
        has_head = Capability.PREDICTION in self.subject.checkpoint.capabilities
        return (asked, PredictionRequest(place, text)) if has_head else (asked,)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, LabelledExamplesResult):
            self._examples = result
            self._offer_studies(result)
            self._rebuild_examples()
        elif isinstance(result, TransferResult):
            assert isinstance(request, TransferRequest)
            self._transfer_page.show_result(request.checkpoint, result, self.style_now())
        elif isinstance(result, PublishedTableResult):
            self._published = result
            self._rebuild_published()
        elif isinstance(result, PredictionResult):
            self._told = result
            self._rebuild_attention()
        elif isinstance(result, FineTuningResult):
            self._result = result
            self._rebuild_attention()

    def show_job(self, state: JobState) -> None:
        self._transfer_page.show_job(state)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        page = self._page_of(request)
        if page.is_empty and not isinstance(request, PredictionRequest):
            page.show_empty(failure.message)

    def take_cancellation(self, request: Request) -> None:
        """An empty page says what to do."""
        super().take_cancellation(request)
        if (page := self._page_of(request)).is_empty:
            page.show_empty(self.tr("Cancelled; F5 asks again."))

    def _page_of(self, request: Request) -> Page:
        pages = {LabelledExamplesRequest: self._examples_page, PublishedTableRequest: self._published_page}
        return pages.get(type(request), self._attention_page)

    def figure(self) -> Figure | None:
        page = self._pages.currentIndex()
        if page == _EXAMPLES:
            return None if self._examples is None else self._plot.figure_now()
        if page == _TRANSFER:
            return self._transfer_page.figure
        return self._maps.figure if page == _ATTENTION else self._table.figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self._rebuild_attention()

    def restyle(self) -> None:
        self._rebuild_examples()
        self._transfer_page.restyle(self.style_now())
        self._rebuild_attention()
        self._rebuild_published()

    # The pictures

    def _offer_studies(self, result: LabelledExamplesResult) -> None:
        if self._study.count() != len(result.names):
            with QSignalBlocker(self._study):
                self._study.clear()
                for name in result.names:
                    self._study.addItem(name, name)
                explain_items(self._study)
                self._study.setCurrentIndex(result.names.index(result.name))
            self._examples_page.controls.set_shown(self._study, len(result.names) > 1)
            if self.subject is not None and self._choose_study_of(self.subject):
                self.refresh()

    def _choose_study_of(self, subject: Subject) -> bool:
        """Numbers that come with the open checkpoint, or with one of its kin, are shown first; whether it is another.

        Kin have a part of their name in common: "gpt-mini" with "gpt-mini-polarity", which was made from it.
        """
        parts, now = set(subject.checkpoint.name.split("-")), self._study.currentIndex()
        shared = [len(parts & set(self._study.itemData(n).split("-"))) for n in range(self._study.count())]
        if not any(shared) or shared[now] == max(shared):
            return False
        self._study.setCurrentIndex(shared.index(max(shared)))
        return True

    def _why_another(self, study: str) -> str:
        """Why the numbers are of another checkpoint; empty where they are of the open one, or of its kin."""
        if self.subject is None:
            return ""
        name = clean(self.subject.checkpoint.name)
        own, parts = set(name.split("-")), set(study.split("-"))
        if own <= parts or parts <= own:
            return ""
        return self.tr("{} has no study of its own; this is the one of {}.").format(name, study)

    def _rebuild_examples(self) -> None:
        if self._examples is None:
            return
        figure = ExamplesFigure(self._examples.study)
        self._examples_page.show_on(self._plot, figure, self.style_now())
        self._examples_page.caption.show_text(
            " ".join(filter(None, (self._why_another(self._examples.name), figure.caption)))
        )
        self._on_plot_read_out_changed("")
        self.figure_changed.emit()

    def _rebuild_attention(self) -> None:
        self._head.setVisible(self._options.value().heads == "head")
        if self._result is None:
            return
        n_heads, options = self._result.pattern.shape[2], self._options.value()
        head = min(self.selection.now.head, n_heads - 1)
        self._head.show_value(head, 0, n_heads - 1)
        told = self._told if self._told is not None and self._is_of_same_text(self._told) else None
        figure = FineTunedAttentionFigure(self._result, options, head, told)
        self._attention_page.show_on(self._maps_scroll, figure, self.style_now())
        self._on_maps_spot_changed(self._maps.spot)
        self.figure_changed.emit()

    def _is_of_same_text(self, told: PredictionResult) -> bool:
        """Answers of two requests come one after the other: for a moment one is of the text before."""
        assert self._result is not None
        return told.tokens.words == self._result.tokens.words

    def _rebuild_published(self) -> None:
        if self._published is None:
            return
        self._published_page.show_on(self._table_scroll, PublishedFigure(self._published), self.style_now())
        self._on_table_spot_changed(self._table.spot)
        self.figure_changed.emit()

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    def _on_context_checkpoints_changed(self, _checkpoints: object = None) -> None:
        """Offer what is at hand as a base; what was chosen stays chosen while it is there."""
        chosen = self._base.currentData()
        with QSignalBlocker(self._base):
            self._base.clear()
            self._base.addItem(self.tr("as the adapter says"), "")
            for place in self.context.checkpoints:
                self._base.addItem(clean(Path(place).name), place)
            self._base.setCurrentIndex(max(0, self._base.findData(chosen)))

    def _on_study_activated(self, _index: int) -> None:
        self.refresh()

    def _on_base_activated(self, _index: int) -> None:
        self.refresh()

    def _on_head_value_changed(self, head: int) -> None:
        if self.subject is not None and self.subject.checkpoint.groups:
            group = self.subject.checkpoint.groups[0]
            self.selection.choose(group, group=group.name, head=head)

    def _on_plot_read_out_changed(self, text: str) -> None:
        self._examples_page.read_out.show_text(text or self.tr("Point at a dot for its numbers."))

    def _on_maps_spot_changed(self, spot: Any) -> None:
        figure = self._maps.figure
        text = self.tr("Point at a cell for its numbers before and after.")
        if isinstance(figure, FineTunedAttentionFigure) and spot is not None:
            text = figure.describe(spot)
        self._attention_page.read_out.show_text("" if self.why_not_current else text)

    def _on_table_spot_changed(self, spot: Any) -> None:
        figure = self._table.figure
        text = self.tr("Point at a number for its measure, and for what the task asks.")
        if isinstance(figure, PublishedFigure) and spot is not None:
            text = figure.describe(spot)
        self._published_page.read_out.show_text(text)
