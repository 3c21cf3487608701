"""What the menu tells."""

import re
from pathlib import Path

from PySide6.QtWidgets import QPlainTextEdit

from app.window.about import messages_dialog
from app.window.help.view_keys import VIEW_KEYS

WIDGETS = Path(__file__).parents[3] / "widgets"
SIGNS = {
    "Plus": "+", "Minus": "-", "Comma": "comma", "Period": "period", "Escape": "Esc", "Return": "Enter",
    "PageUp": "PgUp", "PageDown": "PgDown", "Delete": "Del",
}  # fmt: skip
AS_WELL = {"Equal", "Underscore", "Backspace", "Tab"}  # beside another key on the same key, or as everywhere


def test_every_key_that_a_view_listens_to_is_in_the_list_of_shortcuts():
    listed = " ".join(keys for lines in VIEW_KEYS.values() for _, keys in lines)
    listed = set(re.split(r"[ ;]|, |\+(?=\w)", listed)) | {str(digit) for digit in range(10)}
    missing = {}
    for path in WIDGETS.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        keys = set(re.findall(r"Key\.Key_(\w+)", text)) | set(re.findall(r'_shortcut\("(?:\w+\+)*(\w+)"', text))
        if unlisted := {key for key in keys - AS_WELL if SIGNS.get(key, key) not in listed}:
            missing[path.name] = unlisted
    assert missing == {}


def test_all_messages_can_be_read_and_copied_the_latest_first(qtbot):
    dialog = messages_dialog(None, ["<b>Broken</b>.", "Saved."])
    qtbot.addWidget(dialog)
    text = dialog.findChild(QPlainTextEdit, "messages_text")
    assert text.toPlainText() == "Saved.\n\n<b>Broken</b>."
    assert text.isReadOnly()
    dialog.show()
    assert dialog.height() < 800  # however many there are


def test_without_messages_it_says_so(qtbot):
    dialog = messages_dialog(None, [])
    qtbot.addWidget(dialog)
    assert dialog.findChild(QPlainTextEdit, "messages_text").toPlainText() == "There are no messages."
