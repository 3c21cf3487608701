"""Measures of all heads: two of them against each other, and all of them in a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.measures import MEASURES, MeasuresResult
from widgets.figures.head_measures import (
    HeadIndex,
    dashes_text,
    measure_name,
    number_text,
    ordered,
    sample_text,
    unit_of,
)
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.measures.head_scatter import HeadScatter

MOST_ROWS = 32  # of the tables in a figure together; its numbers are always those of all heads
_ROW = 1.4  # em
_PLOT = 0.7  # of its width: how high the plot is on narrow paper
_PLACE = ("layer", "head")
_LONG = 16  # letters of a unit that takes two lines of a heading
HEADING_LINES = 3
COLUMNS = (*_PLACE, *(measure.name for measure in MEASURES))


@dataclass(frozen=True)
class MeasuresFigure:
    """The scatter plot above the table of the first heads in an order.

    Attributes
    ----------
    order, is_falling
        `layer`, `head` or a measure, and whether the highest come first.
    """

    scatter: HeadScatter
    order: str = "layer"
    is_falling: bool = False

    @property
    def result(self) -> MeasuresResult:
        return self.scatter.result

    @property
    def caption(self) -> str:
        order = _tr("ordered by {}").format(column_title(self.order, self._axis).lower())
        return "; ".join(filter(None, (f"{self.scatter.caption}; {order}", dashes_text(self.result))))

    def numbers(self) -> Numbers:
        """All measures of all heads, in the order of the table."""
        measures = self.result.measures
        arrays = {**measures, "n_rows": np.array(self.result.n_rows), "n_queries": np.array(self.result.n_queries)}
        arrays["layers"] = np.array(sorted({place.layer for place in self._heads}))
        table: list[tuple[str | int | float, ...]] = [
            (*place, *(float(measures[measure.name][place]) for measure in MEASURES)) for place in self._heads
        ]
        return Numbers(arrays, COLUMNS, table)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """On narrow paper the table goes on below itself: letters keep their size."""
        blocks = self._blocks(width, style)
        em = QFontMetricsF(style.font).height()
        height = min(24 * em, _PLOT * width) + em + self._table_height(len(blocks), em)
        return QSizeF(max(sum(widths.values()) for widths in blocks), height)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        width = sum(self._widths(style).values())
        return self.least_size(width, style)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        blocks = self._blocks(rect.width(), style)
        top = rect.bottom() - self._table_height(len(blocks), em)
        self.scatter.paint(painter, QRectF(rect.left(), rect.top(), rect.width(), top - em - rect.top()), style)
        painter.save()
        painter.setFont(style.font)
        heads, height = self._shown(len(blocks)), self._block_height(len(blocks), em)
        for number, widths in enumerate(blocks):
            at = QRectF(rect.left(), top + number * height, rect.width(), height)
            self._paint_table(painter, at, widths, heads, style)
        if note := self._note(len(heads)):
            painter.setPen(style.theme.faint)
            painter.drawText(QPointF(rect.left(), rect.bottom() - QFontMetricsF(style.font).descent()), note)
        painter.restore()

    @property
    def _axis(self) -> str:
        return self.result.axes[0]

    @cached_property
    def _heads(self) -> list[HeadIndex]:
        return ordered(self.result, self.order, is_falling=self.is_falling)

    def _shown(self, n_blocks: int) -> list[HeadIndex]:
        """Those of which all columns have room on a page."""
        return self._heads[: max(MOST_ROWS // n_blocks, 1)]

    def _note(self, n_shown: int) -> str:
        parts = []
        if n_shown < len(self._heads):
            parts.append(_tr("the first {} of {} heads").format(n_shown, len(self._heads)))
        return "; ".join(filter(None, (*parts, sample_text(self.result))))

    def _block_height(self, n_blocks: int, em: float) -> float:
        """Of some columns with their headings, and what is free below them."""
        return (1.1 * HEADING_LINES + 1.0 + _ROW * len(self._shown(n_blocks))) * em

    def _table_height(self, n_blocks: int, em: float) -> float:
        has_note = bool(self._note(len(self._shown(n_blocks))))
        return n_blocks * self._block_height(n_blocks, em) + (1.0 if has_note else -0.6) * em

    def _widths(self, style: FigureStyle) -> dict[str, float]:
        """Of each column what it needs: columns of one width would make letters smaller on narrow paper."""
        metrics = QFontMetricsF(style.font)
        return {
            name: max(map(metrics.horizontalAdvance, (*header_lines(name, self._axis), *self._texts(name))))
            + metrics.height()
            for name in COLUMNS
        }

    def _blocks(self, width: float, style: FigureStyle) -> list[dict[str, float]]:
        """Widths of the columns that stand side by side, each time behind those that say which head it is."""
        widths = self._widths(style)
        place = {name: widths.pop(name) for name in _PLACE}
        free = width - sum(place.values()) + 0.5  # sums in another order
        dealt = (_dealt([*widths], n) for n in range(1, len(widths)))
        fitting = (names for names in dealt if max(sum(map(widths.__getitem__, some)) for some in names) <= free)
        return [place | {name: widths[name] for name in some} for some in next(fitting, [[name] for name in widths])]

    def _texts(self, name: str) -> list[str]:
        """What stands in a column."""
        return [self._text(name, place) for place in self._heads[:MOST_ROWS]]

    def _text(self, name: str, place: HeadIndex) -> str:
        if name in _PLACE:
            return str(getattr(place, name))
        return number_text(name, float(self.result.measures[name][place]))

    def _paint_table(
        self, painter: QPainter, rect: QRectF, widths: dict[str, float], heads: list[HeadIndex], style: FigureStyle
    ) -> None:
        metrics, theme = QFontMetricsF(style.font), style.theme
        em = metrics.height()
        needed = np.array([*widths.values()])
        rights = rect.left() + np.cumsum(needed) * min(1.0, rect.width() / needed.sum())
        lefts = [rect.left(), *rights[:-1].tolist()]
        top = rect.top() + (1.1 * HEADING_LINES + 0.3) * em
        for name, right in zip(widths, rights.tolist(), strict=True):
            painter.setPen(theme.accent if name == self.order else theme.faint)
            for i, text in enumerate(reversed(header_lines(name, self._axis))):
                x = right - 0.5 * em - metrics.horizontalAdvance(text)
                painter.drawText(QPointF(x, top - (1.1 * i + 0.4) * em - metrics.descent()), text)
        painter.setPen(QPen(theme.faint, 1))
        painter.drawLine(QPointF(rect.left(), top), QPointF(float(rights[-1]), top))
        for row, place in enumerate(heads):
            line = QRectF(rect.left(), top + row * _ROW * em, float(rights[-1]) - rect.left(), _ROW * em)
            if place == self.scatter.selected:
                painter.setPen(QPen(theme.accent, 0.12 * em))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(line.adjusted(1, 1, -1, -1))
            for name, left, right in zip(widths, lefts, rights.tolist(), strict=True):
                cell = QRectF(left, line.top(), right - left, line.height())
                self._paint_cell(painter, name, place, cell, style)

    def _paint_cell(self, painter: QPainter, name: str, place: HeadIndex, cell: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        text = self._text(name, place)
        if name not in _PLACE:
            paint_bar(painter, cell, share_of(self.result, name, place), style.theme.accent)
        painter.setPen(style.theme.ink)
        x = cell.right() - 0.5 * em - metrics.horizontalAdvance(text)
        painter.drawText(QPointF(x, cell.center().y() + 0.36 * metrics.ascent()), text)


def paint_bar(painter: QPainter, cell: QRectF, share: float, color: QColor) -> None:
    """A faint bar from the right, as long as a number is large."""
    if share > 0:
        ground = QColor(color)
        ground.setAlpha(56)
        width = share * (cell.width() - 4)
        painter.fillRect(QRectF(cell.right() - 2 - width, cell.top() + 2, width, cell.height() - 4), ground)


def share_of(result: MeasuresResult, name: str, place: HeadIndex) -> float:
    """A number as a share of the largest of its column; 0 where there is none."""
    values = result.measures[name]
    highest = float(np.fmax.reduce(values, axis=None))
    share = float(values[place]) / highest if highest > 0 else 0.0
    return share if share > 0 else 0.0


def column_title(name: str, axis: str = "text") -> str:
    """The title of a column."""
    return {"layer": _tr("Layer"), "head": _tr("Head")}.get(name) or measure_name(name, axis)


def header_lines(name: str, axis: str = "text") -> tuple[str, ...]:
    """The title of a column, no wider than it must be: what it is, and its unit."""
    if name in _PLACE:
        return (column_title(name),)
    whole, unit = column_title(name, axis), unit_of(name, axis)
    below = unit.split(" ", 1) if len(unit) > _LONG else [unit] if unit else []
    above = whole.split(" ", 1)
    above = above if len(above) + len(below) <= HEADING_LINES else [whole]
    return (*above, *below) if below or len(above) > 1 else (*above, _tr("share"))


def _dealt(names: list[str], n: int) -> list[list[str]]:
    """In their order, in `n` parts that differ by one at most."""
    ends = [len(names) * i // n for i in range(n + 1)]
    return [names[start:stop] for start, stop in pairwise(ends)]


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeasuresFigure", text)
