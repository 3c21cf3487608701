"""The cells of one attention pattern, and how far each query reaches: a part of figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.figures.counts import number_of
from widgets.look import raster
from widgets.look.theme import FigureStyle
from widgets.views.sparse import kinds
from widgets.views.sparse.patterns import KIND_NAMES, Pattern
from widgets.views.sparse.reach import Reach

_GRID = 7.0  # pixels a cell, from which cells are parted by lines


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparsePatterns", text)


@dataclass(frozen=True)
class SparseMap:
    """Queries from top to bottom, keys from left to right; colours say the kind, tints what more layers reach.

    Attributes
    ----------
    n_layers
        Layers through which information travels.
    """

    pattern: Pattern
    n_layers: int = 1

    @cached_property
    def reach(self) -> Reach:
        return Reach.of(self.pattern)

    @cached_property
    def needed(self) -> np.ndarray:
        """After how many layers each query knows of each token: int [query_pos, key_pos], 0 for never."""
        return self.reach.layers_needed(self.n_layers)

    @cached_property
    def codes(self) -> np.ndarray:
        """int16 [query_pos, key_pos]: places in `colors`. Where several cells meet in a pixel the highest is shown."""
        kinds_ = self.pattern.kinds().astype(np.int16)
        reached = np.where(self.needed > 1, self.n_layers + 1 - self.needed, 0)
        return np.where(kinds_ > 0, kinds_ + self.n_layers - 1, reached).astype(np.int16)

    def colors(self, style: FigureStyle) -> np.ndarray:
        """uint32: hidden, reached through the most layers ... through two, then the kinds."""
        shades = [kinds.reached_color(m, self.n_layers, style.theme) for m in range(self.n_layers, 1, -1)]
        names = [kinds.color(name, style.theme) for name in KIND_NAMES]
        return np.array([color.rgb() for color in (names[0], *shades, *names[1:])], np.uint32)

    def cell_at(self, point: QPointF, plot: QRectF) -> tuple[int, int] | None:
        """Query and key under a point."""
        if not plot.contains(point):
            return None
        n = self.pattern.n
        row, column = (point.y() - plot.top()) / plot.height() * n, (point.x() - plot.left()) / plot.width() * n
        return min(int(row), n - 1), min(int(column), n - 1)

    def cell_rect(self, row: int, column: int, plot: QRectF) -> QRectF:
        """Where a cell is painted."""
        height, width = plot.height() / self.pattern.n, plot.width() / self.pattern.n
        return QRectF(plot.left() + column * width, plot.top() + row * height, width, height)

    # Painting

    def paint(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        """The cells."""
        self._paint_codes(painter, self.codes, plot, style)
        cell = self.cell_rect(0, 0, plot)
        if (least := min(cell.width(), cell.height())) >= _GRID:
            painter.setPen(QPen(style.theme.paper, min(least / 14, 1.5)))
            edges = [self.cell_rect(place, place, plot).topLeft() for place in range(1, self.pattern.n)]
            painter.drawLines([QLineF(edge.x(), plot.top(), edge.x(), plot.bottom()) for edge in edges])
            painter.drawLines([QLineF(plot.left(), edge.y(), plot.right(), edge.y()) for edge in edges])
        self._paint_edge(painter, plot, style)

    def paint_field(self, painter: QPainter, box: QRectF, style: FigureStyle, query: int) -> None:
        """What one query knows of: a row of cells for each layer, the first one on top."""
        layers = np.arange(1, self.n_layers + 1)[:, None]
        needed = self.needed[query]
        is_known = (needed > 0) & (needed <= layers)
        self._paint_codes(painter, np.where(is_known, self.codes[query], 0), box, style)
        height = box.height() / self.n_layers
        if height >= 3:
            painter.setPen(QPen(style.theme.paper, 1))
            at = (box.top() + np.arange(1, self.n_layers) * height).tolist()
            painter.drawLines([QLineF(box.left(), y, box.right(), y) for y in at])
        self._paint_edge(painter, box, style)

    def paint_row(self, painter: QPainter, plot: QRectF, style: FigureStyle, query: int, color: QColor) -> None:
        """Mark the row of a query: by arrows at both ends, and by a frame where it hides nothing."""
        box = self.cell_rect(query, 0, plot)
        box.setRight(plot.right())
        half = max(0.28 * QFontMetricsF(style.font).height(), 3.0)
        painter.setPen(QPen(style.theme.paper, 1))
        painter.setBrush(color)
        for x, way in ((plot.left(), -1), (plot.right(), 1)):
            tip, back = QPointF(x + way, box.center().y()), x + way * (1 + 1.8 * half)
            painter.drawPolygon([tip, QPointF(back, tip.y() - half), QPointF(back, tip.y() + half)])
        if box.height() >= _GRID:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for ink, width in ((style.theme.paper, 4), (color, 2)):  # two, so that it is seen on any cell
                painter.setPen(QPen(ink, width))
                painter.drawRect(box)

    def _paint_codes(self, painter: QPainter, codes: np.ndarray, box: QRectF, style: FigureStyle) -> None:
        height, width = raster.pixels_in(painter, box, codes.shape)
        places = raster.resample(codes, min(height, codes.shape[0]), min(width, codes.shape[1]))
        raster.paint_cells(painter, box, np.take(self.colors(style), places), height, width)

    def _paint_edge(self, painter: QPainter, box: QRectF, style: FigureStyle) -> None:
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)

    # Words

    def share(self) -> str:
        """Cells, and which part of full attention they are."""
        cells, n = self.pattern.cells(), self.pattern.n
        return _tr("{} cells, {} of full").format(f"{cells:,}", percent(cells / n**2))

    def until_all(self) -> str:
        """After how many layers everything knows of everything."""
        n_layers = self.reach.n_until_all
        if n_layers is None:
            return _tr("never reaches all")
        return _tr("reaches all in {} {}").format(n_layers, _tr("layer") if n_layers == 1 else _tr("layers"))

    def field_text(self, query: int) -> str:
        """How many tokens a query knows of, layer by layer."""
        counts = [self.reach.count(layer + 1, query) for layer in range(self.n_layers)]
        if len(counts) > 6:
            counts_text = " → ".join([*map(str, counts[:3]), "…", *map(str, counts[-2:])])
        else:
            counts_text = " → ".join(map(str, counts))
        return _tr("query {} knows of {}").format(query, counts_text)

    def describe(self, query: int, key: int) -> str:
        """What one cell is."""
        name = KIND_NAMES[self.pattern.kinds()[query, key]]
        needed = int(self.needed[query, key])
        what = kinds.title(name)
        if name == "hidden":
            what = (
                _tr("not seen")
                if needed == 0
                else _tr("not seen, but reached through {}").format(number_of(needed, "layers"))
            )
        layers = "" if self.n_layers == 1 else _tr(" after {} layers").format(self.n_layers)
        text = _tr("{}: query {}, key {}: {}. The query knows of {} of {} tokens{}.")
        count = self.reach.count(self.n_layers, query)
        return text.format(self.pattern.kind.title, query, key, what, count, self.pattern.n, layers)


def percent(share: float) -> str:
    """A part of all, with as many digits as are read."""
    if share >= 0.9995 or share == 0:
        return f"{100 * share:.0f} %"
    return f"{100 * share:.1f} %" if share >= 0.01 else f"{100 * share:.2g} %"
