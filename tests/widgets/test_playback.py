"""The player: as fast as it is told, never beyond what there is."""

import pytest

from widgets.player.playback import AS_FAST_AS_IT_GOES, SPEEDS, TOKENS_A_SECOND, Playback


@pytest.fixture
def playback(qapp):
    playback = Playback()
    playback.steps = []
    playback.moved.connect(playback.steps.append)
    yield playback
    playback.pause()


@pytest.mark.parametrize("speed", SPEEDS[:-1])
def test_it_moves_as_far_as_the_time_tells(playback, speed):
    playback.set_steps(100_000)
    playback.set_speed(speed)
    playback.play()
    for _ in range(625):
        playback.advance(16)  # 10 seconds
    assert playback.step == pytest.approx(10 * TOKENS_A_SECOND * speed, abs=1)


def test_it_stops_at_the_end_and_begins_anew(playback):
    playback.set_steps(5)
    playback.play()
    playback.advance(10_000)
    assert playback.step == 4
    assert not playback.is_playing
    playback.play()
    assert playback.step == 0
    assert playback.is_playing


def test_it_waits_for_what_is_still_written(playback):
    playback.set_steps(3, is_open=True)
    playback.play()
    playback.advance(10_000)
    assert playback.step == 2
    assert playback.is_playing
    playback.set_steps(6, is_open=False)
    playback.advance(10_000)
    assert playback.step == 5
    assert not playback.is_playing


def test_as_fast_as_it_goes_shows_each_part_when_it_comes(playback):
    playback.set_speed(AS_FAST_AS_IT_GOES)
    playback.set_steps(3, is_open=True)
    playback.restart()
    playback.set_steps(9, is_open=True)
    assert playback.step == 8
    playback.set_steps(20)
    assert playback.step == 19
    assert not playback.is_playing


def test_going_somewhere_stands_still_there(playback):
    playback.set_steps(10)
    playback.play()
    playback.go_to(7)
    assert (playback.step, playback.is_playing) == (7, False)
    playback.go_to(99)
    assert playback.step == 9
    playback.go_to(-3)
    assert playback.step == 0
    playback.set_steps(4)
    playback.go_to(3)
    playback.set_steps(2)
    assert playback.step == 1
