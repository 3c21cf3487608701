"""What is dropped goes where it belongs, or a sentence says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.window.drops import Drops, DropTargets, dropped_files, take


@pytest.fixture
def said():
    return []


@pytest.fixture
def targets(said):
    def note(name):
        return lambda value: said.append((name, value))

    names = ("checkpoint", "image", "sound", "film", "mesh", "vectors", "text", "refused")
    return DropTargets(*map(note, names))


def opened(kind, path):
    return [str(path)] if kind == "image" else str(path)


@pytest.mark.parametrize(
    ("name", "reads"),
    [("a.PNG", "image"), ("a.jpeg", "image"), ("a.glb", "mesh"), ("a.OBJ", "mesh"), ("a.WAV", "sound")],
)
def test_what_the_checkpoint_reads_is_opened(tmp_path, targets, said, name, reads):
    take([tmp_path / name], (reads,), targets)
    assert said == [(reads, opened(reads, tmp_path / name))]


@pytest.mark.parametrize(
    ("name", "reads", "sentence"),
    [
        ("a.png", "text", "a.png is an image; open a checkpoint that reads images first."),
        ("a.stl", "image", "a.stl is a mesh; open a checkpoint that reads meshes first."),
        ("a.wav", "text", "a.wav is a sound; open a checkpoint that reads sounds first."),
        ("a.txt", "mesh", "This checkpoint reads no text; open another one first."),
        ("none.txt", "text", "There is no file"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(tmp_path, targets, said, name, reads, sentence):
    take([tmp_path / name], (reads,), targets)
    ((kind, text),) = said
    assert kind == "refused"
    assert sentence in text


@pytest.mark.parametrize(("name", "kind"), [("a.png", "image"), ("a.obj", "mesh"), ("a.wav", "sound")])
def test_a_checkpoint_may_read_several_kinds(tmp_path, targets, said, name, kind):
    take([tmp_path / name], ("text", "image", "mesh", "sound"), targets)
    assert said == [(kind, opened(kind, tmp_path / name))]


def test_a_text_is_read(tmp_path, targets, said):
    (tmp_path / "a.md").write_text("a cat", encoding="utf-8")
    take([tmp_path / "a.md"], ("text",), targets)
    assert said == [("text", "a cat")]


@pytest.mark.parametrize("reads", ["text", "image", "mesh"])
@pytest.mark.parametrize("name", ["a.txt", "a.kv"])
def test_word_vectors_are_opened_whatever_the_checkpoint_reads(tmp_path, targets, said, name, reads):
    (tmp_path / name).write_text("1 2\ncat 0.5 0.25\n", encoding="utf-8")
    take([tmp_path / name], (reads,), targets)
    assert said == [("vectors", str(tmp_path / name))]


@pytest.mark.parametrize("reads", ["text", "image", "mesh"])
def test_all_else_is_a_checkpoint(tmp_path, targets, said, reads):
    take([tmp_path], (reads,), targets)
    assert said == [("checkpoint", str(tmp_path))]


def test_files_count_and_nothing_else():
    data = QMimeData()
    assert dropped_files(data) == []
    data.setUrls([QUrl("https://example.org/a.png"), QUrl.fromLocalFile("/b.png"), QUrl.fromLocalFile("/c.png")])
    assert list(map(str, dropped_files(data))) == ["/b.png", "/c.png"]


def test_images_are_opened_together_and_of_other_things_the_first(targets, said):
    take([Path("/a.png"), Path("/b.txt"), Path("/c.JPG")], ("image",), targets)
    take([Path("/a.obj"), Path("/b.obj")], ("mesh",), targets)
    assert said == [("image", ["/a.png", "/c.JPG"]), ("mesh", "/a.obj")]


def test_a_window_takes_files_and_nothing_else(qtbot, targets, said):
    window = QWidget()
    qtbot.addWidget(window)
    Drops(window, lambda: ("image",), targets)
    assert window.acceptDrops()
    files, text = QMimeData(), QMimeData()
    files.setUrls([QUrl.fromLocalFile("/b.png")])
    text.setText("a cat")
    action, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for data, is_taken in ((files, True), (text, False)):
        enter = QDragEnterEvent(QPoint(1, 1), action, data, left, none)
        enter.ignore()
        QApplication.sendEvent(window, enter)
        assert enter.isAccepted() == is_taken
        QApplication.sendEvent(window, QDropEvent(QPointF(1, 1), action, data, left, none))
    assert said == [("image", ["/b.png"])]


class OwnDrop(QDropEvent):
    """What a drag that began in this program sends."""

    def source(self):
        return QWidget()


@pytest.mark.parametrize("make", [QDropEvent, OwnDrop])
def test_over_a_field_a_file_is_opened_too_and_a_figure_on_its_way_out_is_left(qtbot, targets, said, make):
    window = QWidget()
    qtbot.addWidget(window)
    Drops(window, lambda: ("image",), targets)
    field = QLineEdit(window)
    field.resize(window.size())
    window.show()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/b.png")])
    where, action, left = QPointF(1, 1), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    drop = make(where, action, data, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window.windowHandle(), drop)
    assert field.text() == ""
    assert said == ([("image", ["/b.png"])] if make is QDropEvent else [])
    assert drop.isAccepted() == (make is QDropEvent)
