"""The program as its users have it: a real window, mouse and keyboard, a real engine."""

from __future__ import annotations

import csv
import os
import shutil
import signal
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget
from transformers import GPT2Config

from app.window.side_panels import panel_dock
from resources import checkpoint_path
from tests.inference.tiny_checkpoints import save
from widgets.registry import VIEWS

pytestmark = pytest.mark.xvfb


def drop(window, path) -> None:
    """Drop a folder onto the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    where = QPointF(window.rect().center())
    enter = QDragEnterEvent(where.toPoint(), action, data, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(where, action, data, left, Qt.KeyboardModifier.NoModifier))


@pytest.mark.own_engine
def test_the_first_start_is_at_home_and_one_click_draws_attention(start):
    driver = start()
    driver.wait(lambda: "home" in driver.window.area.views)
    assert driver.window.area.current == "home"
    assert list(driver.window.area.views) == ["home"]
    driver.tab("heads")
    driver.wait(lambda: driver.figure("heads") is not None)
    driver.wait_idle()
    assert driver.window.windowTitle() == "bert-mini – Headlight"
    assert driver.words()[0] == "[CLS]"
    heads = driver.figure("heads").numbers().arrays["thumbnails"]
    assert heads.shape[:2] == (4, 8)
    assert driver.colors(driver.window.area.views["heads"]) > 60
    assert not driver.message().startswith("Something")


def test_typing_shows_the_attention_of_what_was_typed(driver):
    driver.type_text("sentence_a", "a dog barks loudly")
    driver.wait(lambda: "dog" in driver.words())
    driver.tab("attention")
    driver.wait(lambda: driver.figure("attention") is not None)
    arrays = driver.figure("attention").numbers().arrays
    assert tuple(arrays["tokens"]) == driver.words()
    np.testing.assert_allclose(arrays["pattern"].sum(-1), 1, atol=1e-5)


def test_choosing_a_head_in_one_view_chooses_it_in_all(driver):
    driver.keys("Ctrl+1")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(QApplication.focusWidget(), key)
    now = driver.window.selection.now
    assert (now.layer, now.head) == (1, 2)
    driver.wait(lambda: driver.widget("details_head").value() == 2, 5)
    driver.keys("Ctrl+2")
    driver.wait(lambda: driver.figure("attention") is not None)
    driver.wait(lambda: "layer 1, head 2" in driver.figure("attention").caption.lower())
    driver.keys("Alt+Right")
    driver.wait(lambda: "head 3" in driver.figure("attention").caption.lower())


def test_masking_a_word_shows_what_the_model_would_put_there(driver):
    driver.type_text("sentence_a", "the cat sat on the mat .")
    driver.wait(lambda: "mat" in driver.words())
    position = driver.words().index("cat")
    chips, where = driver.chip(position)
    QTest.mouseDClick(chips, Qt.MouseButton.LeftButton, pos=where)
    driver.wait(lambda: "[MASK]" in driver.words())
    driver.tab("masked")
    driver.wait(lambda: driver.figure("masked") is not None)
    arrays = driver.figure("masked").numbers().arrays
    assert arrays["positions"].tolist() == [position]
    assert arrays["probs"].shape[0] == 1
    assert 0 < arrays["probs"].sum() <= 1
    assert np.all(np.diff(arrays["probs"][0]) <= 0)


def test_a_pair_gets_its_probability(driver):
    driver.type_text("sentence_a", "the king and the queen lived in a castle .")
    driver.type_text("sentence_b", "they had three daughters .")
    driver.wait(lambda: "daughters" in driver.words() or "daughter" in driver.words())
    driver.tab("next_sentence")
    driver.wait(lambda: driver.figure("next_sentence") is not None)
    assert 0 < float(driver.figure("next_sentence").numbers().arrays["prob_next"]) < 1


def test_every_view_exports_what_it_shows(driver, tmp_path):
    driver.type_text("sentence_a", "the king lived in a [MASK] .")
    driver.type_text("sentence_b", "it was old .")
    driver.wait(lambda: "[MASK]" in driver.words())
    info = driver.window.controller.checkpoint
    for entry in VIEWS:
        if info.why_missing(entry.needs):
            continue
        driver.tab(entry.name)
        driver.wait(lambda entry=entry: driver.figure(entry.name) is not None)
        for suffix in ("svg", "pdf", "png", "csv", "npz"):
            path = tmp_path / f"{entry.name}.{suffix}"
            driver.export(entry.name, path)
            driver.wait(lambda path=path: str(path) in driver.message())
            check_export(path)


def check_export(path) -> None:
    data = path.read_bytes()
    assert len(data) > 100
    match path.suffix:
        case ".svg":
            texts = [element for element in ElementTree.fromstring(data).iter() if element.tag.endswith("}text")]
            assert texts
        case ".pdf":
            assert data.startswith(b"%PDF")
        case ".png":
            assert data.startswith(b"\x89PNG")
        case ".csv":
            rows = list(csv.reader(data.decode("utf-8").splitlines()))
            assert len(rows) > 1
            assert len({len(row) for row in rows}) == 1
        case ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert len(arrays.files) > 0


def test_the_picture_can_be_copied(driver):
    driver.keys("Ctrl+Shift+C")
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert data.hasFormat("image/svg+xml")


def test_another_checkpoint_opens_by_dropping_its_folder(driver, tmp_path):
    folder = save(tmp_path / "my-gpt2", GPT2Config(vocab_size=8192, n_embd=32, n_layer=2, n_head=4), "GPT2LMHeadModel")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(checkpoint_path("bert-mini") / name, folder)
    driver.tab("masked")
    drop(driver.window, folder)
    driver.wait(lambda: driver.window.windowTitle() == "my-gpt2 – Headlight")
    driver.wait_idle()
    why = driver.widget("masked_why", QLabel)
    assert why.isVisible()
    assert "my-gpt2" in why.text()
    driver.tab("attention")
    driver.wait(lambda: driver.figure("attention") is not None)
    driver.wait(lambda: not driver.window.area.views["attention"].why_not_current)
    pattern = driver.figure("attention").numbers().arrays["pattern"]
    assert np.all(pattern[..., *np.triu_indices(pattern.shape[-1], 1)] == 0)  # causal


def test_a_broken_checkpoint_is_refused_and_the_open_one_stays(driver, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    drop(driver.window, broken)
    driver.wait(lambda: "config.json" in driver.message())
    assert driver.window.windowTitle() == "bert-mini – Headlight"
    driver.type_text("sentence_a", "a dog")
    driver.wait(lambda: "dog" in driver.words())


@pytest.mark.own_engine
def test_an_engine_killed_in_mid_run_costs_one_answer(driver):
    driver.tab("attention")
    driver.wait(lambda: driver.figure("attention") is not None)
    pid = driver.engine.pid
    os.kill(pid, signal.SIGSTOP)  # so that the next request is surely under way
    driver.type_text("sentence_a", "a dog barks")
    driver.wait(lambda: driver.engine._is_running)
    os.kill(pid, signal.SIGKILL)
    driver.wait(lambda: "was ended from outside" in driver.message())
    assert driver.widget("sentence_a").text() == "a dog barks"
    assert driver.figure("attention") is not None  # the old picture stays
    driver.keys("F5")
    driver.wait(lambda: "dog" in driver.words())
    assert driver.engine.pid != pid


def test_a_text_that_is_too_long_is_refused_and_nothing_is_lost(driver):
    before = driver.words()
    text = "word " * 300
    driver.type_text("sentence_a", text)
    driver.wait(lambda: "128" in driver.message())
    assert driver.widget("sentence_a").text() == text
    assert driver.figure("heads") is not None
    driver.type_text("sentence_a", "short again")
    driver.wait(lambda: "short" in driver.words())
    assert driver.words() != before


@pytest.mark.own_engine
def test_closing_while_busy_leaves_no_process(driver):
    driver.type_text("sentence_a", "one more " * 30)
    pid = driver.engine.pid
    driver.window.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_presentation_mode_enlarges_letters_and_hides_panels(driver):
    window = driver.window
    points = QApplication.font().pointSizeF()
    driver.keys("F11")
    driver.wait(window.isFullScreen)
    assert QApplication.font().pointSizeF() == pytest.approx(1.6 * points)
    assert not window.gallery_dock.isVisible()
    assert not window.details_dock.isVisible()
    driver.keys("F11")
    driver.wait(lambda: not window.isFullScreen())
    assert QApplication.font().pointSizeF() == pytest.approx(points)
    assert window.gallery_dock.isVisible()


def test_what_was_typed_and_chosen_survives_a_restart(start):
    first = start()
    first.wait_idle()
    first.type_text("sentence_a", "remember this")
    first.wait(lambda: "remember" in first.words())
    first.window.actions_by_name["set_theme:dark"].trigger()
    first.window.close()
    second = start()
    second.wait(lambda: "remember" in second.words())
    assert second.window.settings.theme == "dark"
    assert second.window.settings.checkpoint == "bert-mini"
    assert second.window.settings.recent == ()  # it is listed anyway
    second.window.actions_by_name["set_theme:light"].trigger()


@pytest.mark.own_engine
def test_the_window_comes_back_where_it_was_left(start):
    first = start()
    first.wait_idle()
    first.tab("attention")
    first.wait(lambda: first.figure("attention") is not None)
    first.keys("Alt+Down")
    first.keys("Alt+Right")
    chips, where = first.chip(2)
    QTest.mouseDClick(chips, Qt.MouseButton.LeftButton, pos=where)
    first.wait(lambda: "[MASK]" in first.words())
    first.click(chips, where)
    assert first.window.selection.now.query.index == 2
    first.tab("rollout")
    first.keys("Ctrl+Shift+T")
    first.wait(lambda: first.window.area.windows["rollout"].isActiveWindow())
    first.window.activateWindow()
    first.wait(first.window.isActiveWindow)
    first.tab("attention")
    first.wait(lambda: not first.window._runner.is_busy)
    first.window.close()
    second = start()
    # What was on screen is there again at once, dimmed, and then as the engine computes it.
    second.wait(lambda: second.figure("attention") is not None)
    second.wait(lambda: not second.window.area.views["attention"].why_not_current)
    assert second.window.area.current == "attention"
    assert "rollout" in second.window.area.windows
    now = second.window.selection.now
    assert (now.layer, now.head, now.query.index) == (1, 1, 2)
    assert second.window.selection.masked == (2,)
    assert second.words()[2] == "[MASK]"


def test_a_torn_off_view_is_a_window_and_comes_back(driver):
    driver.tab("attention")
    driver.wait(lambda: driver.figure("attention") is not None)
    driver.keys("Ctrl+Shift+T")
    (window,) = driver.window.area.windows.values()
    driver.wait(window.isVisible)
    assert window.windowTitle() == "Attention – bert-mini"
    assert not window.frameGeometry().intersects(driver.window.frameGeometry()) or window.pos() != driver.window.pos()
    QTest.keySequence(window, "Alt+Right")
    driver.wait(lambda: "head 1" in driver.figure("attention").caption.lower())
    driver.window.actions_by_name["set_color_map:magma"].trigger()
    assert driver.window.area.views["attention"].style_now().color_map == "magma"
    QTest.keySequence(window, "Ctrl+Shift+T")
    driver.wait(lambda: driver.window.area.windows == {})
    assert driver.window.area.views["attention"].window() is driver.window
    driver.window.actions_by_name["set_color_map:cividis"].trigger()


def test_presentation_mode_leaves_a_maximised_window_maximised(driver):
    driver.window.showMaximized()
    driver.wait(driver.window.isMaximized)
    docks = driver.window.gallery_dock, driver.window.details_dock
    before = [dock.width() for dock in docks]
    driver.keys("F11")
    driver.wait(driver.window.isFullScreen)
    driver.keys("F11")
    driver.wait(lambda: not driver.window.isFullScreen())
    assert driver.window.isMaximized()
    driver.wait(lambda: [dock.width() for dock in docks] == before)


def test_the_window_stands_beside_a_slide(driver):
    driver.window.resize(800, 700)
    driver.wait(lambda: driver.window.width() == 800)
    driver.tab("masked")
    assert not driver.window.details_dock.isVisible()
    driver.window.resize(1280, 700)
    driver.wait(driver.window.details_dock.isVisible)


def test_arrows_walk_through_layers_and_heads_and_tab_reaches_every_field(driver):
    driver.keys("Alt+Down")
    driver.keys("Alt+Right")
    now = driver.window.selection.now
    assert (now.layer, now.head) == (1, 1)
    names = {"sentence_a", "sentence_b", "samples", "token_chips", "gallery_list", "gallery_browse", "details_head"}
    driver.widget("sentence_a").setFocus()
    reached = set()
    for _ in range(60):
        focused = QApplication.focusWidget()
        if focused:
            reached.add(focused.objectName())
        QTest.keyClick(focused or driver.window, Qt.Key.Key_Tab)
    assert names <= reached


def test_a_tokenizer_that_was_put_right_is_read_again_with_f5(driver, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(checkpoint_path("bert-mini"), folder)
    whole = (folder / "tokenizer.json").read_bytes()
    (folder / "tokenizer.json").write_bytes(whole[: len(whole) // 2])
    driver.window.open(str(folder))
    driver.wait(lambda: driver.window.windowTitle() == "mine – Headlight")
    driver.wait(lambda: "has no tokenizer" in driver.message())
    (folder / "tokenizer.json").write_bytes(whole)
    driver.keys("F5")
    driver.type_text("sentence_a", "a dog barks")
    driver.wait(lambda: "dog" in driver.words(), seconds=20)


def test_the_title_of_a_panel_grows_with_the_letters(qtbot, qapp):
    """By the letters that a system gives to such titles Qt would leave it as it was."""
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = panel_dock("Panel", QWidget(), Qt.DockWidgetArea.LeftDockWidgetArea, window)
    window.resize(600, 400)
    window.show()
    usual, font = qapp.font(), qapp.font()

    def height_of_title():
        return dock.widget().y()

    before, ink = height_of_title(), darkest_rows(dock)
    font.setPointSizeF(2 * font.pointSizeF())
    qapp.setFont(font)
    try:
        qtbot.waitUntil(lambda: height_of_title() > 1.4 * before)
        assert darkest_rows(dock) > 1.5 * ink
    finally:
        qapp.setFont(usual)


def darkest_rows(dock):
    """Rows of pixels with ink of the title, which its buttons at the right do not reach into."""
    image = dock.grab().toImage()
    width = dock.fontMetrics().averageCharWidth()
    title = [[image.pixelColor(x, y).lightness() for x in range(width)] for y in range(dock.widget().y())]
    return sum(min(row) < 100 for row in title)


def test_what_was_typed_is_undone_and_done_again_in_the_field_with_the_keys_of_every_desktop(driver):
    """On X11 Qt's fields know Ctrl+Shift+Z alone, and the window has nothing to do again."""
    driver.type_text("sentence_a", "the dog ran")
    driver.wait(lambda: driver.words() == ("[CLS]", "the", "dog", "ran", "[SEP]"))
    field = driver.widget("sentence_a")
    QTest.keySequence(field, "Ctrl+Z")
    driver.wait(lambda: "dog" not in driver.words())
    QTest.keySequence(field, "Ctrl+Y")
    driver.wait(lambda: "dog" in driver.words())
