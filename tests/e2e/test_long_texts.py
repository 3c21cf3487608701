"""A text of 4,096 tokens, looked at by mouse and keyboard."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QWidget
from transformers import GPT2Config

from resources import checkpoint_path
from tests.inference.tiny_checkpoints import save
from tests.places import index_of
from widgets.views.measures.figure import COLUMNS

pytestmark = pytest.mark.xvfb

N = 4096
SENTENCE = "the king and the queen lived in a castle . they had three beautiful daughters and one dog"
NEEDLE = 3333  # position of the only "wolf"


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "long-gpt2"
    save(folder, GPT2Config(vocab_size=8192, n_embd=32, n_layer=2, n_head=4, n_positions=N), "GPT2LMHeadModel")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(checkpoint_path("bert-mini") / name, folder)
    return str(folder)


def long_text() -> str:
    words = random.Random(0).choices(SENTENCE.split(), k=N - 2)  # between [CLS] and [SEP]
    words[NEEDLE - 1] = "wolf"
    return " ".join(words)


def paste_text(driver, text: str) -> None:
    """As the user does: Ctrl+T, Ctrl+V, the button."""

    said = ""

    def fill(dialog) -> None:
        nonlocal said
        QTest.keySequence(dialog.findChild(QWidget, "text_edit"), "Ctrl+V")
        said = dialog.findChild(QLabel, "text_said").text()
        driver.click(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok))

    QGuiApplication.clipboard().setText(text)
    driver.answer_dialog(fill)
    driver.keys("Ctrl+T")
    assert said.startswith("4,094 words")
    driver.window.activateWindow()  # a display without a window manager leaves no window active behind a dialog
    driver.wait(driver.window.isActiveWindow)


def zoom(widget: QWidget, at: QPointF, steps: int) -> None:
    no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    turned, phase = QPoint(0, 120 * steps), Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, widget.mapToGlobal(at), QPoint(), turned, no_button, no_key, phase, False)
    QApplication.sendEvent(widget, event)


def type_in_bar(driver, keys: str, text: str) -> None:
    driver.keys(keys)
    field = driver.widget("attention_search_text")
    driver.wait(field.hasFocus)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_long_text_from_the_heads_to_a_cell_and_back_by_the_measures(start, checkpoint):
    driver = start(checkpoint)
    driver.wait_idle()
    paste_text(driver, long_text())

    # All heads at a glance: first a sample, then exact
    driver.wait(lambda: len(driver.figure("heads").result.key_tokens) == N)
    assert "(4,094 words" in driver.widget("sentence_a").text()
    driver.wait(lambda: not driver.figure("heads").result.is_sampled)
    grid = driver.widget("heads_grid")
    QTest.mouseDClick(grid, Qt.MouseButton.LeftButton, pos=grid.box_of((1, 2)).center().toPoint())

    # One head, from afar
    driver.wait(lambda: driver.figure("attention") is not None)
    driver.wait(lambda: driver.figure("attention").caption.startswith("Layer 1, head 2; queries 0–4095 of 4096"))
    canvas = driver.widget("attention_deep_zoom")
    assert driver.colors(canvas) > 60

    # Nearer, until each cell is one: sharp when the tiles are there
    for _ in range(8):
        zoom(canvas, canvas.plot().center(), 2)
    driver.wait(lambda: not driver.figure("attention").is_coarse and driver.figure("attention").level == 0)

    # To a token, and to what stands there only once
    type_in_bar(driver, "Ctrl+G", "2500")
    assert index_of(driver.window.selection.now.query) == 2500
    assert canvas.viewport.seen.top <= 2500 < canvas.viewport.seen.bottom
    type_in_bar(driver, "Ctrl+F", "WOLF")
    assert driver.widget("attention_search_count").text() == "1 of 1"
    assert canvas.viewport.seen.top <= NEEDLE < canvas.viewport.seen.bottom
    QTest.keyClick(driver.widget("attention_search_text"), Qt.Key.Key_Escape)

    # What a span looks at
    beside = QPoint(int(canvas.plot().left()) - 20, int(canvas.plot().top()) + 60)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=beside)
    QTest.mouseMove(canvas, beside + QPoint(0, 80))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=beside + QPoint(0, 80))
    driver.wait(lambda: driver.figure("attention").scene.pattern is not None)
    brushed = driver.figure("attention").numbers().arrays
    np.testing.assert_allclose(brushed["brushed_pattern"].sum(), 1, atol=1e-4)
    assert brushed["brushed_queries"][1] - brushed["brushed_queries"][0] > 1

    # The head that spreads its attention most
    driver.tab("measures")
    driver.wait(lambda: driver.figure("measures") is not None)
    driver.wait(lambda: driver.figure("measures").result.n_rows == N)
    table = driver.widget("measures_table")
    header = table.horizontalHeader()
    x = header.sectionViewportPosition(COLUMNS.index("entropy")) + 8
    driver.click(header.viewport(), QPoint(x, header.height() // 2))
    entropies = driver.figure("measures").result.measures["entropy"]
    layer, head = divmod(int(entropies.argmax()), 4)
    first = table.visualRect(table.model().index(0, 0)).center()
    driver.click(table.viewport(), first)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=first)
    driver.wait(lambda: driver.figure("attention").caption.startswith(f"Layer {layer}, head {head};"))
    assert canvas.isVisible()
