"""What the menu tells: shortcuts, licences and thanks, and the messages so far."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from app import VERSION
from app.window.actions import COMMANDS
from widgets.kit.plain import show_own_page

ABOUT = f"""<h2>Headlight {VERSION}</h2>
<p>A desktop microscope for transformers. It works with the network cable out.</p>
<p>Licence: Apache-2.0. Qt for Python is used under the LGPL; PyTorch, Transformers, NumPy, pyqtgraph and trimesh
under BSD, Apache-2.0 and MIT licences. Colour maps cividis, viridis and magma: CC0.</p>
<p><b>bert-mini</b>, <b>gpt-mini</b>, <b>transformer-en-fr</b>, the counts of n-grams and the word vectors were made of
text by:</p>
<ul>
<li>Tatoeba (tatoeba.org) and manythings.org/anki, CC BY 2.0 FR</li>
<li>Common Voice contributors, CC0</li>
<li>African Storybook, Pratham Books / StoryWeaver and Book Dash, CC BY 4.0</li>
<li>English Wikinews contributors, CC BY 2.5</li>
<li>COCO captions, CC BY 4.0</li>
<li>Bo Pang and Lillian Lee, sentence polarity dataset v1.0, CC BY 4.0 (<b>bert-mini-polarity</b>)</li>
<li>Books in the public domain (Project Gutenberg; H. C. Andersen, translated by Mrs. Paull)</li>
</ul>
<p>Scenes and furniture, of which all other checkpoints were made, are drawn by Headlight itself; <b>virtex-scenes</b>
was trained on its scenes alone; <b>clip-scenes</b> and <b>lseg-scenes</b>, too, and begin with what <b>vit-scenes</b>
had learned of them.</p>
"""


def shortcuts_html() -> str:
    """All shortcuts as a table, and the keys that work inside the views."""
    rows = [(c.text.replace("&", "").rstrip("…"), c.shortcut) for c in COMMANDS if c.shortcut]
    rows += [
        ("In a view: previous and next head", "Left, Right"),
        ("In a view: layer above and below", "Up, Down"),
        ("In the heat map: move the selected cell", "Shift + arrows"),
        ("In the heat map: zoom, fit", "+, -, Z"),
        ("In the token row: choose a token, mask it", "Left, Right, M"),
    ]
    cells = "".join(f"<tr><td>{text}</td><td>&nbsp;&nbsp;<b>{keys}</b></td></tr>" for text, keys in rows)
    return f"<h3>Shortcuts</h3><table>{cells}</table>"


def show_shortcuts(parent: QWidget) -> None:
    """A dialog with all shortcuts."""
    show_own_page(parent, QCoreApplication.translate("About", "Shortcuts"), shortcuts_html())


def show_about(parent: QWidget) -> None:
    """A dialog with version, licences and thanks."""
    show_own_page(parent, QCoreApplication.translate("About", "About Headlight"), ABOUT)


def messages_dialog(parent: QWidget | None, messages: Sequence[str]) -> QDialog:
    """What was said so far, the latest first, to read and to copy; as plain text: names of files stand in it."""
    dialog = QDialog(parent)
    dialog.setObjectName("messages")
    dialog.setWindowTitle(QCoreApplication.translate("About", "Messages"))
    text = QPlainTextEdit(dialog)
    text.setObjectName("messages_text")
    text.setAccessibleName(dialog.windowTitle())
    text.setReadOnly(True)
    empty = QCoreApplication.translate("About", "There are no messages.")
    text.setPlainText("\n\n".join(reversed(messages)) or empty)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(text)
    layout.addWidget(buttons)
    em = dialog.fontMetrics().height()
    dialog.resize(40 * em, 24 * em)
    return dialog


def show_messages(parent: QWidget, messages: Sequence[str]) -> None:
    """Let the user read the messages so far."""
    messages_dialog(parent, messages).exec()
