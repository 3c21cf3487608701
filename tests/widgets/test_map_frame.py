"""A frame is seen on every map, and hides nothing of what it frames."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from widgets.figures.map_frame import paint_map_frame
from widgets.look.theme import FigureStyle


@pytest.mark.parametrize("height", [1, 2, 3, 20])
def test_a_frame_hides_nothing_of_a_thin_row(qapp, height):
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    cells = QColor("navy").rgb()
    image.fill(cells)
    style = FigureStyle()
    with QPainter(image) as painter:
        paint_map_frame(painter, QRectF(20, 40, 160, height), style, style.theme.accent)
    assert {image.pixel(100, 40 + row) for row in range(height)} == {cells}
    beside = {image.pixel(100, y) for y in range(36, 40)} | {
        image.pixel(100, y) for y in range(40 + height, 44 + height)
    }
    assert style.theme.accent.rgb() in beside
    assert cells not in beside
