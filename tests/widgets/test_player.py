"""The player: as fast as it is told, never beyond what there is; buttons, keys, slider and lanes."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSlider, QToolButton, QWidget

from widgets.look.theme import DARK, FigureStyle
from widgets.player.playback import AS_FAST_AS_IT_GOES, SPEEDS, STEPS_A_SECOND, Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.player.surprisal_scrubber import Lane, SurprisalScrubber


@pytest.fixture
def playback(qapp):
    playback = Playback()
    playback.steps = []
    playback.moved.connect(playback.steps.append)
    yield playback
    playback.pause()


@pytest.mark.parametrize("speed", SPEEDS[:-1])
def test_it_moves_as_far_as_the_time_tells(playback, speed):
    playback.set_range(0, 99_999)
    playback.set_speed(speed)
    playback.play()
    for _ in range(625):
        playback.advance(16)  # 10 seconds
    assert playback.step == pytest.approx(10 * STEPS_A_SECOND * speed, abs=1)


def test_it_stops_at_the_end_and_begins_anew(playback):
    playback.set_range(0, 4)
    playback.play()
    playback.advance(10_000)
    assert playback.step == 4
    assert not playback.is_playing
    playback.play()
    assert playback.step == 0
    assert playback.is_playing


def test_it_waits_for_what_is_still_written(playback):
    playback.set_range(0, 2, is_open=True)
    playback.play()
    playback.advance(10_000)
    assert playback.step == 2
    assert playback.is_playing
    playback.set_range(0, 5, is_open=False)
    playback.advance(10_000)
    assert playback.step == 5
    assert not playback.is_playing


def test_as_fast_as_it_goes_shows_each_part_when_it_comes(playback):
    playback.set_speed(AS_FAST_AS_IT_GOES)
    playback.set_range(0, 2, is_open=True)
    playback.restart()
    playback.set_range(0, 8, is_open=True)
    assert playback.step == 8
    playback.set_range(0, 19)
    assert playback.step == 19
    assert not playback.is_playing


def test_going_somewhere_stands_still_there(playback):
    playback.set_range(0, 9)
    playback.play()
    playback.go_to(7)
    assert (playback.step, playback.is_playing) == (7, False)
    playback.go_to(99)
    assert playback.step == 9
    playback.go_to(-3)
    assert playback.step == 0
    playback.set_range(0, 3)
    playback.go_to(3)
    playback.set_range(0, 1)
    assert playback.step == 1


def test_the_rate_is_what_speed_1_means(playback):
    playback.set_range(0, 1_000)
    playback.set_rate(100)
    playback.set_speed(2.0)
    playback.play()
    playback.advance(1_000)
    assert playback.step == 200


def test_followed_each_part_is_shown_when_it_comes_whatever_the_speed(playback):
    playback.set_range(5, 8, is_open=True)
    playback.follow()
    assert (playback.step, playback.is_playing, playback.is_live) == (8, True, True)
    playback.set_range(5, 20, is_open=True)
    assert playback.step == 20
    playback.set_range(5, 30)
    assert (playback.step, playback.is_playing, playback.is_live) == (30, False, False)
    playback.play()
    assert (playback.step, playback.is_live) == (5, False)


def test_paused_it_follows_no_longer(playback):
    playback.set_range(0, 8, is_open=True)
    playback.follow()
    playback.pause()
    playback.set_range(0, 20, is_open=True)
    assert playback.step == 8
    playback.play()
    playback.advance(100)
    assert playback.step == 10


def test_held_it_stands_still_and_goes_on_as_before(playback):
    playback.set_range(0, 10)
    playback.restart()
    playback.hold(True)
    assert not playback.is_playing
    playback.hold(True)
    playback.hold(False)
    assert playback.is_playing
    playback.pause()
    playback.hold(True)
    playback.hold(False)
    assert not playback.is_playing  # the user had stopped it


def test_held_while_it_grows_it_follows_again(playback):
    playback.set_range(0, 2, is_open=True)
    playback.follow()
    playback.hold(True)
    playback.set_range(0, 5, is_open=True)
    assert playback.step == 2
    playback.hold(False)
    assert (playback.step, playback.is_live) == (5, True)


def test_what_comes_meanwhile_ends_the_hold(playback):
    playback.set_range(0, 10)
    playback.restart()
    playback.hold(True)
    playback.go_to(3)
    playback.hold(False)
    assert (playback.step, playback.is_playing) == (3, False)


def test_what_is_whole_already_is_shown_whole_and_not_played(playback):
    playback.set_range(3, 9)
    playback.follow()
    assert (playback.step, playback.is_playing) == (9, False)


def test_another_range_takes_the_step_along(playback):
    playback.set_range(0, 5)
    playback.go_to(2)
    playback.set_range(4, 9)
    assert playback.step == 4


# The bar


def make_player(qtbot, scrubber):
    playback = Playback()
    player = Player("what", playback, scrubber)
    qtbot.addWidget(player)
    player.asked = []
    player.step_requested.connect(player.asked.append)
    player.step_requested.connect(playback.go_to)
    playback.moved.connect(player.show_step)
    player.resize(700, 100)
    player.show()
    return player, playback


@pytest.fixture
def with_slider(qtbot):
    slider = StepSlider("what", "Pixel")
    player, playback = make_player(qtbot, slider)
    playback.set_range(3, 20, is_open=True)
    slider.set_range(3, 20, 40)
    return player, playback


def button(player, name):
    return player.findChild(QToolButton, f"what_{name}")


def test_buttons_step_jump_and_play(with_slider):
    player, playback = with_slider
    for name, step in (("last", 20), ("back", 19), ("forth", 20), ("forth", 20), ("first", 3), ("back", 3)):
        button(player, name).click()
        assert playback.step == step
    button(player, "play").click()
    assert playback.is_playing
    assert button(player, "play").accessibleName() == "Pause (Space)"
    button(player, "play").click()
    assert not playback.is_playing


def test_keys_do_what_the_buttons_do(with_slider):
    player, playback = with_slider
    for key, step in (
        (Qt.Key.Key_End, 20),
        (Qt.Key.Key_Comma, 19),
        (Qt.Key.Key_Period, 20),
        (Qt.Key.Key_Home, 3),
    ):
        QTest.keyClick(player, key)
        assert playback.step == step
    QTest.keyClick(player, Qt.Key.Key_Space)
    assert playback.is_playing
    QTest.keyClick(player, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert playback.is_playing
    QTest.keyClick(player, Qt.Key.Key_Space)
    assert not playback.is_playing


def test_the_end_of_what_grows_is_followed(with_slider):
    player, playback = with_slider
    playback.set_range(3, 20, is_open=True)
    QTest.keyClick(player, Qt.Key.Key_Home)
    assert not playback.is_live
    QTest.keyClick(player, Qt.Key.Key_End)
    assert playback.is_live
    playback.set_range(3, 23, is_open=True)
    assert playback.step == 23


def test_the_speed_is_chosen(with_slider):
    player, playback = with_slider
    box = player.findChild(QComboBox, "what_speed")
    for number, speed in enumerate(SPEEDS):
        box.setCurrentIndex(number)
        assert playback.speed == speed


def test_the_slider_scrubs_over_what_there_is(with_slider):
    player, playback = with_slider
    slider = player.findChild(QSlider, "what_slider")
    assert (slider.minimum(), slider.maximum()) == (3, 40)
    slider.setValue(9)
    assert playback.step == 9
    slider.setValue(30)  # not there yet
    assert (slider.value(), playback.step) == (20, 20)
    playback.go_to(5)
    assert slider.value() == 5


def test_hidden_it_rests_and_goes_on_when_it_is_shown(with_slider):
    player, playback = with_slider
    playback.play()
    player.hide()
    assert not playback.is_playing
    player.show()
    assert playback.is_playing
    playback.follow()
    player.hide()
    playback.set_range(3, 25, is_open=True)
    assert playback.step == 25
    playback.pause()
    player.show()
    assert not playback.is_playing


def test_every_control_has_a_name_and_is_reached(with_slider):
    player, _ = with_slider
    for control in player.findChildren(QWidget):
        if isinstance(control, QToolButton | QComboBox | QSlider):
            assert control.accessibleName(), control.objectName()
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.objectName()


# Lanes of surprisal


@pytest.fixture
def lanes(qtbot):
    scrubber = SurprisalScrubber("what_lanes", "All steps")
    surprisal = np.arange(8, dtype=float)
    scrubber.show_lanes(
        (Lane("6 one", 0, surprisal[:6], 2), Lane("no two", 6, surprisal[:0]), Lane("4 three", 6, surprisal[:4])),
        FigureStyle(),
        lambda step: f"step {step}",
    )
    player, playback = make_player(qtbot, scrubber)
    playback.set_range(0, 9)
    return player, playback, scrubber


def test_a_click_or_a_drag_in_a_lane_goes_there(lanes):
    _, playback, scrubber = lanes
    for step in (0, 5, 6, 9):
        QTest.mouseClick(scrubber, Qt.MouseButton.LeftButton, pos=scrubber.place_of(step).toPoint())
        assert playback.step == step
    QTest.mousePress(scrubber, Qt.MouseButton.LeftButton, pos=scrubber.place_of(1).toPoint())
    QTest.mouseMove(scrubber, scrubber.place_of(4).toPoint() + QPoint(0, 60))  # it stays in its lane
    assert playback.step == 4
    QTest.mouseRelease(scrubber, Qt.MouseButton.LeftButton, pos=scrubber.place_of(4).toPoint())


def test_keys_walk_through_the_lanes(lanes):
    _, playback, scrubber = lanes
    for key, step in (
        (Qt.Key.Key_End, 9),
        (Qt.Key.Key_Left, 8),
        (Qt.Key.Key_Up, 3),  # the empty lane is passed over
        (Qt.Key.Key_Up, 3),
        (Qt.Key.Key_Down, 8),
        (Qt.Key.Key_Down, 8),
        (Qt.Key.Key_PageUp, 7),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
    ):
        QTest.keyClick(scrubber, key)
        assert playback.step == step
    QTest.keyClick(scrubber, Qt.Key.Key_Space)  # the player's
    assert playback.is_playing
    playback.pause()


def test_bars_are_as_high_as_they_surprise_and_given_ones_are_marked(lanes):
    _, _, scrubber = lanes
    image = scrubber.grab().toImage()
    paper = FigureStyle().theme.paper.rgb()

    def height(step):
        x, rect = round(scrubber.place_of(step).x()), scrubber._rect(scrubber._lane_of(step))
        return sum(image.pixel(x, y) != paper for y in range(round(rect.top()) + 1, round(rect.bottom())))

    assert height(2) < height(3) < height(4) < height(5)
    assert height(1) > height(5)  # given: all of its lane is shaded
    scrubber.show_lanes((), FigureStyle(DARK))
    assert scrubber.grab().toImage() != image


def test_a_slider_stands_beside_the_buttons_where_there_is_room(qtbot, playback):
    player = Player("test", playback, StepSlider("test", "Step"))
    qtbot.addWidget(player)
    buttons, slider = player.findChild(QToolButton, "test_play"), player.findChild(QSlider)

    def is_one_line():
        tops = (each.mapTo(player, QPoint(0, each.height() // 2)).y() for each in (buttons, slider))
        return len({round(top / 10) for top in tops}) == 1

    with qtbot.waitExposed(player):
        player.resize(900, 40)
        player.show()
    qtbot.waitUntil(is_one_line)
    assert slider.mapTo(player, QPoint(0, 0)).x() > buttons.mapTo(player, QPoint(buttons.width(), 0)).x()
    player.resize(300, 80)
    qtbot.waitUntil(lambda: not is_one_line())
    player.resize(900, 40)
    for number in range(12):  # what comes into the bar may leave no room
        player.controls.add_button(f"more_{number}", "one more", "")
    qtbot.waitUntil(lambda: not is_one_line())
