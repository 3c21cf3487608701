"""Matrices become the colours of their values, at any size."""

import base64
import re

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from widgets.look import color_maps, raster

MISSING = QColor("#D9A8C4")


def test_ends_of_the_colour_map_are_zero_and_the_highest_value():
    values = np.array([[0.0, 0.1, 0.2]], np.float32)
    assert raster.levels(values, 0.2).tolist() == [[0, 128, 255]]


def test_square_root_and_logarithm_lift_small_values():
    values = np.array([[0.0, 0.0001, 0.001, 0.25, 1.0]], np.float32)
    assert raster.levels(values, scale="sqrt").tolist() == [[0, 3, 8, 128, 255]]
    assert raster.levels(values, scale="log").tolist() == [[0, 0, 64, 217, 255]]


def test_missing_values_have_a_colour_of_their_own():
    values = np.array([[np.nan, 1.0]], np.float32)
    colors = raster.pixels(values, "cividis", MISSING)
    assert colors.tolist() == [[MISSING.rgb(), int(color_maps.lookup("cividis")[255])]]


def test_a_picture_has_the_colours_it_was_made_of():
    colors = raster.pixels(np.random.default_rng(0).random((5, 7), np.float32), "magma", MISSING)
    picture = raster.image(colors)
    assert (picture.width(), picture.height()) == (7, 5)
    assert [[picture.pixel(x, y) for x in range(7)] for y in range(5)] == colors.tolist()


@pytest.mark.parametrize(("n_cells", "n_pixels"), [(128, 50), (300, 299), (1000, 60), (64, 64)])
def test_lone_peaks_survive_shrinking(n_cells, n_pixels):
    for peak in (0, n_cells // 3, n_cells - 1):
        values = np.zeros((n_cells, n_cells), np.uint8)
        values[peak, -1 - peak] = 255
        small = raster.resample(values, n_pixels, n_pixels)
        assert small.shape == (n_pixels, n_pixels)
        assert (small == 255).sum() == 1


def test_shrinking_takes_the_maximum_of_all_cells_of_a_pixel():
    values = np.random.default_rng(1).random((2, 13, 29), np.float32)
    small = raster.resample(values, 4, 6)
    for row in range(4):
        for column in range(6):
            rows = slice(row * 13 // 4, (row + 1) * 13 // 4)
            columns = slice(column * 29 // 6, (column + 1) * 29 // 6)
            np.testing.assert_array_equal(small[:, row, column], values[:, rows, columns].max((1, 2)))


def test_enlarging_repeats_cells():
    values = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(raster.resample(values, 4, 9), values.repeat(2, 0).repeat(3, 1))


@pytest.mark.parametrize(("n", "is_in_table"), [(16, True), (30, False)])  # 900 colours are more than a table has
def test_a_vector_file_holds_the_colour_of_each_cell_in_as_little_as_can_be(qapp, n, is_in_table):
    colors = (0xFF000000 + 97 * np.arange(n * n, dtype=np.uint32)).reshape(n, n)
    buffer, generator, plot = QBuffer(), QSvgGenerator(), QRectF(0, 0, 200, 200)
    generator.setOutputDevice(buffer)
    with QPainter(generator) as painter:
        height, width = raster.pixels_in(painter, plot, colors.shape)
        raster.paint_cells(painter, plot, colors, height, width)
    (told,) = re.findall(rb"base64,([^\"]+)", buffer.data().data())
    picture = QImage.fromData(base64.b64decode(told))
    assert (picture.width(), picture.height()) == (width, height)
    assert min(height, width) >= raster.EMBEDDED
    assert (picture.format() == QImage.Format.Format_Indexed8) == is_in_table
    side = width // n
    found = [[picture.pixel(x * side + side // 2, y * side + side // 2) for x in range(n)] for y in range(n)]
    assert found == colors.tolist()


def test_on_screen_it_has_the_pixels_that_are_there(qapp):
    colors = raster.pixels(np.random.default_rng(2).random((4, 6), np.float32), "cividis", MISSING)
    screen = QImage(48, 32, QImage.Format.Format_RGB32)
    with QPainter(screen) as painter:
        assert raster.pixels_in(painter, QRectF(0, 0, 48, 32), colors.shape) == (32, 48)
        raster.paint_cells(painter, QRectF(0, 0, 48, 32), colors, 32, 48)
    assert [[screen.pixel(8 * x + 4, 8 * y + 4) for x in range(6)] for y in range(4)] == colors.tolist()


@pytest.mark.parametrize(("n_cells", "n"), [(128, 194), (128, 128), (7, 20), (5, 9)])
def test_a_pixel_that_two_cells_share_has_of_each_what_it_covers(n_cells, n):
    values = np.random.default_rng(2).random((n_cells, 3), np.float32)
    fine = values.repeat(n, 0).reshape(n, n_cells, 3).mean(1)  # on common multiples of both
    np.testing.assert_allclose(raster.spread(values, n, 0), fine, atol=1e-5)
    np.testing.assert_allclose(raster.spread(values.T, n, 1), fine.T, atol=1e-5)
