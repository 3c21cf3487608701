"""A number for every head of every level: a grid, and beside it the heads in order."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.image_parts import paint_title
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.look.theme import FigureStyle

if TYPE_CHECKING:
    from inference.results.joint import JointLevel

_ROW, _LIST = 1.5, 18.0  # em: a line of the list, and its width


def _tr(text: str) -> str:
    return QCoreApplication.translate("RankedHeads", text)


class RankedHeads(PanelFigure):
    """A cell for every head; the heads with the highest numbers are listed beside them.

    A subclass says what is measured: `all_values`, `all_levels`, `what`, and which level and head are `framed`.
    """

    @property
    def all_values(self) -> np.ndarray:
        """float32 [level, head], 0-1; NaN where there is no such head, or nothing to measure."""
        raise NotImplementedError

    @property
    def all_levels(self) -> tuple[JointLevel, ...]:
        """Their titles, and what they are made of."""
        raise NotImplementedError

    @property
    def what(self) -> str:
        """What is measured, in words."""
        raise NotImplementedError

    @property
    def framed(self) -> tuple[int, int]:
        """Level and head of the cell with a frame."""
        raise NotImplementedError

    @property
    def list_title(self) -> str:
        """What stands over the heads in order."""
        return _tr("Highest first")

    @cached_property
    def levels(self) -> np.ndarray:
        """int64: levels in which this can be measured; all where it can in none."""
        found = np.flatnonzero(np.isfinite(self.all_values).any(1))
        return found if len(found) else np.arange(len(self.all_values))

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [row, head]; NaN where a level has no such head."""
        return self.all_values[self.levels]

    @cached_property
    def ranked(self) -> list[tuple[int, int, float]]:
        """Level, head and number, the highest first."""
        cells = [(int(self.levels[row]), head, float(v)) for (row, head), v in np.ndenumerate(self.values) if v == v]
        return sorted(cells, key=lambda cell: (-cell[2], cell[0], cell[1]))

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        em = QFontMetricsF(style.font).height()
        level, head = self.framed
        own = np.flatnonzero(self.levels == level)
        panel = HeatPanel(
            self.values,
            ColorScale(0.0, 1.0, is_signed=False),
            self.what[:1].upper() + self.what[1:],
            _tr("layer"),
            _tr("head"),
            value_format=".2f",
            selected=(int(own[0]), min(head, self.values.shape[1] - 1)) if len(own) else None,
            row_names=tuple(self.all_levels[row].title for row in self.levels),
        )
        longest = max(
            (QFontMetricsF(style.font).horizontalAdvance(self._listed(*each)) for each in self.ranked), default=0
        )
        wide = min(max(_LIST * em, longest + em), 0.4 * rect.width())
        return [(panel, rect.adjusted(0, 0, -wide - em, 0))]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n, m = self.values.shape
        return QSizeF((max(3.2 * m, 16) + _LIST + 16) * em, max(1.8 * n + 5, 16) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        ((panel, area),) = self.panels(rect, style)
        panel.paint(painter, area, style)
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        box = QRectF(area.right() + em, rect.top(), rect.right() - area.right() - em, 1.5 * em)
        paint_title(painter, self.list_title, box, style, is_faint=True)
        n_fit = max(0, int((rect.height() / em - 1.6) / _ROW))
        for line, (level, head, value) in enumerate(self.ranked[:n_fit]):
            top = rect.top() + (1.6 + line * _ROW) * em
            full = QRectF(box.left(), top + 0.15 * em, box.width(), (_ROW - 0.3) * em)
            bar = QRectF(full.left(), full.top(), full.width() * value, full.height())
            fill = style.theme.line
            painter.fillRect(bar, fill)
            paint_title(
                painter, self._listed(level, head, value), full.adjusted(0.3 * em, 0, 0, 0), style, shrinks=True
            )
        painter.restore()

    def _listed(self, level: int, head: int, value: float) -> str:
        return _tr("{}, head {}: {:.3f}").format(self.all_levels[level].title, head, value)

    def place(self, cell: Cell) -> tuple[int, int]:
        """Level and head of a cell."""
        return int(self.levels[cell.row]), cell.column

    def describe(self, cell: Cell) -> str:
        """One head in words."""
        level, head = self.place(cell)
        value = float(self.values[cell.row, cell.column])
        title = self.all_levels[level].title
        if not np.isfinite(value):
            return _tr("{}, head {}: there is none such").format(title, head)
        return _tr("{}, head {}: {} {}").format(title, head, self.what, short(value, 4))
