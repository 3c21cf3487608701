"""What lies over an old picture can be read whole, however narrow it is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QWidget

from widgets.kit.veil import Veil, breakable

LONG = "This picture is still of bert-mini · a‹NUL›b‹SOH›c‹BEL›‹ESC›[31mred‹DEL›‹RLO›evil."


@pytest.mark.parametrize("text", [LONG, "x" * 200])
def test_a_word_that_is_wider_than_the_picture_is_broken(qapp, text):
    metrics = QFontMetricsF(qapp.font())
    room = 10 * metrics.height()
    area, flags = QRectF(0, 0, room, 1000), int(Qt.TextFlag.TextWordWrap)
    assert metrics.boundingRect(area, flags, text).width() > room
    assert metrics.boundingRect(area, flags, breakable(text, metrics, room)).width() <= room
    assert breakable("This picture is still of bert-mini.", metrics, room) == "This picture is still of bert-mini."


def test_what_it_says_does_not_touch_the_edges_of_a_narrow_picture(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(200, 300)
    veil = Veil(host)
    host.show()
    veil.dim("x" * 60)
    image = host.grab().toImage()
    ground = image.pixelColor(1, 1)
    edges = [image.pixelColor(x, y) for x in (0, image.width() - 1) for y in range(image.height())]
    assert all(color == ground for color in edges)
    assert any(image.pixelColor(image.width() // 2, y) != ground for y in range(image.height()))
