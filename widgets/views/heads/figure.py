"""All heads of a group as thumbnails."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from inference.results.heads import HeadsResult
from widgets.figures.badge import paint_badge
from widgets.figures.counts import number_of
from widgets.figures.head_measures import measure_name, number_text
from widgets.figures.lettering import resized
from widgets.kit.figure import Numbers
from widgets.look import raster
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.views.heads.captions import HeadCaptions
from widgets.views.heads.head_colors import HeadColors
from widgets.views.heads.options import MEASURES, HeadsOptions
from widgets.views.heads.thumbnail_grid import ThumbnailGrid

_LEAST_SIDE = 2.8  # em
_LARGE = 6.0  # em
_LONGEST = 1.3  # times the shorter side of thumbnails that may be the longer one where there is room to spare
_WORTH = 1.15  # times as large thumbnails must become before layers stand in one stack more


@dataclass(frozen=True)
class HeadsFigure:
    """A row for each layer and a column for each head, or all of them sorted.

    Attributes
    ----------
    selected
        Layer and head that are framed.
    """

    result: HeadsResult
    options: HeadsOptions = field(default_factory=HeadsOptions)
    selected: tuple[int, int] | None = None

    @property
    def measure(self) -> str | None:
        """Shown as bar and number under each thumbnail; the highest are marked."""
        return self.options.mark if self.options.mark in MEASURES else None

    @property
    def order(self) -> str | None:
        """Measure that the heads are sorted by, the highest first; None is by layer and head."""
        return self.options.order if self.options.order in MEASURES else None

    @cached_property
    def heads(self) -> tuple[tuple[int, int], ...]:
        """Layer and head of each place of the grid, row by row. Places may be empty where no order is chosen."""
        everything = tuple((layer, head) for layer in self.layers for head in range(self.result.thumbnails.shape[1]))
        if self.order is None:
            return everything
        values = self.result.measures[self.order]
        existing = (place for place in everything if self.exists[place])
        return tuple(sorted(existing, key=lambda place: -np.nan_to_num(values[place], nan=-np.inf)))

    @cached_property
    def layers(self) -> tuple[int, ...]:
        """Those that attend, a row each."""
        return self.result.layers or tuple(range(len(self.result.thumbnails)))

    @cached_property
    def exists(self) -> np.ndarray:
        """Whether a head is there, bool [layer, head]; False where a layer has fewer heads than the widest."""
        measures = list(self.result.measures.values())
        if not measures:
            return np.ones(self.result.thumbnails.shape[:2], bool)
        return np.asarray(~np.isnan(measures).all(axis=0))

    @cached_property
    def colors(self) -> HeadColors:
        """Of the thumbnails."""
        return HeadColors(self.result.thumbnails, self.options.scale == "head")

    @cached_property
    def captions(self) -> HeadCaptions:
        """What stands below the thumbnails where there is room."""
        return HeadCaptions(self.result, tuple(place for place in self.heads if self.exists[place]))

    @cached_property
    def top(self) -> frozenset[tuple[int, int]]:
        """The heads with the highest numbers of `measure`: one in twenty, but at least three."""
        if self.measure is None:
            return frozenset()
        values = self.result.measures[self.measure]
        order = [divmod(int(i), values.shape[1]) for i in np.argsort(-values, axis=None, kind="stable")]
        known = [place for place in order if not np.isnan(values[place])]
        return frozenset(known[: max(3, round(len(known) / 20))])

    def _name_of(self, measure: str) -> str:
        return measure_name(measure, self.result.axes[0], self.result.marks)

    @property
    def caption(self) -> str:
        n_layers, n_heads = self.result.thumbnails.shape[:2]
        parts = [_tr("{} of {}").format(number_of(n_layers, "layers"), number_of(n_heads, "heads"))]
        if len(self.layers) < n_layers:
            which = ", ".join(map(str, self.layers))
            parts.append(_tr("attention in {} of them: {}").format(len(self.layers), which))
        if self.order is not None:
            parts.append(_tr("sorted by {}, highest first").format(self._name_of(self.order)))
        if self.measure is not None:
            parts.append(_tr("bars: {}, the highest {} marked").format(self._name_of(self.measure), len(self.top)))
        parts.append(self.colors.caption)
        if self.result.is_sampled:
            parts.append(_tr("from sampled rows"))
        return "; ".join(parts)

    def numbers(self) -> Numbers:
        """Thumbnails and measures of all heads, whatever their order on screen."""
        measures = self.result.measures
        arrays = {"thumbnails": self.result.thumbnails, **measures}
        arrays["query_tokens"] = np.array(self.result.query_tokens.words)
        arrays["tokens"] = np.array(self.result.key_tokens.words)
        arrays["layers"] = np.array(self.layers)
        table: list[tuple[str | int | float, ...]] = [
            (layer, head, *(float(values[layer, head]) for values in measures.values()))
            for layer, head in sorted(self.heads)
            if self.exists[layer, head]
        ]
        return Numbers(arrays, ("layer", "head", *measures), table)

    # Where things are

    def least_width(self, style: FigureStyle) -> float:
        """Any will do: small maps are still maps, and names of heads become numbers."""
        return 0.0

    def natural_size(self, style: FigureStyle) -> QSizeF:
        metrics = QFontMetricsF(style.font)
        em, n_layers, n_heads = metrics.height(), len(self.layers), self.result.thumbnails.shape[1]
        left, top, below, gap = self._margins(metrics, has_numbers=True)
        side = min(max(4.0, 40 / max(n_layers, n_heads)), 9.0) * em
        bar = self.colors.bar.width(metrics)
        return QSizeF(left + n_heads * (side + gap) + bar, top + n_layers * (side + below + gap))

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """The smallest size at which heads can be told apart; rows of sorted heads fill the width."""
        metrics = QFontMetricsF(style.font)
        left, top, below, gap = self._margins(metrics, has_numbers=False)
        side, bar = _LEAST_SIDE * metrics.height(), self.colors.bar.width(metrics)
        width -= bar
        n_columns, n_stacks = self.result.thumbnails.shape[1], 1
        if self.order is not None:
            n_columns = max(1, int((width - left) / (side + gap)))
        else:
            n_stacks = max(1, int(width / (left + n_columns * (side + gap))))
        n_rows = -(-len(self.heads) // (n_columns * n_stacks))
        return QSizeF(left + n_columns * (side + gap) + bar, top + n_rows * (side + below + gap))

    @cached_property
    def _grids(self) -> dict[object, ThumbnailGrid]:
        return {}

    def grid(self, rect: QRectF, style: FigureStyle) -> ThumbnailGrid:
        """Thumbnails as large as fit, left of the scale: square, or somewhat longer where there is room to spare.

        It is kept: which words have room below them takes some milliseconds to find.
        """
        key = (rect.getRect(), style.font.key())
        if key not in self._grids:
            self._grids.clear()
            self._grids[key] = self._lay_out(rect, style)
        return self._grids[key]

    def _lay_out(self, rect: QRectF, style: FigureStyle) -> ThumbnailGrid:
        metrics = QFontMetricsF(style.font)
        rect = rect.adjusted(0, 0, -self.colors.bar.width(metrics), 0)
        grid = self._grid(rect, style.font, has_numbers=True)
        return grid if grid.width >= _LARGE * metrics.height() else self._grid(rect, style.font, has_numbers=False)

    def _grid(self, rect: QRectF, font: QFont, *, has_numbers: bool) -> ThumbnailGrid:
        metrics = QFontMetricsF(font)
        left, top, below, gap = self._margins(metrics, has_numbers=has_numbers)
        n = len(self.heads)

        def room_of(n_columns: int, n_rows: int, n_stacks: int = 1) -> QSizeF:
            width = (rect.width() / n_stacks - left) / n_columns - gap
            return QSizeF(width, (rect.height() - top) / n_rows - below - gap)

        def side_of(n_columns: int, n_rows: int, n_stacks: int = 1) -> float:
            room = room_of(n_columns, n_rows, n_stacks)
            return min(room.width(), room.height())

        if self.order is not None:
            n_columns = max(range(1, n + 1), key=lambda n_columns: side_of(n_columns, -(-n // n_columns)))
            n_rows, n_stacks = -(-n // n_columns), 1
        else:
            # Many layers of few heads stand in several stacks, where that makes them larger.
            n_columns, n_layers = self.result.thumbnails.shape[1], len(self.layers)
            n_rows, n_stacks = n_layers, 1
            for more in range(2, n_layers + 1):
                fewer = -(-n_layers // more)
                if side_of(n_columns, fewer, more) > _WORTH * side_of(n_columns, n_rows, n_stacks):
                    n_rows, n_stacks = fewer, -(-n_layers // fewer)
        room, side = room_of(n_columns, n_rows, n_stacks), max(4.0, side_of(n_columns, n_rows, n_stacks))
        # What is to spare goes to words below each, then to the thumbnails, and what is left to both ends. Large
        # thumbnails make room for words.
        lent = self.captions.height(1, font) if side >= _LARGE * metrics.height() else 0.0
        width = float(int(max(4.0, min(room.width(), _LONGEST * (side - lent)))))
        n_lines = self.captions.n_lines(width, room.height() - side + lent, font) if self.order is None else 0
        words = self.captions.height(n_lines, font)
        height = float(int(max(4.0, min(room.height() - words, _LONGEST * side))))
        step = QSizeF(width + gap, height + words + below + gap)
        stride = left + n_columns * step.width()
        ends = max(0.0, rect.height() - top - n_rows * step.height()) / 2
        beside = max(0.0, rect.width() - n_stacks * stride) / (n_stacks + 1)
        origin = QPointF(round(rect.left() + left + beside), round(rect.top() + top + ends))
        return ThumbnailGrid(
            origin, width, height, step, n_columns, n_rows, round(stride + beside), has_numbers, n_lines
        )

    def box_of(self, place: tuple[int, int], grid: ThumbnailGrid) -> QRectF | None:
        """Where the thumbnail of a layer and head is."""
        return grid.box(self.heads.index(place)) if place in self.heads and self.exists[place] else None

    def head_at(self, point: QPointF, grid: ThumbnailGrid) -> tuple[int, int] | None:
        """Layer and head under a point, the line beneath the thumbnail included."""
        index = grid.index_at(point)
        if index is None or index >= len(self.heads):
            return None
        place = self.heads[index]
        return place if self.exists[place] else None

    def _margins(self, metrics: QFontMetricsF, *, has_numbers: bool) -> tuple[float, float, float, float]:
        """Left of and above the grid, below each thumbnail, and between them."""
        em = metrics.height()
        bar = 0.0 if self.measure is None else 1.1 if has_numbers else 0.6
        below = ((self.order is not None) * 1.1 + bar) * em
        gap = float(round(0.4 * em))
        if self.order is not None:
            return 0.0, 0.0, float(round(below)), gap
        widest = metrics.horizontalAdvance(_tr("Layer {}").format(self.result.thumbnails.shape[0] - 1))
        return widest + 0.8 * em, 1.4 * em, float(round(below)), gap

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        grid = self.grid(rect, style)
        painter.save()
        painter.setFont(style.font)
        self._paint_thumbnails(painter, grid, style)
        self._paint_bar(painter, grid, style)
        if self.order is None:
            self._paint_axes(painter, grid, style)
            self._paint_captions(painter, grid, style)
        else:
            self._paint_names(painter, grid, style)
        if self.measure is not None:
            self._paint_measure(painter, self.measure, grid, style)
        if self.selected is not None:
            self.paint_frame(painter, self.selected, grid, style)
        if self.result.is_sampled:
            last = grid.box(len(self.heads) - 1)
            right = max(grid.box(min(grid.n_columns, len(self.heads)) - 1).right(), last.right())
            bottom = grid.box((min(grid.n_rows * grid.n_columns, len(self.heads))) - 1).bottom()
            paint_badge(painter, QPointF(right, bottom), _tr("sampled rows"), style)
        painter.restore()

    def paint_frame(self, painter: QPainter, place: tuple[int, int], grid: ThumbnailGrid, style: FigureStyle) -> None:
        """Frame a head."""
        box = self.box_of(place, grid)
        if box is None:
            return
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width, margin in ((style.theme.paper, 1.5, 0.5), (style.theme.accent, 3, 2.5)):
            pen = QPen(color, width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(box.adjusted(-margin, -margin, margin, margin))
        painter.restore()

    def _paint_thumbnails(self, painter: QPainter, grid: ThumbnailGrid, style: FigureStyle) -> None:
        thumbnails = self.result.thumbnails
        height, width = thumbnails.shape[-2:]
        if raster.is_vector(painter):
            n_least = raster.EMBEDDED / grid.n_columns
            height, width = (max(1, int(-(-n_least // n))) * n for n in (height, width))
        else:
            # As many pixels as the device has there, so that Qt need not scale.
            ratio = painter.deviceTransform().m11()
            height, width = max(1, round(grid.height * ratio)), max(1, round(grid.width * ratio))
        levels = raster.resample(thumbnails, height, width)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for index, place in enumerate(self.heads):
            if self.exists[place]:
                painter.drawImage(grid.box(index), raster.image(self.colors.of(levels[place], place, style.color_map)))
            elif self.result.is_sampled:  # yet to come
                painter.setPen(QPen(style.theme.line, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(grid.box(index).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_bar(self, painter: QPainter, grid: ThumbnailGrid, style: FigureStyle) -> None:
        boxes = [grid.box(index) for index in range(len(self.heads))]
        right, bottom = max(box.right() for box in boxes), max(box.bottom() for box in boxes)
        self.colors.bar.paint(painter, QRectF(grid.origin, QPointF(right, bottom)), style)

    def _paint_axes(self, painter: QPainter, grid: ThumbnailGrid, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        n_heads = self.result.thumbnails.shape[1]
        painter.setPen(style.theme.ink)
        titles = [_tr("Head {}").format(head) for head in range(n_heads)]
        is_crowded = any(metrics.horizontalAdvance(title) > grid.step.width() - 0.3 * em for title in titles)
        for row, layer in enumerate(self.layers):
            box, title = grid.box(row * n_heads), _tr("Layer {}").format(layer)
            y = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(box.left() - 0.8 * em - metrics.horizontalAdvance(title), y), title)
            if row % grid.n_rows:
                continue
            above = grid.origin.y() - 0.5 * em
            if is_crowded:
                titles, corner = [str(head) for head in range(n_heads)], _tr("Head")
                painter.drawText(QPointF(box.left() - 0.8 * em - metrics.horizontalAdvance(corner), above), corner)
            for head, title in enumerate(titles):
                x = grid.box(row * n_heads + head).center().x() - metrics.horizontalAdvance(title) / 2
                painter.drawText(QPointF(x, above), title)

    def _paint_captions(self, painter: QPainter, grid: ThumbnailGrid, style: FigureStyle) -> None:
        if not grid.n_lines:
            return
        height = self.captions.height(grid.n_lines, style.font)
        down = grid.step.height() - (grid.step.width() - grid.width) - height
        boxes = {}
        for index, place in enumerate(self.heads):
            map_box = grid.box(index)
            box = QRectF(map_box.left(), map_box.top() + down, map_box.width(), height)
            if self.exists[place]:
                boxes[place] = box
            if index % grid.n_columns == 0:
                left = QPointF(box.left() - 0.8 * QFontMetricsF(style.font).height(), box.top())
                self.captions.paint_title(painter, left, style)
        self.captions.paint(painter, boxes, grid.n_lines, style)

    def _paint_names(self, painter: QPainter, grid: ThumbnailGrid, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        painter.setPen(style.theme.ink)
        for index, (layer, head) in enumerate(self.heads):
            box = grid.box(index)
            y = box.bottom() + 0.15 * metrics.height() + metrics.ascent()
            painter.drawText(QPointF(box.left(), y), _tr("L{} H{}").format(layer, head))

    def _paint_measure(self, painter: QPainter, measure: str, grid: ThumbnailGrid, style: FigureStyle) -> None:
        font = resized(style.font, SMALL)
        metrics, em = QFontMetricsF(font), QFontMetricsF(style.font).height()
        values = self.result.measures[measure]
        highest = float(np.fmax.reduce(values, axis=None)) or 1.0
        number_width = metrics.horizontalAdvance(" 00.0 %")
        center = (1.1 if self.order is not None else 0.0) + (0.65 if grid.has_numbers else 0.4)
        painter.setFont(font)
        for index, place in enumerate(self.heads):
            value = float(values[place])
            if np.isnan(value):
                continue
            box = grid.box(index)
            middle = box.bottom() + center * em
            length = (grid.width - (number_width if grid.has_numbers else 0)) * max(value, 0) / highest
            color = style.theme.warning if place in self.top else style.theme.faint
            painter.fillRect(QRectF(box.left(), middle - 0.2 * em, max(length, 1.0), 0.4 * em), color)
            if grid.has_numbers:
                text = number_text(measure, value)
                x = box.right() - metrics.horizontalAdvance(text)
                painter.setPen(style.theme.warning if place in self.top else style.theme.ink)
                painter.drawText(QPointF(x, middle + (metrics.ascent() - metrics.descent()) / 2), text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadsFigure", text)
