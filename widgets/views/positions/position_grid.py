"""Positions that are places in an image: a grid of small maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from inference.results.positions import PositionTable
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import MINUS, ColorScale, short
from widgets.figures.image_geometry import letterbox, patch_at, patch_rect, tiles
from widgets.figures.image_parts import paint_border, paint_frame, paint_pixels, paint_title
from widgets.kit.figure import Numbers
from widgets.look import raster
from widgets.look.theme import FigureStyle
from widgets.views.positions.figure import kind_title

MOST_TILES = 16  # a side; of larger grids evenly spaced places are shown
_HEAD, _GAP, _BAR = 1.4, 0.5, 5.0  # em


def _tr(text: str) -> str:
    return QCoreApplication.translate("PositionGridFigure", text)


class GridSpot(NamedTuple):
    """A cell of one of the small maps."""

    tile: int
    cell: int


@dataclass(frozen=True)
class PositionGridFigure:
    """Of vectors for places: for each place how alike all others are to it, where the place is. Of biases: for each
    head what is added for a distance in rows and columns, none in the middle.

    Attributes
    ----------
    table
        One with a `grid`.
    head
        The head that is framed, where there is a map for each.
    note
        A sentence that is drawn beneath; may be empty.

    References
    ----------
    Dosovitskiy et al. 2021, figure 7 (middle).
    """

    table: PositionTable
    head: int = 0
    note: str = ""

    @property
    def has_heads(self) -> bool:
        """Whether there is a map for each head."""
        return self.table.kind == "relative"

    @property
    def caption(self) -> str:
        name = f"{self.table.name} ({kind_title(self.table.kind)})"
        if self.has_heads:
            return _tr("{}: added for keys above, below and beside the query, for each head").format(name)
        return _tr("{}: cosine similarity of each place to all others").format(name)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a small map."""
        assert self.table.grid is not None
        n_rows, n_columns = self.table.grid
        return (2 * n_rows - 1, 2 * n_columns - 1) if self.has_heads else (n_rows, n_columns)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """What the small maps are of, row by row: heads, or places."""
        if self.has_heads:
            return tuple(range(len(self.table.values)))
        n_rows, n_columns = self.shape
        step = max(-(-length // MOST_TILES) for length in self.shape)
        return tuple(row * n_columns + column for row in range(0, n_rows, step) for column in range(0, n_columns, step))

    def map_of(self, tile: int) -> np.ndarray:
        """float32 [row, column] of a small map."""
        place = self.places[tile]
        values = self.table.values[place] if self.has_heads else self.table.similarity[0, place]
        return values.reshape(self.shape)

    @cached_property
    def scale(self) -> ColorScale:
        return ColorScale.signed(self.table.values) if self.has_heads else ColorScale.signed(np.ones(1), 1.0)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows, n_columns = self.shape
        if self.has_heads:
            columns = min(4, len(self.places))
            rows = -(-len(self.places) // columns)
            size = QSizeF(columns * (11 + _GAP), rows * (11 * n_rows / n_columns + _HEAD + _GAP))
        else:
            size = QSizeF(36, 36 * n_rows / n_columns)
        return QSizeF((size.width() + _BAR) * em, (size.height() + (2.6 if self.note else 0.8)) * em)

    def boxes(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where the small maps are."""
        em = QFontMetricsF(style.font).height()
        area = rect.adjusted(0, 0, -_BAR * em, -(2 * em if self.note else 0))
        n_rows, n_columns = self.shape
        if self.has_heads:
            places = tiles(len(self.places), n_columns / n_rows, area, _HEAD * em, _GAP * em)
            return [letterbox(n_rows, n_columns, place.adjusted(0, _HEAD * em, 0, 0)) for place in places]
        # Each map stands where its place is in the image.
        step = max(-(-length // MOST_TILES) for length in self.shape)
        columns, rows = -(-n_columns // step), -(-n_rows // step)
        gap = 0.02 * min(area.width() / columns, area.height() / rows) + 1
        places = tiles(len(self.places), n_columns / n_rows, area, 0, gap, columns)
        return [letterbox(n_rows, n_columns, place) for place in places]

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> GridSpot | None:
        """The cell under a point."""
        for tile, box in enumerate(self.boxes(rect, style)):
            cell = patch_at(point, self.shape, box)
            if cell is not None:
                return GridSpot(tile, cell)
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a cell; there is none of another kind of figure."""
        return isinstance(spot, GridSpot) and spot.tile < len(self.places) and spot.cell < self.shape[0] * self.shape[1]

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: GridSpot) -> None:
        """Frame the cell that is pointed at."""
        painter.save()
        paint_frame(painter, patch_rect(spot.cell, self.shape, self.boxes(rect, style)[spot.tile]), style.theme.accent)
        painter.restore()

    def step(self, spot: GridSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> GridSpot | None:
        """The cell beside, in the same map."""
        n_rows, n_columns = self.shape
        if spot is None:
            return GridSpot(0, n_rows // 2 * n_columns + n_columns // 2 if self.has_heads else 0)
        row, column = divmod(spot.cell, n_columns)
        row, column = min(max(row + down, 0), n_rows - 1), min(max(column + right, 0), n_columns - 1)
        return GridSpot(spot.tile, row * n_columns + column)

    def describe(self, spot: GridSpot) -> str:
        """The number of a cell, unrounded."""
        row, column = divmod(spot.cell, self.shape[1])
        value = self.map_of(spot.tile)[row, column]
        if self.has_heads:
            down, right = row - self.shape[0] // 2, column - self.shape[1] // 2
            text = _tr("Head {}, key {} below and {} right of the query: {}")
            rows, columns = number_of(down, "rows"), number_of(right, "columns")
            return text.format(self.places[spot.tile], *(n.replace("-", MINUS) for n in (rows, columns)), value)
        start = divmod(self.places[spot.tile], self.shape[1])
        return _tr("Place {} and place {}: {}").format(start, (row, column), value)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        boxes = self.boxes(rect, style)
        for tile, box in enumerate(boxes):
            paint_pixels(painter, self.scale.colors(self.map_of(tile), style), box)
            if self.has_heads:
                paint_border(painter, box, style, is_selected=self.places[tile] == self.head)
                title = QRectF(box.left(), box.top() - _HEAD * em, box.width(), _HEAD * em)
                paint_title(painter, _tr("Head {}").format(self.places[tile]), title, style)
        right = max(box.right() for box in boxes)
        top, bottom = min(box.top() for box in boxes), max(box.bottom() for box in boxes)
        self._paint_scale(painter, QRectF(right + em, top, 0.7 * em, min(bottom - top, 18 * em)), style)
        if self.note:
            line = QRectF(rect.left(), rect.bottom() - 1.5 * em, rect.width(), 1.5 * em)
            paint_title(painter, self.note, line, style)
        painter.restore()

    def _paint_scale(self, painter: QPainter, bar: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        steps = np.linspace(self.scale.high, self.scale.low, 255, dtype=np.float32)[:, None]
        painter.drawImage(bar, raster.image(self.scale.colors(steps, style).repeat(8, 1)))
        paint_border(painter, bar, style)
        painter.setPen(QColor(style.theme.ink))
        texts = ((self.scale.high, bar.top()), (0.0, bar.center().y()), (self.scale.low, bar.bottom()))
        for value, y in texts:
            box = QRectF(bar.right() + 0.3 * em, y - 0.6 * em, 4 * em, 1.2 * em)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, short(value, 2))

    def numbers(self) -> Numbers:
        table, (n_rows, n_columns) = self.table, self.shape
        arrays = {"table": table.values, "similarity": table.similarity, "grid": np.array(table.grid)}
        middle = (n_rows // 2, n_columns // 2) if self.has_heads else (0, 0)
        rows: list[tuple[str | int | float, ...]] = [
            (place, row - middle[0], column - middle[1], value)
            for tile, place in enumerate(self.places)
            for row, line in enumerate(self.map_of(tile).tolist())
            for column, value in enumerate(line)
        ]
        return Numbers(arrays, ("head" if self.has_heads else "place", "row", "column", table.similarity_label), rows)
