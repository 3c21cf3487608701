"""The position encoding that a checkpoint has, and how alike its positions are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.positions import PositionTable
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

What = Literal["values", "similarity", "both"]
_PER_HEAD = ("relative", "alibi")  # kinds whose similarity is a bias of each head, without an upper end


def _tr(text: str) -> str:
    return QCoreApplication.translate("PositionsFigure", text)


@dataclass(frozen=True)
class PositionsFigure(PanelFigure):
    """A table as heat map beside its position-by-position similarity. Positions run to the right.

    Attributes
    ----------
    head
        Which map of `table.similarity`, where there is one for each head.
    note
        A sentence that is drawn beneath; may be empty.
    """

    table: PositionTable
    head: int = 0
    what: What = "both"
    note: str = ""

    @property
    def has_heads(self) -> bool:
        """Whether the similarity differs from head to head."""
        return len(self.table.similarity) > 1

    @property
    def caption(self) -> str:
        parts = [f"{self.table.name} ({kind_title(self.table.kind)})"]
        if self.what != "values":
            parts.append(self.table.similarity_label + (_tr(", head {}").format(self.head) if self.has_heads else ""))
        return "; ".join(parts)

    def least_width(self, style: FigureStyle) -> float:
        """Maps of which names and bars of colours leave something, and what is said beneath them."""
        return (44 if self.what == "both" else 24) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF((62 if self.what == "both" else 34) * em, (28 if self.note else 26) * em)

    def numbers(self) -> Numbers:
        table = self.table
        columns = range(table.column_start, table.column_start + table.values.shape[1])
        rows: list[tuple[str | int | float, ...]] = [(row, *values) for row, values in enumerate(table.values.tolist())]
        header = (table.row_label, *(f"{table.column_label} {column}" for column in columns))
        return Numbers({"table": table.values, "similarity": table.similarity}, header, rows)

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        panels = [panel for panel in (self._values, self._similarity) if panel is not None]
        em = QFontMetricsF(style.font).height()
        area = rect.adjusted(0, 0, 0, -2 * em if self.note else 0)
        if len(panels) == 1:
            return [(panels[0], area)]
        if area.width() < 1.2 * area.height():
            half = (area.height() - em) / 2
            boxes = [QRectF(area.left(), area.top() + i * (half + em), area.width(), half) for i in range(2)]
        else:
            # The square map takes what its height allows, the other one the rest.
            right = min(area.height() + 3 * em, 0.5 * area.width())
            boxes = [
                QRectF(area.left(), area.top(), area.width() - right - em, area.height()),
                QRectF(area.right() - right, area.top(), right, area.height()),
            ]
        return list(zip(panels, boxes, strict=True))

    def describe(self, cell: Cell) -> str:
        """The number of a cell, unrounded."""
        table = self.table
        if self.what == "similarity" or cell.panel == 1:
            value = table.similarity[self._map, cell.row, cell.column]
            text = _tr("Query at {}, key at {}: {}") if table.kind in _PER_HEAD else _tr("Positions {} and {}: {}")
            return f"{text.format(cell.row, cell.column, value)}  ({table.similarity_label.lower()})"
        row, column = (cell.column, cell.row) if self._is_turned else (cell.row, cell.column)
        value = table.values[row, column]
        if table.kind == "alibi":
            return _tr("Head {}: slope {}").format(row, value)
        if table.kind == "rotary":
            n_rates = table.values.shape[1] // 2
            function = _tr("cosine") if column < n_rates else _tr("sine")
            return _tr("Position {}, {} of frequency {}: {}").format(row, function, column % n_rates, value)
        return f"{table.row_label} {row}, {table.column_label.lower()} {column + table.column_start}: {value}"

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)
        if self.note:
            metrics = QFontMetricsF(style.font)
            painter.save()
            painter.setFont(style.font)
            painter.setPen(style.theme.ink)
            line = QRectF(rect.left(), rect.bottom() - metrics.height(), rect.width(), metrics.height())
            text = metrics.elidedText(self.note, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, text)
            painter.restore()

    @property
    def _map(self) -> int:
        return min(self.head, len(self.table.similarity) - 1)

    @property
    def _is_turned(self) -> bool:
        """Rows that are positions become columns."""
        return self.table.kind not in _PER_HEAD

    @cached_property
    def _values(self) -> HeatPanel | None:
        table = self.table
        if self.what == "similarity":
            return None
        is_slopes = table.kind == "alibi"
        limit = 1.0 if table.kind in ("rotary", "sinusoidal") and np.abs(table.values).max() <= 1.001 else None
        scale = ColorScale.from_zero(table.values) if is_slopes else ColorScale.signed(table.values, limit)
        labels = (table.column_label, table.row_label) if self._is_turned else (table.row_label, table.column_label)
        return HeatPanel(
            table.values.T if self._is_turned else table.values,
            scale,
            f"{table.name} ({kind_title(table.kind)})",
            *labels,
            column_start=0 if self._is_turned else table.column_start,
            value_format=".2g" if is_slopes else "",
        )

    @cached_property
    def _similarity(self) -> HeatPanel | None:
        if self.what == "values":
            return None
        values = self.table.similarity[self._map]
        limit = None if self.table.kind in _PER_HEAD else 1.0
        title = self.table.similarity_label
        return HeatPanel(
            values,
            ColorScale.signed(values, limit),
            _tr("{}, head {}").format(title, self._map) if self.has_heads else title,
            _tr("Query position") if self.table.kind in _PER_HEAD else self.table.row_label,
            _tr("Key position") if self.table.kind in _PER_HEAD else self.table.row_label,
            keeps_square=True,
        )


def kind_title(kind: str) -> str:
    """A kind of encoding for the user."""
    titles = {
        "learned": _tr("learned"),
        "sinusoidal": _tr("sinusoids"),
        "rotary": _tr("rotary"),
        "relative": _tr("relative distances"),
        "alibi": _tr("ALiBi slopes"),
    }
    return titles.get(kind, kind)
