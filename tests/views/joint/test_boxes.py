"""Labels of boxes hide no other label, as long as there is room."""

from __future__ import annotations

from itertools import combinations

from PySide6.QtCore import QRectF

from widgets.views.joint.boxes import label_places

IMAGE = QRectF(0, 0, 400, 400)
EM = 10.0


def places(*boxes):
    return label_places([100.0] * len(boxes), [QRectF(*box) for box in boxes], IMAGE, EM)


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
