"""What is compared: texts as chips, images as a strip, by mouse and by keyboard, and one pair that is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton

from inference.results.inputs import MOST_IMAGES, MOST_LETTERS, MOST_TEXTS, ImageInput, Input, TextInput
from inference.results.thumbnails import Thumbnail, ThumbnailsRequest, ThumbnailsResult
from tests.answers import answer
from tests.factories import make_checkpoint_info
from tests.image_factories import make_image_info, make_image_result
from widgets.context import ViewContext
from widgets.panels.compared.chip_list import ChipList
from widgets.panels.compared.things import Things
from widgets.panels.input_panel import InputPanel

CLIP = replace(
    make_image_info(name="clip-test"), reads=("text", "image"), has_tokenizer=True, compares=("image", "text")
)
SCENES = tuple(ImageInput(seed=seed) for seed in range(4))


def test_no_two_things_are_alike_and_one_is_chosen():
    things = Things(4)
    assert things.chosen is None
    things.set("abca")
    assert (things.all, things.chosen) == (("a", "b", "c"), "a")
    assert things.add("bd") == 0
    assert (things.all, things.chosen) == (("a", "b", "c", "d"), "b")
    assert things.add("ef") == 2  # there is no room for them
    assert (things.all, things.chosen) == (("a", "b", "c", "d"), "b")
    things.move(1, 3)
    assert (things.all, things.chosen) == (("a", "c", "d", "b"), "b")
    things.remove(0)
    assert (things.all, things.chosen) == (("c", "d", "b"), "b")
    things.remove(2)
    assert (things.all, things.chosen) == (("c", "d"), "d")
    assert things.replace(1, "e")
    assert (things.all, things.chosen) == (("c", "e"), "e")
    assert not things.replace(1, "c")
    assert (things.all, things.chosen) == (("c", "e"), "c")


@pytest.fixture
def panel(qtbot):
    panel = InputPanel(ViewContext(), ("One.",))
    qtbot.addWidget(panel)
    panel.inputs, panel.bars = [], []
    panel.input_changed.connect(panel.inputs.append)
    panel.bar_created.connect(panel.bars.append)
    panel.resize(1000, 260)
    panel.show()
    panel.set_checkpoint(CLIP)
    qtbot.waitExposed(panel)
    panel.bar = panel._compared
    return panel


def seen(images, unread=()):
    return ThumbnailsResult(
        tuple(
            Thumbnail(np.zeros((1, 1, 3), np.uint8), why_not=f"{image.path} is no file.")
            if image in unread
            else Thumbnail(
                np.full((8, 8, 3), 40 * (image.seed % 6), np.uint8),
                "scene",
                () if image.path else (f"a red house {image.seed}", f"a blue car {image.seed}"),
                () if image.path else ("red house", "blue car"),
            )
            for image in images
        ),
        ("house", "car"),
    )


def wanted(panel):
    (request,) = panel.bar.strip._asked
    assert isinstance(request, ThumbnailsRequest)
    return request.images


def give(panel, unread=()):
    answer(panel.bar.strip, seen(wanted(panel), unread))


@pytest.fixture
def begun(panel):
    """Four scenes, and a caption of each."""
    give(panel)
    panel.inputs.clear()
    return panel


def chips(panel, name="compared_texts") -> ChipList:
    found = panel.findChild(ChipList, name)
    assert found is not None
    return found


def message(panel):
    label = panel.findChild(QLabel, "compared_message")
    return label.text() if label.isVisible() else ""


def type_text(panel, qtbot, text):
    line = panel.findChild(QLineEdit, "compared_new_text")
    line.setFocus()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    return line


def texts_of(panel):
    return panel.bar.chips.texts


def test_images_stay_when_the_open_checkpoint_is_opened_once_more(begun):
    """What was answered is not asked again, and would not come again."""
    before = begun.bar.strip._seen
    assert len(before) == len(begun.bar.strip.images)
    begun.set_checkpoint(CLIP)
    assert begun.bar.strip._seen == before
    begun.set_checkpoint(make_checkpoint_info())  # reads no image
    begun.set_checkpoint(CLIP)
    assert begun.bar.strip._seen == before


def pick(panel, button, title):
    menu = panel.findChild(QToolButton, button).menu()
    next(action for action in menu.actions() if title in action.text()).trigger()


def middle(list_, row):
    return list_.visualItemRect(list_.item(row)).center()


def test_it_begins_with_scenes_and_a_caption_of_each(panel):
    assert wanted(panel) == SCENES
    give(panel)
    now = panel.input()
    assert now.images == SCENES
    assert now.texts == tuple(f"a red house {seed}" for seed in range(4))
    assert (now.image, now.text) == (SCENES[0], TextInput("a red house 0"))
    assert panel.inputs[-1] == now


def test_without_captions_it_begins_with_the_sentence_that_was_typed(qtbot):
    panel = InputPanel(ViewContext(), ())
    qtbot.addWidget(panel)
    panel.show()
    panel.set_checkpoint(make_image_info())
    panel.text.set_text("a cat")
    panel.set_input(Input(image=ImageInput(path="/a.png")))
    panel.set_checkpoint(CLIP)
    panel.bar = panel._compared
    give(panel)
    assert panel.input().texts == ("a cat",)
    assert panel.input().images == (ImageInput(path="/a.png"),)


def test_the_sentence_of_other_checkpoints_stays_as_it_is(begun):
    begun.text.set_text("The cat sat.")
    assert begun.input().text == TextInput("a red house 0")
    assert not begun.text.first.isVisible()
    begun.set_checkpoint(make_checkpoint_info())
    assert begun.input() == Input(text=TextInput("The cat sat."))
    assert begun.text.first.isVisible()
    assert not begun.bar.isVisible()
    begun.set_checkpoint(CLIP)
    assert begun.input().texts[0] == "a red house 0"


def test_a_text_is_typed_and_becomes_a_chip_that_is_looked_at(begun, qtbot):
    line = type_text(begun, qtbot, "  a cat ")
    assert texts_of(begun)[-1] == "a cat"
    assert begun.inputs[-1].text == TextInput("a cat")
    assert line.text() == ""
    type_text(begun, qtbot, "a red house 1")
    assert "is there already" in message(begun)
    assert len(texts_of(begun)) == 5
    assert begun.inputs[-1].text == TextInput("a red house 1")
    type_text(begun, qtbot, " ")
    assert len(texts_of(begun)) == 5


def test_no_more_texts_than_fit_and_what_was_typed_is_not_lost(begun, qtbot):
    begun.set_input(Input(texts=tuple(f"text {i}" for i in range(300))))
    assert len(texts_of(begun)) == MOST_TEXTS
    line = type_text(begun, qtbot, "one more")
    assert "at most 128 are compared" in message(begun)
    assert line.text() == "one more"


def test_a_click_or_an_arrow_chooses_a_text(begun, qtbot):
    qtbot.mouseClick(chips(begun).viewport(), Qt.MouseButton.LeftButton, pos=middle(chips(begun), 1) - QPoint(20, 0))
    assert begun.inputs[-1].text == TextInput("a red house 1")
    chips(begun).setFocus()
    qtbot.keyClick(chips(begun), Qt.Key.Key_Right)
    assert begun.inputs[-1].text == TextInput("a red house 2")


@pytest.mark.parametrize("by", ["double click", "F2"])
def test_a_text_is_edited_in_its_chip(begun, qtbot, by):
    list_ = chips(begun)
    list_.setFocus()
    place = middle(list_, 0) - QPoint(20, 0)
    if by == "F2":
        qtbot.keyClick(list_, Qt.Key.Key_F2)
    else:
        qtbot.mouseClick(list_.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(list_.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = list_.findChild(QLineEdit, "chip_editor")
    assert editor is not None
    assert editor.text() == "a red house 0"
    qtbot.keyClicks(editor, "a dog")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: texts_of(begun)[0] == "a dog")
    assert begun.inputs[-1].text == TextInput("a dog")


def test_escape_leaves_a_text_as_it_was_and_a_double_is_refused(begun, qtbot):
    list_ = chips(begun)
    list_.setFocus()
    for words, key in (("a dog", Qt.Key.Key_Escape), ("a red house 2", Qt.Key.Key_Return), (" ", Qt.Key.Key_Return)):
        list_.setCurrentRow(0)
        qtbot.keyClick(list_, Qt.Key.Key_F2)
        editor = list_.findChild(QLineEdit, "chip_editor")
        qtbot.keyClicks(editor, words)
        qtbot.keyClick(editor, key)
        qtbot.waitUntil(lambda: list_.findChild(QLineEdit, "chip_editor") is None)
        assert texts_of(begun)[0] == "a red house 0"
    assert message(begun) == ""


def test_a_text_is_removed_by_its_cross_or_by_a_key_but_not_the_last_one(begun, qtbot):
    list_ = chips(begun)
    qtbot.mouseClick(list_.viewport(), Qt.MouseButton.LeftButton, pos=list_.cross_rect(0).center())
    assert texts_of(begun)[0] == "a red house 1"
    assert begun.inputs[-1].text == TextInput("a red house 1")
    list_.setFocus()
    for _ in range(3):
        qtbot.keyClick(list_, Qt.Key.Key_Delete)
    assert texts_of(begun) == ("a red house 3",)
    assert message(begun) == "One text is needed; add another one first."


def test_texts_are_moved_by_mouse_and_by_keyboard(begun, qtbot):
    list_ = chips(begun)
    begun.bar.chips.set_texts(("one", "two", "three"), "one")
    start, end = middle(list_, 0), middle(list_, 1)
    qtbot.mousePress(list_.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for x in range(start.x(), end.x() + 12, 4):
        qtbot.mouseMove(list_.viewport(), QPoint(x, start.y()))
    qtbot.mouseRelease(list_.viewport(), Qt.MouseButton.LeftButton, pos=end + QPoint(12, 0))
    assert texts_of(begun) == ("two", "one", "three")
    list_.setFocus()
    heads = QShortcut(QKeySequence("Alt+Right"), begun)  # as the window has it, for the next head
    heads.activated.connect(pytest.fail)
    qtbot.keyClick(list_, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert texts_of(begun) == ("two", "three", "one")
    qtbot.keyClick(list_, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)  # there is no further place
    assert begun.input().text == TextInput("one")
    assert begun.inputs[-1].texts == ("two", "three", "one")


def test_the_scenes_own_words_become_chips(begun):
    pick(begun, "compared_add_texts", "Add what is in the chosen scene")
    assert texts_of(begun)[4:] == ("a red house", "a blue car")
    pick(begun, "compared_add_texts", "names of all things")
    assert texts_of(begun)[6:] == ("house", "car")
    pick(begun, "compared_add_texts", "Keep only")
    assert texts_of(begun) == ("house",)
    pick(begun, "compared_add_texts", "caption for each")
    assert texts_of(begun) == tuple(f"a red house {seed}" for seed in range(4))
    pick(begun, "compared_add_texts", "Only what is in the chosen scene")
    assert texts_of(begun) == ("red house", "blue car", "background")
    assert begun.inputs[-1].texts == texts_of(begun)


def test_of_files_nobody_knows_what_is_in_them(begun):
    begun.set_input(Input(images=(ImageInput(path="/a.png"),)))
    give(begun)
    before = texts_of(begun)
    pick(begun, "compared_add_texts", "caption for each")
    assert "Only of generated scenes" in message(begun)
    assert texts_of(begun) == before


def test_an_image_is_chosen_moved_and_removed(begun, qtbot):
    strip = chips(begun, "compared_images")
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=middle(strip, 2) + QPoint(-6, 8))
    assert begun.inputs[-1].image == SCENES[2]
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert begun.inputs[-1].images == (SCENES[0], SCENES[2], SCENES[1], SCENES[3])
    qtbot.keyClick(strip, Qt.Key.Key_Delete)
    assert begun.inputs[-1].images == (SCENES[0], SCENES[1], SCENES[3])
    assert begun.inputs[-1].image == SCENES[1]
    for _ in range(3):
        qtbot.keyClick(strip, Qt.Key.Key_Delete)
    assert len(begun.input().images) == 1
    assert message(begun) == "One image is needed; add another one first."


def test_several_files_are_there_once_they_were_read(begun):
    paths = ["/a.png", "/b.png", "/c.png"]
    begun.open_images(paths)
    assert begun.input().images == SCENES  # not yet
    files = tuple(ImageInput(path=path) for path in paths)
    assert wanted(begun) == (*SCENES, *files)
    give(begun, unread=(files[1],))
    assert begun.input().images == (*SCENES, files[0], files[2])
    assert begun.inputs[-1].image == files[0]
    assert message(begun) == "/b.png is no file."


def test_pasted_files_are_added_and_of_one_the_image_bar_asks_first(begun):
    bar = begun._bars["image"]
    answer(bar, make_image_result())
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a.png"), QUrl.fromLocalFile("/b.png")])
    bar.open_mime(data)
    give(begun)
    assert [image.path for image in begun.input().images[4:]] == ["/a.png", "/b.png"]
    bar.open_file("/c.png")
    answer(bar, make_image_result())
    assert begun.inputs[-1].images[-1] == begun.inputs[-1].image == ImageInput(path="/c.png")


def test_fresh_scenes_come_by_the_next_seeds(begun):
    pick(begun, "compared_add_images", "eight scenes")
    give(begun)
    assert [image.seed for image in begun.input().images] == list(range(12))
    assert begun.input().image == ImageInput(seed=4)
    pick(begun, "compared_add_images", "portrait")
    give(begun)
    assert begun.input().image == ImageInput(seed=12, kind="portrait")
    pick(begun, "compared_add_images", "Keep only")
    assert begun.input().images == (ImageInput(seed=12, kind="portrait"),)


def test_no_more_images_than_fit(begun):
    begun.set_input(Input(images=tuple(ImageInput(seed=seed) for seed in range(200))))
    assert len(begun.input().images) == MOST_IMAGES
    pick(begun, "compared_add_images", "eight scenes")
    assert message(begun) == "8 images did not fit: at most 128 are compared."


def test_another_seed_takes_the_place_of_the_chosen_scene(begun):
    bar = begun._bars["image"]
    answer(bar, make_image_result())
    bar._seed.setValue(77)
    answer(bar, make_image_result())
    assert begun.inputs[-1].images == (ImageInput(seed=77), *SCENES[1:])
    assert begun.inputs[-1].image == ImageInput(seed=77)


def test_a_pair_that_comes_from_elsewhere_is_chosen_or_added(begun):
    begun.set_input(Input(text=TextInput("a red house 2"), image=SCENES[3]))
    now = begun.inputs[-1]
    assert (now.text, now.image) == (TextInput("a red house 2"), SCENES[3])
    assert (now.images, len(now.texts)) == (SCENES, 4)
    begun.set_input(Input(text=TextInput("a dog")))
    assert begun.inputs[-1].texts[-1] == "a dog"
    assert begun.inputs[-1].text == TextInput("a dog")


def test_a_text_of_several_lines_is_several_texts(begun):
    begun.look_at_text("one\n\ntwo\n" + "x" * 900)
    assert texts_of(begun)[4:] == ("one", "two", "x" * MOST_LETTERS)
    assert begun.whole_text.splitlines()[-2] == "two"
    begun.edit_text("three\nfour")
    assert begun.inputs[-1].texts == ("three", "four")


def test_only_texts_are_compared_where_the_checkpoint_says_so(begun):
    begun.set_checkpoint(replace(CLIP, name="labels", compares=("text",)))
    assert not chips(begun, "compared_images").isVisible()
    assert begun.bar.chips.isVisible()
    assert begun.input().images == ()
    assert len(begun.input().texts) == 4
    assert begun.input().image is not None


def test_it_never_grows_beyond_two_lines(begun):
    before = begun.sizeHint().height()
    begun.set_input(Input(texts=tuple("a text of some length " * 9 + str(i) for i in range(60))))
    assert begun.sizeHint().height() == before
    assert all(
        chips(begun).visualItemRect(chips(begun).item(i)).width() <= chips(begun).viewport().width() for i in (0, 59)
    )


def test_in_a_column_texts_are_whole_and_the_list_is_as_high_as_they_are(begun, qtbot):
    texts = tuple(f"a medium purple chair in the snow, number {i}" for i in range(4))
    begun.set_input(Input(texts=texts))
    begun.set_beside(True)
    qtbot.addWidget(begun.column)
    begun.column.setParent(None)
    begun.column.resize(200, 800)
    begun.column.show()
    found = begun.column.findChild(ChipList, "compared_texts")
    line, metrics = found.fontMetrics().height(), found.fontMetrics()

    def is_settled() -> bool:
        """The list grows with its texts, and gives back what they no longer need once no bar stands beside them."""
        end = found.visualItemRect(found.item(3)).bottom()
        return not found.verticalScrollBar().maximum() and 4 * 2 * line < found.height() <= end + line

    qtbot.waitUntil(is_settled)
    for row in range(4):
        chip = found.visualItemRect(found.item(row))
        assert chip.width() <= found.viewport().width()
        n_lines = round(chip.height() / line - 0.6)
        assert n_lines > 1
        assert metrics.horizontalAdvance(texts[row]) <= n_lines * (chip.width() - 2 * line)


def test_few_images_leave_the_rest_of_the_line_to_the_texts(begun, qtbot):
    strip = chips(begun, "compared_images")
    last = strip.item(3)
    qtbot.waitUntil(lambda: strip.width() < 5 * strip.image_side())
    assert strip.viewport().rect().contains(strip.visualItemRect(last))
    assert strip.visualItemRect(last).top() == strip.visualItemRect(strip.item(0)).top()


def test_all_is_named_for_those_who_hear_it(begun):
    for name in ("compared_texts", "compared_images"):
        list_ = chips(begun, name)
        assert list_.accessibleName()
        assert list_.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert begun.findChild(QLineEdit, "compared_new_text").accessibleName()


# Texts alone: labels of the pixels of one image

LSEG = replace(CLIP, name="lseg-test", compares=("text",))


def test_labels_of_pixels_begin_with_what_is_in_the_scene(panel, qtbot):
    strip = panel.bar.strip
    panel.set_checkpoint(LSEG)
    assert strip.width() == 0
    assert panel.input().texts == ()
    answer(strip, seen((ImageInput(),)))
    assert panel.input().texts == ("red house", "blue car", "background")
    assert panel.inputs[-1].texts == panel.input().texts
    assert panel.input().images == ()
    panel.set_checkpoint(replace(LSEG, name="other"))  # what there is stays
    answer(strip, seen((ImageInput(),)))
    assert panel.input().texts == ("red house", "blue car", "background")


def test_labels_are_taken_from_the_scene_that_is_looked_at_now(panel):
    strip = panel.bar.strip
    panel.set_checkpoint(LSEG)
    answer(strip, seen((ImageInput(),)))
    image_bar = panel._image_bar()
    image_bar.findChild(QToolButton, "image_next").click()
    answer(image_bar, make_image_result())
    assert strip.images == (ImageInput(seed=1),)
    answer(strip, seen((ImageInput(seed=1),)))
    panel.bar.chips.wanted.emit("captions")
    assert panel.input().texts == ("a red house 1",)
    panel.bar.chips.wanted.emit("kinds")
    assert panel.input().texts == ("a red house 1", "house", "car")


def test_captions_that_nobody_touched_make_room_for_labels_and_come_back(begun):
    captions = texts_of(begun)
    begun.set_checkpoint(LSEG)
    answer(begun.bar.strip, seen(SCENES[:1]))
    assert begun.inputs[-1].texts == ("red house", "blue car", "background")
    begun.set_checkpoint(CLIP)
    assert begun.input().images == SCENES  # which the other did not compare
    give(begun)
    assert texts_of(begun) == captions


def test_a_checkpoint_that_compares_begins_with_scenes_also_after_one_that_compares_none(qtbot):
    panel = InputPanel(ViewContext(), ("One.",))
    qtbot.addWidget(panel)
    panel.show()
    panel.set_checkpoint(LSEG)
    panel.set_checkpoint(CLIP)
    assert panel.input().images == SCENES


def test_labels_that_nobody_touched_are_those_of_the_scene_that_is_looked_at(panel):
    strip = panel.bar.strip
    panel.set_checkpoint(LSEG)
    answer(strip, seen((ImageInput(),)))
    found = seen((ImageInput(seed=1),))
    strip.know(LSEG, ImageInput(seed=1))
    answer(strip, replace(found, thumbnails=(replace(found.thumbnails[0], tags=("green cup",)),)))
    assert panel.inputs[-1].texts == ("green cup", "background")
    pick(panel, "compared_add_texts", "Only what is in the chosen scene")
    strip.know(LSEG, ImageInput(seed=2))
    answer(strip, seen((ImageInput(seed=2),)))
    assert panel.inputs[-1].texts == ("red house", "blue car", "background")


@pytest.mark.parametrize("by", ["typing", "removing", "moving"])
def test_texts_that_the_user_touched_stay(begun, qtbot, by):
    if by == "typing":
        type_text(begun, qtbot, "red house")
    elif by == "removing":
        qtbot.keyClick(chips(begun), Qt.Key.Key_Delete)
    else:
        begun.bar.chips._on_chips_move_requested(0, 2)
    touched = texts_of(begun)
    begun.set_checkpoint(LSEG)
    answer(begun.bar.strip, seen(SCENES[:1]))
    assert texts_of(begun) == touched


def test_of_a_file_no_label_is_known_and_none_is_made_up(panel):
    panel._image_bar()._input = ImageInput(path="/a.png")
    panel.text.first.set_value("The cat sat on the mat.")
    panel.set_checkpoint(LSEG)
    answer(panel.bar.strip, seen((ImageInput(path="/a.png"),)))
    assert panel.input().texts == ()
    assert panel.bar.findChild(QLabel, "compared_message").text() == ""
