"""People at work, from the start of the program to what they came for: by mouse and keyboard alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QPushButton, QTabBar, QToolButton, QWidget

from resources import checkpoint_path
from tests.controls import pale, squeezed
from tests.e2e.projector import plugged_in
from tests.e2e.test_long_texts import long_text, paste_text
from tests.inference.tiny_checkpoints import save_bert
from tests.lettering import cut, unreadable, watched
from tests.pdf_letters import letter_sizes
from widgets.look.screens import screen_of
from widgets.look.theme import DARK
from widgets.views.measures.figure import COLUMNS

pytestmark = pytest.mark.xvfb

MM = 72 / 25.4  # points


def find_action(driver, typed: str) -> None:
    """Ctrl+Shift+P, some letters, Enter."""

    def choose(dialog) -> None:
        line = dialog.findChild(QWidget, "palette_line")
        QTest.keyClicks(line, typed)
        QTest.keyClick(line, Qt.Key.Key_Return)

    come_to_front(driver)
    driver.answer_dialog(choose)
    driver.keys("Ctrl+Shift+P")


def come_to_front(driver) -> None:
    """After a dialog: a display without a window manager leaves no window active."""
    driver.window.activateWindow()
    driver.wait(driver.window.isActiveWindow)


def is_current(driver, name: str) -> bool:
    view = driver.window.area.views.get(name)
    return view is not None and view.figure() is not None and not view.why_not_current and not view.is_provisional


def differing(one: QImage, other: QImage) -> float:
    """Which share of the pixels differs, from 0 to 1."""
    assert one.size() == other.size()
    pixels = [
        np.frombuffer(image.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint32)
        for image in (one, other)
    ]
    return float((pixels[0] != pixels[1]).mean())


def test_the_lecturer_begins_with_the_tour_takes_a_sentence_of_the_audience_and_presents_it(start):
    driver = start()
    window = driver.window
    driver.wait(lambda: "home" in window.area.views)
    find_action(driver, "guided tour")
    driver.wait(lambda: is_current(driver, "heads"), seconds=180)  # the engine has to be there first
    come_to_front(driver)
    while (forth := driver.widget("tour_forth")).isVisible():
        driver.click(forth)
    assert window.area.current == "heads"

    # A head, by the mouse; and a sentence of the audience
    grid = driver.widget("heads_grid")
    QTest.mouseDClick(grid, Qt.MouseButton.LeftButton, pos=grid.box_of((2, 5)).center().toPoint())
    driver.wait(lambda: is_current(driver, "attention"))
    assert driver.figure("attention").caption.startswith("Layer 2, head 5")
    driver.type_text("sentence_a", "my dog ate my homework")
    driver.wait(lambda: "homework" in driver.words() and is_current(driver, "attention"))

    # The projector is plugged in, and on it: nothing but the sentence and the view, in large letters
    other_screen = window.actions_by_name["presentation.go_to_other_screen"]
    assert not other_screen.isEnabled()
    docks = window.gallery_dock, window.details_dock
    with plugged_in(driver.qtbot):
        laptop, projector = QGuiApplication.screens()
        driver.wait(lambda: screen_of(window) is laptop and other_screen.isEnabled())
        before = [dock.isVisible() for dock in docks], window.geometry(), QApplication.font().pointSizeF()
        driver.keys("Shift+F11")
        driver.wait(lambda: screen_of(window) is projector and window.geometry() == projector.geometry())
        assert window.isFullScreen()
        assert not any(bar.isVisible() for bar in (*docks, window.menuBar(), window.status_line))
        assert QApplication.font().pointSizeF() > 1.5 * before[2]
        driver.wait(lambda: not squeezed(window.area))  # larger letters are laid out in a later turn of the event loop
        view = window.area.views["attention"]
        place = QRect(view.mapToGlobal(QPoint()), view.size())
        assert projector.geometry().contains(place)
        assert place.width() > 0.9 * projector.geometry().width()

        # There, what somebody calls from the last row; and the keys walk through the heads, the mouse through the views
        driver.keys("Ctrl+L")
        driver.type_text("sentence_a", "my phone ate my homework")
        driver.wait(lambda: "homework" in driver.words() and is_current(driver, "attention"))
        driver.keys("Alt+Right")
        driver.wait(lambda: driver.figure("attention").caption.startswith("Layer 2, head 6"))
        driver.wait(lambda: is_current(driver, "attention"))
        assert "homework" in driver.figure("attention").result.key_tokens.words
        driver.tab("arcs")
        driver.wait(lambda: is_current(driver, "arcs"))
        assert driver.figure("arcs").caption.startswith("Attention: Layer 2,")
        driver.tab("attention")
        driver.wait(lambda: is_current(driver, "attention"))
        driver.wait(lambda: differing(projector.grabWindow(0).toImage(), window.grab().toImage()) < 0.01)

        driver.keys("F11")
        driver.wait(lambda: not window.isFullScreen() and screen_of(window) is laptop)
        driver.wait(lambda: window.geometry() == before[1])
        driver.wait(lambda: [dock.isVisible() for dock in docks] == before[0])
        assert QApplication.font().pointSizeF() == pytest.approx(before[2])
    driver.wait(lambda: not other_screen.isEnabled())
    assert window.geometry() == before[1]
    assert driver.widget("sentence_a").text() == "my phone ate my homework"


def test_both_screens_are_unplugged_while_it_is_presented(driver):
    window = driver.window
    with plugged_in(driver.qtbot):
        projector = QGuiApplication.screens()[1]
        driver.keys("Shift+F11")
        driver.wait(lambda: screen_of(window) is projector and window.isFullScreen())
    driver.keys("F11")
    driver.wait(lambda: not window.isFullScreen() and window.menuBar().isVisible())
    assert QGuiApplication.primaryScreen().geometry().contains(window.geometry())


def test_the_student_finds_the_head_of_the_previous_token_and_what_a_word_does_to_the_mask(driver):
    window = driver.window
    driver.type_text("sentence_a", "the king lived in a castle .")
    driver.wait(lambda: "castle" in driver.words())

    # Which head looks at the previous token? The column's heading, and the first row
    driver.tab("measures")
    driver.wait(lambda: is_current(driver, "measures"))
    table = driver.widget("measures_table")
    header = table.horizontalHeader()
    x = header.sectionViewportPosition(COLUMNS.index("previous")) + 8
    driver.click(header.viewport(), QPoint(x, header.height() // 2))
    driver.click(table.viewport(), table.visualRect(table.model().index(0, 0)).center())
    shares = driver.figure("measures").result.measures["previous"]
    now = window.selection.now
    assert shares[now.layer, now.head] == np.nanmax(shares) > 0.5
    driver.wait(lambda: "previous token" in driver.widget("details_sentence").text(), 5)

    # What happens to the mask when I change a word?
    chips, where = driver.chip(driver.words().index("castle"))
    QTest.mouseDClick(chips, Qt.MouseButton.LeftButton, pos=where)
    driver.tab("masked")
    driver.wait(lambda: "[MASK]" in driver.words() and is_current(driver, "masked"))

    def expected() -> list[object]:
        driver.wait(lambda: is_current(driver, "masked"))
        return [word for _position, _original, _rank, word, _prob in driver.figure("masked").numbers().rows]

    of_king = expected()
    driver.type_text("sentence_a", "the fish lived in a [MASK] .")
    driver.wait(lambda: "fish" in driver.words() and "[MASK]" in driver.words())
    of_fish = expected()
    assert of_fish != of_king
    undo, redo = (window.actions_by_name[f"editing.{name}"] for name in ("undo", "redo"))
    window.area.views["masked"].setFocus()
    driver.keys("Ctrl+Z")
    driver.wait(lambda: "king" in driver.words() and expected() == of_king)
    assert redo.isEnabled()
    driver.keys("Ctrl+Y")
    driver.wait(lambda: "fish" in driver.words() and expected() == of_fish)
    assert undo.isEnabled()


@pytest.fixture
def fine_tuned(tmp_path):
    """A BERT of the researcher's own, with a head for sentences, that reads 4,096 tokens."""
    return save_bert(
        tmp_path / "my-bert", "BertForSequenceClassification", has_tokenizer=False, vocab_size=8192,
        max_position_embeddings=4096, num_labels=2,
    )  # fmt: skip


