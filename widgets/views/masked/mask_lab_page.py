"""The mask lab: BERT's training task on the sentence, with a seed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QSpinBox, QStackedWidget, QVBoxLayout, QWidget

from inference.results.mask_lab import MaskLabRequest, MaskLabResult
from widgets.kit.control_bar import ControlBar
from widgets.kit.empty_label import EmptyLabel
from widgets.kit.figure_canvas import FigureCanvas
from widgets.kit.labelled import labelled
from widgets.look.theme import FigureStyle
from widgets.subject import Subject
from widgets.views.masked.figure_scroll import FigureScroll
from widgets.views.masked.mask_lab import MaskLabFigure

MAX_SEED = 99_999


class MaskLabPage(QWidget):
    """The sentence before and as the model saw it, and its predictions at each chosen token.

    Another seed chooses other tokens; nothing is to be clicked in the picture.

    Signals
    -------
    changed()
        Seed or rate; other numbers are needed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure: MaskLabFigure | None = None
        controls = ControlBar(self)
        self._seed = QSpinBox()
        self._seed.setRange(0, MAX_SEED)
        self._rate = QDoubleSpinBox()
        self._rate.setRange(1, 90)
        self._rate.setDecimals(0)
        self._rate.setSuffix(" %")
        self._rate.setValue(15)
        for box in (self._seed, self._rate):
            box.setKeyboardTracking(False)
        controls.add_widget(labelled(self._seed, "mask_lab_seed", self.tr("Seed")))
        controls.add_widget(labelled(self._rate, "mask_lab_rate", self.tr("Chosen")))
        self._next = controls.add_button("mask_lab_next", self.tr("Next seed"), self.tr("Choose other tokens"))
        rule = QLabel(self.tr("Of the chosen tokens 80 % become [MASK], 10 % a random word, 10 % stay."))
        controls.add_widget(rule)
        canvas: FigureCanvas[MaskLabFigure] = FigureCanvas()
        canvas.setObjectName("mask_lab_canvas")
        canvas.setAccessibleName(self.tr("Masked-word training task"))
        self._scroll = FigureScroll(canvas)
        self._empty = EmptyLabel("mask_lab_empty")
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(controls)
        layout.addWidget(self._stack, 1)
        self.show_sentence(self.tr("Open a checkpoint and type a sentence."))

        self._seed.valueChanged.connect(self.changed)
        self._rate.valueChanged.connect(self.changed)
        self._next.clicked.connect(self._on_next_clicked)

    def request(self, subject: Subject) -> MaskLabRequest:
        """What it wants to know. The lab chooses its own masks."""
        return MaskLabRequest(
            subject.checkpoint.checkpoint, subject.input.unmasked(), self._seed.value(), self._rate.value() / 100
        )

    @property
    def figure(self) -> MaskLabFigure | None:
        return self._figure if self._stack.currentWidget() is self._scroll else None

    def show_result(self, result: MaskLabResult, style: FigureStyle) -> None:
        """Show what came of a request."""
        self._figure = MaskLabFigure(result)
        self._scroll.canvas.setAccessibleDescription(self._figure.caption)
        self.restyle(style)
        self._stack.setCurrentWidget(self._scroll)

    def show_sentence(self, sentence: str) -> None:
        """Show nothing but a sentence that says what to do; without one, what there is."""
        self._empty.setText(sentence or self.tr("Asking the model …"))
        self._stack.setCurrentWidget(self._scroll if self._figure and not sentence else self._empty)

    def show_failure(self, sentence: str) -> None:
        """Say why there is nothing, unless there is a picture, which stays."""
        self._empty.setText(sentence)

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        if self._figure is not None:
            self._scroll.show_figure(self._figure, style)

    def _on_next_clicked(self) -> None:
        self._seed.setValue((self._seed.value() + 1) % (MAX_SEED + 1))
