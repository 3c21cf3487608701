"""Texts out of files: read whole, or refused with a sentence."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QPlainTextEdit, QWidget

from app.commands.text_files import MOST_BYTES, TextFileError, read_text
from app.window.text_dialog import TextDialog


def write(folder, data: bytes, name: str = "story.txt"):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a cat\n", "a cat\n"),
        (b"\xef\xbb\xbfa cat", "a cat"),  # a mark that some editors begin with
        ("größer – 猫".encode(), "größer – 猫"),
        (b"a\r\nb", "a\nb"),
    ],
)
def test_reads_utf_8(tmp_path, data, text):
    assert read_text(write(tmp_path, data)) == text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"gr\xf6\xdfer", "no UTF-8 text: byte 0xf6 at position 2"),
        (b"a\0b", "holds zero bytes, the first at position 1"),
        (b" \n", "holds no text"),
        (b"", "holds no text"),
        (b"a" * (MOST_BYTES + 1), "larger than 4 MB"),
    ],
)
def test_refuses_what_is_no_text(tmp_path, data, said):
    with pytest.raises(TextFileError, match=said):
        read_text(write(tmp_path, data))


def test_refuses_what_is_no_file(tmp_path):
    with pytest.raises(TextFileError, match="is a folder"):
        read_text(tmp_path)
    with pytest.raises(TextFileError, match="There is no file"):
        read_text(tmp_path / "none.txt")


@pytest.fixture
def parent(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


def ok(dialog):
    return dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)


def said(dialog):
    return dialog.findChild(QLabel, "text_said").text()


def test_the_dialog_counts_what_stands_there(parent, tmp_path):
    dialog = TextDialog("", tmp_path, parent)
    assert not ok(dialog).isEnabled()
    dialog.findChild(QPlainTextEdit).setPlainText("word " * 4000)
    assert said(dialog) == "4,000 words, 20,000 characters"
    assert ok(dialog).isEnabled()
    assert dialog.text() == "word " * 4000


def test_a_bad_file_is_told_and_what_stood_there_stays(parent, tmp_path):
    dialog = TextDialog("a cat", tmp_path, parent)
    dialog.open_file(write(tmp_path, b"\xff"))
    assert "no UTF-8" in said(dialog)
    assert dialog.text() == "a cat"
    dialog.open_file(write(tmp_path, b"a dog"))
    assert dialog.text() == "a dog"


def test_a_text_beyond_the_limit_cannot_be_looked_at(parent, tmp_path):
    dialog = TextDialog("a" * (MOST_BYTES + 1), tmp_path, parent)
    assert said(dialog) == "At most 4 MB are looked at."
    assert not ok(dialog).isEnabled()
