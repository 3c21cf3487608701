"""What the model is given: a sentence, a pair of sentences, or token ids."""

from __future__ import annotations

import re

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QMenu, QToolButton, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import TextInput
from widgets.kit.plain import PlainLabel
from widgets.panels.sentence_line import SentenceLine
from widgets.panels.token_row import TokenRow
from widgets.selection import Selection

TYPING_PAUSE = 250  # ms without a key after which the model is asked


class TextBar(QWidget):
    """Two sentences, samples to choose from, and the tokens that come of them.

    Signals
    -------
    input_changed(TextInput)
        What was typed, once the typing pauses; without masks.
    mask_toggled(int)
        Position of a token to mask or to show again.
    editor_requested()
        The user wants to see and change all of a long text.
    """

    input_changed = Signal(object)
    mask_toggled = Signal(int)
    editor_requested = Signal()

    def __init__(self, selection: Selection, samples: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._has_tokenizer = True
        self._first_label, self._second_label = PlainLabel(self), PlainLabel(self)
        self.first = self._line("sentence_a", self._first_label)
        self.second = self._line("sentence_b", self._second_label)
        self.token_row = TokenRow(selection, self)
        self.token_row.chips.mask_toggled.connect(self.mask_toggled)
        self._whole = QToolButton(self)
        self._whole.setObjectName("open_text")
        self._whole.setText(self.tr("Text…"))
        self._whole.setToolTip(self.tr("Type, paste or open a text of any length (Ctrl+T)"))
        self._whole.setAccessibleName(self._whole.toolTip())
        self._whole.clicked.connect(self.editor_requested)
        self._samples = QToolButton(self)
        self._samples.setObjectName("samples")
        self._samples.setText(self.tr("Samples"))
        self._samples.setToolTip(self.tr("Sentences to begin with"))
        self._samples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._samples)
        for sample in samples:
            menu.addAction(sample.replace("\n", "  /  ")).setData(sample)
        menu.triggered.connect(self._on_samples_triggered)
        self._samples.setMenu(menu)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE)
        self._pause.timeout.connect(self._on_pause_timeout)
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 6, 8, 2)
        layout.addWidget(self._first_label, 0, 0)
        layout.addWidget(self.first, 0, 1)
        layout.addWidget(self._second_label, 0, 2)
        layout.addWidget(self.second, 0, 3)
        layout.addWidget(self._whole, 0, 4)
        layout.addWidget(self._samples, 0, 5)
        layout.addWidget(self.token_row, 1, 0, 1, 6)
        layout.setColumnStretch(1, 3)
        layout.setColumnStretch(3, 2)
        self.set_checkpoint(None)

    def _line(self, name: str, label: PlainLabel) -> SentenceLine:
        line = SentenceLine(name, self)
        line.value_edited.connect(self._on_line_value_edited)
        line.returnPressed.connect(self._on_pause_timeout)
        line.editor_requested.connect(self.editor_requested)
        label.setBuddy(line)
        return line

    def set_checkpoint(self, info: CheckpointInfo | None) -> None:
        """Name the fields after what the checkpoint takes. What was typed stays."""
        self._has_tokenizer = info is None or info.has_tokenizer
        is_pair = info is not None and info.family == "encoder_decoder"
        first = self.tr("&Sentence") if self._has_tokenizer else self.tr("&Token ids")
        self._first_label.setText(self.tr("&Source") if is_pair and self._has_tokenizer else first)
        self._second_label.setText(self.tr("&Target") if is_pair else self.tr("Sentence &B"))
        self.first.setPlaceholderText(
            self.tr("Type a sentence") if self._has_tokenizer else self.tr("Token ids, such as 5 17 3")
        )
        self.second.setPlaceholderText(
            self.tr("what the decoder has written") if is_pair else self.tr("a second sentence, if you like")
        )
        for line, label in ((self.first, self._first_label), (self.second, self._second_label)):
            line.setAccessibleName(label.text().replace("&", ""))
        self.second.setEnabled(self._has_tokenizer)

    def set_text(self, text: str, text_pair: str = "") -> None:
        """Put sentences in; `input_changed` is not emitted, and Ctrl+Z brings back what was typed."""
        self.first.set_value(text)
        self.second.set_value(text_pair)

    def set_input(self, input: TextInput) -> None:
        """Put in what came from elsewhere, token ids as numbers; `input_changed` is not emitted."""
        ids = input.token_ids
        self.set_text(input.text if ids is None else " ".join(map(str, ids)), input.text_pair or "")

    def look_at(self, text: str) -> None:
        """Put a text of any length in the first line, and ask for it."""
        self.first.set_value(text)
        self._on_pause_timeout()

    def swap(self) -> None:
        """Exchange the two sentences."""
        self.set_text(self.second.value(), self.first.value())
        self._on_pause_timeout()

    def focus_sentence(self) -> None:
        """Let the user type at once."""
        self.first.setFocus()
        self.first.selectAll()

    def input(self) -> TextInput:
        """What is typed now. Where there is no tokenizer, numbers are token ids."""
        text, second = self.first.value(), self.second.value()
        if not self._has_tokenizer and (ids := _token_ids(text)) is not None:
            return TextInput(token_ids=ids)
        return TextInput(text, second if second.strip() and self._has_tokenizer else None)

    @Slot()
    def _on_line_value_edited(self) -> None:
        self._pause.start()

    @Slot()
    def _on_pause_timeout(self) -> None:
        self._pause.stop()
        self.input_changed.emit(self.input())

    @Slot(QAction)
    def _on_samples_triggered(self, action: QAction) -> None:
        first, _, second = str(action.data()).partition("\n")
        self.set_text(first, second)
        self._on_pause_timeout()


def _token_ids(text: str) -> tuple[int, ...] | None:
    parts = [part for part in re.split(r"[\s,;\[\]]+", text) if part]
    return tuple(map(int, parts)) if parts and all(re.fullmatch(r"-?\d{1,9}", part) for part in parts) else None
