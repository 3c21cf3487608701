"""What the model would put under masked words, and its training task on the sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.events import Failure
from inference.results.inputs import Input
from inference.results.mask_lab import MaskLabRequest, MaskLabResult
from inference.results.masked import MaskedRequest, MaskedResult
from inference.results.request import Request
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from inference.results.tokens import Tokens
from widgets.context import ViewContext
from widgets.figures.chips import Chip, ChipKind, chips_of
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls, PageChoice
from widgets.kit.page import Page
from widgets.kit.plain import explain_items
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.tabs import Tabs
from widgets.subject import Subject
from widgets.view import View
from widgets.views.masked.command import MaskedOptions
from widgets.views.masked.figure import LayerRow, MaskedFigure, layer_title
from widgets.views.masked.mask_lab import MaskLabFigure
from widgets.views.masked.mask_lab_page import MaskLabPage
from widgets.views.masked.token_strip import TokenStrip, TokenStripArea

_LAB_PAGE = 1


class MaskedView(View):
    """The sentence as words to click on, and for each masked one what the model would put there, layer by layer.

    A click on a word masks it or shows it again; a click on a layer shows the words of that layer. Until the user masks
    something, one word of the sentence is masked as an example, here alone.
    """

    details = frozenset({TokenizeRequest})

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._tokens: Tokens | None = None
        self._tokens_of: Input | None = None
        self._result: MaskedResult | None = None
        self._figure: MaskedFigure | None = None
        self._has_chosen = False  # whether the user has masked or shown words of this sentence
        self._pages = Tabs(self)
        self._pages.setObjectName("masked_pages")
        self._pages.setDocumentMode(True)
        self._pages.tabBar().setAccessibleName(self.tr("Pages"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._page, self._lab = self.add_page(self._words_page()), MaskLabPage()
        self.add_page(self._lab)
        self._options = self.add_options(OptionControls(self._page.controls, "masked", MaskedOptions))
        self.add_options(self._lab.options)
        self._layer = self._page.controls.add_choice("masked_layer", self.tr("After"), ())
        self._clear = self._page.controls.add_button(
            "masked_clear", self.tr("Clear masks"), self.tr("Show all words again")
        )
        self._pages.addTab(self._page, self.tr("Your masks"))
        self._pages.addTab(self._lab, self.tr("Mask lab"))
        self._show_page()

        self._pages.currentChanged.connect(self._on_pages_current_changed)
        self.add_options(PageChoice("pages", self._pages))
        self._lab.changed.connect(self._on_options_changed)
        self._options.changed.connect(self._on_options_changed)
        self._layer.currentIndexChanged.connect(self._on_layer_current_index_changed)
        self._clear.clicked.connect(self._on_clear_clicked)
        self._strip.token_chosen.connect(self._on_strip_token_chosen)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        context.selection.masked_changed.connect(self._on_selection_masked_changed)
        self.setFocusProxy(self._strip)

    def _words_page(self) -> Page:
        self._strip = TokenStrip()
        self._strip.setObjectName("masked_words")
        self._strip_area = TokenStripArea(self._strip)
        self._canvas = PointedCanvas("masked_canvas", self.tr("Words under the masks"))
        self._scroll = FigureScroll(self._canvas, has_growing_letters=True)
        page = Page("masked", self._scroll, self.tr("What is shown"), self.tr("Layer pointed at"))
        page.add_above(self._strip_area)
        return page

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        if _sentence_of(subject) != _sentence_of(self.subject):
            self._has_chosen = False
            # The page that is not looked at asks nothing, so it would not know that it is old.
            if self._pages.currentIndex() == _LAB_PAGE:
                self._result = self._figure = None
            else:
                self._lab.forget()
        super().set_subject(subject)
        self._lab.ask_for_sentence(is_there=subject is not None and _has_input(subject))
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
        masked = subject.input
        if (example := self._example()) is not None:
            masked = replace(masked, text=replace(subject.text, masked=(example,)))
        elif not self._has_mask():
            return (tokenize,)
        return (tokenize, MaskedRequest(subject.checkpoint.checkpoint, masked, self._options.value().top_k))

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, TokenizeResult):
            assert isinstance(request, TokenizeRequest)
            self._tokens, self._tokens_of = result.tokens, request.input
            self._show_chips()
            self.follow()  # only now it is known which word may be the example
        elif isinstance(result, MaskLabResult):
            self._lab.show_result(result, self.style_now())
            self.figure_changed.emit()
        elif isinstance(result, MaskedResult):
            self._result = result
            self._offer_layers(len(result.layer_words))
            self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if isinstance(request, MaskLabRequest):
            self._lab.show_failure(failure.message)
        else:
            self._show_page(failure.message)

    def figure(self) -> MaskedFigure | MaskLabFigure | None:
        if self._pages.currentIndex() == _LAB_PAGE:
            return self._lab.figure
        return self._figure if self._is_asked() else None

    def _is_asked(self) -> bool:
        return self._has_mask() or self._example() is not None

    def _example(self) -> int | None:
        """Place of the word that is masked as long as the user has masked none; None where there is no such word."""
        if self.subject is None or self._tokens is None or self._has_chosen or self._has_mask():
            return None
        if self._tokens_of != self.subject.input.unmasked():
            return None
        tokens = self._tokens
        goes_on = np.append(~tokens.starts_word[1:], False)
        is_whole = tokens.starts_word & ~goes_on & ~tokens.is_special
        words = [place for place in np.flatnonzero(is_whole).tolist() if tokens.words[place].isalpha()]
        return words[-1] if words else None  # the last one: hardly ever a small word

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
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def restyle(self) -> None:
        style = self.style_now()
        self._lab.restyle(style)
        if self._figure is not None:
            # The sentence stands above already, to be clicked.
            figure = replace(self._figure, has_sentence=False)
            self._scroll.show_figure(figure, style)
            is_example = self._example() is not None
            about = self.tr("An example; click any word above to mask it instead. ") if is_example else ""
            self._page.caption.show_text(f"{about}{figure.caption}")

    def _offer_layers(self, n_rows: int) -> None:
        if self._layer.count() != n_rows:
            with QSignalBlocker(self._layer):
                self._layer.clear()
                for row in range(n_rows):
                    is_last = row == n_rows - 1
                    title = layer_title(row)
                    self._layer.addItem(self.tr("{} (the last)").format(title) if is_last else title, row)
                self._layer.setCurrentIndex(n_rows - 1)
                explain_items(self._layer)

    def _show_chips(self) -> None:
        # Chips of another sentence must not be clicked: their positions mean other words.
        is_this = self.subject is not None and self._tokens_of == self.subject.input.unmasked()
        self._strip_area.setVisible(is_this)
        if not is_this or self._tokens is None or self.subject is None:
            self._strip_area.set_chips(())
            return
        mask = self.subject.checkpoint.mask_token
        example = self._example()
        masked = self.selection.masked if example is None else (example,)
        kinds: dict[int, ChipKind] = dict.fromkeys(masked, "masked")
        kinds |= {pos: "masked" for pos, word in enumerate(self._tokens.words) if mask and word == mask}
        line = tuple(
            Chip(mask, chip.kind, chip.starts_word) if pos in masked else chip
            for pos, chip in enumerate(chips_of(self._tokens, kinds))
        )
        self._strip_area.set_chips(line)
        self._clear.setEnabled(bool(self.selection.masked))

    def _show_page(self, why_empty: str = "") -> None:
        has_figure = self._figure is not None and self._is_asked()
        self._layer.setEnabled(has_figure)
        if has_figure:
            self._page.show_canvas()
        elif self.subject is None or not _has_input(self.subject):
            self._page.show_empty(self.tr("Type a sentence first; then click a word to mask it."))
        elif self._is_asked():
            self._page.show_empty(why_empty or self.tr("Asking the model …"))
        else:
            mask = self.subject.checkpoint.mask_token or "[MASK]"
            self._page.show_empty(
                why_empty or self.tr("Click a word to mask it, or type {} in the sentence.").format(mask)
            )

    # What the user does

    def _on_pages_current_changed(self, _page: int) -> None:
        self.refresh()
        self.figure_changed.emit()

    def _on_options_changed(self) -> None:
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
        self._has_chosen = True
        self._show_chips()

    def _on_canvas_spot_changed(self, spot: LayerRow | None) -> None:
        text = self._figure.describe(spot) if self._figure is not None and spot else ""
        text = text or self.tr("Click a layer to see its words as bars. ▸ marks the word that was there.")
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _on_canvas_spot_chosen(self, spot: LayerRow) -> None:
        self._layer.setCurrentIndex(spot.layer)


def _has_input(subject: Subject) -> bool:
    return bool(subject.text.text.strip()) or subject.text.token_ids is not None


def _sentence_of(subject: Subject | None) -> object:
    """What is looked at, whatever is masked in it."""
    return subject and (subject.checkpoint, subject.input.unmasked())
