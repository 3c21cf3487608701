"""Some letters of some words find what can be done, the best first."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QWidget

from app.window.actions import COMMANDS
from app.window.finding.finding import ALSO
from app.window.finding.matching import Find, ranked
from app.window.finding.palette import Palette

FINDS = [
    Find("Copy picture", "Edit", "Ctrl+Shift+C"),
    Find("Copy numbers", "Edit", "Ctrl+Alt+C"),
    Find("Dark theme", "View › Theme"),
    Find("Open dark-bert", "Checkpoint"),
    Find("Classes", "View › Show", why_off="Classes is off: it reads no images."),
    Find("Attention", "View › Show", "Ctrl+2"),
]


def titles(typed):
    return [find.title for find in ranked(typed, FINDS)]


def test_words_are_found_in_any_order_at_their_beginning_within_and_letter_by_letter():
    assert titles("num cop") == ["Copy numbers"]
    assert titles("dark") == ["Dark theme", "Open dark-bert"]
    assert titles("theme") == ["Dark theme"]
    assert titles("atn") == ["Attention"]
    assert titles("show att") == ["Attention"]
    assert titles("xyz") == []


@pytest.mark.parametrize("typed", ["pciture", "pictre", "pictture", "pixture", "coyp pict", "picure cpoy"])
def test_a_slip_of_the_fingers_finds_it_all_the_same(typed):
    assert titles(typed)[0] == "Copy picture"


def test_what_was_typed_without_a_slip_stands_first():
    finds = [Find("Read heads"), Find("Next head"), Find("Heat map")]
    assert [find.title for find in ranked("head", finds)] == ["Next head", "Read heads", "Heat map"]
    assert ranked("haed", finds)[0].title == "Next head"


def test_letters_that_are_scattered_over_a_long_text_are_no_word():
    sample = Find("She put the flowers in a vase. / The doctor told him to stay in bed.", "Sample text")
    assert [find.title for find in ranked("pritn", [sample, Find("Print", "File")])] == ["Print"]


def test_where_no_name_has_all_words_those_that_have_most_are_found():
    assert titles("print numbers") == ["Copy numbers"]
    assert titles("dark picture") == ["Dark theme", "Copy picture", "Open dark-bert"]


def test_what_other_programs_call_a_command_finds_it():
    assert {*ALSO} <= {command.name for command in COMMANDS}
    assert titles("quit") == []
    assert ranked("quit", [*FINDS, Find("Close", "File", also=ALSO["leaving.close"])])[0].title == "Close"


def test_what_is_called_as_was_typed_stands_first_also_where_it_cannot_be_done():
    off = Find("Caption", why_off="This model reads texts.")
    assert ranked("caption", [Find("Caption line in exports"), off])[0] is off


def test_nothing_typed_finds_all_and_what_cannot_be_done_comes_last():
    assert titles("") == [*(find.title for find in FINDS if not find.why_off), "Classes"]
    assert titles("cl")[-1] == "Classes"


@pytest.fixture
def dialog(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = Palette(FINDS, parent)
    dialog.show()
    yield dialog
    dialog.close()


def test_the_arrow_keys_choose_and_enter_takes_it(dialog):
    line = dialog.findChild(QWidget, "palette_line")
    QTest.keyClicks(line, "copy")
    assert [find.title for find in dialog.found] == ["Copy picture", "Copy numbers"]
    QTest.keyClick(line, Qt.Key.Key_Down)
    QTest.keyClick(line, Qt.Key.Key_Down)  # there is no further one
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.chosen().title == "Copy numbers"


def test_what_cannot_be_done_says_why_and_is_not_taken(dialog):
    line = dialog.findChild(QWidget, "palette_line")
    QTest.keyClicks(line, "classes")
    item = dialog.findChild(QWidget, "palette_list").item(0)
    assert item.toolTip() == "Classes is off: it reads no images."
    assert "reads no images" in item.data(Qt.ItemDataRole.AccessibleTextRole)
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert dialog.result() != QDialog.DialogCode.Accepted
    assert dialog.isVisible()


def test_where_nothing_is_found_a_sentence_says_so(dialog):
    QTest.keyClicks(dialog.findChild(QWidget, "palette_line"), "zzz")
    assert dialog.findChild(QLabel, "palette_none").text().startswith("Nothing is called “zzz”")
    assert dialog.chosen() is None
