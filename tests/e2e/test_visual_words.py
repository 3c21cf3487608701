"""Visual words in the real program, by mouse: a chip hidden, a word masked, the template, and another page."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox, QSpinBox

pytestmark = pytest.mark.xvfb


def test_visual_words_by_mouse(start):
    """One program, so that its engine starts once."""
    driver = start("videobert-clips")
    driver.wait(lambda: driver.window.controller.checkpoint is not None, seconds=240)
    driver.wait_idle()
    driver.window.show_view("visual_words")
    driver.wait(lambda: driver.figure("visual_words") is not None and not driver.window._runner.is_busy)
    canvas = driver.widget("visual_words_canvas")

    def result():
        return driver.figure("visual_words").result

    def place(kind, at):
        spots = driver.figure("visual_words")._spots(canvas.figure_rect(), canvas.style_now)
        return next(box.center().toPoint() for spot, box in spots if (spot.kind, spot.at) == (kind, at))

    # What is said of the drawn clip stands in the field by itself, and is read.
    assert " ".join(result().tokens.words[1:]) == result().said
    assert driver.colors(canvas) > 200

    # Another chip is hidden, and the first one shown again.
    driver.click(canvas, place("chip", 2))
    driver.wait(lambda: result().hidden.tolist() == [2, 5])
    driver.click(canvas, place("chip", 5))
    driver.wait(lambda: result().hidden.tolist() == [2])

    # The verb is asked for in words, and read from the chips of the first event.
    driver.click(driver.widget("visual_words_template"))
    driver.wait(lambda: result().tokens.words[1:3] == ("now", "watch"))
    driver.widget("visual_words_last", QSpinBox).setValue(2)
    driver.wait(lambda: result().last == 2)
    with_film, without = (guesses[-1][0] for guesses in result().guesses)
    assert with_film == "enters"
    assert result().guess_probs[0, -1, 0] > 2 * result().guess_probs[1, -1, 0], without

    # A word of a sentence is masked by a click.
    driver.click(driver.widget("visual_words_narration"))
    driver.wait(lambda: " ".join(result().tokens.words[1:]) == result().said)
    driver.wait(lambda: not driver.window._runner.is_busy)
    driver.click(canvas, place("word", 3))
    driver.wait(lambda: result().positions.tolist() == [3])

    # What comes next is another page of the same answer.
    show = driver.widget("visual_words_show", QComboBox)
    show.setCurrentIndex(show.findData("next"))
    driver.wait(lambda: type(driver.figure("visual_words")).__name__ == "VisualWordsNextFigure")
    assert driver.colors(canvas) > 200
