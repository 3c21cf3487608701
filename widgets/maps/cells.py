"""The cells of a map, painted from the tiles that are there."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from widgets.figures.lettering import in_cells
from widgets.look import color_maps
from widgets.look.theme import FigureStyle
from widgets.maps.coloring import Coloring
from widgets.maps.head_map import HeadMap
from widgets.maps.pyramid import Box
from widgets.maps.tile_cache import MapPiece
from widgets.maps.viewport import Viewport


def paint_cells(
    painter: QPainter, plot: QRectF, view: Viewport, known: HeadMap, coloring: Coloring, ratio: float = 1.0
) -> None:
    """Paint what is seen into `plot`, on a device of `ratio` pixels a pixel: nearest neighbour, coarser tiles first."""
    level = known.level(view.level(ratio))
    seen = view.seen
    painter.save()
    painter.setClipRect(plot)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    for place in known.axes.pyramid.tiles(level, seen):
        piece = known.best(level, place)
        if piece is not None:
            cells = _intersected(known.axes.pyramid.cells(level, place), seen, 2**level)
            _paint_part(painter, plot, view, piece, cells, coloring, known.head.reduce, ratio)
    painter.restore()


def has_values(view: Viewport, style: FigureStyle) -> bool:
    """Whether cells are large enough to say their numbers."""
    return _value_font(view, style) is not None


def _value_font(view: Viewport, style: FigureStyle) -> QFont | None:
    return in_cells(style.font, "0.00", QSizeF(view.column_width, view.row_height))


def paint_values(
    painter: QPainter, plot: QRectF, view: Viewport, values: np.ndarray, coloring: Coloring, style: FigureStyle
) -> None:
    """Write the number of every cell on screen; `values` float16 [row, column] are those of level 0."""
    font = _value_font(view, style) or style.font
    metrics = QFontMetricsF(font)
    top, left = int(view.top), int(view.left)
    rows, columns = top + np.arange(values.shape[0]), left + np.arange(values.shape[1])
    found, which = np.unique(coloring.colors(values, rows), return_inverse=True)
    inks = [color_maps.ink_on(int(color)) for color in found]
    shares = coloring.share(values, rows)
    # All numbers are as wide, and few colours of ink are needed: many are written in a frame.
    x = (plot.left() + view.x_of(columns + 0.5) - metrics.horizontalAdvance("0.00") / 2).tolist()
    y = (plot.top() + view.y_of(rows + 0.5) + (metrics.ascent() - metrics.descent()) / 2).tolist()
    painter.save()
    painter.setClipRect(plot)
    painter.setFont(font)
    for ink in dict.fromkeys(ink.name() for ink in inks):
        painter.setPen(QColor(ink))
        is_it = np.array([other.name() == ink for other in inks])[which.reshape(shares.shape)] & ~np.isnan(shares)
        for i, j in zip(*(places.tolist() for places in np.nonzero(is_it)), strict=True):
            painter.drawText(QPointF(x[j], y[i]), f"{shares[i, j]:.2f}")
    painter.restore()


def _paint_part(
    painter: QPainter,
    plot: QRectF,
    view: Viewport,
    piece: MapPiece,
    cells: Box,
    coloring: Coloring,
    reduce: str,
    ratio: float,
) -> None:
    shrink = view.shrink(piece.level, ratio)
    image = piece.image(coloring, shrink, reduce)
    down, across = (2**piece.level * n for n in shrink)
    source = QRectF(
        cells.left / across - piece.column / shrink[1],
        cells.top / down - piece.row / shrink[0],
        (cells.right - cells.left) / across,
        (cells.bottom - cells.top) / down,
    )
    # Edges on whole pixels of the device: neighbours meet without a gap and without covering each other.
    left, right = (round((plot.left() + view.x_of(column)) * ratio) / ratio for column in (cells.left, cells.right))
    top, bottom = (round((plot.top() + view.y_of(row)) * ratio) / ratio for row in (cells.top, cells.bottom))
    painter.drawImage(QRectF(left, top, right - left, bottom - top), image, source)


def _intersected(cells: Box, seen: Box, side: int) -> Box:
    """The part of a tile that is on screen, in whole pixels of its level, however large the tile is painted."""
    return Box(
        max(cells.top, math.floor(seen.top / side) * side),
        max(cells.left, math.floor(seen.left / side) * side),
        min(cells.bottom, math.ceil(seen.bottom / side) * side),
        min(cells.right, math.ceil(seen.right / side) * side),
    )
