"""Without a status line, answers and warnings are seen over the views for some seconds."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from app.window.presenting import notice as notice_module
from app.window.presenting.notice import Notice
from widgets.panels.status_line import StatusLine


@pytest.fixture
def line():
    return StatusLine()


@pytest.fixture
def window(qtbot, line):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.statusBar().addWidget(line, 1)
    window.resize(700, 400)
    window.show()
    return window


def test_it_is_shown_only_where_the_status_line_is_not_and_goes_by_itself(qtbot, window, line, monkeypatch):
    monkeypatch.setattr(notice_module, "SHOWN_FOR", 50)
    notice = Notice(line, window)
    line.show_message("Saved.", is_warning=False)
    assert not notice.isVisible()
    window.statusBar().hide()
    line.show_message("Saved again.", is_warning=False)
    assert notice.isVisible()
    assert notice.text() == "Saved again."
    qtbot.waitUntil(lambda: not notice.isVisible())


def test_it_goes_when_its_sentence_does_not_hold_any_more_or_the_status_line_comes_back(window, line):
    notice = Notice(line, window)
    window.statusBar().hide()
    line.show_message("The text is too long.", about="input")
    assert notice.text() == "⚠ The text is too long."
    line.settle("export")
    assert notice.isVisible()
    line.settle("input")
    assert not notice.isVisible()
    line.show_message("The text is too long.", about="input")
    window.statusBar().show()
    assert not notice.isVisible()


def test_a_long_sentence_is_seen_whole_within_the_window_and_the_mouse_goes_through(window, line):
    notice = Notice(line, window)
    window.statusBar().hide()
    line.show_message("A folder that has a long name. " * 12)
    assert window.rect().contains(notice.geometry())
    assert notice.heightForWidth(notice.width()) <= notice.height()
    window.resize(500, 300)
    assert window.rect().contains(notice.geometry())
    assert notice.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
