"""Several attention patterns side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from widgets.figures.counts import number_of
from widgets.figures.lettering import resized
from widgets.figures.panel_figure import Cell
from widgets.kit.figure import Numbers
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle
from widgets.views.sparse.figures import legend as sparse_legend
from widgets.views.sparse.figures.pattern_map import SparseMap, percent
from widgets.views.sparse.patterns import KIND_NAMES, Pattern

_STRIP, _STRIP_GAP = 1.1, 0.35  # em
_GAP = 1.4  # em between panels
_NARROWEST_HEAD, _WIDEST_HEAD = 7.0, 18.0  # em
_LONGEST = 2.2  # times as wide as high maps may be where there is width to spare
_ENOUGH = 0.75  # of the size that maps could have: fewer beside each other are better told
_WRAPPED = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparsePatterns", text)


@dataclass(frozen=True)
class SparsePatternsFigure:
    """A map for each pattern; beneath it what one query knows of, a row for each layer.

    Attributes
    ----------
    patterns
        All of one length.
    n_layers
        Layers through which information travels.
    query
        Whose receptive field is shown.
    """

    patterns: tuple[Pattern, ...]
    n_layers: int = 1
    query: int = 0

    @cached_property
    def maps(self) -> tuple[SparseMap, ...]:
        return tuple(SparseMap(pattern, self.n_layers) for pattern in self.patterns)

    @property
    def n(self) -> int:
        return self.patterns[0].n

    @property
    def caption(self) -> str:
        text = _tr("Attention patterns over {}").format(number_of(self.n, "tokens"))
        return text + (_tr("; reached through {} layers").format(self.n_layers) if self.n_layers > 1 else "")

    def numbers(self) -> Numbers:
        """A row for each pattern; as arrays the kind of each cell, and what the layers reach."""
        arrays: dict[str, np.ndarray] = {"kind_names": np.array(KIND_NAMES), "n_layers": np.array(self.n_layers)}
        rows: list[tuple[str | int | float, ...]] = []
        for each in self.maps:
            arrays[f"kinds_{each.pattern.name}"] = each.pattern.kinds()
            arrays[f"reached_{each.pattern.name}"] = each.reach.after(self.n_layers)
            cells, until = each.pattern.cells(), each.reach.n_until_all or "never"
            reached = each.reach.count(self.n_layers) / self.n**2
            rows.append((each.pattern.kind.title, self.n, cells, cells / self.n**2, reached, until))
        header = (
            "pattern", "tokens", "cells", "share of full", f"share known after {self.n_layers} layers",
            "layers until all are reached",
        )  # fmt: skip
        return Numbers(arrays, header, rows)

    # Where things are

    def least_width(self, style: FigureStyle) -> float:
        """Maps as wide as their titles, beside each other."""
        return min(3, len(self.patterns)) * (12 + _GAP) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_columns = min(3, len(self.patterns))
        n_rows = math.ceil(len(self.patterns) / n_columns)
        side = 15 * em
        around = self._head(side, style) + (_STRIP_GAP + _STRIP) * em
        height = n_rows * (side + around) + (n_rows - 1) * _GAP * em
        width = n_columns * (side + _GAP * em) - _GAP * em
        return QSizeF(width, height + self._legend_height(width, style))

    def plots(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where the cells of each map are."""
        metrics = QFontMetricsF(style.font)
        em, gap = metrics.height(), _GAP * metrics.height()
        # Arrows at the rows stand out on both sides.
        area = rect.adjusted(0.7 * em, 0, -0.7 * em, -self._legend_height(rect.width(), style))
        n = len(self.patterns)

        def width_of(n_columns: int) -> float:
            return (area.width() + gap) / n_columns - gap

        def around(n_columns: int) -> float:
            """Above and beneath each map."""
            return self._head(width_of(n_columns), style) + (_STRIP_GAP + _STRIP) * em

        def side_of(n_columns: int) -> float:
            n_rows = math.ceil(n / n_columns)
            return min(width_of(n_columns), (area.height() + gap) / n_rows - gap - around(n_columns))

        readable = [n for n in range(1, n + 1) if width_of(n) >= _NARROWEST_HEAD * em] or [1]
        best = max(map(side_of, readable))
        n_columns = next(n for n in readable if side_of(n) >= _ENOUGH * best or side_of(n) == best)
        n_rows = math.ceil(n / n_columns)
        side = max(side_of(n_columns), 1.0)
        wide = max(min(width_of(n_columns), _LONGEST * side), side)
        if side >= 6 * self.n:  # whole pixels, so that all cells look alike
            side, wide = (float(int(length / self.n) * self.n) for length in (side, wide))
        width = min(width_of(n_columns), max(_LONGEST * side, _WIDEST_HEAD * em)) + gap
        height = min((area.height() + gap) / n_rows, side + around(n_columns) + 2 * gap)
        left = area.left() + max(0.0, (area.width() - (n_columns - 1) * width - wide) / 2)
        if wide < _WIDEST_HEAD * em:  # what is written above is wider than the map
            left = area.left() + max(0.0, (area.width() + gap - n_columns * width) / 2)
        top = area.top() + self._head(width_of(n_columns), style)
        top += max(0.0, area.height() - n_rows * height) / 2
        return [
            QRectF(round(left + (i % n_columns) * width), round(top + (i // n_columns) * height), wide, side)
            for i in range(n)
        ]

    def _lines(self, each: SparseMap, style: FigureStyle) -> tuple[tuple[str, QFont, QColor], ...]:
        """What is written above a map."""
        title, numbers = each.pattern.kind.title, self._numbers_of(each)
        return (title, resized(style.font, bold=True), style.theme.ink), (
            numbers, resized(style.font, SMALL), style.theme.faint,
        )  # fmt: skip

    def _head(self, width: float, style: FigureStyle) -> float:
        """Height of what is written above the maps, where there is so much width."""
        width = min(width, _WIDEST_HEAD * QFontMetricsF(style.font).height())
        heights = (sum(_height(text, font, width) for text, font, _ in self._lines(each, style)) for each in self.maps)
        return max(heights) + 0.2 * QFontMetricsF(style.font).height()

    def _strip(self, plot: QRectF, em: float) -> QRectF:
        return QRectF(plot.left(), plot.bottom() + _STRIP_GAP * em, plot.width(), _STRIP * em)

    def _legend(self, style: FigureStyle) -> list[tuple[str, list[QColor]]]:
        return sparse_legend.entries(self._present, self.n_layers, style)

    @cached_property
    def _present(self) -> tuple[str, ...]:
        """Kinds that occur."""
        all_kinds = np.stack([pattern.kinds() for pattern in self.patterns])
        return tuple(name for kind, name in enumerate(KIND_NAMES) if (all_kinds == kind).any())

    def _legend_height(self, width: float, style: FigureStyle) -> float:
        metrics = QFontMetricsF(style.font)
        lines = sparse_legend.lay_out(self._legend(style), width, metrics)[1]
        return lines + 2.1 * metrics.height()

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        painter.save()
        for each, plot in zip(self.maps, self.plots(rect, style), strict=True):
            each.paint(painter, plot, style)
            each.paint_field(painter, self._strip(plot, em), style, self.query)
            each.paint_row(painter, plot, style, self.query, style.theme.accent)
        self._paint_heads(painter, rect, style)
        top = rect.bottom() - self._legend_height(rect.width(), style) + 0.6 * em
        painter.setFont(style.font)
        painter.setPen(style.theme.faint)
        text = _tr("Rows are queries, columns keys. Beneath each map: what query {} knows of, layer by layer.")
        metrics = QFontMetricsF(style.font)
        line = metrics.elidedText(text.format(self.query), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(QPointF(rect.left(), top + metrics.ascent()), line)
        area = QRectF(rect.left(), top + 1.35 * em, rect.width(), rect.bottom() - top)
        sparse_legend.paint(painter, self._legend(style), area, style)
        painter.restore()

    def _paint_heads(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        plots = self.plots(rect, style)
        written = []
        for i, (each, plot) in enumerate(zip(self.maps, plots, strict=True)):
            # Up to the next map, or the edge
            has_next = i + 1 < len(plots) and plots[i + 1].left() > plot.left()
            width = (plots[i + 1].left() - 0.7 * em if has_next else rect.right()) - plot.left()
            lines = [(*line, _height(line[0], line[1], width)) for line in self._lines(each, style)]
            written.append((plot, width, lines))
        head = max(sum(height for *_, height in lines) for *_, lines in written) + 0.2 * em
        for plot, width, lines in written:  # titles stand at one height, however many lines their numbers need
            top = plot.top() - head
            for text, font, ink, height in lines:
                painter.setFont(font)
                painter.setPen(ink)
                painter.drawText(QRectF(plot.left(), top, width, height), int(_WRAPPED), text)
                top += height

    def _numbers_of(self, each: SparseMap) -> str:
        """Which part of the cells exists, and in how many layers every token reaches all."""
        until = each.reach.n_until_all
        share = _tr("{} seen").format(percent(each.pattern.cells() / self.n**2))
        if until is None:
            return share + _tr(" · never reaches all")
        layers = _tr("layer") if until == 1 else _tr("layers")
        return share + _tr(" · reaches all in {} {}").format(until, layers)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The cell under a point."""
        for number, (each, plot) in enumerate(zip(self.maps, self.plots(rect, style), strict=True)):
            place = each.cell_at(point, plot)
            if place is not None:
                return Cell(number, *place)
        return None

    def has_spot(self, spot: Cell, rect: QRectF, style: FigureStyle) -> bool:
        return spot.panel < len(self.maps) and max(spot.row, spot.column) < self.n

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Cell) -> None:
        """The row of the query that is pointed at, in every map, and its receptive field."""
        em = QFontMetricsF(style.font).height()
        painter.save()
        for number, (each, plot) in enumerate(zip(self.maps, self.plots(rect, style), strict=True)):
            each.paint_field(painter, self._strip(plot, em), style, spot.row)
            each.paint_row(painter, plot, style, spot.row, style.theme.ink)
            if number == spot.panel:
                box = each.cell_rect(spot.row, spot.column, plot)
                painter.setPen(style.theme.ink)
                painter.drawLine(QPointF(box.center().x(), plot.top()), QPointF(box.center().x(), plot.bottom()))
        painter.restore()

    def step(self, spot: Cell | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The cell beside; across the edge of a map into the next one."""
        if spot is None:
            return Cell(0, self.query, 0)
        panel, row, column = spot.panel, spot.row + down, spot.column + right
        if column >= self.n and panel + 1 < len(self.maps):
            panel, column = panel + 1, 0
        elif column < 0 and panel > 0:
            panel, column = panel - 1, self.n - 1
        return Cell(panel, min(max(row, 0), self.n - 1), min(max(column, 0), self.n - 1))

    def describe(self, spot: Cell) -> str:
        """What a cell is, in words."""
        return self.maps[spot.panel].describe(spot.row, spot.column)


def _height(text: str, font: QFont, width: float) -> float:
    """Of a text in as many lines as it needs."""
    return QFontMetricsF(font).boundingRect(QRectF(0, 0, max(width, 1.0), 1e6), int(_WRAPPED), text).height()
