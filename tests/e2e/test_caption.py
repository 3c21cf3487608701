"""A caption in the real program, by mouse and keyboard: it grows, turns round, goes blind, goes on elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox

from inference.results.inputs import ImageInput
from widgets.views.caption.figure import CaptionSpot

pytestmark = pytest.mark.xvfb


def figure(driver):
    return driver.figure("caption")


def wait_for(driver, condition):
    """The whole caption that fits."""
    view = driver.window.area.views
    driver.wait(
        lambda: (
            figure(driver) is not None
            and not view["caption"].why_not_current
            and not driver.window._runner.is_busy
            and condition(figure(driver).result)
        )
    )


def choose(driver, name, value):
    combo = driver.widget(name, QComboBox)
    combo.setFocus()
    QTest.keyClicks(combo, combo.itemText(combo.findData(value)))


def click(driver, spot):
    canvas = driver.widget("caption_canvas")
    box = canvas.figure._boxes(canvas.figure_rect(), canvas.style_now)[spot]
    driver.click(canvas, box.center().toPoint())


def test_a_caption_by_mouse_and_keyboard(start, tmp_path):
    driver = start("virtex-scenes")
    driver.wait(lambda: driver.window.area.has_tab("caption"), seconds=240)
    driver.tab("caption")
    wait_for(driver, lambda result: result.written.is_finished)
    first = figure(driver).result
    driver.wait(lambda: driver.window.input_panel.input().text.text == first.written.text)

    # Another candidate of the second word, and back.
    click(driver, CaptionSpot("word", 2))
    assert figure(driver).focus == 2
    other = next(row for row in range(8) if row != first.written.taken[2])
    click(driver, CaptionSpot("candidate", other))
    wait_for(driver, lambda result: result.written.n_given == 3)
    assert figure(driver).result.written.tokens.ids[2] == first.written.candidate_ids[2, other]
    driver.click(driver.widget("caption_back_to"))
    wait_for(driver, lambda result: result.written.text == first.written.text)

    # From its end, by keyboard; it is what stood beside the first one.
    choose(driver, "caption_direction", "end")
    wait_for(driver, lambda result: result.is_from_end)
    assert figure(driver).result.written.text == first.other_way

    # Blind: no place is looked at, and another image changes nothing.
    QTest.keyClick(driver.widget("caption_blind", QCheckBox), Qt.Key.Key_Space)
    wait_for(driver, lambda result: result.is_blind)
    blind = figure(driver).result
    assert blind.pattern.size == 0
    driver.click(driver.widget("image_next"))
    driver.wait(lambda: driver.window.input_panel.input().image == ImageInput(seed=1))
    wait_for(driver, lambda result: not np.array_equal(result.picture.seen, blind.picture.seen))
    assert figure(driver).result.written.text == blind.written.text

    QTest.keyClick(driver.widget("caption_blind", QCheckBox), Qt.Key.Key_Space)
    wait_for(driver, lambda result: not result.is_blind)
    driver.export("caption", tmp_path / "caption.svg")
    driver.wait(lambda: (tmp_path / "caption.svg").exists())
    assert "Where “" in (tmp_path / "caption.svg").read_text(encoding="utf-8")
    driver.export("caption", tmp_path / "caption.gif")
    driver.wait(lambda: "caption.gif" in driver.message())  # its process is done, too
    with Image.open(tmp_path / "caption.gif") as film:
        assert film.n_frames == figure(driver).result.written.n_steps
