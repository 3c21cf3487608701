"""What the model is given: a sentence, a pair of sentences, or token ids."""

from __future__ import annotations

import re

from PySide6.QtCore import QSignalBlocker, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QMenu, QToolButton, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import TextInput
from inference.results.request import Capability
from widgets.kit.labels import LineLabel
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.panels.language_names import by_name
from widgets.panels.sentence_line import MOST_CHARACTERS, SentenceLine
from widgets.panels.token_row import TokenRow
from widgets.selection import Selection

_LAST = -1  # of `TextInput.start`
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
        self._has_target = False  # the second line is what a decoder goes on with, and no sentence B
        self._put_aside = ""  # what stood in the second line when it meant the other of the two
        self._is_typed_here = True  # and not on chips
        self._goes_on = False  # what is written goes on with the text, and is no second sentence
        self._written: tuple[str, tuple[int, ...]] | None = None  # what came from elsewhere as written, and its tokens
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
        self._languages = self._choices("source_language"), self._choices("target_language")
        self._part = QComboBox(self)
        self._start = NumberBox(self)
        self._more = self._more_row()
        self._notes = LineLabel(self.tr("What of the text is not read, or assumed"), self)
        self._notes.setObjectName("text_notes")
        self._notes.hide()
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE)
        self._pause.timeout.connect(self._on_pause_timeout)
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._first_label, 0, 0)
        layout.addWidget(self.first, 0, 1)
        layout.addWidget(self._second_label, 0, 2)
        layout.addWidget(self.second, 0, 3)
        layout.addWidget(self._whole, 0, 4)
        layout.addWidget(self._samples, 0, 5)
        layout.addWidget(self._more, 1, 0, 1, 6)
        layout.addWidget(self.token_row, 2, 0, 1, 6)
        layout.addWidget(self._notes, 3, 0, 1, 6)
        layout.setColumnStretch(1, 3)
        layout.setColumnStretch(3, 2)
        self.set_checkpoint(None)

    def _line(self, name: str, label: PlainLabel) -> SentenceLine:
        line = SentenceLine(name, self)
        line.value_edited.connect(self._on_line_value_edited)
        line.returnPressed.connect(self._on_pause_timeout)
        line.editor_requested.connect(self.editor_requested)
        label.setBuddy(line)
        label.setContentsMargins(0, 0, 4, 0)  # Qt rounds the width of a text, and the last letter is cut
        return line

    def _choices(self, name: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        is_source = name == "source_language"
        box.setAccessibleName(self.tr("Language of the source") if is_source else self.tr("Language of the target"))
        box.activated.connect(self._on_language_activated)
        return box

    def _more_row(self) -> QWidget:
        """Languages of a translation, and which part of a text that is too long; hidden where there is no choice."""
        for text, start in (
            (self.tr("All of it"), None),
            (self.tr("First tokens that fit"), 0),
            (self.tr("Last tokens that fit"), _LAST),
            (self.tr("Part from token"), 1),
        ):
            self._part.addItem(text, start)
        self._part.setObjectName("text_part")
        self._part.setAccessibleName(self.tr("Which part of a text that is too long"))
        self._part.activated.connect(self._on_part_activated)
        self._start.setObjectName("text_start")
        self._start.setAccessibleName(self.tr("Token that the part begins with"))
        self._start.setToolTip(self.tr("With which token of the text the part that is read begins; the first is 1"))
        self._start.setRange(1, MOST_CHARACTERS)
        self._start.setSingleStep(50)
        self._start.valueChanged.connect(self._on_pause_timeout)
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (*self._languages, self._part, self._start):
            layout.addWidget(widget)
            widget.hide()
        layout.addStretch(1)
        row.hide()
        return row

    def offer_parts(self, *, is_too_long: bool) -> None:
        """Let the user choose a part where the text is longer than the model takes, or a part is chosen already."""
        is_cut = self._part.currentData() is not None
        self._part.setVisible((is_too_long or is_cut) and self._is_typed_here)
        self._start.setVisible(is_cut and self._part.currentData() == 1 and self._is_typed_here)
        self._show_more()

    def show_notes(self, notes: tuple[str, ...]) -> None:
        """Say what of the text is not read, or was assumed."""
        self._notes.show_text(" ".join(notes))
        self._notes.setVisible(bool(notes))

    def _show_more(self) -> None:
        self._more.setVisible(any(not box.isHidden() for box in (*self._languages, self._part)))

    def _set_languages(self, codes: tuple[str, ...]) -> None:
        for box, usual in zip(self._languages, (self.tr("From: as usual"), self.tr("Into: as usual")), strict=True):
            named = by_name(codes)
            if [box.itemData(i) for i in range(box.count())] != ["", *(code for _, code in named)]:
                box.clear()
                box.addItem(usual, "")
                for name, code in named:
                    box.addItem(name, code)
            box.setVisible(bool(codes))
        self._show_more()

    def set_checkpoint(self, info: CheckpointInfo | None) -> None:
        """Name the fields after what the checkpoint takes. What was typed stays."""
        self._has_tokenizer = info is None or info.has_tokenizer
        self._is_typed_here = info is None or "text" not in info.compares  # else on chips, which stand beside it
        for widget in (self._first_label, self.first, self._second_label, self.second, self._whole, self._samples):
            widget.setVisible(self._is_typed_here)
        self._drop_written()
        answers = info is not None and Capability.ANSWER in info.capabilities
        self._goes_on = answers or (info is not None and Capability.GENERATION in info.capabilities)
        is_caption = info is not None and Capability.CAPTION in info.capabilities
        is_pair = info is not None and info.word_axis == "target" and not is_caption
        if is_pair != self._has_target:
            self._has_target, second = is_pair, self._put_aside
            self._put_aside = self.second.value()
            self.second.set_value(second)
        first = self.tr("&Sentence") if self._has_tokenizer else self.tr("&Token ids")
        first = self.tr("&Caption") if is_caption and self._has_tokenizer else first
        first = self.tr("&Question") if answers and self._has_tokenizer else first
        self._first_label.setText(self.tr("&Source") if is_pair and self._has_tokenizer else first)
        for widget in (self._second_label, self.second):
            widget.setVisible(self._is_typed_here and not is_caption and not answers)
        self._second_label.setText(self.tr("&Target") if is_pair else self.tr("Sentence &B"))
        self.first.setPlaceholderText(
            (self.tr("What is written of the image") if is_caption else self._asks(answers=answers))
            if self._has_tokenizer
            else self.tr("Token ids, such as 5 17 3")
        )
        self.second.setPlaceholderText(
            self.tr("the source itself, until one is written") if is_pair else self.tr("a second sentence, if you like")
        )
        for line, label in ((self.first, self._first_label), (self.second, self._second_label)):
            line.setAccessibleName(label.text().replace("&", ""))
        about = self.tr("What the decoder is given as written so far: the source itself, unless Translation writes one")
        self.second.setToolTip(plain_tip(about if is_pair else ""))
        self.second.setEnabled(self._has_tokenizer)
        self._set_languages(info.languages if info else ())

    def _asks(self, *, answers: bool) -> str:
        return self.tr("Ask something about the image") if answers else self.tr("Type a sentence")

    def set_text(self, text: str, text_pair: str = "") -> None:
        """Put sentences in; `input_changed` is not emitted, and Ctrl+Z brings back what was typed."""
        self.first.set_value(text)
        self.second.set_value(text_pair)

    def forget_edits(self) -> None:
        """Let both lines have nothing to undo themselves."""
        for line in (self.first, self.second):
            line.forget_edits()

    def set_input(self, input: TextInput) -> None:
        """Put in what came from elsewhere, token ids as numbers; `input_changed` is not emitted."""
        ids = input.token_ids
        for box, code in zip(self._languages, (input.language, input.language_pair), strict=True):
            box.setCurrentIndex(max(0, box.findData(code)))
        start = input.start
        self._part.setCurrentIndex({None: 0, 0: 1, _LAST: 2}.get(start, 3))
        if start is not None and start > 0:
            with QSignalBlocker(self._start):
                self._start.setValue(start)
        self.offer_parts(is_too_long=False)
        self.set_text(input.text if ids is None else " ".join(map(str, ids)), input.text_pair or "")
        self._written = None if input.target_ids is None else (self.second.value(), input.target_ids)

    def sentences(self) -> tuple[str, str]:
        """What was typed as sentence and sentence B, also while the second line is a target."""
        return self.first.value(), self._put_aside if self._has_target else self.second.value()

    def look_at(self, text: str) -> None:
        """Put a text of any length in the first line, and ask for it."""
        self._drop_written()
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
            written = self._written[1] if self._written is not None else None
            return TextInput(token_ids=ids, start=self._part_start(), target_ids=written)
        source, target = (box.currentData() or "" for box in self._languages)
        pair = second if second.strip() and self._has_tokenizer else None
        ids = self._written[1] if self._written is not None and self._written[0] == second else None
        return TextInput(text, pair, language=source, language_pair=target, start=self._part_start(), target_ids=ids)

    def _part_start(self) -> int | None:
        start = self._part.currentData()
        return self._start.value() if start == 1 else start

    @Slot()
    def _on_part_activated(self) -> None:
        self.offer_parts(is_too_long=True)
        self._on_pause_timeout()

    @Slot()
    def _on_line_value_edited(self) -> None:
        if self.sender() is self.first:
            self._drop_written()
        self._pause.start()

    def _drop_written(self) -> None:
        """What was written for another source is no target of this one; what the user typed stays."""
        if not self._goes_on and self._written is not None and self._written[0] == self.second.value():
            self.second.set_value("")
        self._written = None

    @Slot()
    def _on_pause_timeout(self) -> None:
        self._pause.stop()
        for line in (self.first, self.second):
            line.note_asked()
        self.input_changed.emit(self.input())

    @Slot()
    def _on_language_activated(self) -> None:
        self._drop_written()
        self._on_pause_timeout()

    @Slot(QAction)
    def _on_samples_triggered(self, action: QAction) -> None:
        first, _, second = str(action.data()).partition("\n")
        self.set_text(first, second)
        self._on_pause_timeout()


def _token_ids(text: str) -> tuple[int, ...] | None:
    parts = [part for part in re.split(r"[\s,;\[\]]+", text) if part]
    return tuple(map(int, parts)) if parts and all(re.fullmatch(r"-?\d{1,9}", part) for part in parts) else None
