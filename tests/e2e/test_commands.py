"""Undo, the list of actions, files and paper: by mouse and keyboard in a real window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from app.export.printing import PrintPreview
from tests.controls import squeezed

pytestmark = pytest.mark.xvfb


def words_of(driver, *words):
    driver.wait(lambda: driver.words() == words)


def find(driver, typed):
    """Ctrl+Shift+P, some letters, Enter."""

    def choose(dialog) -> None:
        QTest.keyClicks(dialog.findChild(QWidget, "palette_line"), typed)
        QTest.keyClick(dialog.findChild(QWidget, "palette_line"), Qt.Key.Key_Return)

    driver.window.activateWindow()  # after a dialog, which no window manager does here
    driver.wait(driver.window.isActiveWindow)
    driver.answer_dialog(choose)
    driver.keys("Ctrl+Shift+P")


def test_what_was_masked_typed_selected_and_opened_is_undone_step_by_step(driver):
    driver.type_text("sentence_a", "the cat sat")
    words_of(driver, "[CLS]", "the", "cat", "sat", "[SEP]")
    heads = driver.window.area.views["heads"]
    heads.setFocus()
    chips, where = driver.chip(2)
    QTest.mouseDClick(chips, Qt.MouseButton.LeftButton, pos=where)
    words_of(driver, "[CLS]", "the", "[MASK]", "sat", "[SEP]")
    undo, redo = (driver.window.actions_by_name[f"editing.{name}"] for name in ("undo", "redo"))
    heads.setFocus()
    driver.keys("Alt+Down")
    assert undo.text() == "&Undo layer 1, head 0"
    driver.window.open("gpt-mini")
    driver.wait(lambda: undo.text() == "&Undo open gpt-mini")
    driver.wait(lambda: driver.window.controller.checkpoint.name == "gpt-mini")
    driver.wait(lambda: not driver.window._runner.is_busy and len(driver.words()) == 3)
    driver.window.area.views["heads"].setFocus()
    driver.keys("Ctrl+Z")
    driver.wait(lambda: driver.window.controller.checkpoint.name == "bert-mini")
    words_of(driver, "[CLS]", "the", "[MASK]", "sat", "[SEP]")
    assert driver.window.selection.now.layer == 1
    driver.keys("Ctrl+Z")
    assert driver.window.selection.now.layer == 0
    while undo.text().startswith("&Undo select"):  # a double click chooses the token, too
        driver.keys("Ctrl+Z")
    assert undo.text() == "&Undo mask “cat”"
    driver.keys("Ctrl+Z")
    words_of(driver, "[CLS]", "the", "cat", "sat", "[SEP]")
    while undo.isEnabled():
        driver.keys("Ctrl+Z")
    driver.wait(lambda: len(driver.words()) > 5)
    driver.keys("Ctrl+Y")
    words_of(driver, "[CLS]", "the", "cat", "sat", "[SEP]")
    assert redo.isEnabled()


def test_an_option_is_undone_and_a_field_undoes_its_own_letters_first(driver):
    order = driver.widget("heads_order", QComboBox)
    order.setFocus()
    QTest.keyClick(order, Qt.Key.Key_Down)
    assert order.currentIndex() == 1
    assert driver.window.history.undo_name == "Order of Heads"
    field = driver.widget("sentence_a")
    before = field.text()
    field.setFocus()
    QTest.keySequence(field, "Ctrl+A")
    QTest.keyClicks(field, "a")
    QTest.keySequence(field, "Ctrl+Z")
    assert (field.text(), order.currentIndex()) == (before, 1)
    driver.window.area.views["heads"].setFocus()
    driver.wait(lambda: driver.window.history.undo_name)
    while driver.window.history.undo_name and order.currentIndex():
        driver.keys("Ctrl+Z")
    assert order.currentIndex() == 0


def test_some_letters_find_a_view_a_checkpoint_and_a_command(driver):
    find(driver, "attention")
    driver.wait(lambda: driver.figure("attention") is not None)
    find(driver, "dark th")
    assert driver.window.settings.theme == "dark"
    find(driver, "open gpt-m")
    driver.wait(lambda: driver.window.controller.checkpoint.name == "gpt-mini")


def test_numbers_are_copied_for_a_spreadsheet(driver):
    driver.keys("Ctrl+2")
    driver.wait(lambda: driver.figure("attention") is not None)
    driver.wait(lambda: not driver.window.area.views["attention"].why_not_current)
    driver.keys("Ctrl+Alt+C")
    driver.wait(lambda: "The numbers are on the clipboard" in driver.message())
    header = driver.figure("attention").numbers().header
    assert QGuiApplication.clipboard().text().splitlines()[0].split("\t") == list(header)


def test_a_picture_is_dragged_out_by_its_button_as_png_and_svg(driver, monkeypatch):
    dragged: list[QMimeData] = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, _action: dragged.append(drag.mimeData().formats()))
    button = driver.widget("heads_copy", QAbstractButton)
    QTest.mousePress(button, Qt.MouseButton.LeftButton, pos=button.rect().center())
    QTest.mouseMove(button, button.rect().center() + QPoint(QApplication.startDragDistance() + 9, 0))
    driver.wait(lambda: dragged)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert {"image/png", "image/svg+xml"} <= set(dragged[0])


def test_the_key_that_closes_other_windows_tells_how_this_one_is_closed(driver):
    driver.keys("Ctrl+W")
    assert driver.window.isVisible()
    assert driver.message().endswith("To close Headlight, press Ctrl+Q.")


def test_f6_goes_from_the_view_to_what_is_selected_and_on_to_the_checkpoints(driver):
    driver.keys("Ctrl+1")
    window = driver.window
    for panel in (window.details, window.gallery, window.input_panel):
        driver.keys("F6")
        assert panel.isAncestorOf(QApplication.focusWidget())


def test_the_page_is_seen_before_it_is_printed(driver):
    seen = []

    def look(dialog) -> None:
        seen.append(type(dialog))
        dialog.reject()

    driver.answer_dialog(look)
    driver.keys("Ctrl+P")
    assert seen == [PrintPreview]


def test_several_views_are_saved_at_once_and_what_shows_nothing_is_named(driver, tmp_path, monkeypatch):
    few = ("heads", "attention", "training")
    monkeypatch.setattr(
        driver.window.filing, "_is_offered", lambda name: name in few and not driver.window.area.why_off(name)
    )

    def fill(dialog) -> None:
        field = dialog.findChild(QWidget, "export_all_folder")
        QTest.keySequence(field, "Ctrl+A")
        QTest.keyClicks(field, str(tmp_path / "all"))
        QTest.keyClick(field, Qt.Key.Key_Return)

    driver.answer_dialog(fill)
    driver.keys("Ctrl+Shift+E")
    driver.wait(lambda: "views saved in" in driver.message())
    saved = {path.name for path in (tmp_path / "all").iterdir()}
    assert {"bert-mini_heads.svg", "bert-mini_attention_L0_H0.svg"} <= saved
    assert "letters are smaller" not in driver.message()  # at the width that they have by themselves
    assert driver.window.area.current == "heads"


def test_letters_are_scaled_by_the_wheel_and_nothing_is_clipped(driver):
    where = QPointF(driver.window.rect().center())
    ctrl, none = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.NoButton
    around, phase = driver.window.mapToGlobal(where), Qt.ScrollPhase.NoScrollPhase
    turn = QWheelEvent(where, around, QPoint(), QPoint(0, 120), none, ctrl, phase, False)
    QApplication.sendEvent(driver.window.windowHandle(), turn)
    assert driver.window.settings.font_scale == pytest.approx(1.1)
    for scale in (0.8, 1.0, 1.4, 2.0):
        driver.window.appearance.apply("light", scale)
        driver.wait(lambda: squeezed(driver.window) == [])
    driver.window.appearance.apply("light", 1.0)
