"""Foreign text is shown as text: no HTML, no control characters, no sentence turned round."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMessageBox, QWidget

from app.__main__ import main
from widgets.kit.clean import clean, isolated, shown
from widgets.kit.labels import LineLabel
from widgets.kit.plain import (
    OwnPage,
    PlainLabel,
    ask_plain,
    plain_progress,
    plain_tip,
    show_own_page,
    show_plain_message,
)
from widgets.look.letters import resized

HTML = 'X<img src="file:///dev/zero"><b>bold</b>'
ARABIC = "\u0645\u0631\u062d\u0628\u0627"


def seen(tip: str) -> str:
    """What a tool tip shows."""
    if "<" not in tip:
        return tip
    document = QTextDocument()
    document.setHtml(tip)
    return document.toPlainText()


@pytest.mark.parametrize("make", [lambda: PlainLabel(HTML), lambda: PlainLabel(HTML, None), lambda: set_later()])
def test_a_label_shows_html_as_it_is(qtbot, make):
    label = make()
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == HTML


def set_later() -> PlainLabel:
    label = PlainLabel(None)
    label.setText(HTML)
    return label


def test_per_cent_stays_with_its_number_where_lines_are_broken(qtbot):
    label = PlainLabel("often (34 %)")
    qtbot.addWidget(label)
    assert label.text() == "often (34 %)"
    label.setWordWrap(True)
    label.setText("often (34 %)")
    assert label.text() == "often (34\N{NO-BREAK SPACE}%)"


def test_a_line_shows_html_as_it_is(qtbot):
    line = LineLabel("name")
    qtbot.addWidget(line)
    line.show_text(HTML)
    assert line.text() == HTML
    assert seen(line.toolTip()) == HTML


@given(st.text() | st.just(HTML) | st.just("a & b < c > d &amp; <qt>"))
def test_a_tool_tip_shows_any_text_as_it_is(text):
    expected = shown(text)
    if "<" in expected:
        expected = " ".join(expected.split())
    assert " ".join(seen(plain_tip(text)).split()) == " ".join(expected.split())
    assert "<img" not in plain_tip(text)


def test_a_message_shows_html_as_it_is(qtbot):
    found = []

    def look() -> None:
        (box,) = (widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMessageBox))
        found.extend((box.text(), box.textFormat()))
        box.close()

    QTimer.singleShot(0, look)
    show_plain_message(None, "Messages", HTML)
    assert found == [HTML, Qt.TextFormat.PlainText]


@pytest.mark.parametrize(
    "show",
    [
        lambda window: show_plain_message(window, "Messages", HTML),
        lambda window: ask_plain(window, "question", "Delete", HTML, "Yes"),
    ],
)
def test_a_message_that_was_read_does_not_stay_with_its_window(qtbot, show):
    window = QWidget()
    qtbot.addWidget(window)
    QTimer.singleShot(0, lambda: window.findChild(QMessageBox).close())
    show(window)
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is None)


@pytest.mark.parametrize("n_lines", [3, 400])
def test_a_page_of_our_own_is_no_taller_than_the_screen_and_scrolls(qtbot, n_lines):
    found = []

    def look() -> None:
        (dialog,) = (widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "own_page")
        bar = dialog.findChild(OwnPage).verticalScrollBar()
        found.extend((dialog.screen().availableGeometry().contains(dialog.rect()), bar.maximum() > 0))
        dialog.close()

    QTimer.singleShot(0, look)
    show_own_page(None, "Keys", "<p>one line</p>" * n_lines)
    assert found == [True, n_lines > 100]


def test_progress_shows_html_as_it_is(qtbot):
    dialog = plain_progress(None)
    qtbot.addWidget(dialog)
    dialog.setLabelText(HTML)
    (label,) = dialog.findChildren(QLabel)
    assert label.textFormat() == Qt.TextFormat.PlainText


@given(st.text())
def test_what_is_shown_has_no_character_that_acts(text):
    acting = {sign for sign in shown(text) if unicodedata.category(sign) in ("Cc", "Cs")} | {"\u202e", "\u202d"}
    assert not (acting - {"\n"}) & set(shown(text))
    assert shown(shown(text)) == shown(text)


def test_escape_sequences_and_overrides_are_symbols():
    assert shown("a\x1b[31m\u202eb\nc") == "a‹ESC›[31m‹RLO›b\nc"


def test_only_what_runs_from_right_to_left_is_isolated():
    assert isolated("it") == "it"
    assert isolated(ARABIC) == f"\u2068{ARABIC}\u2069"
    assert isolated(f"{ARABIC}\u2069\u202e") == f"\u2068{ARABIC}‹PDI›‹RLO›\u2069"  # it cannot leave its place
    assert shown(isolated(ARABIC)) == isolated(ARABIC)
    assert clean(ARABIC) == ARABIC


def test_an_arabic_token_does_not_turn_a_sentence_round(qtbot):
    """Laid out, the number stays left of the token and the arrow right of it."""
    from PySide6.QtGui import QFont, QTextLayout

    def places(word: str) -> list[float]:
        text = f"8 · {word} → 9"
        layout = QTextLayout(text, QFont())
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(10_000)
        layout.endLayout()
        return [line.cursorToX(text.index(sign))[0] for sign in ("8", "→", "9")]  # type: ignore[index]

    turned = places(ARABIC + " 7")
    assert places(isolated(ARABIC)) == sorted(places(isolated(ARABIC)))
    assert turned


def test_the_terminal_shows_symbols(capsys):
    assert main(["inspect", "no\x1b[31m\u202ewhere"]) == 2
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "neither a folder" in said


def test_a_label_with_a_shortcut_is_wide_enough_for_its_last_letter(qtbot):
    line = QLineEdit()
    label = PlainLabel("&Target")
    for widget in (line, label):
        qtbot.addWidget(widget)
    label.setBuddy(line)
    label.setFont(resized(label.font(), 1.8))
    hint = label.sizeHint()
    assert label.minimumSizeHint() == hint
    label.resize(hint)
    narrow = label.grab().toImage()
    label.resize(hint.width() + 20, hint.height())
    wide = label.grab().toImage()
    assert narrow == wide.copy(narrow.rect())
    ground = wide.pixel(wide.width() - 1, 0)
    assert {wide.pixel(x, y) for x in range(narrow.width(), wide.width()) for y in range(wide.height())} == {ground}
