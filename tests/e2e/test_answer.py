"""An answer in the real program, by mouse and keyboard: words are summed, relevance, another image, another model."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from tests.inference.tiny_chat import save
from widgets.views.answer.figure import AnswerSpot

pytestmark = pytest.mark.xvfb


def test_an_answer_by_mouse_and_keyboard(start, tmp_path):
    """One program, so that its engine starts once."""
    driver = start(str(save(tmp_path / "llava", "llava")))
    driver.wait(lambda: driver.window.area.has_tab("answer"), seconds=240)
    driver.window.input_panel.look_at_text("what is this")

    def figure():
        return driver.figure("answer")

    def wait_for(condition):
        view = driver.window.area.views
        driver.wait(
            lambda: (
                figure() is not None
                and not view["answer"].why_not_current
                and not driver.window._runner.is_busy
                and condition(figure().result)
            )
        )

    def box(spot):
        canvas = driver.widget("answer_canvas")
        return canvas, canvas.figure._boxes(canvas.figure_rect(), canvas.style_now)[spot].center().toPoint()

    driver.tab("answer")
    wait_for(lambda result: result.written.n_steps > 4 and "what is this" in result.prompt)
    first = figure().result
    assert (first.n_image, len(first.grids)) == (16, 1)
    text = driver.window.input_panel.input().text
    driver.wait(
        lambda: driver.window.input_panel.input().text.target_ids == tuple(first.written.tokens.ids[1:].tolist())
    )
    assert text.text == "what is this"

    # Two words are summed.
    driver.click(*box(AnswerSpot("word", 1)))
    canvas, point = box(AnswerSpot("word", 2))
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, point)
    driver.wait(lambda: set(figure().chosen) in ({1, 2}, {2}))
    assert driver.colors(canvas) > 50

    # What raised them.
    combo = driver.widget("answer_attention", QComboBox)
    combo.setFocus()
    QTest.keyClicks(combo, combo.itemText(combo.findData("relevance")))
    wait_for(lambda result: result.relevance is not None and set(result.relevance_of) == set(figure().chosen))
    assert figure().result.written.text == first.written.text

    # Another candidate, and back.
    driver.click(*box(AnswerSpot("candidate", next(row for row in range(8) if row != first.written.taken[2]))))
    wait_for(lambda result: result.written.n_given > 1)
    driver.click(driver.widget("answer_back_to"))
    wait_for(lambda result: result.written.text == first.written.text)

    driver.export("answer", tmp_path / "answer.npz")
    driver.wait(lambda: (tmp_path / "answer.npz").exists())
    with np.load(tmp_path / "answer.npz", allow_pickle=False) as arrays:
        assert arrays["boxes"].shape == (16, 4)
    driver.export("answer", tmp_path / "answer.gif")
    driver.wait(lambda: "answer.gif" in driver.message())
    with Image.open(tmp_path / "answer.gif") as film:
        assert film.n_frames == first.written.n_steps

    # A model that reads tiles, too.
    folder = str(save(tmp_path / "next", "llava_next"))
    driver.window.open(folder)
    driver.wait(lambda: driver.window.controller.checkpoint.checkpoint == folder)
    wait_for(lambda result: len(result.grids) == 2)
    assert driver.widget("answer_scale", QComboBox).isVisible()
