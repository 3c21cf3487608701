"""Images, what is laid over their patches, and frames round these: parts of figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from widgets.figures.image_geometry import GridSize, cell_of_pixel, device_rect, patch_rect, smooth
from widgets.figures.lettering import fitted
from widgets.look import color_maps, raster
from widgets.look.theme import FigureStyle

PIXELATED = 96  # images of fewer pixels a side are shown pixel by pixel
_LEAST_TITLE = 0.64  # of the size of letters, so that a title is whole
_GRID = QColor(255, 255, 255, 130)  # it shines through what is laid over it


@dataclass(frozen=True)
class Look:
    """How numbers of patches are laid over an image.

    Attributes
    ----------
    opacity
        0 to 1.
    is_smooth
        Linear between the centres of patches, instead of patch by patch.
    has_grid
        Whether lines part the patches.
    is_spotlight
        Darkens what has low numbers, instead of colouring everything.
    """

    opacity: float = 0.6
    is_smooth: bool = False
    has_grid: bool = True
    is_spotlight: bool = False

    def colors(self, color_map: str) -> np.ndarray:
        """uint32 [256], premultiplied ARGB, from the lowest to the highest number."""
        levels = np.arange(256, dtype=np.float32) / 255
        if self.is_spotlight:
            return np.rint(255 * self.opacity * (1 - levels)).astype(np.uint32) << np.uint32(24)
        table = color_maps.lookup(color_map)
        alpha = np.uint32(round(255 * self.opacity))
        channels = ((table >> shift & 255) * alpha // 255 << shift for shift in (16, 8, 0))
        return sum(channels, np.full(256, alpha << np.uint32(24), np.uint32)).astype(np.uint32)


def paint_image(painter: QPainter, image: np.ndarray, box: QRectF, grid: GridSize | None = None) -> None:
    """Paint uint8 [row, column, 3] into a box of its shape, small images pixel by pixel; `grid`: with lines."""
    if raster.is_vector(painter):
        painter.drawImage(box, _embedded(image))
        for bar in _bars(grid, box, 0.5):
            painter.fillRect(bar, _GRID)
        return
    place = device_rect(box, painter.deviceTransform())
    _draw_pixels(painter, _scaled(_Same(image), place.height(), place.width(), grid), box)


def paint_grid(painter: QPainter, grid: GridSize, box: QRectF) -> None:
    """Lines between the patches of a box, where these are large enough to be told apart."""
    for bar in _bars(grid, box, 0.5 if raster.is_vector(painter) else 1.0):
        painter.fillRect(bar, _GRID)


def paint_overlay(
    painter: QPainter, values: np.ndarray, high: float, box: QRectF, look: Look, style: FigureStyle
) -> None:
    """Lay numbers of patches, float [row, column] from 0 to `high`, over an image's box; NaN is left out."""
    table = look.colors(style.color_map)
    is_missing = np.isnan(values)
    if raster.is_vector(painter):
        if look.is_smooth:
            side = max(box.width(), box.height())
            shape = [round(raster.EMBEDDED * length / side) for length in (box.height(), box.width())]
            painter.drawImage(box, raster.image(np.take(table, _smooth_levels(values, high, *shape))))
        else:
            _paint_patches(painter, np.take(table, raster.levels(values, high)), is_missing, box)
        return
    place = device_rect(box, painter.deviceTransform())
    if look.is_smooth:
        colors = np.take(table, _smooth_levels(values, high, place.height(), place.width()))
    else:
        small = np.take(table, raster.levels(values, high))
        small[is_missing] = 0
        rows, columns = (
            cell_of_pixel(*pair) for pair in zip(values.shape, (place.height(), place.width()), strict=True)
        )
        colors = small[rows][:, columns]
    _draw_pixels(painter, raster.image(colors), box)


