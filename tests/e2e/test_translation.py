"""Translations in the real program, by keyboard: written, gone on from, begun with words, cancelled."""

from __future__ import annotations

import json

import numpy as np
import pytest
import transformers
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QSpinBox, QToolButton

from tests.inference.tiny_checkpoints import BYTE_VOCAB, save, save_byte_level, save_transformer

pytestmark = pytest.mark.xvfb

N_LONG = 2_000  # tokens


@pytest.fixture
def endless(tmp_path):
    """A T5 that takes texts of any length, and may not end its own."""
    folder = tmp_path / "endless"
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "vocab_size": len(BYTE_VOCAB)}
    ends = {"decoder_start_token_id": 1, "pad_token_id": 1, "eos_token_id": 2}
    save(folder, transformers.T5Config(**sizes, **ends), "T5ForConditionalGeneration")
    save_byte_level(folder)
    said = {"eos_token_id": 2, "pad_token_id": 1, "decoder_start_token_id": 1, "suppress_tokens": [2]}
    (folder / "generation_config.json").write_text(json.dumps(said))
    return folder


def translated(start, checkpoint, text="the cat sat"):
    """The program with Translation in front."""
    driver = start(str(checkpoint))
    driver.wait_idle()
    driver.type_text("sentence_a", text)
    driver.tab("translation")
    driver.view = driver.window.area.views["translation"]
    driver.wait(lambda: driver.figure("translation") is not None)
    return driver


def is_whole(driver):
    """Whether the text is written, and all views look at it."""
    figure, subject = driver.figure("translation"), driver.view.subject
    if figure is None or driver.view.why_not_current or driver.window._runner.is_busy:
        return False
    return subject.text.target_ids == tuple(figure.result.written.tokens.ids.tolist())


def rows(driver):
    """Of the map that the view Attention shows."""
    figure = driver.figure("attention")
    is_there = figure is not None and not driver.window.area.views["attention"].why_not_current
    return figure.numbers().arrays["pattern"][0, 0] if is_there else []


def ids(driver):
    return driver.figure("translation").result.written.tokens.ids.tolist()


def test_it_is_written_gone_on_from_and_begun_with_words(start, tmp_path):
    driver = translated(start, save_transformer(tmp_path))
    driver.wait(lambda: is_whole(driver))
    first = ids(driver)

    # The other views show this translation.
    driver.tab("attention")
    driver.window.context.selection.update(group="cross")
    driver.wait(lambda: len(rows(driver)) == len(first))
    shown = rows(driver)
    driver.tab("translation")
    pattern = driver.figure("translation").result.pattern
    np.testing.assert_allclose(shown, pattern[driver.window.context.selection.now.layer, 0], atol=2e-3)

    # From another candidate of the first place, with the keys.
    canvas = driver.widget("translation_canvas")
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    QTest.keyClick(canvas, Qt.Key.Key_Period)
    QTest.keyClick(canvas, Qt.Key.Key_Period)
    figure = driver.figure("translation")
    other = 1 if figure.result.written.taken[figure.focus] == 0 else 0
    for _ in range(30):
        if canvas.spot is not None and tuple(canvas.spot)[:2] == ("candidate", other):
            break
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    driver.wait(lambda: is_whole(driver) and ids(driver) != first)
    assert ids(driver)[figure.focus] == figure.result.written.candidate_ids[figure.focus, other]

    back = driver.widget("translation_back_to")
    back.setFocus()
    QTest.keyClick(back, Qt.Key.Key_Space)
    driver.wait(lambda: is_whole(driver) and ids(driver) == first)

    driver.type_text("translation_prefix", "the cat")
    driver.wait(lambda: is_whole(driver) and driver.figure("translation").result.written.text.startswith("the cat"))
    assert driver.widget("sentence_b", QLineEdit).text().startswith("the cat")


def set_most(driver, n):
    most = driver.widget("translation_most", QSpinBox)
    if not most.isVisible():
        driver.click(driver.view.findChild(QToolButton, "more_controls"))
    most.setFocus()
    QTest.keySequence(most, "Ctrl+A")
    QTest.keyClicks(most, str(n))
    QTest.keyClick(most, Qt.Key.Key_Return)


def test_escape_keeps_what_is_written(start, endless):
    driver = translated(start, endless)
    set_most(driver, N_LONG)
    driver.wait(lambda: driver.view.is_growing and driver.figure("translation").result.written.n_steps > 200)
    driver.keys("Esc")
    driver.wait(lambda: is_whole(driver))
    written = driver.figure("translation").result.written
    assert written.why_unfinished == "cancelled"
    assert 200 < written.n_steps < N_LONG


def test_another_checkpoint_opens_while_it_writes(start, endless):
    driver = translated(start, endless)
    set_most(driver, N_LONG)
    driver.wait(lambda: driver.view.is_growing and driver.figure("translation").result.written.n_steps > 50)
    driver.window.open("bert-mini")
    driver.wait(lambda: driver.window.windowTitle() == "bert-mini – Headlight", seconds=20)
    driver.wait_idle()
    assert driver.words()[0] == "[CLS]"
    driver.window.open(str(endless))
    driver.wait(lambda: driver.window.windowTitle() == "endless – Headlight")
    driver.tab("translation")
    driver.wait(lambda: driver.figure("translation") is not None)
