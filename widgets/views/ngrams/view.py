"""How n-gram models of a corpus explain a sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from inference.results.ngrams import NgramsRequest, NgramsResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.view import View
from widgets.views.ngrams.command import NgramsOptions
from widgets.views.ngrams.figure import NgramsFigure


class NgramsView(View):
    """The factors of a sentence; pointing at one tells how it comes about, a click makes its word the blank."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: NgramsResult | None = None
        self._asked_for: NgramsRequest | None = None
        self._corpus = ""
        self._canvas = PointedCanvas("ngrams_canvas", self.tr("n-grams"))
        self._scroll = FigureScroll(self._canvas, has_growing_letters=True)
        page = Page("ngrams", self._scroll, self.tr("What is shown"), self.tr("How a factor comes about"))
        self._page = self.add_page(page)
        self._options = self.add_options(OptionControls(page.controls, "ngrams", NgramsOptions))
        self._open, self._bundled = page.controls.add_buttons(
            ("ngrams_open", self.tr("Count a text file …"), self.tr("Count the words of a text file of yours")),
            ("ngrams_bundled", self.tr("Bundled counts"), self.tr("Go back to the counts that come with Headlight")),
        )
        self._bundled.setEnabled(False)
        page.show_empty(self.tr("Counting n-grams …"))
        self._options.changed.connect(self.refresh)
        self._open.clicked.connect(self._on_open_clicked)
        self._bundled.clicked.connect(self._on_bundled_clicked)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    def requests(self) -> tuple[Request, ...]:
        subject = self.subject
        if subject is None or subject.input.text is None or not subject.input.text.text.strip():
            is_read = subject is None or "text" in subject.checkpoint.reads
            why = self.tr("Type a sentence to see how n-grams explain it.")
            if not is_read:
                why = self.tr("n-grams explain a sentence: open a checkpoint that reads text, such as bert-mini.")
            self._page.show_empty(why)
            return ()
        of = (subject.checkpoint.checkpoint, subject.input.unmasked(), self._corpus)
        return (NgramsRequest(*of, **self._options.value().asked()),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, NgramsResult)
        assert isinstance(request, NgramsRequest)
        self._result, self._asked_for = result, request
        self._rebuild()

    def figure(self) -> NgramsFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, NgramsFigure) and not self._page.is_empty else None

    def restyle(self) -> None:
        self._rebuild()

    def options_state(self) -> dict[str, Any]:
        """With the text file that is counted."""
        return super().options_state() | ({"corpus": self._corpus} if self._corpus else {})

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        corpus = stored.get("corpus") if isinstance(stored, dict) else None
        if isinstance(corpus, str) and corpus:
            self.open_corpus(corpus)

    def open_corpus(self, path: str) -> None:
        """Count the words of a text file; empty for the counts that come with Headlight."""
        self._corpus = path
        self._bundled.setEnabled(bool(path))
        self.refresh()

    def _rebuild(self) -> None:
        if self._result is None or self._asked_for is None:
            return
        name = self.subject.checkpoint.name if self.subject is not None else ""
        figure = NgramsFigure(self._result, self._asked_for.smoothing, name, self._asked_for.unit)
        self._page.show_on(self._scroll, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_open_clicked(self) -> None:
        kinds = self.tr("Texts (*.txt *.md *.text);;All files (*)")
        if path := QFileDialog.getOpenFileName(self, self.tr("Count a text file"), "", kinds)[0]:
            self.open_corpus(path)

    def _on_bundled_clicked(self) -> None:
        self.open_corpus("")

    def _on_canvas_spot_changed(self, spot: int | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a word to read how its probability comes about; a click makes it the blank.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: int) -> None:
        if self._result is not None and spot < len(self._result.words):
            value = self._options.value()
            chosen = spot + 1
            blank = 0 if value.blank == chosen else chosen
            self._options.set_value(replace(value, blank=blank))
