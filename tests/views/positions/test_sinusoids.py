"""The encoding is the paper's, and what its section 3.5 says of it holds."""

import math
import time

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from tests.lettering import watched
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.views.positions import encoding as sinusoids
from widgets.views.positions.sinusoids import SinusoidsFigure


def by_the_paper(d_model, length):
    table = np.empty((length, d_model))
    for position in range(length):
        for i in range(d_model // 2):
            angle = position / 10_000 ** (2 * i / d_model)
            table[position, 2 * i], table[position, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return table


@pytest.mark.parametrize(("d_model", "length"), [(2, 1), (8, 8), (64, 33), (128, 1000), (1024, 40)])
def test_every_number_is_the_papers(d_model, length):
    table = sinusoids.encoding(d_model, length)
    assert table.shape == (length, d_model)
    assert table.dtype == np.float32
    np.testing.assert_allclose(table, by_the_paper(d_model, length), atol=1e-6)


def test_dot_products_depend_on_the_offset_alone():
    table = sinusoids.encoding(64, 200).astype(float)
    products = table @ table.T
    for offset in (0, 1, 7, 50):
        np.testing.assert_allclose(np.diagonal(products, offset), products[0, offset], atol=1e-4)


def test_a_pair_repeats_after_its_wavelength():
    assert sinusoids.wavelength(128, 0) == pytest.approx(2 * math.pi)
    assert sinusoids.wavelength(128, 32) == pytest.approx(200 * math.pi)
    assert sinusoids.wavelength(512, 255) < 10_000 * 2 * math.pi


def test_a_number_is_explained():
    text = SinusoidsFigure(128, 64, 4).describe(Cell(0, 8, 37))
    assert text == "PE(37, 8) = sin(37 / 10000^(8/128)) = sin(20.8066) = 0.926318"


def test_numbers_hold_the_whole_table():
    figure = SinusoidsFigure(16, 5)
    numbers = figure.numbers()
    np.testing.assert_array_equal(numbers.arrays["table"], sinusoids.encoding(16, 5))
    assert numbers.header[:2] == ("position", "dimension 0")
    assert [row[0] for row in numbers.rows] == list(range(5))
    assert numbers.rows[3][1] == pytest.approx(math.sin(3), abs=1e-6)


def test_the_largest_table_is_made_within_a_frame():
    best = math.inf
    for _ in range(10):
        sinusoids.encoding.cache_clear()
        start = time.process_time()
        sinusoids.encoding(1024, 1024)
        best = min(best, time.process_time() - start)
    assert best < 0.016


@pytest.mark.parametrize("height", [270, 320, 700])
def test_curves_have_their_share_of_the_height_and_two_ticks(qapp, height):
    rect, style = QRectF(0, 0, 1000, height), FigureStyle()
    figure = SinusoidsFigure()
    (frame,) = figure.laid_out(rect, style)
    panel, area = figure.panels(rect, style)[0]
    assert frame.inner.height() > 0.6 * panel.plot(area, style).height()
    assert len(frame.y_ticks) >= 2


@pytest.mark.parametrize(("height", "said"), [(700, None), (300, "(means of 2 rows each)")])
def test_a_map_with_fewer_pixels_than_rows_says_what_they_are(qapp, height, said):
    image = QImage(1000, height, QImage.Format.Format_RGB32)
    with QPainter(image) as painter, watched() as words:
        SinusoidsFigure().paint(painter, QRectF(0, 0, 1000, height), FigureStyle())
    means = [word.text for word in words if "means of" in word.text]
    assert bool(means) == bool(said)
    assert all(text.endswith(said) for text in means)


@pytest.mark.parametrize("height", [480, 560])
def test_sines_and_cosines_on_a_pixel_and_a_half_each_show_no_bands(qapp, height):
    """At position 0 rows are 0 and 1 in turn from top to bottom, so no part of them is lighter than another."""
    image = QImage(1000, height, QImage.Format.Format_RGB32)
    figure, style, rect = SinusoidsFigure(), FigureStyle(), QRectF(0, 0, 1000, height)
    with QPainter(image) as painter:
        figure.paint(painter, rect, style)
    panel, area = figure.panels(rect, style)[0]
    cells = panel.plot(area, style)
    assert 128 < cells.height() < 2 * 128
    rows = range(round(cells.top() + 0.2 * cells.height()), int(cells.bottom()) - 2)  # below the frame
    blue = np.array([image.pixelColor(round(cells.left()) + 4, y).blue() for y in rows], float)
    parts = np.convolve(blue, np.ones(16) / 16, "valid")
    assert np.ptp(parts) < 32
