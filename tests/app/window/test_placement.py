"""Windows are whole on a screen, and a second one hides little of the first."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMargins, QRect, QSize

from app.window.placement import fitted, free_place

FRAME = QMargins(2, 24, 2, 6)
SCREEN = QRect(0, 0, 1280, 800)
SECOND = QRect(1280, 0, 1920, 1080)


@pytest.mark.parametrize(
    ("window", "right"),
    [
        ((100, 100, 400, 300), (100, 100, 400, 300)),
        ((0, 0, 1280, 800), (2, 24, 1276, 770)),
        ((1000, 700, 400, 300), (878, 494, 400, 300)),
        ((-3000, -200, 400, 300), (2, 24, 400, 300)),
    ],
)
def test_a_window_is_on_the_screen_with_its_frame(window, right):
    assert fitted(QRect(*window), FRAME, SCREEN).getRect() == right


def test_what_the_desktop_keeps_for_itself_is_left_free():
    available = QRect(60, 30, 1220, 770)
    inside = fitted(QRect(0, 0, 1280, 800), FRAME, available)
    assert available.contains(inside.marginsAdded(FRAME))


def test_a_second_screen_is_taken_first():
    place = free_place(QSize(500, 400), FRAME, QRect(0, 0, 1280, 800), [SCREEN, SECOND])
    assert SECOND.contains(place)
    assert place.size() == QSize(500, 400)


@pytest.mark.parametrize("x", [0, 700])
def test_on_one_screen_it_stands_beside_the_main_window(x):
    main = QRect(x, 0, 1220, 1000)
    screen = QRect(0, 0, 1920, 1080)
    place = free_place(QSize(690, 500), FRAME, main, [screen])
    assert screen.contains(place.marginsAdded(FRAME))
    assert not place.intersects(main)


@pytest.mark.parametrize("main", [SCREEN, QRect(200, 100, 800, 600)])
def test_without_room_it_is_still_whole_on_the_screen(main):
    place = free_place(QSize(900, 3000), FRAME, main, [SCREEN])
    assert SCREEN.contains(place.marginsAdded(FRAME))


def test_a_main_window_between_two_screens_has_no_screen_left():
    place = free_place(QSize(500, 400), FRAME, QRect(1000, 0, 800, 800), [SCREEN, SECOND])
    assert SECOND.contains(place.marginsAdded(FRAME))
