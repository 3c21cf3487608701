"""Matrices become the colours of their values, at any size."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

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


@pytest.mark.parametrize("n_pixels", [128, 150, 195, 256])
def test_rows_that_alternate_have_no_bands_where_a_pixel_lies_on_two_of_them(n_pixels):
    values = np.tile(np.array([[0], [1]], np.float32), (64, 1))
    rows = raster.blended(values, n_pixels, 0)[:, 0]
    assert len(rows) == n_pixels
    means = np.convolve(rows, np.full(12, 1 / 12), "valid")
    assert 0.45 < means.min() <= means.max() < 0.55
    np.testing.assert_array_equal(raster.blended(values.T, n_pixels, 1)[0], rows)


def test_cells_without_a_number_are_not_blended():
    values = np.array([[1, np.nan, 3]], np.float32)
    np.testing.assert_array_equal(raster.blended(values, 6, 1), values.repeat(2, 1))
    row = raster.blended(values, 5, 1)[0]
    assert np.isnan(row).tolist() == [False, False, True, False, False]
    assert (row[:2] == 1).all()
    assert (row[3:] == 3).all()
