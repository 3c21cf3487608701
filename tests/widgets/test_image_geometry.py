"""Where images and patches are: whole boxes, half-open cells, and overlays exact to the pixel on any device."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from widgets.figures.image_geometry import (
    cell_of_pixel,
    device_rect,
    letterbox,
    part_rect,
    patch_at,
    patch_rect,
    patches_between,
    smooth,
    tiles,
)
from widgets.figures.image_parts import Look, dim_rest, paint_image, paint_overlay
from widgets.figures.map_frame import paint_cross_hair
from widgets.look import color_maps
from widgets.look.theme import FigureStyle

AREAS = [QRectF(0, 0, 300, 200), QRectF(7.4, 3.2, 211.7, 305.1), QRectF(-5, -5, 50, 51)]


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("shape", [(48, 64), (64, 48), (1, 9), (224, 224), (333, 1000)])
def test_a_letterbox_is_the_largest_whole_box_of_the_picture_s_shape(shape, area):
    height, width = shape
    box = letterbox(height, width, area)
    assert all(value == round(value) for value in (box.left(), box.top(), box.width(), box.height()))
    assert area.adjusted(-1, -1, 1, 1).contains(box)
    scale = min(area.width() / width, area.height() / height)
    assert width * scale - 1 <= box.width() <= width * scale + 1e-6 or box.width() == 1
    assert height * scale - 1 <= box.height() <= height * scale + 1e-6 or box.height() == 1
    assert abs(box.center().x() - area.center().x()) <= 1
    assert abs(box.center().y() - area.center().y()) <= 1


def test_a_letterbox_in_no_room_is_empty():
    assert letterbox(10, 10, QRectF(5, 5, 0.2, 90)).isEmpty()
    assert patch_at(QPointF(5, 5), (2, 2), letterbox(10, 10, QRectF(5, 5, 0.2, 90))) is None


@pytest.mark.parametrize("grid", [(14, 14), (3, 7), (32, 32)])
def test_every_patch_is_found_from_its_middle_and_corner(grid):
    box = QRectF(10, 20, 101, 67)
    for patch in range(grid[0] * grid[1]):
        rect = patch_rect(patch, grid, box)
        assert patch_at(rect.center(), grid, box) == patch
        assert patch_at(rect.topLeft() + QPointF(1e-6, 1e-6), grid, box) == patch


def test_patches_fill_the_box_without_gap():
    box = QRectF(3, 4, 100, 90)
    rects = [patch_rect(i, (3, 7), box) for i in range(21)]
    assert sum(rect.width() * rect.height() for rect in rects) == pytest.approx(9000)
    assert rects[0].topLeft() == box.topLeft()
    assert rects[-1].bottomRight() == box.bottomRight()


@pytest.mark.parametrize("point", [(2.9, 50), (103.1, 50), (50, 3.9), (50, 94), (103, 50)])
def test_beside_the_picture_there_is_no_patch(point):
    assert patch_at(QPointF(*point), (3, 7), QRectF(3, 4, 100, 90)) is None


def test_a_brush_leaves_no_gaps():
    assert patches_between(0, 3, (4, 4)) == [0, 1, 2, 3]
    assert patches_between(0, 15, (4, 4)) == [0, 5, 10, 15]
    assert patches_between(12, 12, (4, 4)) == [12]
    across = patches_between(0, 11, (3, 4))
    places = [divmod(patch, 4) for patch in across]
    assert all(max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1 for a, b in pairwise(places))


def test_a_part_is_in_shares_of_the_whole():
    assert part_rect((0.25, 0, 0.75, 1), QRectF(10, 20, 80, 40)) == QRectF(30, 20, 40, 40)


def test_device_pixels_are_rounded_edges():
    assert device_rect(QRectF(1, 2, 3, 4), QTransform.fromScale(1.5, 1.5)) == QRect(2, 3, 4, 6)
    assert device_rect(QRectF(0, 0, 0.1, 0.1), QTransform()) == QRect(0, 0, 1, 1)


@pytest.mark.parametrize(("n_cells", "n_pixels"), [(14, 448), (14, 445), (7, 3), (32, 1000)])
def test_pixels_belong_to_the_cell_of_their_centre(n_cells, n_pixels):
    cells = cell_of_pixel(n_cells, n_pixels)
    centres = (np.arange(n_pixels) + 0.5) * n_cells / n_pixels
    np.testing.assert_array_equal(cells, np.floor(centres).astype(int))


def test_smooth_is_linear_between_centres_and_exact_at_them():
    values = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    fine = smooth(values, 9, 12)  # every third pixel is a centre
    np.testing.assert_allclose(fine[1::3, 1::3], values, atol=1e-6)
    np.testing.assert_allclose(fine[1, 2], values[0, 0] + (values[0, 1] - values[0, 0]) / 3, atol=1e-6)
    assert (fine[0, 0], fine[-1, -1]) == pytest.approx((values[0, 0], values[-1, -1]))
    np.testing.assert_allclose(smooth(np.full((1, 1), 2.0), 4, 5), 2.0)


def test_tiles_do_not_overlap_and_stay_inside():
    area = QRectF(0, 0, 640, 400)
    for n in (1, 4, 12, 13):
        boxes = tiles(n, 4 / 3, area, 20, 8)
        assert len(boxes) == n
        assert all(area.adjusted(-1, -1, 1, 1).contains(box) for box in boxes)
        assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
        assert boxes[0].width() / (boxes[0].height() - 20) == pytest.approx(4 / 3)


# To the pixel


def painted(paint, width, height, ratio, background="#000000"):
    """uint8 [row, column, 3] of an image that is `ratio` times finer than its coordinates."""
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(background))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return pixels[:, :, 2::-1].astype(int)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize(("grid", "size"), [((14, 14), (224, 224)), ((3, 5), (48, 64)), ((7, 4), (70, 40))])
def test_an_overlay_covers_its_patches_to_the_pixel(qapp, grid, size, ratio):
    """Each device pixel has the colour of the patch that its centre lies in; nothing is painted beside the image."""
    area = QRectF(9, 5, 311, 203)
    box = letterbox(*size, area)
    values = np.random.default_rng(1).uniform(size=grid).astype(np.float32)
    style = FigureStyle()
    pixels = painted(
        lambda painter: paint_overlay(painter, values, 1.0, box, Look(1.0), style), 330, 220, ratio, "#FF00FF"
    )
    place = device_rect(box, QTransform.fromScale(ratio, ratio))
    rows = [int((y + 0.5) * grid[0] / place.height()) for y in range(place.height())]
    columns = [int((x + 0.5) * grid[1] / place.width()) for x in range(place.width())]
    colors = color_maps.lookup("cividis")[np.rint(255 * values[np.ix_(rows, columns)]).astype(int)]
    expected = np.stack([colors >> shift & 255 for shift in (16, 8, 0)], -1)
    beside = np.ones(pixels.shape[:2], bool)
    beside[place.top() : place.top() + place.height(), place.left() : place.left() + place.width()] = False
    assert (pixels[beside] == (255, 0, 255)).all()
    np.testing.assert_array_equal(pixels[~beside], expected.reshape(-1, 3))


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_small_picture_is_shown_pixel_by_pixel(qapp, ratio):
    image = np.random.default_rng(2).integers(0, 256, (6, 9, 3)).astype(np.uint8)
    box = QRectF(4, 3, 90, 60)
    pixels = painted(lambda painter: paint_image(painter, image, box), 100, 70, ratio)
    side = round(10 * ratio)
    top, left = round(3 * ratio), round(4 * ratio)
    shown = pixels[top : top + 6 * side, left : left + 9 * side]
    np.testing.assert_array_equal(shown, image.repeat(side, 0).repeat(side, 1))


def test_opacity_mixes_and_the_spotlight_darkens(qapp):
    box = QRectF(0, 0, 20, 10)
    values = np.array([[0.0, 1.0]], np.float32)
    style = FigureStyle(color_map="gray")
    half = painted(lambda painter: paint_overlay(painter, values, 1.0, box, Look(0.5), style), 20, 10, 1.0, "#808080")
    assert half[5, 5] == pytest.approx([64] * 3, abs=2)
    assert half[5, 15] == pytest.approx([192] * 3, abs=2)
    spot = Look(1.0, is_spotlight=True)
    lit = painted(lambda painter: paint_overlay(painter, values, 1.0, box, spot, style), 20, 10, 1.0, "#804020")
    assert lit[5, 5].tolist() == [0, 0, 0]
    assert lit[5, 15].tolist() == [128, 64, 32]


def test_what_is_not_known_is_left_out(qapp):
    values = np.array([[np.nan, 1.0]], np.float32)
    box = QRectF(0, 0, 20, 10)
    pixels = painted(lambda p: paint_overlay(p, values, 1.0, box, Look(1.0), FigureStyle()), 20, 10, 1.0, "#123456")
    assert pixels[5, 5].tolist() == [0x12, 0x34, 0x56]
    assert pixels[5, 15].tolist() != [0x12, 0x34, 0x56]


def test_all_but_a_part_is_veiled_once(qapp):
    part, box = QRectF(5, 5, 10, 10), QRectF(0, 0, 20, 20)
    pixels = painted(lambda painter: dim_rest(painter, part, box, FigureStyle(), 0.5), 20, 20, 1.0, "#000000")
    expected = np.full((20, 20), QColor(FigureStyle().theme.paper).red() / 2)
    expected[5:15, 5:15] = 0
    np.testing.assert_allclose(pixels[..., 0], expected, atol=2)


def test_a_cross_hair_reaches_all_edges_and_leaves_its_cell_free(qapp):
    plot, cell = QRectF(0, 0, 40, 40), QRectF(16, 16, 8, 8)
    pixels = painted(lambda painter: paint_cross_hair(painter, plot, cell, FigureStyle()), 40, 40, 1.0, "#000000")
    is_lit = pixels.max(-1) > 100
    assert is_lit[[20, 20, 1, 38], [1, 38, 20, 20]].all()
    assert not is_lit[[20, 2, 38], [20, 2, 38]].any()
