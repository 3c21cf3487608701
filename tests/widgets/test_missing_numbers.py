"""Cells without a number have a colour of their own, and the figure says what it means where there are any."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from tests.factories import make_attention_result, make_rollout_result
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.look.theme import FigureStyle
from widgets.views.attention.figure import AttentionFigure
from widgets.views.rollout.figure import RolloutFigure
from widgets.views.rollout.options import RolloutOptions

STYLE = FigureStyle()
RECT = QRectF(0, 0, 700, 500)


class Words(QPainter):
    """Notes what is written."""

    def __init__(self, image):
        super().__init__(image)
        self.written = []

    def drawText(self, *args):
        self.written += [arg for arg in args if isinstance(arg, str)]
        super().drawText(*args)


def painted(figure):
    """What is written, and in how many places of a coarse grid the colour of missing numbers is seen."""
    image = QImage(700, 500, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with Words(image) as painter:
        figure.paint(painter, RECT, STYLE)
        written = list(painter.written)
    missing = STYLE.theme.missing.rgb()
    columns = [x for x in range(700) if any(image.pixel(x, y) == missing for y in range(0, 500, 2))]
    return written, columns


def attention(is_nan):
    result = make_attention_result()
    pattern = result.pattern.copy()
    if is_nan:
        pattern[..., 1, :] = np.nan
    return AttentionFigure(replace(result, pattern=pattern), 0, 0)


def heat(is_nan):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    values[1, 1] = np.nan if is_nan else 0
    return HeatPanel(values, ColorScale.from_zero(values), "Numbers", "rows", "columns")


def rollout(is_nan):
    return RolloutFigure(make_rollout_result(), 0, 2, RolloutOptions(hide_own=is_nan))


@pytest.mark.parametrize(
    ("make", "word"),
    [(attention, "no value"), (heat, "no number"), (rollout, "own place")],
    ids=["attention", "heat", "rollout"],
)
def test_the_colour_of_what_is_missing_is_explained_where_it_is_on_screen(make, word, qapp):
    written, columns = painted(make(True))
    assert word in written
    assert columns
    written, columns = painted(make(False))
    assert word not in written
    assert columns == []


def test_beside_a_map_the_colour_stands_by_its_word(qapp):
    _, columns = painted(attention(True))
    gap = max(after - before for before, after in pairwise(columns))
    assert gap > 10, "it is in the map alone"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (99.6, 2, "100"),
        (123.4, 2, "120"),
        (0.664, 2, "0.66"),
        (1234.0, 2, "1.2·10³"),
        (-0.00001, 3, "−1·10⁻⁵"),
        (5.0, 3, "5"),
    ],
)
def test_a_number_of_the_colour_bar_is_written_plainly_below_a_thousand(value, digits, text):
    assert short(value, digits) == text
