"""What the menu tells."""

from PySide6.QtWidgets import QPlainTextEdit

from app.window.about import messages_dialog


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
