"""The texts that are compared, as chips, and a field for another one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QWidget

from inference.results.inputs import MOST_LETTERS, MOST_TEXTS
from widgets.figures.counts import number_of
from widgets.kit.layouts import direction_of
from widgets.panels.compared.chip_list import ChipList, menu_button
from widgets.panels.compared.things import Things


class TextChips(QWidget):
    """Texts that are compared, one of them chosen.

    Signals
    -------
    changed()
        Other texts, or in another order.
    chosen(str)
        Another one is looked at.
    wanted(str)
        Texts that others know: `captions`, one for each scene; `things` of the chosen scene; `labels` of its
        pixels; `kinds` of things.
    said(str)
        A sentence for the user; empty: what was said is settled.
    """

    changed = Signal()
    chosen = Signal(str)
    wanted = Signal(str)
    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts: Things[str] = Things(MOST_TEXTS)
        self._chips = ChipList("compared_texts", self.tr("Texts that are compared"), self)
        self._line = QLineEdit(self)
        self._line.setObjectName("compared_new_text")
        self._line.setPlaceholderText(self.tr("Add a text"))
        self._line.setAccessibleName(self.tr("Another text to compare"))
        self._line.setMaxLength(MOST_LETTERS)
        self._line.setClearButtonEnabled(True)
        self._menu = menu_button(
            "compared_add_texts",
            self.tr("Texts"),
            self.tr("Take texts from the scenes, or take texts away"),
            (
                ("captions", self.tr("One caption for each scene")),
                ("labels", self.tr("Only what is in the chosen scene")),
                ("things", self.tr("Add what is in the chosen scene")),
                ("kinds", self.tr("Add the names of all things")),
                ("clear", self.tr("Keep only the chosen text")),
            ),
            self,
        )
        self._menu.menu().triggered.connect(self._on_menu_triggered)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._adding = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._adding.setSpacing(4)
        self._adding.addWidget(self._line)
        self._adding.addWidget(self._menu)
        self._parts.addLayout(self._adding, 1)
        self._parts.setAlignment(self._adding, Qt.AlignmentFlag.AlignTop)
        self._parts.addWidget(self._chips, 3)
        self.setFocusProxy(self._line)
        self._line.returnPressed.connect(self._on_line_return_pressed)
        self._chips.choice_changed.connect(self._on_chips_choice_changed)
        self._chips.removal_requested.connect(self._on_chips_removal_requested)
        self._chips.move_requested.connect(self._on_chips_move_requested)
        self._chips.edited.connect(self._on_chips_edited)

    def set_narrow(self, is_narrow: bool) -> None:
        """Stand in a column, or above the views."""
        self._parts.setDirection(direction_of(is_narrow))
        self._adding.setDirection(direction_of(not is_narrow))
        self._chips.set_narrow(is_narrow)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts, in order."""
        return self._texts.all

    @property
    def text(self) -> str | None:
        """The text that is looked at; None where there is none."""
        return self._texts.chosen

    def set_texts(self, texts: tuple[str, ...], chosen: str | None = None) -> None:
        """Compare other texts; the signals are silent."""
        self._texts.set(_clean(texts), chosen)
        self._show()

    def look_at(self, text: str) -> None:
        """Choose a text, which is added if it is not there; the signals are silent."""
        self._say_left(self._texts.add(_clean((text,))))
        self._show()

    def add(self, texts: tuple[str, ...]) -> None:
        """Compare these too, and look at the first of them."""
        self._say_left(self._texts.add(_clean(texts)))
        self._show()
        self._tell()

    def _show(self) -> None:
        self._chips.set_texts(self._texts.all, self._texts.at)

    def _tell(self) -> None:
        self.changed.emit()
        if self._texts.chosen is not None:
            self.chosen.emit(self._texts.chosen)

    def _say_left(self, n: int) -> None:
        if n:
            self.said.emit(
                self.tr("{} did not fit: at most {} are compared.").format(number_of(n, "texts"), MOST_TEXTS)
            )

    @Slot()
    def _on_line_return_pressed(self) -> None:
        text = self._line.text().strip()
        if text:
            self.said.emit(self.tr("“{}” is there already.").format(text) if text in self._texts.all else "")
            self.add((text,))
        if text in self._texts.all:  # else it did not fit
            self._line.clear()

    @Slot(int)
    def _on_chips_choice_changed(self, row: int) -> None:
        self.said.emit("")
        self._texts.at = row
        self.chosen.emit(self._texts.chosen)

    @Slot(int)
    def _on_chips_removal_requested(self, row: int) -> None:
        if len(self._texts.all) == 1:
            self.said.emit(self.tr("One text is needed; add another one first."))
            return
        self.said.emit("")
        self._texts.remove(row)
        self._show()
        self._tell()

    @Slot(int, int)
    def _on_chips_move_requested(self, start: int, end: int) -> None:
        self._texts.move(start, end)
        self._show()
        self.changed.emit()

    @Slot(int, str)
    def _on_chips_edited(self, row: int, text: str) -> None:
        text = text.strip()
        if not text or text == self._texts.all[row]:
            return
        is_new = self._texts.replace(row, text)
        self.said.emit("" if is_new else self.tr("“{}” is there already.").format(text))
        self._show()
        self._tell()

    @Slot(QAction)
    def _on_menu_triggered(self, action: QAction) -> None:
        self.said.emit("")
        if action.data() != "clear":
            self.wanted.emit(action.data())
        elif self._texts.chosen is not None:
            self.set_texts((self._texts.chosen,))
            self.changed.emit()


def _clean(texts: tuple[str, ...]) -> list[str]:
    """Without what is blank; no text is longer than is allowed."""
    return [text.strip()[:MOST_LETTERS] for text in texts if text.strip()]