def test_the_researcher_takes_a_head_of_4096_tokens_to_the_paper_all_heads_and_the_numbers(start, fine_tuned, tmp_path):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (fine_tuned / name).write_bytes((checkpoint_path("bert-mini") / name).read_bytes())
    driver = start(str(fine_tuned))
    driver.wait_idle()
    paste_text(driver, long_text())
    driver.wait(lambda: len(driver.figure("heads").result.key_tokens) == 4096)
    driver.tab("attention")
    driver.wait(lambda: is_current(driver, "attention"))

    # The head for the paper: 85 mm wide, letters of 8 points
    place = tmp_path / "head.pdf"

    def fill(dialog) -> None:
        field = dialog.findChild(QWidget, "export_file")
        QTest.keySequence(field, "Ctrl+A")
        QTest.keyClicks(field, str(place))
        unit = dialog.findChild(QComboBox, "export_unit")
        unit.setFocus()
        while unit.currentData() != "column":
            QTest.keyClick(unit, Qt.Key.Key_Down)
        letters = dialog.findChild(QWidget, "export_letters")
        QTest.keySequence(letters, "Ctrl+A")
        QTest.keyClicks(letters, "8")
        buttons = dialog.findChild(QDialogButtonBox)
        driver.click(buttons.button(QDialogButtonBox.StandardButton.Save))

    driver.answer_dialog(fill)
    driver.keys("Ctrl+E")
    driver.wait(lambda: str(place) in driver.message())
    box = re.search(rb"/MediaBox \[([\d. ]+)\]", place.read_bytes())
    assert float(box[1].split()[2]) == pytest.approx(85 * MM, abs=1)
    sizes = letter_sizes(place.read_bytes())
    assert sizes.total() > 10
    assert set(sizes) == {8.0}, driver.message()

    # All heads of the layer in one go
    def into_folder(dialog) -> None:
        field = dialog.findChild(QWidget, "export_all_folder")
        QTest.keySequence(field, "Ctrl+A")
        QTest.keyClicks(field, str(tmp_path / "all"))
        QTest.keyClick(field, Qt.Key.Key_Return)

    come_to_front(driver)
    chosen = driver.window.selection.now
    driver.answer_dialog(into_folder)
    driver.keys("Ctrl+Alt+E")
    n_heads = driver.window.controller.checkpoint.group("").n_heads[0]
    driver.wait(lambda: f"{n_heads} of {n_heads} heads saved in" in driver.message())
    saved = {path.name for path in (tmp_path / "all").iterdir()}
    assert saved == {f"my-bert_attention_L0_H{head}.svg" for head in range(n_heads)}
    assert driver.window.selection.now == chosen

    # The numbers
    come_to_front(driver)
    driver.wait(lambda: is_current(driver, "attention"))
    driver.keys("Ctrl+Alt+C")
    driver.wait(lambda: "The numbers are on the clipboard" in driver.message())
    lines = QGuiApplication.clipboard().text().splitlines()
    assert tuple(lines[0].split("\t")) == driver.figure("attention").numbers().header
    assert len(lines) > 1


