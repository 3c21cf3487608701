"""What the menu tells: shortcuts, licences and thanks, and the messages so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from app import VERSION
from app.window.actions import COMMANDS
from app.window.help.view_keys import VIEW_KEYS
from widgets.kit.plain import resize_on_screen, show_own_page

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
<li>Bo Pang and Lillian Lee, sentence polarity dataset v1.0, CC BY 4.0 (<b>bert-mini-polarity</b>,
<b>gpt-mini-polarity</b>)</li>
<li>Books in the public domain (Project Gutenberg; H. C. Andersen, translated by Mrs. Paull)</li>
</ul>
<p>Scenes and furniture, of which all other checkpoints were made, are drawn by Headlight itself; <b>virtex-scenes</b>
was trained on its scenes alone, and so were <b>oscar-scenes</b>, <b>oscar-scenes-no-tags</b>,
<b>uniter-scenes</b>, <b>vilbert-scenes</b> and the detector whose regions they read; <b>videobert-clips</b> and
<b>merlot-clips</b> were trained on its films; <b>clip-scenes</b>, <b>lseg-scenes</b> and <b>vilt-scenes</b> on its
scenes, too, and begin with what <b>vit-scenes</b> had learned of them.</p>
"""


def shortcuts_html(actions: Mapping[str, QAction]) -> str:
    """All shortcuts as they are now, menu by menu, and the keys that work inside the views.

    Parameters
    ----------
    actions
        Of the window, by the names of their commands.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for command in COMMANDS:
        action = actions[command.name]
        keys = ", ".join(one.toString(QKeySequence.SequenceFormat.NativeText) for one in action.shortcuts())
        if keys:
            menu = command.menu.partition("/")[0].replace("&", "")
            # Undo says what it would undo, and the table what it is.
            groups.setdefault(menu, []).append((command.text.replace("&", "").rstrip("…"), keys))
    for title, lines in VIEW_KEYS.items():
        groups[QCoreApplication.translate("About", title)] = lines
    columns: tuple[list[tuple[str, list[tuple[str, str]]]], ...] = [], []
    for group in groups.items():  # into the column that is shorter so far, so that little has to be scrolled
        min(columns, key=lambda column: sum(2 + len(lines) for _, lines in column)).append(group)
    cells = "".join(
        f"<td valign='top'><table>{_shortcut_rows(column)}</table></td><td>&nbsp;&nbsp;</td>" for column in columns
    )
    return f"<table><tr>{cells}</tr></table>"


def _shortcut_rows(groups: Sequence[tuple[str, list[tuple[str, str]]]]) -> str:
    rows = []
    for title, lines in groups:
        rows.append(f"<tr><td><br><b>{escape(title)}</b></td><td></td></tr>")
        rows += [f"<tr><td>{escape(text)}</td><td>&nbsp;&nbsp;<b>{escape(keys)}</b></td></tr>" for text, keys in lines]
    return "".join(rows)


def show_shortcuts(parent: QWidget, actions: Mapping[str, QAction]) -> None:
    """A dialog with all shortcuts."""
    show_own_page(parent, QCoreApplication.translate("About", "Keyboard shortcuts"), shortcuts_html(actions))


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
    resize_on_screen(dialog, 40 * em, 24 * em)
    return dialog


def show_messages(parent: QWidget, messages: Sequence[str]) -> None:
    """Let the user read the messages so far."""
    messages_dialog(parent, messages).exec()
