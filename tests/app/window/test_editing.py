"""Steps have names, follow each other at once as one, and a field undoes its own edits first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QUndoStack
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow, QSpinBox

from app.window.editing import steps
from app.window.editing.names import name_of_step
from app.window.editing.own_undo import OwnUndo
from app.window.editing.steps import Moment, UndoStep
from inference.results.inputs import ImageInput, Input, TextInput
from widgets.panels.sentence_line import SentenceLine
from widgets.selection import Position, Selected

WORDS = ("[CLS]", "the", "cat", "sat")
START = Moment("bert-mini", Selected("encoder"), (), Input(TextInput("the cat")))


def typed(text, pair=None):
    return replace(START, input=Input(TextInput(text, pair)))


def named(before, after):
    return name_of_step(before, after, WORDS, lambda name, old, new: f"options of {name}")


@pytest.mark.parametrize(
    ("after", "name"),
    [
        (replace(START, masked=(2,)), "mask “cat”"),
        (replace(START, masked=(9,)), "mask 9"),
        (replace(START, selected=Selected("encoder", 2, 3)), "layer 2, head 3"),
        (replace(START, selected=Selected("encoder", query=Position("text", 3))), "select “sat”"),
        (replace(START, selected=Selected("encoder", query=Position("image", 3))), "select 3"),
        (typed("a dog"), "type “a dog”"),
        (typed("the cat", "it sat"), "type “it sat”"),
        (typed(" "), "clear the text"),
        (replace(START, input=Input(TextInput("the cat", start=0))), "another part of the text"),
        (replace(START, input=Input(TextInput("the cat", language="de"))), "another language"),
        (replace(START, input=Input(image=ImageInput(path="/tmp/x.png"))), "look at x.png"),
        (replace(START, checkpoint="/home/me/gpt"), "open gpt"),
        (replace(START, options={"heads": {"heads": {"order": "entropy"}}}), "options of heads"),
    ],
)
def test_a_step_is_called_after_what_it_changed(after, name):
    assert named(replace(START, options={"heads": {}}), after) == name


def test_what_is_undone_is_called_so():
    masked = replace(START, masked=(1, 2))
    assert named(replace(START, masked=(2,)), START) == "show “cat”"
    assert named(masked, START) == "show all tokens"
    assert named(typed("a", "b"), typed("b", "a")) == "swap the sentences"


@pytest.fixture
def stack(qapp):
    stack = QUndoStack()
    stack.brought = []
    stack.note = lambda kind, before, after: stack.push(
        UndoStep(kind, before, after, named, lambda wanted, now: stack.brought.append((wanted, now)))
    )
    yield stack
    stack.clear()


def test_a_step_is_undone_and_done_again_but_not_done_when_it_is_noted(stack):
    after = typed("a dog")
    stack.note("text", START, after)
    assert stack.brought == []
    stack.undo()
    stack.redo()
    assert stack.brought == [(START, after), (after, START)]


def test_typing_at_once_is_one_step_and_what_comes_to_nothing_is_none(stack, monkeypatch):
    clock = iter((0.0, 0.5, 5.0, 5.5))
    monkeypatch.setattr(steps.time, "monotonic", lambda: next(clock))
    first, second, third = typed("a"), typed("a dog"), typed("a dog b")
    stack.note("text", START, first)
    stack.note("text", first, second)
    assert (stack.count(), stack.undoText()) == (1, "type “a dog”")
    stack.note("text", second, third)  # after a rest
    assert stack.count() == 2
    stack.note("text", third, second)
    assert stack.count() == 1
    stack.undo()
    assert stack.brought == [(START, second)]


def test_steps_without_a_kind_stay_apart(stack):
    stack.note("", START, replace(START, masked=(1,)))
    stack.note("", replace(START, masked=(1,)), replace(START, masked=(1, 2)))
    assert stack.count() == 2


@pytest.fixture
def window(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.fields, window.undone = OwnUndo(window), []
    action = QAction("Undo", window)
    action.setShortcut("Ctrl+Z")
    action.triggered.connect(lambda: window.undone.append(1))
    window.addAction(action)
    return window


@pytest.mark.parametrize("kind", [QLineEdit, QSpinBox])
def test_a_field_undoes_what_was_typed_there_and_leaves_the_rest_to_the_window(window, qtbot, kind):
    field = kind()
    window.setCentralWidget(field)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow())
    field.setFocus()
    line = field if kind is QLineEdit else field.lineEdit()
    line.selectAll()
    QTest.keyClick(field, Qt.Key.Key_7)
    assert line.text() == "7"
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert line.text() != "7"
    assert window.undone == []
    while line.isUndoAvailable():
        QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.undone == [1]


@pytest.mark.parametrize("modifiers", ["ctrl y", "ctrl shift z"])
def test_a_field_does_again_what_it_undid_by_both_keys_while_the_window_has_nothing_to_do(window, qtbot, modifiers):
    field, redo = QLineEdit(), QAction("Redo", window)
    redo.setShortcuts(["Ctrl+Shift+Z", "Ctrl+Y"])
    redo.triggered.connect(lambda: window.undone.append("again"))
    window.addAction(redo)
    window.setCentralWidget(field)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow())
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_7)
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == ""
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    key = (Qt.Key.Key_Y, control) if modifiers == "ctrl y" else (Qt.Key.Key_Z, control | shift)
    QTest.keyClick(field, *key)
    assert field.text() == "7"
    assert window.undone == []
    QTest.keyClick(field, *key)  # which it cannot any more: the window's
    assert window.undone == ["again"]


def test_a_sentence_that_was_asked_about_is_the_windows_to_undo(window, qtbot):
    """Undone in the field it would be one more step, and the next Ctrl+Z would bring it back."""
    line = SentenceLine("sentence_a")
    window.setCentralWidget(line)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow())
    line.setFocus()
    QTest.keyClicks(line, "a dog")
    line.note_asked()
    QTest.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (line.text(), window.undone) == ("a dog", [1])
    QTest.keyClick(line, Qt.Key.Key_S)  # which nobody was asked about
    QTest.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert line.text() != "a dogs"
    assert window.undone == [1]