def test_all_of_it_is_done_with_the_keyboard_alone(start, tmp_path):
    driver = start()
    window = driver.window
    driver.wait(lambda: "home" in window.area.views)

    def press(key: Qt.Key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)

    # A checkpoint and a view by name
    find_action(driver, "open gpt-m")
    driver.wait(lambda: window.controller.checkpoint and window.controller.checkpoint.name == "gpt-mini", seconds=180)
    find_action(driver, "open bert-mini")
    driver.wait(lambda: window.controller.checkpoint.name == "bert-mini")
    come_to_front(driver)

    # A sentence, and a token of it masked
    driver.keys("Ctrl+L")
    driver.wait(lambda: driver.widget("sentence_a").hasFocus())
    press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(QApplication.focusWidget(), "the dog sat on the mat")
    press(Qt.Key.Key_Return)
    driver.wait(lambda: "dog" in driver.words() and not window._runner.is_busy)  # an answer may still begin anew
    for _ in range(20):
        if driver.widget("token_chips").hasFocus():
            break
        press(Qt.Key.Key_Tab)
    for _ in range(3):
        press(Qt.Key.Key_Right)
    press(Qt.Key.Key_M)
    driver.wait(lambda: driver.words()[2] == "[MASK]")
    find_action(driver, "masked words")
    driver.wait(lambda: is_current(driver, "masked"))

    # A head, and what it is
    come_to_front(driver)
    driver.keys("Ctrl+2")
    driver.wait(lambda: is_current(driver, "attention"))
    QTest.keyClick(window.area.views["attention"], Qt.Key.Key_F1)
    driver.wait(lambda: window.findChild(QWidget, "help") is not None)
    help_window = window.findChild(QWidget, "help")
    driver.wait(help_window.isVisible)
    assert help_window.page == "attention"
    QTest.keyClick(help_window, Qt.Key.Key_Escape)
    driver.wait(lambda: not help_window.isVisible())
    come_to_front(driver)
    driver.keys("Alt+Down")
    driver.keys("Alt+Right")
    driver.wait(lambda: is_current(driver, "attention"))
    assert driver.figure("attention").caption.startswith("Layer 1, head 1")

    # Its picture
    def fill(dialog) -> None:
        field = dialog.focusWidget()  # without a window manager no dialog is active
        if field is None or field.objectName() != "export_file":  # it would be open for ever
            dialog.reject()
            raise AssertionError("the dialog does not begin at the file")
        QTest.keySequence(field, "Ctrl+A")
        QTest.keyClicks(field, str(tmp_path / "head.png"))
        QTest.keyClick(field, Qt.Key.Key_Return)

    driver.answer_dialog(fill)
    driver.keys("Ctrl+E")
    driver.wait(lambda: "Saved" in driver.message())
    assert (tmp_path / "head.png").read_bytes().startswith(b"\x89PNG")


