"""Whether sentence B follows sentence A."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from inference.results.inputs import Input, TextInput
from inference.results.next_sentence import NextSentenceRequest, NextSentenceResult
from inference.results.request import Request
from resources import SAMPLE_PAIR
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.next_sentence.figure import NextSentenceFigure

_FIRST, _, _SECOND = SAMPLE_PAIR.partition("\n")
EXAMPLE = Input(text=TextInput(_FIRST, _SECOND))


class NextSentenceView(View):
    """The probability that B follows A, and how much the sentences attend to each other, head by head.

    Of a sentence alone there is nothing to ask: a pair is shown as an example then.
    A click on a cell selects that head in all views.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._figure: NextSentenceFigure | None = None
        self._figure_of: Input | None = None
        self._canvas = PointedCanvas("next_sentence_canvas", self.tr("Next sentence"))
        self._scroll = FigureScroll(self._canvas)
        self._page = self.add_page(
            Page("next_sentence", self._scroll, self.tr("What is shown"), self.tr("Head pointed at"))
        )
        self._page.setFocusProxy(self._canvas)
        self._swap = self._page.controls.add_button(
            "next_sentence_swap", self.tr("Swap A and B"), self.tr("Ask whether A follows B instead")
        )
        self._show_page()

        self._swap.clicked.connect(context.swap_sentences)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        if self._figure is not None and (self._figure_of == EXAMPLE) == self._has_pair():
            self._figure = None  # the example is none of the user's pairs
        self._show_page()
        self.figure_changed.emit()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        if not (self._has_pair() or self.subject.checkpoint.has_tokenizer):
            return ()
        pair = self.subject.input if self._has_pair() else EXAMPLE
        return (NextSentenceRequest(self.subject.checkpoint.checkpoint, pair),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, NextSentenceResult)
        assert isinstance(request, NextSentenceRequest)
        self._figure, self._figure_of = NextSentenceFigure(result, self._framed()), request.input
        about = "" if self._has_pair() else self.tr("An example; type a second sentence above for your own pair. ")
        self._page.caption.show_text(f"{about}{self._figure.caption}")
        self.restyle()
        self._show_page()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def figure(self) -> NextSentenceFigure | None:
        return self._figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if self._figure is not None and (now.layer, now.head) != (old.layer, old.head):
            self._figure = replace(self._figure, selected=self._framed())
            self.restyle()
            self.figure_changed.emit()

    def _framed(self) -> tuple[int, int]:
        return self.selection.now.layer, self.selection.now.head

    def _has_pair(self) -> bool:
        return self.subject is not None and bool((self.subject.text.text_pair or "").strip())

    # The picture

    def restyle(self) -> None:
        if self._figure is not None:
            self._scroll.show_figure(self._figure, self.style_now())

    def _show_page(self) -> None:
        self._swap.setEnabled(self._has_pair())
        if self._figure is not None:
            self._page.show_canvas()
        elif self.subject is None or not (self._has_pair() or self.subject.checkpoint.has_tokenizer):
            self._page.show_empty(
                self.tr("Type a second sentence in the field “Sentence B” to see whether it follows.")
            )
        else:
            self._page.show_empty(self.tr("Asking the model …"))

    # What the user does

    def _on_canvas_spot_changed(self, cell: Cell | None) -> None:
        text = self._figure.describe(cell) if self._figure is not None and cell else ""
        text = text or self.tr("Point at a head to see its number; click to select it in all views.")
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, cell: Cell) -> None:
        self.selection.update(layer=cell.row, head=cell.column)
