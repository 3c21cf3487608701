"""Labels of boxes hide no other label and no thing, as long as there is room."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter

from inference.results.regions import Regions
from widgets.look.theme import LIGHT, FigureStyle
from widgets.views.joint import boxes
from widgets.views.joint.boxes import BoxMarks, label_places

IMAGE = QRectF(0, 0, 400, 400)
EM = 10.0


def places(*of):
    return label_places([100.0] * len(of), [QRectF(*box) for box in of], IMAGE, EM)


def test_a_label_stands_at_the_upper_left_of_its_box():
    (place,) = places((50, 100, 80, 60))
    assert (place.left(), place.bottom()) == (50, 100 - 0.05 * EM)


def test_labels_of_boxes_side_by_side_do_not_hide_each_other():
    found = places((100, 100, 80, 60), (140, 102, 80, 60), (160, 98, 80, 60))
    assert all(not a.intersects(b) for a, b in combinations(found, 2))


def test_labels_stay_in_the_image():
    found = places((0, 0, 400, 400), (380, 0, 20, 20), (0, 390, 20, 10), (390, 390, 10, 10))
    assert all(IMAGE.contains(place) for place in found)
    assert all(not a.intersects(b) for a, b in combinations(found, 2))


def test_a_label_stands_beside_a_small_box_where_things_are_above_and_below():
    things = [
        QRectF(*box) for box in ((100, 250, 190, 150), (300, 250, 30, 60), (250, 180, 150, 65), (295, 312, 99, 80))
    ]
    place = label_places([60.0] * 4, things, IMAGE, EM)[1]
    assert not any(place.intersects(thing) for thing in things)


def test_a_label_hides_no_thing_where_another_corner_is_free():
    bird, cup = (100, 100, 80, 60), (90, 165, 100, 60)  # the label of the cup would lie on the bird's feet
    _, place = places(bird, cup)
    assert place.top() > 165 + 60
    assert not place.intersects(QRectF(*bird))


def test_over_a_small_image_letters_are_smaller_and_scores_left_out(monkeypatch, qapp):
    painted = []
    monkeypatch.setattr(boxes, "_paint_label", lambda _, text, place, metrics: painted.append((text, metrics.height())))
    regions = Regions(np.array([[0, 0, 9, 9]], np.float32), None, ("bird",), np.array([0.97], np.float32), (20, 20))
    style = FigureStyle(LIGHT, QFont("DejaVu Sans", 10))
    em = QFontMetricsF(style.font).height()
    sheet = QImage(8, 8, QImage.Format.Format_RGB32)
    for width in (30 * em, 10 * em):
        with QPainter(sheet) as painter:
            area = QRectF(0, 0, width, width)
            BoxMarks(regions, None, is_filled=False, pointed=()).paint(painter, [QRectF(0, 0, 9, 9)], area, style)
    (whole, large), (short, small) = painted
    assert (whole, short) == ("bird  (0.97)", "bird")
    assert large == em > small


def test_a_label_stands_over_the_rim_of_another_rather_than_on_its_own_thing():
    above, bird, balloon = (240, 280, 160, 19), (250, 300, 100, 80), (370, 300, 20, 69.6)
    *_, below, place = places(above, bird, balloon)
    assert below.top() > 380
    assert place.top() > 369.6


def test_a_label_lies_on_its_own_thing_rather_than_at_the_edge_of_another():
    # The yellow bird above it, the cup beside it and the lower edge of the image below it.
    bird, above, cup = (124, 235, 142, 118), (114, 115, 143, 119), (43, 230, 68, 61)
    image = QRectF(0, 0, 367, 367)
    things = [QRectF(*box) for box in (bird, above, cup)]
    place = label_places([110.0] * 3, things, image, 15.0)[0]
    assert things[0].contains(place)
    assert not any(place.intersects(thing) for thing in things[1:])


def test_a_label_leaves_the_image_rather_than_hide_another_thing():
    balloon, bird, car = (355, 200, 40, 60), (200, 205, 150, 150), (300, 120, 90, 75)
    things = [QRectF(*box) for box in (balloon, bird, car)]
    inside, *_ = label_places([120.0] * 3, things, IMAGE, EM)
    outside, *_ = label_places([120.0] * 3, things, IMAGE, EM, (0.0, 130.0))
    assert any(inside.intersects(thing) for thing in things[1:])
    assert not any(outside.intersects(thing) for thing in things[1:])
    assert outside.right() <= IMAGE.right() + 130
