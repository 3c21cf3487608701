"""The screen of a widget is found without asking the widget."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from widgets.look.screens import screen_of

ROOT = Path(__file__).parents[2]


def test_a_widget_is_on_the_screen_that_its_window_is_on(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    child = QWidget(window)
    window.setGeometry(10, 10, 40, 40)
    assert screen_of(child) is QGuiApplication.primaryScreen()
    window.move(-5000, -5000)
    assert screen_of(child) is QGuiApplication.primaryScreen()


def test_no_widget_is_asked_for_its_screen():
    """PySide deletes what that gives with the widget: the next window ended the process."""
    files = [file for folder in ("app", "widgets") for file in (ROOT / folder).rglob("*.py")]
    assert [file.name for file in files if re.search(r"\.screen\(\)", file.read_text(encoding="utf-8"))] == []
