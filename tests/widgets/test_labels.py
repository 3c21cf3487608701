"""Read-outs: plain text in a line that can be copied."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QVBoxLayout, QWidget

from widgets.figures.lettering import resized
from widgets.kit import plain
from widgets.kit.labels import CaptionLabel, EmptyLabel, LineLabel, elided, in_lines, shortened
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
    QTest.mouseRelease(field, Qt.MouseButton.LeftButton)  # else the button is held down in all that follows
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


@pytest.mark.qt_log_ignore("This plugin does not support")  # tool tips that are raised
def test_what_its_words_mean_is_looked_up_when_somebody_hovers(line, monkeypatch):
    looked_up = []
    monkeypatch.setattr(plain, "explained", lambda text: looked_up.append(text) or "What it means.")
    line.show_text("2.1 bits")
    assert not looked_up
    field = line.findChild(QLineEdit)
    QApplication.sendEvent(field, QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 1), field.mapToGlobal(QPoint(1, 1))))
    assert "2.1 bits" in QToolTip.text()
    assert "What it means." in QToolTip.text()
    QToolTip.hideText()
    line.setToolTip("of the head")
    assert line.toolTip().startswith("<qt>of the head<br><br>What")


def test_it_follows_the_theme(line):
    line.window().setPalette(DARK.palette())
    field = line.findChild(QLineEdit)
    assert field.palette().color(field.palette().ColorRole.Text) == DARK.ink


def test_a_sentence_in_the_middle_can_be_copied_too(qtbot):
    label = EmptyLabel("empty")
    qtbot.addWidget(label)
    assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse


@pytest.mark.parametrize("n_letters", [90, 70, 60])
def test_of_a_line_that_is_too_long_quotations_are_cut_before_facts(qtbot, n_letters):
    text = f"“{'a very long sentence ' * 20}” · beam search · layer 2, head 3"
    label = LineLabel("caption")
    qtbot.addWidget(label)
    metrics = label.fontMetrics()
    width = n_letters * metrics.averageCharWidth()
    cut = shortened(text, metrics, width)
    assert metrics.horizontalAdvance(cut) <= width
    assert cut.endswith("…” · beam search · layer 2, head 3")
    assert cut.startswith("“a very")


def test_the_longest_quotation_is_cut_first_and_facts_only_after_all(qtbot):
    label = LineLabel("caption")
    qtbot.addWidget(label)
    metrics = label.fontMetrics()
    text = f"“{'long ' * 40}” and “short” · fact"
    assert "“short” · fact" in shortened(text, metrics, 60 * metrics.averageCharWidth())
    tiny = shortened(text, metrics, 12 * metrics.averageCharWidth())
    assert metrics.horizontalAdvance(tiny) <= 12 * metrics.averageCharWidth()
    assert shortened("no quotation at all", metrics, 5000) == "no quotation at all"


def test_of_facts_that_have_no_room_none_is_cut_in_the_middle(qtbot):
    label = LineLabel("numbers")
    qtbot.addWidget(label)
    metrics = label.fontMetrics()
    text = "cat attends most to  ·  mat 0.513  ·  sat 0.217  ·  tired 0.104"
    for n_letters in range(40, 62, 3):
        cut = shortened(text, metrics, n_letters * metrics.averageCharWidth())
        assert cut == text or (cut.endswith("  ·  …") and text.startswith(cut[:-1]))
        assert metrics.horizontalAdvance(cut) <= n_letters * metrics.averageCharWidth()
    long = f"scene 0  ·  {'a large purple bird, ' * 9}"
    cut = shortened(long, metrics, 60 * metrics.averageCharWidth())
    assert cut.startswith("scene 0  ·  a large purple bird, a large")


def test_a_cut_quotation_leaves_no_direction_open(qtbot):
    label = LineLabel("caption")
    qtbot.addWidget(label)
    metrics = label.fontMetrics()
    cut = shortened(f"“\u2068{'word ' * 60}\u2069” · fact", metrics, 50 * metrics.averageCharWidth())
    assert cut.count("\u2068") == cut.count("\u2069") == 1
    assert cut.endswith(" · fact")


def test_facts_within_a_group_are_left_out_one_by_one(qapp):
    metrics = QFontMetrics(qapp.font())
    text = "It takes no system message.  ·  27 tokens · greedy · 234.4 bits · 5.91 tokens a second"
    for rest in (" · 5.91 tokens a second", " · 234.4 bits", " · greedy"):
        text = text.removesuffix(rest)
        assert shortened(f"{text}{rest}", metrics, metrics.horizontalAdvance(f"{text} · …")) == f"{text} · …"
    group = text.removesuffix("  ·  27 tokens")
    assert shortened(text, metrics, metrics.horizontalAdvance(f"{group}  ·  …")) == f"{group}  ·  …"


@pytest.fixture
def caption(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    qtbot.window = window  # kept for the test
    caption = CaptionLabel("caption", window)
    column = QVBoxLayout(window)
    column.addWidget(caption)
    column.addStretch(1)
    window.resize(400, 200)
    window.show()
    return caption


def seen(caption):
    (label,) = (each for each in caption.findChildren(QWidget) if each.isVisible())
    return label.text()


def test_a_caption_takes_a_second_line_where_one_has_no_room(caption, qapp):
    caption.show_text("layer 2, head 3")
    qapp.processEvents()
    one = caption.height()
    assert seen(caption) == "layer 2, head 3"
    words = "rollout of the words of a sentence over all layers of the encoder, of which every second one is shown"
    caption.show_text(words)
    qapp.processEvents()
    assert caption.height() > 1.5 * one
    assert seen(caption).replace("\n", " ") == words
    caption.show_text(words * 5)
    assert seen(caption).endswith("…")
    assert caption.text() == words * 5
    caption.window().resize(2000, 200)
    caption.show_text(words)
    qapp.processEvents()
    assert (caption.height(), seen(caption)) == (one, words)


@pytest.mark.parametrize("points", range(8, 18))
def test_the_second_line_is_whole_in_letters_of_any_size(caption, qapp, points):
    font = caption.font()
    font.setPointSize(points)
    caption.window().setFont(font)
    caption.show_text("a yellow gypsy jumps " * 5)
    qapp.processEvents()
    (label,) = (each for each in caption.findChildren(QWidget) if each.isVisible())
    assert label.text().count("\n") == 1
    assert label.height() >= label.sizeHint().height()


def test_a_caption_that_was_narrow_has_room_for_both_lines(caption, qapp):
    caption.window().resize(80, 200)
    caption.show_text("attention " * 12)
    qapp.processEvents()
    caption.window().resize(400, 200)
    qapp.processEvents()
    (label,) = (each for each in caption.findChildren(QWidget) if each.isVisible())
    assert label.text().count("\n") == 1
    assert label.height() >= label.sizeHint().height()


def test_numbers_that_change_do_not_take_the_second_line_away(caption, qapp):
    qapp.processEvents()
    metrics, width = caption.fontMetrics(), caption.findChild(QLineEdit).width() - 4
    long = "word " * 200
    fits = next(n for n in range(len(long), 0, -1) if metrics.horizontalAdvance(long[:n].strip()) <= width)
    heights = []
    for n in (fits, fits + 12, fits, fits // 2):
        caption.show_text(long[:n].strip())
        qapp.processEvents()
        heights.append(caption.height())
    one, two, still, less = heights
    assert one == less < two == still


def test_what_is_said_of_the_pointer_keeps_its_second_line_so_that_the_picture_stands_still(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    line = CaptionLabel("line", window, keeps_lines=True)
    line.resize(300, 40)
    window.show()
    line.show_text("short")
    one = line.sizeHint().height()
    line.show_text("a number and  ·  another one and  ·  " * 3)
    two = line.sizeHint().height()
    line.show_text("short")
    assert one < two == line.sizeHint().height()
    line.resize(900, 40)
    assert line.sizeHint().height() == one


def test_two_lines_lose_nothing_and_begin_with_no_space(qtbot):
    label = CaptionLabel("caption")
    qtbot.addWidget(label)
    metrics = label.fontMetrics()
    text = "cat attends most to  ·  mat 0.513  ·  sat 0.217  ·  tired 0.104"
    for n_letters in range(36, 60):
        two = in_lines(text, metrics, n_letters * metrics.averageCharWidth())
        assert two.replace("·", " ").split() == text.replace("·", " ").split()
        assert all(line == line.strip() for line in two.split("\n"))
    assert in_lines("w" * 300, metrics, 100).endswith("…")
    facts, width = "one fact  ·  another one  ·  a third", metrics.horizontalAdvance("one fact  ·  another one  ·  a")
    assert in_lines(facts, metrics, width) == "one fact  ·  another one\na third"
    assert in_lines(f"a fact  ·  {'b ' * 12}b", metrics, metrics.horizontalAdvance("b " * 10)).startswith(
        "a fact  ·  b"
    )


def test_a_text_takes_as_many_lines_as_it_may(qtbot):
    label = CaptionLabel("caption")
    qtbot.addWidget(label)
    metrics = label.fontMetrics()
    text = "scene 0, drawn at 64 × 64  ·  a large purple bird, a small yellow balloon, a small green cup"
    width = metrics.horizontalAdvance("scene 0, drawn at 64 ×")  # where it must not be broken
    lines = in_lines(text, metrics, width, 8).split("\n")
    assert " ".join(lines).replace("·", " ").split() == text.replace("·", " ").split()
    assert all(metrics.horizontalAdvance(line) <= width for line in lines)
    assert lines[:2] == ["scene 0, drawn at", "64 × 64  ·  a large"]
    assert lines[-1] == "green cup"  # a line that has room is not broken
    share = in_lines("which keep 36 % of their variance", metrics, metrics.horizontalAdvance("which keep 36 "))
    assert share == "which keep\n36 % of their…"
    three = in_lines(text, metrics, width, 3)
    assert len(three.split("\n")) == 3
    assert three.endswith("…")


def test_a_line_more_that_costs_some_width_does_not_come_and_go(caption, qapp):
    """Else a second line that brings a bar with it would be laid out without end."""
    caption.show_text(("word " * 30).strip())

    def n_lines(width):
        caption.window().resize(width, 200)
        qapp.processEvents()
        return 1 + seen(caption).count("\n")

    broken = next(width for width in range(2000, 200, -1) if n_lines(width) == 2)
    assert n_lines(broken + 20) == 2
    assert n_lines(broken + 60) == 1


def test_what_was_broken_in_large_letters_is_one_line_in_small_ones(caption, qapp):
    caption.show_text(("word " * 30).strip())
    caption.window().resize(2000, 200)
    qapp.processEvents()
    font, metrics = caption.font(), caption.fontMetrics()
    caption.window().resize(round(1.05 * metrics.horizontalAdvance(caption.text())) + 60, 200)
    qapp.processEvents()
    for factor, n_lines in ((1.0, 1), (1.6, 2), (1.0, 1)):
        caption.setFont(resized(font, factor))
        qapp.processEvents()
        assert 1 + seen(caption).count("\n") == n_lines


def test_no_number_is_cut(qapp):
    metrics = QFontMetrics(QApplication.font())
    text = "The text has 12,345.5 tokens; at most 512 are read."
    for n in range(8, len(text) + 1):
        shown = elided(text, metrics, metrics.horizontalAdvance(text[:n] + "…"))
        assert set(re.findall(r"[\d.,]*\d", shown)) <= {"12,345.5", "512"}, shown
    assert elided(text, metrics, metrics.horizontalAdvance("The text has 12,3…")) == "The text has…"
    assert elided(text, metrics, metrics.horizontalAdvance(text)) == text


def test_no_word_is_cut_where_there_are_others(qapp):
    metrics = QFontMetrics(QApplication.font())
    text = "Regions to text: 2 layers of 4 heads; float16 in the file."
    for n in range(24, len(text)):
        shown = elided(text, metrics, metrics.horizontalAdvance(text[:n] + "…"))
        assert set(shown.removesuffix("…").split()) <= set(text.split()), shown
    path = "/a/very/long/path/of/some/file.bin"
    assert elided(path, metrics, metrics.horizontalAdvance(path[:20] + "…")) == path[:20] + "…"
