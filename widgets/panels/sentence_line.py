"""A line for a sentence, which holds long texts too: of these it shows the beginning and how long they are."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from widgets.figures.counts import number_of
from widgets.kit.clean import isolated
from widgets.kit.plain import plain_tip

# More is not typed into a line, and a line that long is slow.
LONGEST_LINE = 2_000
MOST_CHARACTERS = 2**22
_SHOWN = 30
_MARK = "…  ("  # parts the beginning from how long it is


def is_long(text: str) -> bool:
    """Whether a text is shown by its beginning only."""
    return len(text) > LONGEST_LINE or "\n" in text.strip()


class SentenceLine(QLineEdit):
    """What is typed stands there as it is. A long text is changed as a whole: by typing over it, or in its editor.

    Signals
    -------
    value_edited()
        The user typed or pasted something else.
    editor_requested()
        The user wants to see and change all of a long text.
    """

    value_edited = Signal()
    editor_requested = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._long: str | None = None
        self._size = ""  # of a long text, in words
        self._asked: str | None = None
        self._is_being_set = False
        self.setObjectName(name)
        self.setClearButtonEnabled(True)
        self.setMaxLength(MOST_CHARACTERS)
        self.textEdited.connect(self._on_text_edited)

    @property
    def is_long(self) -> bool:
        """Whether only the beginning is shown."""
        return self._long is not None

    def value(self) -> str:
        """All of the text."""
        return self.text() if self._long is None else self._long

    @property
    def is_asked(self) -> bool:
        """Whether the model was asked about what stands there: the window undoes that, as one of its steps."""
        return self._asked == self.value()

    def note_asked(self) -> None:
        """The model is asked about what stands there."""
        self._asked = self.value()

    def set_value(self, text: str) -> None:
        """Show another text; `value_edited` is not emitted, and Ctrl+Z brings back what was typed.

        Of a long text the window does so: the line holds only its beginning.
        """
        self._long = text if is_long(text) else None
        if self._long is None:
            self._is_being_set = True  # to Qt an insertion is an edit
            self.selectAll()
            self.insert(text)
            self._is_being_set = False
        else:
            self._size = number_of(len(text.split()), "words")
            super().setText(self._preview(text))  # the line has nothing to undo: it would bring back the preview
        self.setCursorPosition(0)  # shows how it begins, not how it ends
        tip = self.tr("A long text: Ctrl+T shows and changes all of it")
        self.setToolTip(plain_tip("" if self._long is None else tip))

    def _preview(self, text: str) -> str:
        """How a long text begins, as far as there is room beside the button that clears, and how long it is."""
        start, end = " ".join(text[: 2 * _SHOWN].split())[:_SHOWN], f"{_MARK}{self._size})"
        metrics = self.fontMetrics()
        room = self.width() - 2 * self.height() - metrics.horizontalAdvance(end)
        while start and metrics.horizontalAdvance(start) > room:
            start = start[:-1]
        return f"{isolated(start)}{end}"

    def forget_edits(self) -> None:
        """Let the line have nothing to undo itself: what stands in it now was brought back by the window."""
        super().setText(self.text())
        self.setCursorPosition(0)

    def _on_text_edited(self, text: str) -> None:
        if self._is_being_set:
            return
        if self._long is not None and _MARK in text and not is_long(text):
            self.set_value(self._long)  # what is shown of it was changed, which is no text of its own
            self._select_from_the_end()
            return
        if is_long(text):
            self.set_value(text)
        elif self._long is not None:
            self._long = None
            self.setToolTip("")
            place = self.cursorPosition()
            super().setText(text)  # what Ctrl+Z would bring back here is the preview, as if it were the text
            self.setCursorPosition(place)
        self.value_edited.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._long is not None:
            is_selected = self.hasSelectedText()
            super().setText(self._preview(self._long))
            self.setCursorPosition(0)
            if is_selected:
                self._select_from_the_end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.is_long:
            self._select_from_the_end()

    def _select_from_the_end(self) -> None:
        """All of it, with the beginning in sight."""
        self.setSelection(len(self.text()), -len(self.text()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.is_long:
            self.editor_requested.emit()
        else:
            super().mouseDoubleClickEvent(event)
