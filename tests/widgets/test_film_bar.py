"""The film bar: what it asks, which frames it chooses, and that a film becomes the input only when it was read."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSpinBox, QToolButton

from inference.results.events import Failure
from inference.results.film_strip import FilmStripRequest
from inference.results.inputs import ClipInput, Input
from tests.answers import answer, fail
from tests.film_factories import make_film_info, make_strip
from widgets.context import ViewContext
from widgets.panels.media.film_bar import FilmBar, happening
from widgets.panels.media.film_frames import FilmFrames


@pytest.fixture
def bar(qtbot):
    bar = FilmBar(ViewContext())
    qtbot.addWidget(bar)
    bar.asked, bar.chosen = [], []
    bar.request_changed.connect(bar.asked.append)
    bar.input_changed.connect(bar.chosen.append)
    bar.resize(900, 200)
    bar.show()
    bar.set_checkpoint(make_film_info())
    answer(bar, make_strip())
    return bar


def click(bar, name):
    bar.findChild(QToolButton, name).click()


def text(bar, name):
    return bar.findChild(QLabel, name).text()


def wanted(bar):
    return bar.asked[-1].input.clip


def test_it_asks_how_the_checkpoint_sees_the_first_clip(bar):
    assert bar.asked == [FilmStripRequest("films-test", Input(clip=ClipInput()))]
    assert bar.chosen == []  # nobody chose it
    assert "20 frames, drawn at 24 × 24" in text(bar, "film_about")


def test_another_clip_is_the_input_once_it_was_read(bar):
    click(bar, "film_next")
    assert wanted(bar) == ClipInput(seed=1)
    assert bar.input() == ClipInput()
    answer(bar, make_strip())
    assert bar.input() == ClipInput(seed=1)
    assert bar.chosen == [ClipInput(seed=1)]
    assert bar.findChild(QSpinBox, "film_seed").value() == 1


def test_the_sliders_frame_takes_the_chosen_place(bar):
    strip = bar.findChild(FilmFrames)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.box_of(1).center().toPoint())
    assert bar.playback.step == 7
    bar.playback.go_to(11)
    click(bar, "film_use")
    assert wanted(bar) == ClipInput(frames=(2, 11, 12, 17))
    answer(bar, make_strip(frames=(2, 11, 12, 17)))
    click(bar, "film_evenly")
    assert wanted(bar) == ClipInput()


def test_arrow_keys_choose_a_place_too(bar):
    strip = bar.findChild(FilmFrames)
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.place == 1
    assert "frame 7 of the film" in strip.accessibleDescription()
    QTest.keyClick(strip, Qt.Key.Key_Left)
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert strip.place == 0


def test_a_film_that_cannot_be_read_leaves_the_old_one(bar):
    bar.open_file("/tmp/bad.gif")
    assert "Reading bad.gif" in text(bar, "film_message")
    fail(bar, Failure("refused", "bad.gif is no film that can be read."))
    assert text(bar, "film_message") == "bad.gif is no film that can be read."
    assert bar.input() == ClipInput()
    answer(bar, make_strip())
    assert text(bar, "film_message") == "bad.gif is no film that can be read."
    assert bar.chosen == []


def test_it_says_what_happens_and_what_is_said_in_a_frame(bar):
    assert happening(make_strip(), 4) == "a small red car enters from the left"
    assert happening(make_strip(), 10) == "“so a small red car enters from the left”"
    assert happening(make_strip(), 15) == ""
    bar.playback.go_to(4)
    assert "enters from the left" in text(bar, "film_about")


def test_frames_chosen_by_hand_are_of_one_checkpoint(bar):
    bar.set_input(ClipInput(seed=4, frames=(1, 2, 3, 4)))
    bar.set_checkpoint(replace(make_film_info(), checkpoint="other"))
    assert wanted(bar) == ClipInput(seed=4)


def test_hidden_places_can_be_changed_where_there_are_any(bar):
    hidden = bar.findChild(QSpinBox, "film_hidden")
    assert not hidden.isVisible()
    answer_hiding = replace(make_strip(), hides_places=True, is_hidden=np.eye(3, dtype=bool))
    click(bar, "film_next")
    answer(bar, answer_hiding)
    assert hidden.isVisible()
    hidden.setValue(50)
    assert wanted(bar).hidden == 0.5


@pytest.mark.parametrize(("width", "every"), [(1300, 1), (900, 2), (300, 0)])
def test_numbers_of_frames_are_left_out_evenly_and_never_that_of_the_chosen_one(qtbot, width, every):
    strip = FilmFrames()
    qtbot.addWidget(strip)
    strip.resize(width, strip.sizeHint().height())
    strip.show_result(make_strip(n_frames=4_000, frames=tuple(range(1000, 1036))))
    numbered = strip.numbered()
    assert 0 in numbered
    if every:
        assert numbered == frozenset(range(0, 36, every))
    lines = [strip.box_of(place).center().x() for place in sorted(numbered)]
    wide = strip.fontMetrics().horizontalAdvance("1000")
    assert min((b - a for a, b in pairwise(lines)), default=wide) >= wide
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert 1 in strip.numbered()


def test_the_strip_can_be_looked_at_when_it_is_narrow_or_empty(bar, qtbot):
    strip = bar.findChild(FilmFrames)
    many = make_strip(n_frames=300, frames=tuple(range(0, 300, 10)))
    strip.show_result(replace(many, hides_places=True, is_hidden=np.eye(3, dtype=bool)))
    strip.resize(200, strip.height())
    assert not strip.grab().isNull()
    empty = FilmFrames()
    qtbot.addWidget(empty)
    assert not empty.grab().isNull()


@pytest.mark.parametrize("n_frames", [1, 3, 4, 12, 36])
def test_in_a_column_all_frames_have_a_place_of_their_own(bar, qtbot, n_frames):
    strip = make_strip()
    seen = np.repeat(strip.seen[:1], n_frames, axis=0)
    bar.set_narrow(True)
    bar.resize(220, 900)
    click(bar, "film_next")
    answer(bar, replace(strip, seen=seen, frames=tuple(min(i, strip.n_frames - 1) for i in range(n_frames))))
    frames = bar.findChild(FilmFrames)
    qtbot.waitUntil(lambda: frames.height() >= frames.heightForWidth(frames.width()))
    boxes = [frames._preview_box(), *(frames.box_of(place) for place in range(n_frames))]
    assert all(box.width() > 10 and frames.rect().contains(box.toAlignedRect()) for box in boxes[1:])
    for i, box in enumerate(boxes):
        assert not any(box.intersects(other) for other in boxes[i + 1 :])
    QTest.mouseClick(frames, Qt.MouseButton.LeftButton, pos=boxes[-1].center().toPoint())
    assert frames.place == n_frames - 1
    bar.set_narrow(False)
    bar.resize(900, 200)
    qtbot.waitUntil(lambda: frames.height() == frames.sizeHint().height())
