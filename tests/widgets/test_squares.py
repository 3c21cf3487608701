"""Squares beside tokens: on screen one picture, in files as many squares."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from widgets.figures.squares import paint_squares

RED, BLUE = 0xFFC00000, 0xFF0000C0
TOPS, STEP = (2.0, 22.0), 10.0
WEIGHTS = np.array([[1.0, 0.0], [0.25, 1.0]])


def painted(ratio: float) -> QImage:
    image = QImage(round(60 * ratio), round(60 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0xFFFFFFFF)
    with QPainter(image) as painter:
        painter.translate(5, 3)
        paint_squares(painter, 10.0, TOPS, STEP, (RED, BLUE), WEIGHTS)
    return image


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_each_lies_where_it_belongs_as_opaque_as_its_weight(ratio):
    image = painted(ratio)

    def color(x: float, y: float) -> tuple[int, int, int]:
        return image.pixelColor(round(ratio * (5 + x)), round(ratio * (3 + y))).getRgb()[:3]

    assert color(14, 6) == QColor(RED).getRgb()[:3]
    assert color(24, 6) == (255, 255, 255)  # no line, no square
    assert color(24, 26) == QColor(BLUE).getRgb()[:3]
    opacity = 0.35 + 0.65 * 0.25**0.5
    faint = [round(255 + opacity * (part - 255)) for part in QColor(RED).getRgb()[:3]]
    assert color(14, 26) == pytest.approx(faint, abs=2)
    assert color(14, 16) == (255, 255, 255)  # between two rows


def test_a_file_has_them_one_by_one():
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    with QPainter(generator) as painter:
        paint_squares(painter, 10.0, TOPS, STEP, (RED, BLUE), WEIGHTS)
    text = bytes(buffer.data().data()).decode()
    assert text.count("<rect") == np.count_nonzero(WEIGHTS)
    assert "<image" not in text
