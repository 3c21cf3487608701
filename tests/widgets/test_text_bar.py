"""The input bar: sentences, pairs, token ids, chips and masks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QToolTip, QWidget

from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import TextInput
from tests.factories import make_checkpoint_info, make_tokens
from tests.places import at, index_of
from widgets.panels.gallery import Gallery
from widgets.panels.text_bar import TextBar
from widgets.panels.token_row import MAX_CHIPS
from widgets.selection import Selection


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def bar(qtbot, selection):
    bar = TextBar(selection, ("One.", "First.\nSecond."))
    qtbot.addWidget(bar)
    bar.resize(900, 200)
    bar.show()
    return bar


def test_typing_asks_once_when_it_pauses(bar, qtbot):
    asked = []
    bar.input_changed.connect(asked.append)
    with qtbot.waitSignal(bar.input_changed):
        qtbot.keyClicks(bar.first, "a cat")
    assert asked == [TextInput("a cat")]


def test_enter_asks_at_once(bar, qtbot):
    qtbot.keyClicks(bar.second, "b")
    with qtbot.waitSignal(bar.input_changed, timeout=100) as blocker:
        qtbot.keyClick(bar.second, Qt.Key.Key_Return)
    assert blocker.args == [TextInput("", "b")]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("5 17, 3", TextInput(token_ids=(5, 17, 3))),
        ("[5;17]", TextInput(token_ids=(5, 17))),
        ("-1 99", TextInput(token_ids=(-1, 99))),
        ("a cat", TextInput("a cat")),
        ("", TextInput("")),
    ],
)
def test_without_a_tokenizer_numbers_are_ids(bar, typed, expected):
    bar.set_text(typed, "kept")
    bar.set_checkpoint(replace(make_checkpoint_info(), has_tokenizer=False))
    assert bar.input() == expected
    bar.set_checkpoint(make_checkpoint_info())
    assert bar.input() == TextInput(typed, "kept")  # nothing typed is lost


def test_a_sample_fills_both_sentences(bar, qtbot):
    menu = bar._samples.menu()
    with qtbot.waitSignal(bar.input_changed) as blocker:
        menu.actions()[1].trigger()
    assert blocker.args == [TextInput("First.", "Second.")]


def test_what_was_typed_comes_back_after_a_sample(bar, qtbot):
    qtbot.keyClicks(bar.first, "mine")
    bar._samples.menu().actions()[0].trigger()
    assert bar.first.text() == "One."
    qtbot.keySequence(bar.first, "Ctrl+Z")
    assert bar.first.text() == "mine"


@pytest.fixture
def chips(bar):
    chips = bar.token_row.chips
    chips.set_tokens(make_tokens("[CLS] the cat sat [SEP]"), can_mask=True)
    return chips


def middle(chips, position) -> QPoint:
    return chips.chip(position).center().toPoint()


def test_a_click_selects_the_token(chips, selection, qtbot):
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=middle(chips, 2))
    assert index_of(selection.now.query) == 2


class Painted(QObject):
    """The regions of a widget that are painted."""

    def __init__(self, widget) -> None:
        super().__init__(widget)
        self.regions = []
        widget.installEventFilter(self)

    def eventFilter(self, _widget, event) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.regions.append(event.region())
        return False


def test_another_token_paints_two_chips_and_another_head_none(chips, bar, selection, qtbot):
    qtbot.addWidget(bar)
    bar.show()
    selection.update(query=at(1))
    qtbot.wait(20)
    painted = Painted(chips)
    selection.update(query=at(3))
    qtbot.waitUntil(lambda: bool(painted.regions))
    centres = [chips.chip(i).center().toPoint() for i in range(5)]
    assert [any(region.contains(centre) for region in painted.regions) for centre in centres] == [0, 1, 0, 1, 0]
    painted.regions.clear()
    selection.update(head=2)
    qtbot.wait(20)
    assert not painted.regions


def test_a_special_token_says_on_hover_what_it_is(chips, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, _widget: told.append(text))
    for position in (0, 1):
        qtbot.mouseMove(chips, middle(chips, position))
    assert "[CLS]: A token put first" in told[0]
    assert told[1].startswith("token 1")
    assert "<br>" not in told[1]


def test_a_double_click_or_m_asks_to_mask_but_not_special_tokens(chips, bar, selection, qtbot):
    asked = []
    bar.mask_toggled.connect(asked.append)
    qtbot.mouseDClick(chips, Qt.MouseButton.LeftButton, pos=middle(chips, 3))
    qtbot.mouseDClick(chips, Qt.MouseButton.LeftButton, pos=middle(chips, 0))
    selection.update(query=at(1))
    qtbot.keyClick(chips, Qt.Key.Key_M)
    assert asked == [3, 1]


def test_arrows_walk_and_stop_at_the_ends(chips, selection, qtbot):
    for _ in range(9):
        qtbot.keyClick(chips, Qt.Key.Key_Right)
    assert index_of(selection.now.query) == 4
    for _ in range(9):
        qtbot.keyClick(chips, Qt.Key.Key_Left)
    assert index_of(selection.now.query) == 0


def test_chips_wrap_and_never_overlap(chips):
    words = " ".join(["extraordinary"] * 40)
    chips.set_tokens(make_tokens(words))
    boxes = [chips.chip(i) for i in range(40)]
    assert max(box.right() for box in boxes) <= chips.width()
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert boxes[-1].bottom() <= chips.minimumHeight()


def test_a_sentence_says_why_there_are_no_tokens(chips):
    chips.set_tokens(None, "The text has 612 tokens; bert-mini takes at most 128.")
    assert "612" in chips.accessibleDescription()


def test_what_is_bundled_is_listed_by_name_whichever_opens_at_first(qtbot):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.set_checkpoints(("bert-mini", "beit-scenes", "bert-mini-polarity", "vit-scenes"), (), "vit-scenes")
    shown = gallery._list
    names = [shown.item(row).text().split()[0] for row in range(1, shown.count())]
    assert names == ["beit-scenes", "bert-mini", "bert-mini-polarity", "vit-scenes"]


def test_headings_of_the_gallery_grow_with_its_letters_and_no_bundled_name_is_broken(qtbot):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.set_checkpoints(("oscar-scenes-no-tags",), (), "oscar-scenes-no-tags")
    size, width = gallery._list.item(0).font().pointSizeF(), gallery._list.minimumWidth()
    font = gallery.font()
    font.setPointSizeF(2 * font.pointSizeF())
    gallery.setFont(font)
    assert gallery._list.item(0).font().pointSizeF() == pytest.approx(2 * size)
    assert gallery._list.minimumWidth() > 1.8 * width


def test_the_gallery_opens_what_is_clicked(qtbot, tmp_path):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.resize(200, 400)
    gallery.show()
    gallery.set_checkpoints(("bert-mini",), (str(tmp_path), "/gone/away"), "bert-mini")
    texts = [gallery._list.item(i).text() for i in range(gallery._list.count())]
    assert texts == ["BUNDLED", "bert-mini  ●", "RECENT", tmp_path.name, "away"]
    item = gallery._list.item(3)
    with qtbot.waitSignal(gallery.open_requested) as blocker:
        where = gallery._list.visualItemRect(item).center()
        qtbot.mouseClick(gallery._list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert blocker.args == [str(tmp_path)]
    assert "not found" in gallery._list.item(4).toolTip()


LONG = "the cat sat on the mat . " * 400


def test_a_long_text_is_shown_by_its_beginning_and_its_length(bar):
    bar.set_text(LONG, "b")
    assert bar.input() == TextInput(LONG, "b")
    assert bar.first.text() == "the cat sat on the mat . the c…  (2,800 words)"
    bar.swap()
    assert bar.input() == TextInput("b", LONG)


def test_lines_of_a_short_text_are_kept_too(bar):
    bar.set_text("first line\nsecond line")
    assert bar.input() == TextInput("first line\nsecond line")


@pytest.mark.parametrize("width", [900, 560])
def test_the_length_of_a_long_text_is_not_cut_by_the_button_that_clears_it(bar, width):
    bar.first.set_value(LONG)
    bar.resize(width, 200)
    bar.layout().activate()
    line, shown = bar.first, bar.first.text()
    assert shown.endswith("…  (2,800 words)")
    assert LONG.startswith(shown.partition("…")[0])
    (button,) = line.findChildren(QAbstractButton)
    assert line.fontMetrics().horizontalAdvance(shown) < button.x()
    assert line.cursorPosition() == 0


def test_typing_over_a_long_text_replaces_it(bar, qtbot):
    bar.set_text(LONG)
    bar.first.selectAll()
    with qtbot.waitSignal(bar.input_changed) as asked:
        qtbot.keyClicks(bar.first, "a dog")
    assert asked.args == [TextInput("a dog")]
    assert not bar.first.is_long


def test_what_is_shown_of_a_long_text_is_no_text_of_its_own(bar, qtbot):
    bar.set_text(LONG)
    shown = bar.first.text()
    with qtbot.assertNotEmitted(bar.input_changed, wait=10):
        bar.first.setCursorPosition(5)
        qtbot.keyClick(bar.first, Qt.Key.Key_X)
    assert bar.first.text() == shown
    assert bar.input() == TextInput(LONG)
    bar.first.selectAll()
    qtbot.keyClick(bar.first, Qt.Key.Key_Delete)
    assert bar.input() == TextInput("")


def test_a_long_paste_becomes_a_long_text(bar, qtbot):
    QGuiApplication.clipboard().setText(LONG * 5)
    with qtbot.waitSignal(bar.input_changed) as asked:
        qtbot.keyClick(bar.first, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == [TextInput(LONG * 5)]  # more than a line edit holds by itself
    assert bar.first.is_long


def test_undoing_in_the_line_never_takes_the_beginning_of_a_long_text_for_a_text(bar, qtbot):
    qtbot.keyClicks(bar.first, "a dog")
    QGuiApplication.clipboard().setText(LONG)
    bar.first.selectAll()
    qtbot.keyClick(bar.first, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert bar.first.is_long
    assert not bar.first.isUndoAvailable()  # the window's undo comes instead
    bar.first.selectAll()
    qtbot.keyClick(bar.first, Qt.Key.Key_Delete)
    bar.first.undo()
    assert bar.input() == TextInput("")


def test_a_long_text_can_be_opened_in_its_editor(bar, qtbot):
    with qtbot.waitSignal(bar.editor_requested):
        qtbot.mouseClick(bar.findChild(object, "open_text"), Qt.MouseButton.LeftButton)
    bar.set_text(LONG)
    with qtbot.waitSignal(bar.editor_requested):
        qtbot.mouseDClick(bar.first, Qt.MouseButton.LeftButton)


def test_tokens_without_a_chip_are_counted(bar):
    bar.token_row.chips.set_tokens(make_tokens("word " * (MAX_CHIPS + 1234)))
    assert bar.token_row.chips._rest() == "… and 1,234 more"
    assert not bar.grab().isNull()


def test_languages_and_parts_are_offered_where_there_is_a_choice(bar):
    source, target, part, start = (
        bar.findChild(QWidget, name) for name in ("source_language", "target_language", "text_part", "text_start")
    )
    bar.set_checkpoint(make_checkpoint_info())
    assert not any(box.isVisible() for box in (source, target, part, start))
    bar.set_checkpoint(replace(make_checkpoint_info(), languages=("de_DE", "en_XX")))
    bar.set_text("the cat")
    assert source.isVisible()
    assert (bar.input().language, bar.input().start) == ("", None)
    target.setCurrentIndex(target.findData("de_DE"))
    bar.offer_parts(is_too_long=True)
    part.setCurrentIndex(part.findData(-1))
    assert (bar.input().language_pair, bar.input().start) == ("de_DE", -1)
    part.setCurrentIndex(part.findData(1))
    part.activated.emit(part.currentIndex())
    start.setValue(40)
    assert bar.input().start == 40
    wanted = TextInput("the dog", language="en_XX", start=0)
    bar.set_input(wanted)
    assert bar.input() == wanted
    bar.offer_parts(is_too_long=False)
    assert part.isVisible()  # as long as a part is chosen


def test_languages_are_called_by_their_names(bar):
    bar.set_checkpoint(replace(make_checkpoint_info(), languages=("zho_Hant", "fra_Latn", "en_XX", "xx")))
    box = bar.findChild(QComboBox, "target_language")
    assert [box.itemText(i) for i in range(1, box.count())] == [
        "Chinese (zho_Hant)", "English (en_XX)", "French (fra_Latn)", "xx",
    ]  # fmt: skip
    assert [box.itemData(i) for i in range(1, box.count())] == ["zho_Hant", "en_XX", "fra_Latn", "xx"]


WRITTEN = TextInput("the cat", "le chat", target_ids=(1, 5, 6, 2))


def test_a_target_that_came_from_elsewhere_keeps_its_tokens(bar, qtbot):
    bar.set_input(WRITTEN)
    assert bar.input() == WRITTEN
    bar.second.end(False)
    qtbot.keyClicks(bar.second, "s")
    assert bar.input() == TextInput("the cat", "le chats")


def test_it_goes_with_its_source_but_what_was_typed_stays(bar, qtbot):
    bar.set_input(WRITTEN)
    bar.first.end(False)
    qtbot.keyClicks(bar.first, "s")
    assert bar.input() == TextInput("the cats")
    qtbot.keyClicks(bar.second, "les chats")
    qtbot.keyClicks(bar.first, "!")
    assert bar.input() == TextInput("the cats!", "les chats")


def test_what_goes_on_with_a_text_leaves_the_second_sentence_as_it_was_typed(bar, qtbot):
    bar.set_checkpoint(replace(make_checkpoint_info(), capabilities=("generation",)))
    bar.set_input(TextInput("the cat", "le chat", target_ids=(1, 5, 6, 2)))
    bar.first.end(False)
    qtbot.keyClicks(bar.first, "s")
    assert bar.input() == TextInput("the cats", "le chat")
    bar.set_checkpoint(replace(make_checkpoint_info(), has_tokenizer=False, capabilities=("generation",)))
    written = TextInput(token_ids=(5, 6), target_ids=(5, 6, 9))
    bar.set_input(written)
    assert bar.input() == written
    bar.first.end(False)
    qtbot.keyClicks(bar.first, " 7")
    assert bar.input() == TextInput(token_ids=(5, 6, 7))


def test_it_goes_with_its_checkpoint_and_its_language(bar):
    bar.set_input(WRITTEN)
    bar.set_checkpoint(replace(make_checkpoint_info(), languages=("de", "fr")))
    assert bar.input() == TextInput("the cat")
    bar.set_input(WRITTEN)
    bar.findChild(QComboBox, "target_language").activated.emit(1)
    assert bar.input() == TextInput("the cat")


def test_a_target_is_no_sentence_b_and_the_other_way_round(bar):
    translator = make_checkpoint_info(groups=(AttentionGroup("decoder", "Decoder", (4,), query_axis="target"),))
    bar.set_text("a cat", "a dog")
    bar.set_checkpoint(translator)
    assert bar.input() == TextInput("a cat")
    bar.second.set_value("un chat")
    assert bar.sentences() == ("a cat", "a dog")
    bar.set_checkpoint(make_checkpoint_info())
    assert bar.input() == TextInput("a cat", "a dog")
    assert bar.sentences() == ("a cat", "a dog")
    bar.set_checkpoint(translator)
    assert bar.input() == TextInput("a cat", "un chat")


def test_the_token_that_becomes_the_vector_of_the_text_is_underlined(chips):
    before = chips.grab().toImage()
    chips.set_tokens(replace(make_tokens("[CLS] the cat sat [SEP]"), pooled=2), can_mask=True)
    after = chips.grab().toImage()
    changed = [
        (x, y) for x in range(after.width()) for y in range(after.height()) if before.pixel(x, y) != after.pixel(x, y)
    ]
    assert changed
    assert all(chips.chip(2).contains(x + 0.5, y + 0.5) for x, y in changed)
