"""Text on screen as text: names, labels, token text and errors are foreign, and Qt takes what looks like HTML for HTML.

Rich text can make the window read files and devices. So labels, tool tips, messages and progress are made here, and
nowhere else (`tests/house_rules.py`); control characters are shown as symbols by all of them.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QProgressDialog, QWidget

from widgets.kit.clean import shown


class PlainLabel(QLabel):
    """A label that shows its text as it is."""

    def __init__(self, text: str | QWidget | None = "", parent: QWidget | None = None) -> None:
        if not isinstance(text, str):
            text, parent = "", text
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:  # noqa: N802
        """Show another text."""
        super().setText(shown(text))


def plain_tip(text: str, *, is_long: bool = False) -> str:
    """A text for a tool tip, which shows it as it is; only long ones are broken into lines."""
    text = shown(text)
    if not text or not (is_long or "<" in text):  # without a < there is no tag
        return text
    return f"<qt>{escape(text)}</qt>".replace("\n", "<br>")


def show_plain_message(parent: QWidget | None, title: str, text: str) -> None:
    """A dialog that shows a text as it is, until it is closed."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, "", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(shown(text))
    box.exec()


def ask_plain(parent: QWidget, name: str, title: str, question: str, yes: str) -> bool:
    """A dialog with a question shown as it is: whether the user pressed `yes`, which is not what Enter does."""
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(shown(question))
    accept = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is accept


def show_own_page(parent: QWidget | None, title: str, html: str) -> None:
    """A dialog with HTML of our own, in which nothing foreign stands."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, html, parent=parent)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.exec()


def plain_progress(parent: QWidget | None) -> QProgressDialog:
    """A dialog of progress whose label shows its text as it is."""
    dialog = QProgressDialog(parent)  # type: ignore[arg-type]
    dialog.setLabel(PlainLabel(dialog))
    return dialog
