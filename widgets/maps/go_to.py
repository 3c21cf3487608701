"""A line above a map: search in the tokens, or go to a position."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from widgets.kit.plain import PlainLabel, plain_tip


class GoToBar(QWidget):
    """Hidden until it is opened; Escape closes it.

    Signals
    -------
    text_changed(str)
        Another text to search for; empty when the bar closes.
    step_requested(int)
        1 for the next match, -1 for the one before.
    place_typed(str)
        A place to go to.
    closed()
    """

    text_changed = Signal(str)
    step_requested = Signal(int)
    place_typed = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_search = True
        self._title = PlainLabel(self)
        self._edit = QLineEdit(self)
        self._edit.setObjectName("attention_search_text")
        self._edit.setAccessibleName(self.tr("Search the tokens"))
        self._edit.setClearButtonEnabled(True)
        self._edit.setMaximumWidth(26 * self.fontMetrics().height())
        self._title.setBuddy(self._edit)
        self._count = PlainLabel(self)
        self._count.setObjectName("attention_search_count")
        self._previous = self._button("previous", "\N{UPWARDS ARROW}", self.tr("Match before (Shift+F3)"))
        self._next = self._button("next", "\N{DOWNWARDS ARROW}", self.tr("Next match (F3)"))
        close = self._button("close", "\N{MULTIPLICATION SIGN}", self.tr("Close (Esc)"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 4)
        for widget in (self._title, self._edit, self._count, self._previous, self._next, close):
            layout.addWidget(widget)
        layout.addStretch(1)
        self._edit.textChanged.connect(self._on_edit_text_changed)
        self._edit.returnPressed.connect(self._on_edit_return_pressed)
        self._previous.clicked.connect(self._on_previous_clicked)
        self._next.clicked.connect(self._on_next_clicked)
        close.clicked.connect(self.close_bar)
        self.hide()

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"attention_search_{name}")
        button.setText(text)
        button.setToolTip(plain_tip(tip))
        button.setAccessibleName(tip)
        return button

    def open_search(self) -> None:
        """Let the user type what to search for."""
        self._open(True, self.tr("Search"), self.tr("a word, or several"))

    def open_go_to(self) -> None:
        """Let the user type a position."""
        self._open(False, self.tr("Go to"), self.tr("a position, or row,column"))

    def show_count(self, text: str) -> None:
        """Say such as "3 of 12"."""
        self._count.setText(text)
        self._count.setAccessibleName(text)

    def close_bar(self) -> None:
        """Close, and forget what was searched for."""
        self._edit.clear()
        self.hide()
        self.closed.emit()

    def _open(self, is_search: bool, title: str, hint: str) -> None:
        if is_search != self._is_search:
            self._edit.clear()
        self._is_search = is_search
        self._title.setText(title)
        self._edit.setAccessibleName(title)
        self._edit.setPlaceholderText(hint)
        for widget in (self._count, self._previous, self._next):
            widget.setVisible(is_search)
        self.show()
        self._edit.setFocus()
        self._edit.selectAll()

    def _on_edit_text_changed(self, text: str) -> None:
        if self._is_search:
            self.text_changed.emit(text)

    def _on_edit_return_pressed(self) -> None:
        if self._is_search:
            self.step_requested.emit(1)
        else:
            self.place_typed.emit(self._edit.text())

    def _on_previous_clicked(self) -> None:
        self.step_requested.emit(-1)

    def _on_next_clicked(self) -> None:
        self.step_requested.emit(1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)