def paint_pixels(painter: QPainter, colors: np.ndarray, box: QRectF) -> None:
    """Paint uint32 [row, column] `0xffrrggbb` cell by cell, or every so manyeth where pixels are fewer."""
    if raster.is_vector(painter):
        factor = max(1, raster.EMBEDDED // 3 // max(colors.shape))
        painter.drawImage(box, raster.image(colors.repeat(factor, 0).repeat(factor, 1)))
        return
    place = device_rect(box, painter.deviceTransform())
    rows, columns = (cell_of_pixel(*pair) for pair in zip(colors.shape, (place.height(), place.width()), strict=True))
    _draw_pixels(painter, raster.image(colors[rows][:, columns]), box)


def dim_rest(painter: QPainter, part: QRectF, box: QRectF, style: FigureStyle, opacity: float) -> None:
    """Veil a box but for a part of it, in the colour of the paper; `opacity` is 0 to 1."""
    veil = QColor(style.theme.paper)
    veil.setAlphaF(opacity)
    for rest in (
        QRectF(box.left(), box.top(), box.width(), part.top() - box.top()),
        QRectF(box.left(), part.bottom(), box.width(), box.bottom() - part.bottom()),
        QRectF(box.left(), part.top(), part.left() - box.left(), part.height()),
        QRectF(part.right(), part.top(), box.right() - part.right(), part.height()),
    ):
        if rest.width() > 0.5 and rest.height() > 0.5:
            painter.fillRect(rest, veil)


def paint_border(painter: QPainter, box: QRectF, style: FigureStyle, *, is_selected: bool = False) -> None:
    """A line round an image."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(style.theme.accent if is_selected else style.theme.line, 2.5 if is_selected else 1))
    painter.drawRect(box)


def paint_frame(painter: QPainter, box: QRectF, color: QColor, line: Qt.PenStyle = Qt.PenStyle.SolidLine) -> None:
    """A frame that is seen on any image: a colour between black and white."""
    width = 2.0 if min(box.width(), box.height()) > 7 else 1.2
    painter.setBrush(Qt.BrushStyle.NoBrush)
    layers = (("#000000", 3.0, Qt.PenStyle.SolidLine), ("#FFFFFF", 1.5, Qt.PenStyle.SolidLine), (color, 0.0, line))
    for ink, more, style in layers:
        pen = QPen(QColor(ink), width + more, style)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(box)


def paint_title(
    painter: QPainter, text: str, box: QRectF, style: FigureStyle, *, is_faint: bool = False, shrinks: bool = False
) -> None:
    """One line at the left of a box, shortened to its width; where it `shrinks`, letters become smaller before that."""
    painter.setPen(style.theme.faint if is_faint else style.theme.ink)
    painter.save()
    painter.setFont(fitted(painter.font(), text, box.width(), _LEAST_TITLE if shrinks else 1.0))
    shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    painter.restore()


def drawn_image(image: np.ndarray) -> QImage:
    """uint8 [row, column, 3] as an image of Qt's."""
    pixels = np.ascontiguousarray(image)
    height, width = pixels.shape[:2]
    # The copy owns its pixels; the buffer below is only lent.
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _smooth_levels(values: np.ndarray, high: float, height: int, width: int) -> np.ndarray:
    """Places in a colour map of numbers between the patches: uint8 [height, width]."""
    levels = smooth(np.clip(np.nan_to_num(values) * (255 / high), 0, 255), height, width)
    return (levels + np.float32(0.5)).astype(np.uint8)


def _paint_patches(painter: QPainter, colors: np.ndarray, is_missing: np.ndarray, box: QRectF) -> None:
    """Patch by patch as rectangles, which stay sharp however far a file is enlarged."""
    grid = colors.shape[0], colors.shape[1]
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    for patch, (color, missing) in enumerate(zip(colors.ravel().tolist(), is_missing.ravel().tolist(), strict=True)):
        alpha = color >> 24
        if alpha and not missing:
            red, green, blue = (min(255, round((color >> shift & 255) * 255 / alpha)) for shift in (16, 8, 0))
            painter.fillRect(patch_rect(patch, grid, box), QColor(red, green, blue, alpha))
    painter.restore()


def _draw_pixels(painter: QPainter, image: QImage, box: QRectF) -> None:
    """Draw an image of as many pixels as the device has in the box, one on one."""
    to_device = painter.deviceTransform()
    place = device_rect(box, to_device)
    inverse, can_invert = to_device.inverted()
    if not can_invert:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(inverse.mapRect(QRectF(place)), image)
    painter.restore()


class _Same:
    """An array as a key: the same only as itself."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __hash__(self) -> int:
        return id(self.array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.array is self.array


@lru_cache(maxsize=32)
def _scaled(same: _Same, height: int, width: int, grid: GridSize | None) -> QImage:
    """An image at another size. Kept: another head is laid over the same one."""
    image = same.array
    if max(image.shape[:2]) < PIXELATED:
        rows, columns = (cell_of_pixel(*pair) for pair in zip(image.shape, (height, width), strict=False))
        scaled = drawn_image(image[rows][:, columns])
    else:
        scaled = drawn_image(image).scaled(
            width, height, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    scaled = scaled.convertToFormat(QImage.Format.Format_RGB32)
    with QPainter(scaled) as painter:
        for bar in _bars(grid, QRectF(0, 0, width, height), 1.0):
            painter.fillRect(bar, _GRID)
    return scaled


def _bars(grid: GridSize | None, box: QRectF, thickness: float) -> list[QRectF]:
    """Lines between patches, where these are large enough to be told apart."""
    if grid is None or min(box.width() / grid[1], box.height() / grid[0]) < 5:
        return []
    down, across = ([i / n for i in range(1, n)] for n in grid)
    half = thickness / 2
    rows = [QRectF(box.left(), box.top() + y * box.height() - half, box.width(), thickness) for y in down]
    columns = [QRectF(box.left() + x * box.width() - half, box.top(), thickness, box.height()) for x in across]
    return rows + columns


def _embedded(image: np.ndarray) -> QImage:
    """For vector files: small images larger, since viewers blur what they must enlarge."""
    factor = max(1, raster.EMBEDDED // max(image.shape[:2])) if max(image.shape[:2]) < PIXELATED else 1
    return drawn_image(image.repeat(factor, 0).repeat(factor, 1))
