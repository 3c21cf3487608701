"""Read-outs: plain text in a line that can be copied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from widgets.kit.labels import EmptyLabel, LineLabel
from widgets.look.theme import DARK


@pytest.fixture
def line(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    qtbot.window = window  # kept for the test
    line = LineLabel("read-out", window)
    QVBoxLayout(window).addWidget(line)
    window.resize(400, 60)
    window.show()
    window.activateWindow()
    return line


def test_what_it_says_can_be_selected_and_copied_and_not_changed(line):
    line.show_text("0.2345 of <b>it</b>")
    field = line.findChild(QLineEdit)
    QTest.mouseDClick(field, Qt.MouseButton.LeftButton, pos=QPoint(8, field.height() // 2))
    assert field.selectedText()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "0.2345 of <b>it</b>"
    QTest.keyClicks(field, "9")
    assert line.text() == "0.2345 of <b>it</b>"


def test_a_long_text_widens_nothing_and_is_whole_in_the_tool_tip(line):
    before = line.window().minimumSizeHint()
    line.show_text("word < " * 200)
    assert line.window().minimumSizeHint() == before
    assert line.toolTip().count("&lt;") == 200


def test_it_follows_the_theme(line):
    line.window().setPalette(DARK.palette())
    field = line.findChild(QLineEdit)
    assert field.palette().color(field.palette().ColorRole.Text) == DARK.ink


def test_a_sentence_in_the_middle_can_be_copied_too(qtbot):
    label = EmptyLabel("empty")
    qtbot.addWidget(label)
    assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
