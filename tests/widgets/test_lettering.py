"""Words in cells become smaller before one of them is cut."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter

from tests.lettering import watched
from widgets.figures import lettering
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.look.theme import FigureStyle


@pytest.mark.parametrize(("part", "is_whole"), [(1.1, True), (0.9, True), (0.4, False)])
def test_words_in_cells_become_somewhat_smaller_before_one_is_cut(qapp, part, is_whole):
    image = QImage(400, 60, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched() as words:
        metrics = QFontMetricsF(painter.font())
        width = part * metrics.horizontalAdvance("because") + 0.3 * metrics.height()
        lettering.paint_cells(
            painter,
            [["the", "because"]],
            lambda _row, column: QRectF(column * width, 0, width, 50),
            np.zeros((1, 2), np.uint32),
        )
    shown = [word.text for word in words]
    assert shown[0] == "the"
    assert (shown[1] == "because") == is_whole


@pytest.mark.parametrize("part", [1.2, 1.0, 0.9, 0.71, 0.5])
def test_letters_are_as_large_as_lets_a_text_fit_and_no_smaller_than_told(qapp, part):
    font = QFont()
    text = "because it was tired"
    room = part * QFontMetricsF(font).horizontalAdvance(text)
    found = lettering.fitted(font, text, room, 0.7)
    share, width = found.pointSizeF() / font.pointSizeF(), QFontMetricsF(found).horizontalAdvance(text)
    if part >= 1:
        assert share == 1
    elif part > 0.7:
        assert width <= room
        assert share == pytest.approx(part, abs=0.05)
    else:
        assert share == pytest.approx(0.7)
        assert width > room


@pytest.mark.parametrize(("part", "is_told"), [(1.3, True), (0.95, True), (0.7, False)])
def test_numbers_in_cells_of_a_heat_map_are_smaller_before_there_are_none(qapp, part, is_told):
    style = FigureStyle()
    values = np.full((3, 3), 0.25)
    panel = HeatPanel(values, ColorScale.from_zero(values), "", "", "", value_format="+.2f")
    room = panel.plot(QRectF(0, 0, 400, 300), style)
    cell = part * QFontMetricsF(style.font).horizontalAdvance("+0.25")
    width = 3 * cell + 400 - room.width()
    image = QImage(600, 300, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched() as words:
        panel.paint(painter, QRectF(0, 0, width, 300), style)
    told = [word for word in words if word.text == "+0.25"]
    assert len(told) == (9 if is_told else 0)
    assert all(word.box.width() < cell for word in told)


@pytest.mark.parametrize("width", [900, 300, 200])
def test_names_of_columns_stand_upright_before_one_is_cut(qapp, width):
    names = ("the", "cat", "was", "fatiguée", "because")
    values = np.full((3, 5), 0.25)
    panel = HeatPanel(values, ColorScale.from_zero(values), "", "", "", column_names=names)
    image = QImage(900, 300, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched() as words:
        panel.paint(painter, QRectF(0, 0, width, 300), FigureStyle())
    assert {word.text for word in words} >= set(names)


@pytest.mark.parametrize(
    ("names", "numbers", "told"),
    [
        (("the", "cat", "the", "mat"), (0, 2), [None, None]),
        (("the", "cat", "the", "mat"), (0, 1, 2, 3), ["the", "cat", "the", "mat"]),
        (("the", "cat", "sat", "on"), (0, 2), ["the", "sat"]),
        (("", "", "", ""), (0, 2), ["", ""]),
        ((), (0, 2), [None, None]),
    ],
)
def test_names_of_which_most_are_the_same_tell_nothing(names, numbers, told):
    assert lettering.telling(names, numbers) == told