def test_in_the_dark_with_large_letters_all_can_be_read(driver):
    window = driver.window
    find_action(driver, "dark theme")
    assert window.settings.theme == "dark"
    come_to_front(driver)
    for _ in range(5):
        driver.keys("Ctrl++")
    assert QApplication.font().pointSizeF() > 1.5 * window.appearance._points
    driver.wait(lambda: window.palette().color(window.backgroundRole()) == DARK.panel)
    for name in ("heads", "attention", "arcs", "measures", "masked"):
        driver.tab(name)
        driver.wait(lambda name=name: driver.figure(name) is not None and not window._runner.is_busy)
        driver.wait(lambda: not squeezed(window))  # larger letters are laid out in a later turn of the event loop
        with watched() as words:
            window.grab()
        assert {name: cut(words) + unreadable(words) + pale(window)} == {name: []}
    for _ in range(5):
        driver.keys("Ctrl+-")
    find_action(driver, "light theme")
    driver.wait(lambda: window.settings.theme == "light")


def test_a_narrow_window_beside_a_pdf_shows_the_same(driver):
    window = driver.window
    wide = window.size()
    window.resize(620, 900)
    driver.wait(lambda: not window.gallery_dock.isVisible() and not window.details_dock.isVisible())
    assert window.width() <= 640
    driver.type_text("sentence_a", "a paper is read beside it")
    driver.wait(lambda: "paper" in driver.words())

    # Tabs that have no room are in a menu
    buttons = window.findChildren(QToolButton)
    more = next(button for button in buttons if button.accessibleName() == "More views" and button.isVisible())
    menu = more.menu()
    menu.popup(more.mapToGlobal(QPoint()))  # a click on the button waits until its menu is closed
    driver.wait(menu.isVisible)
    action = next(action for action in menu.actions() if action.text() == "Logit lens")
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    driver.wait(lambda: window.area.current == "lens" and is_current(driver, "lens"))
    bar = next(bar for bar in window.area.findChildren(QTabBar) if bar.isVisible())
    assert bar.tabText(bar.currentIndex()) == "Logit lens"
    for name in ("lens", "heads", "attention", "masked"):
        driver.tab(name)
        driver.wait(lambda name=name: driver.figure(name) is not None and not window._runner.is_busy)
        driver.wait(lambda: not squeezed(window))  # what the status line says now is laid out in a later turn
        page = window.area.views[name]
        assert page.mapTo(window, page.rect().bottomRight()).x() <= window.width()
    buttons = [b for b in window.area.findChildren(QPushButton) if b.isVisible()]
    assert all(b.mapTo(window, b.rect().topRight()).x() <= window.width() for b in buttons)
    window.resize(wide)
    driver.wait(lambda: window.gallery_dock.isVisible() and window.details_dock.isVisible())
