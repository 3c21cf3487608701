"""What the model would put under masked words, and its training task on the sentence."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QSpinBox, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from inference.results.events import Failure
from inference.results.inputs import Input
from inference.results.mask_lab import MaskLabResult
from inference.results.masked import MaskedRequest, MaskedResult
from inference.results.request import Request
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from inference.results.tokens import Tokens
from widgets.context import ViewContext
from widgets.figures.chips import Chip, Kind, chips_of
from widgets.kit.column import fill_column
from widgets.kit.control_bar import ControlBar
from widgets.kit.empty_label import EmptyLabel
from widgets.kit.labelled import labelled
from widgets.kit.line_label import LineLabel
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.masked.figure import LayerRow, MaskedFigure, layer_title
from widgets.views.masked.figure_scroll import FigureScroll
from widgets.views.masked.mask_lab import MaskLabFigure
from widgets.views.masked.mask_lab_page import MaskLabPage
from widgets.views.masked.token_strip import TokenStrip, TokenStripArea

MAX_WORDS = 50
_LAB_PAGE = 1


class MaskedView(View):
    """The sentence as words to click on, and for each masked one what the model would put there, layer by layer.

    A click on a word masks it or shows it again; a click on a layer shows the words of that layer.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._tokens: Tokens | None = None
        self._tokens_of: Input | None = None
        self._result: MaskedResult | None = None
        self._figure: MaskedFigure | None = None
        self._lab = MaskLabPage()
        self._pages = QTabWidget(self)
        self._pages.setObjectName("masked_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        self._pages.addTab(self._words_page(), self.tr("Your masks"))
        self._pages.addTab(self._lab, self.tr("Mask lab"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._show_page()

        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self._lab.changed.connect(self._on_lab_changed)
        self._top_k.valueChanged.connect(self._on_top_k_value_changed)
        self._layer.currentIndexChanged.connect(self._on_layer_current_index_changed)
        self._clear.clicked.connect(self._on_clear_clicked)
        self._strip.token_chosen.connect(self._on_strip_token_chosen)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        context.selection.masked_changed.connect(self._on_selection_masked_changed)
        self.setFocusProxy(self._strip)

    def _words_page(self) -> QWidget:
        page = QWidget()
        controls = ControlBar(page)
        self._top_k = QSpinBox()
        self._top_k.setRange(1, MAX_WORDS)
        self._top_k.setValue(10)
        self._top_k.setKeyboardTracking(False)
        controls.add_widget(labelled(self._top_k, "masked_top_k", self.tr("Words for each mask")))
        self._layer = controls.add_choice("masked_layer", self.tr("After"), ())
        self._clear = controls.add_button("masked_clear", self.tr("Clear masks"), self.tr("Show all words again"))
        self._strip = TokenStrip()
        self._strip.setObjectName("masked_words")
        self._strip_area = TokenStripArea(self._strip)
        self._canvas = PointedCanvas("masked_canvas", self.tr("Words under the masks"))
        self._scroll = FigureScroll(self._canvas)
        self._empty = EmptyLabel("masked_empty")
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._scroll)
        self._read_out = LineLabel(self.tr("Layer pointed at"))
        self._read_out.setObjectName("masked_read_out")
        fill_column(page, self._stack, controls, self._strip_area, self._stack, self._read_out)
        return page

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        needs_text = subject is None or not _has_input(subject)
        self._lab.show_sentence(self.tr("Type a sentence to play BERT's training task on it.") if needs_text else "")
        self._show_chips()
        self._show_page()
        self.figure_changed.emit()

    def requests(self) -> tuple[Request, ...]:
        subject = self.subject
        assert subject is not None
        if not _has_input(subject):
            return ()
        if self._pages.currentIndex() == _LAB_PAGE:
            return (self._lab.request(subject),)
        tokenize = TokenizeRequest(subject.checkpoint.checkpoint, subject.input.unmasked())
        if not self._has_mask():
            return (tokenize,)
        return (tokenize, MaskedRequest(subject.checkpoint.checkpoint, subject.input, self._top_k.value()))

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, TokenizeResult):
            asked = next((r.input for r in self._asked if isinstance(r, TokenizeRequest)), None)
            if asked is not None:
                self._tokens, self._tokens_of = result.tokens, asked
                self._show_chips()
        elif isinstance(result, MaskLabResult):
            self._lab.show_result(result, self.style_now())
            self.figure_changed.emit()
        elif isinstance(result, MaskedResult) and self._has_mask():
            self._result = result
            self._offer_layers(len(result.layer_words))
            self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._empty.setText(failure.message)
        self._lab.show_failure(failure.message)

    def figure(self) -> MaskedFigure | MaskLabFigure | None:
        if self._pages.currentIndex() == _LAB_PAGE:
            return self._lab.figure
        return self._figure if self._has_mask() else None

    def _has_mask(self) -> bool:
        """Whether something is masked, by a click or as text."""
        if self.subject is None:
            return False
        asked, mask = self.subject.text, self.subject.checkpoint.mask_token
        is_typed = bool(mask) and (mask in asked.text or mask in (asked.text_pair or ""))
        return bool(asked.masked) or is_typed

    # The picture

    def _rebuild(self) -> None:
        if self._result is None:
            return
        n_layers = len(self._result.layer_words)
        row = self._layer.currentIndex()
        self._figure = MaskedFigure(self._result, row if 0 <= row < n_layers - 1 else None)
        self.restyle()
        self._show_page()
        self.figure_changed.emit()

    def restyle(self) -> None:
        style = self.style_now()
        self._lab.restyle(style)
        if self._figure is not None:
            # The sentence stands above already, to be clicked.
            self._scroll.show_figure(replace(self._figure, has_sentence=False), style)

    def _offer_layers(self, n_rows: int) -> None:
        if self._layer.count() != n_rows:
            with QSignalBlocker(self._layer):
                self._layer.clear()
                for row in range(n_rows):
                    is_last = row == n_rows - 1
                    title = layer_title(row)
                    self._layer.addItem(self.tr("{} (the last)").format(title) if is_last else title, row)
                self._layer.setCurrentIndex(n_rows - 1)

    def _show_chips(self) -> None:
        # Chips of another sentence must not be clicked: their positions mean other words.
        is_this = self.subject is not None and self._tokens_of == self.subject.input.unmasked()
        self._strip_area.setVisible(is_this)
        if not is_this or self._tokens is None or self.subject is None:
            self._strip_area.set_chips(())
            return
        mask = self.subject.checkpoint.mask_token
        masked = self.selection.masked
        kinds: dict[int, Kind] = dict.fromkeys(masked, "masked")
        kinds |= {pos: "masked" for pos, word in enumerate(self._tokens.words) if mask and word == mask}
        line = tuple(
            Chip(mask, chip.kind, chip.starts_word) if pos in masked else chip
            for pos, chip in enumerate(chips_of(self._tokens, kinds))
        )
        self._strip_area.set_chips(line)
        self._clear.setEnabled(bool(masked))

    def _show_page(self) -> None:
        has_figure = self._figure is not None and self._has_mask()
        self._stack.setCurrentWidget(self._scroll if has_figure else self._empty)
        self._layer.setEnabled(has_figure)
        self._read_out.setVisible(has_figure)
        if self.subject is None or not _has_input(self.subject):
            self._empty.setText(self.tr("Type a sentence first; then click a word to mask it."))
        elif self._has_mask():
            self._empty.setText(self.tr("Asking the model …"))
        else:
            mask = self.subject.checkpoint.mask_token or "[MASK]"
            self._empty.setText(self.tr("Click a word to mask it, or type {} in the sentence.").format(mask))
        self._on_canvas_spot_changed(self._canvas.spot)

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    def _on_lab_changed(self) -> None:
        self.refresh()

    def _on_top_k_value_changed(self, _value: int) -> None:
        self.refresh()

    def _on_layer_current_index_changed(self, _row: int) -> None:
        self._rebuild()

    def _on_clear_clicked(self) -> None:
        self.selection.set_masked(())

    def _on_strip_token_chosen(self, position: int) -> None:
        assert self._tokens
        assert self.subject
        is_typed = self._tokens.words[position] == self.subject.checkpoint.mask_token
        if is_typed and position not in self.selection.masked:
            self.noticed.emit(self.tr("This mask was typed; change the sentence to take it away."))
        else:
            self.selection.toggle_mask(position)

    def _on_selection_masked_changed(self, _positions: tuple[int, ...]) -> None:
        self._show_chips()

    def _on_canvas_spot_changed(self, spot: LayerRow | None) -> None:
        text = self._figure.describe(spot) if self._figure is not None and spot else ""
        self._read_out.show_text(
            text or self.tr("Click a layer to see its words as bars. ▸ marks the word that was there.")
        )

    def _on_canvas_spot_chosen(self, spot: LayerRow) -> None:
        self._layer.setCurrentIndex(spot.layer)


def _has_input(subject: Subject) -> bool:
    return bool(subject.text.text.strip()) or subject.text.token_ids is not None
