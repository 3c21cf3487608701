"""Names of tabs."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtWidgets import QStyle, QStyleOptionTab, QWidget

from widgets.look.tabs import Tabs

HOUSE = Path(__file__).parents[2]


def test_letters_of_tabs_behind_are_whole(qtbot, qapp):
    pages = Tabs()
    qtbot.addWidget(pages)
    for name in ("Runs", "Learning rate"):
        pages.addTab(QWidget(), name)
    bar = pages.tabBar()
    for index in range(2):
        option = QStyleOptionTab()
        bar.initStyleOption(option, index)
        room = bar.style().subElementRect(QStyle.SubElement.SE_TabBarTabText, option, bar)
        assert room.height() >= bar.fontMetrics().height(), pages.tabText(index)


def test_only_the_page_in_front_asks_for_its_height(qtbot):
    pages = Tabs()
    qtbot.addWidget(pages)
    for height in (100, 500):
        page = QWidget()
        page.setMinimumHeight(height)
        pages.addTab(page, str(height))
    line = pages.tabBar().sizeHint().height()
    assert pages.minimumSizeHint().height() == pages.heightForWidth(300) == 100 + line
    pages.setCurrentIndex(1)
    assert pages.minimumSizeHint().height() == 500 + line


def test_there_are_no_others():
    others = re.compile(r"= Q(?:TabWidget|TabBar)\(|class \w+\(Q(?:TabWidget|TabBar)\)")
    for folder in ("app", "widgets"):
        for file in (HOUSE / folder).rglob("*.py"):
            if file.name != "tabs.py":
                assert not others.search(file.read_text("utf-8")), file
