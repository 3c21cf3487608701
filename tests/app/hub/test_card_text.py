"""A card is foreign text: nothing in it fetches, runs or hangs, and what people write in cards is shown."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFont, QTextCursor, QTextFormat

from app.hub.card_text import MOST_LETTERS, card_markdown
from widgets.kit.plain import OwnPage

CARD = """# BERT
<p align="center"><img src="https://evil.example/x.png"></p>
<!-- hidden
![a](b) -->
![A drawing of BERT](https://evil.example/y.png) ![](z.png)

Trained on **books** and [Wikipedia](https://en.wikipedia.org).

| layers | heads |
|---|---|
| 12 | 12 |
"""


@pytest.fixture
def page(qtbot):
    page = OwnPage("Card")
    qtbot.addWidget(page)
    return page


def test_a_card_is_shown_without_html_and_images(page):
    asked = []
    page.loadResource = lambda kind, name: asked.append(QUrl(name))
    page.show_markdown(card_markdown(CARD))
    text = page.toPlainText()
    assert text.startswith("BERT\n(image: A drawing of BERT) (image)\nTrained on books and Wikipedia.\n")
    assert text.split()[-4:] == ["layers", "heads", "12", "12"]
    assert "evil" not in page.toHtml()
    assert asked == []


N = 60_000
MANY = {
    "brackets": "[" * N,
    "stars": "*a" * N,
    "table": "|a" * N + "\n" + "|-" * N,
    "rows": "|a|b|\n|-|-|\n" + "|a|b|\n" * N,
    "angles": "<" * N,
    "lines": "_a" * N,
    "images": "![a](http://x/y.png)\n\n" * N,
    "open images": "![" * N,
    "quotes": ">" * N,
    "comments": "<!--" * N,
}


@pytest.mark.parametrize("name", MANY)
def test_no_card_holds_up_the_window(page, name):
    begin = time.process_time()
    page.show_markdown(card_markdown(MANY[name]))
    page.document().size()
    assert time.process_time() - begin < 5
    assert len(card_markdown(MANY[name])) <= 2 * MOST_LETTERS + 10


def test_control_characters_are_told():
    assert card_markdown("a\x1b[31m\u202eb") == "a‹ESC›[31m‹RLO›b"


def test_headings_are_large_and_first_rows_of_tables_bold_throughout(qtbot):
    page = OwnPage("Card")
    qtbot.addWidget(page)
    page.show_markdown("# A **card**\n\n```python\nx\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end.")
    document = page.document()
    ends = [QTextCursor(document) for _ in range(2)]
    for cursor, n in zip(ends, (1, 4), strict=True):
        cursor.setPosition(n)
    assert [one.charFormat().property(QTextFormat.Property.FontSizeAdjustment) for one in ends] == [3, 3]
    (table,) = document.rootFrame().childFrames()
    cells = [table.cellAt(row, column).firstCursorPosition() for row, column in ((0, 0), (0, 1), (1, 0))]
    assert cells[0].blockFormat() == cells[1].blockFormat()
    assert [one.block().text() for one in cells] == ["a", "b", "1"]
    for cell in cells:
        cell.movePosition(QTextCursor.MoveOperation.NextCharacter)
    assert [one.charFormat().fontWeight() >= QFont.Weight.Bold for one in cells] == [True, True, False]
