"""Writing in the real program, by keyboard: written, stepped back, branched, cancelled, with another checkpoint."""

from __future__ import annotations

import json

import numpy as np
import pytest
import transformers
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSpinBox, QToolButton

from tests.inference.tiny_checkpoints import BYTES, save, save_gpt2

pytestmark = pytest.mark.xvfb

N_LONG = 2_000  # tokens


@pytest.fixture
def endless(tmp_path):
    """A GPT-NeoX that takes long texts, and may not end its own."""
    folder = tmp_path / "endless"
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    sizes |= {"vocab_size": len(BYTES), "max_position_embeddings": 4_000, "bos_token_id": 0, "eos_token_id": 0}
    save(folder, transformers.GPTNeoXConfig(**sizes), "GPTNeoXForCausalLM")
    transformers.GPT2Tokenizer(vocab=BYTES, merges=[]).save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 0, "suppress_tokens": [0]}))
    return folder


def writing(start, checkpoint, text="the cat"):
    """The program with Writing in front."""
    driver = start(str(checkpoint))
    driver.wait_idle()
    driver.type_text("sentence_a", text)
    driver.tab("generation")
    driver.view = driver.window.area.views["generation"]
    driver.wait(lambda: driver.figure("generation") is not None)
    return driver


def is_whole(driver):
    """Whether the text is written, and all views look at it."""
    figure, subject = driver.figure("generation"), driver.view.subject
    if figure is None or driver.view.why_not_current or driver.view.is_growing or driver.window._runner.is_busy:
        return False
    return subject.text.target_ids == tuple(ids(driver))


def ids(driver):
    return driver.figure("generation").result.written.tokens.ids.tolist()


def rows(driver):
    """Of the map that the view Attention shows."""
    figure = driver.figure("attention")
    is_there = figure is not None and not driver.window.area.views["attention"].why_not_current
    return figure.numbers().arrays["pattern"][0, 0] if is_there else []


def set_most(driver, n):
    most = driver.widget("generation_most", QSpinBox)
    if not most.isVisible():
        driver.click(driver.view.findChild(QToolButton, "more_controls"))
    most.setFocus()
    QTest.keySequence(most, "Ctrl+A")
    QTest.keyClicks(most, str(n))
    QTest.keyClick(most, Qt.Key.Key_Return)


def test_it_writes_steps_back_and_branches(start, tmp_path):
    driver = writing(start, save_gpt2(tmp_path))
    driver.wait(lambda: is_whole(driver))
    first = ids(driver)
    assert driver.words() == driver.figure("generation").result.written.tokens.words

    # The other views show what was attended to in all that was written.
    driver.tab("attention")
    driver.wait(lambda: len(rows(driver)) == len(first))
    shown = rows(driver)
    driver.tab("generation")
    pattern = driver.figure("generation").result.pattern
    np.testing.assert_allclose(shown, pattern[driver.window.context.selection.now.layer, 0], atol=2e-3)
    assert ids(driver) == first

    # Back to the first written token, and down to another candidate of it.
    canvas = driver.widget("generation_canvas")
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    QTest.keyClick(canvas, Qt.Key.Key_Period)
    figure = driver.figure("generation")
    assert figure.n_shown == figure.result.written.n_given + 1
    other = 1 if figure.result.written.taken[figure.focus] == 0 else 0
    for _ in range(30):
        if canvas.spot is not None and tuple(canvas.spot) == ("candidate", other):
            break
        QTest.keyClick(canvas, Qt.Key.Key_Down)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    driver.wait(lambda: is_whole(driver) and ids(driver) != first)
    assert ids(driver)[figure.focus] == figure.result.written.candidate_ids[figure.focus, other]

    # Both side by side, and back to the first one.
    for name in ("generation_beside", "generation_branch"):
        box = driver.widget(name, QComboBox)
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_Down if name == "generation_beside" else Qt.Key.Key_Up)
        if name == "generation_beside":
            driver.wait(lambda: driver.figure("generation").beside is not None)
            assert driver.figure("generation").beside.written.tokens.ids.tolist() == first
    driver.wait(lambda: is_whole(driver) and ids(driver) == first)
    assert len(driver.figure("generation").branches) == 2


def test_escape_keeps_what_is_written(start, endless):
    driver = writing(start, endless)
    set_most(driver, N_LONG)
    driver.wait(lambda: driver.view.is_growing and driver.figure("generation").result.written.n_steps > 100)
    driver.keys("Esc")
    driver.wait(lambda: is_whole(driver))
    written = driver.figure("generation").result.written
    assert written.why_unfinished == "cancelled"
    assert "cancelled" in driver.view._page.caption.text()
    assert 100 < written.n_steps < N_LONG


def test_other_views_are_answered_while_it_writes(start, endless):
    driver = writing(start, endless)
    set_most(driver, N_LONG)
    driver.wait(lambda: driver.view.is_growing and driver.figure("generation").result.written.n_steps > 100)
    driver.tab("lens")
    driver.wait(lambda: driver.figure("lens") is not None and not driver.window.area.views["lens"].why_not_current)
    assert driver.window._runner.is_busy  # with the text, of which the lens shows what was given
    assert driver.view.subject.text.target_ids is None
    driver.tab("generation")
    n_written = driver.figure("generation").result.written.n_steps
    driver.wait(lambda: driver.figure("generation").result.written.n_steps > n_written)
    driver.keys("Esc")
    driver.wait(lambda: is_whole(driver))


def test_a_context_of_two_thousand_tokens(start, endless):
    driver = writing(start, endless)
    set_most(driver, 40)
    driver.type_text("sentence_a", "the cat sees " * (N_LONG // 13))
    driver.wait(lambda: is_whole(driver) and len(ids(driver)) > N_LONG, seconds=60)
    written = driver.figure("generation").result.written
    assert written.n_steps == written.n_given + 40
    assert len(driver.words()) == written.n_steps


def test_another_checkpoint_opens_while_it_writes(start, endless):
    driver = writing(start, endless)
    set_most(driver, N_LONG)
    driver.wait(lambda: driver.view.is_growing and driver.figure("generation").result.written.n_steps > 50)
    driver.window.open("bert-mini")
    driver.wait(lambda: driver.window.windowTitle() == "bert-mini – Headlight", seconds=20)
    driver.wait_idle()
    assert driver.words()[0] == "[CLS]"
    driver.window.open(str(endless))
    driver.wait(lambda: driver.window.windowTitle() == "endless – Headlight")
    driver.tab("generation")
    driver.wait(lambda: driver.figure("generation") is not None and driver.words()[:3] == ("t", "h", "e"))


def test_an_empty_text_begins_with_the_token_that_begins_texts(start, tmp_path):
    driver = writing(start, save_gpt2(tmp_path))
    driver.wait(lambda: is_whole(driver))
    driver.type_text("sentence_a", "")
    driver.wait(lambda: is_whole(driver) and driver.figure("generation").result.written.n_given == 1)
    assert driver.words()[0] == "<|endoftext|>"
