"""Whether sentence B follows sentence A."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from inference.results.events import Failure
from inference.results.next_sentence import NextSentenceRequest, NextSentenceResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.control_bar import ControlBar
from widgets.kit.empty_label import EmptyLabel
from widgets.kit.line_label import LineLabel
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.next_sentence.figure import NextSentenceFigure


class NextSentenceView(View):
    """The probability that B follows A, and how much the sentences look at each other, head by head.

    A click on a cell selects that head in all views.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._figure: NextSentenceFigure | None = None
        controls = ControlBar(self)
        self._swap = controls.add_button(
            "next_sentence_swap", self.tr("Swap A and B"), self.tr("Ask whether A follows B instead")
        )
        self._canvas = PointedCanvas("next_sentence_canvas", self.tr("Next sentence"))
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._canvas)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._empty = EmptyLabel("next_sentence_empty")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._scroll)
        self._read_out = LineLabel(self.tr("Head pointed at"), self)
        self._read_out.setObjectName("next_sentence_read_out")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(controls)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._read_out)
        self._show_page()

        self._swap.clicked.connect(context.swap_sentences)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self.setFocusProxy(self._canvas)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        self._show_page()
        self.figure_changed.emit()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        if not self._has_pair():
            return ()
        return (NextSentenceRequest(self.subject.checkpoint.checkpoint, self.subject.input),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, NextSentenceResult) and self._has_pair():
            self._figure = NextSentenceFigure(result, self._place())
            self.restyle()
            self._show_page()
            self.figure_changed.emit()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._empty.setText(failure.message)

    def figure(self) -> NextSentenceFigure | None:
        return self._figure if self._has_pair() else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if self._figure is not None and (now.layer, now.head) != (old.layer, old.head):
            self._figure = replace(self._figure, selected=self._place())
            self.restyle()
            self.figure_changed.emit()

    def _place(self) -> tuple[int, int]:
        return self.selection.now.layer, self.selection.now.head

    def _has_pair(self) -> bool:
        return self.subject is not None and bool((self.subject.text.text_pair or "").strip())

    # The picture

    def restyle(self) -> None:
        if self._figure is not None:
            self._canvas.show_figure(self._figure, self.style_now())
            self._fit()

    def _fit(self) -> None:
        """Scroll rather than squeeze: half a line of letters a layer is the least."""
        if self._figure is not None:
            style = self._canvas.style_now
            least = self._figure.least_size(self._scroll.viewport().width(), style)
            self._canvas.setMinimumSize(int(least.width()), int(least.height() + QFontMetricsF(style.font).height()))

    def _show_page(self) -> None:
        has_figure = self._figure is not None and self._has_pair()
        self._stack.setCurrentWidget(self._scroll if has_figure else self._empty)
        self._swap.setEnabled(self._has_pair())
        self._read_out.setVisible(has_figure)
        self._on_canvas_spot_changed(self._canvas.spot)
        if self._has_pair():
            self._empty.setText(self.tr("Asking the model …"))
        else:
            self._empty.setText(self.tr("Type a second sentence in the field “Sentence B” to see whether it follows."))

    # What the user does

    def _on_canvas_spot_changed(self, cell: Cell | None) -> None:
        text = self._figure.describe(cell) if self._figure is not None and cell else ""
        self._read_out.show_text(text or self.tr("Point at a head to see its number; click to select it in all views."))

    def _on_canvas_spot_chosen(self, cell: Cell) -> None:
        self.selection.update(layer=cell.row, head=cell.column)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
