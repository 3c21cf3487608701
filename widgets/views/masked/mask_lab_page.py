"""The mask lab: BERT's training task on the sentence, with a seed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from inference.results.mask_lab import MaskLabRequest, MaskLabResult
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import PlainLabel
from widgets.look.theme import FigureStyle
from widgets.options import MOST_SEED
from widgets.subject import Subject
from widgets.views.masked.command import MaskLabOptions
from widgets.views.masked.mask_lab import MaskLabFigure


class MaskLabPage(Page):
    """The sentence before and as the model saw it, and its predictions at each chosen token.

    Another seed chooses other tokens; nothing is to be clicked in the picture.

    Signals
    -------
    changed()
        Seed or rate; other numbers are needed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas: FigureCanvas[MaskLabFigure] = FigureCanvas()
        canvas.setObjectName("mask_lab_canvas")
        canvas.setAccessibleName(_tr("Masked-word training task"))
        scroll = FigureScroll(canvas, has_growing_letters=True)
        super().__init__("mask_lab", scroll, _tr("What is shown"), _tr("How well the model did"), parent)
        self._scroll = scroll
        self._figure: MaskLabFigure | None = None
        self.options = OptionControls(self.controls, "mask_lab", MaskLabOptions, leave_out=("top_k",))
        self._next = self.controls.add_button("mask_lab_next", _tr("Next seed"), _tr("Choose other tokens"))
        rule = PlainLabel(_tr("80 % become [MASK], 10 % a random word, 10 % stay"))
        rule.setToolTip(_tr("What becomes of the chosen tokens"))
        self.controls.add_widget(rule)
        self.ask_for_sentence(is_there=False)

        self.options.changed.connect(self.changed)
        self._next.clicked.connect(self._on_next_clicked)

    def request(self, subject: Subject) -> MaskLabRequest:
        """What it wants to know. The lab chooses its own masks."""
        options = self.options.value()
        return MaskLabRequest(
            subject.checkpoint.checkpoint, subject.input.unmasked(), options.seed, options.rate, options.top_k
        )

    @property
    def figure(self) -> MaskLabFigure | None:
        return None if self.is_empty else self._figure

    def show_result(self, result: MaskLabResult, style: FigureStyle) -> None:
        """Show what came of a request."""
        self._figure = MaskLabFigure(result)
        self._scroll.canvas.setAccessibleDescription(self._figure.caption)
        self.caption.show_text(self._figure.caption)
        self.read_out.show_text(
            _tr("▸ marks the word that was there. Its loss is the mean of −ln of their probabilities.")
        )
        self.restyle(style)
        self.show_canvas()

    def forget(self) -> None:
        """What is shown is of a sentence that nobody looks at any more."""
        self._figure = None

    def ask_for_sentence(self, *, is_there: bool) -> None:
        """Say what to do where there is no sentence; else show what there is."""
        if is_there and self._figure is not None:
            self.show_canvas()
        elif is_there:
            self.show_empty(_tr("Asking the model …"))
        else:
            self.show_empty(_tr("Type a sentence to play BERT's training task on it."))

    def show_failure(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        if self.is_empty:
            self.show_empty(sentence)

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        if self._figure is not None:
            self._scroll.show_figure(self._figure, style)

    def _on_next_clicked(self) -> None:
        options = self.options.value()
        self.options.set_value(replace(options, seed=(options.seed + 1) % (MOST_SEED + 1)))


def _tr(text: str) -> str:
    return QCoreApplication.translate("MaskLabPage", text)
