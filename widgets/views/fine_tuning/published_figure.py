"""A published table as a map with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.fine_tuning import PublishedTableResult
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_ROW, _WIDTH, _NATURAL_WIDTH = 1.4, 42, 60  # em
_AROUND = 8.5  # em above and below the cells
_EXAMPLES = 1.4  # em, the line of their numbers above the cells


def _tr(text: str) -> str:
    return QCoreApplication.translate("PublishedFigure", text)


@dataclass(frozen=True)
class PublishedFigure(PanelFigure):
    """Rows are systems, columns tasks with the number of their labelled examples."""

    result: PublishedTableResult

    @property
    def caption(self) -> str:
        return _tr("{}, as published: {}").format(self.result.title, self.result.source)

    @cached_property
    def _map(self) -> HeatPanel:
        result = self.result
        return HeatPanel(
            result.scores,
            ColorScale.from_zero(result.scores),
            _tr("Published, not measured here"),
            "",
            "",
            value_format=".1f",
            row_names=result.systems,
            column_names=tuple(task.name for task in result.tasks),
            turns_names=not self._has_examples,  # whose table has names that are short enough
            missing=_tr("not published"),
            lines_above=_EXAMPLES if self._has_examples else 0,
        )

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        em = QFontMetricsF(style.font).height()
        height = min(rect.height(), (len(self.result.systems) * 3 + _AROUND) * em)
        return [(self._map, QRectF(rect.left(), rect.top() + 0.4 * em, rect.width(), height - 0.4 * em))]

    def describe(self, cell: Cell) -> str:
        """A number, what it is, and what the task asks."""
        task, system = self.result.tasks[cell.column], self.result.systems[cell.row]
        score = float(self.result.scores[cell.row, cell.column])
        if score != score:
            return _tr("{}, {}: not published").format(system, task.name)
        number = f"{score:.1f}"
        if not task.n_examples:
            return _tr("{}, {}: {} ({} {})").format(system, task.name, number, task.measure, task.about)
        text = _tr("{} on {}: {} ({}); {}? {:,} labelled examples to train on")
        return text.format(system, task.name, number, task.measure, task.about, task.n_examples)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)
            plot = panel.plot(area, style)
            if not self._has_examples:
                continue
            line, height = plot.top() - _EXAMPLES * em, 1.2 * em
            painter.save()
            painter.setFont(style.font)
            painter.setPen(style.theme.faint)
            box = QRectF(area.left(), line, plot.left() - 0.35 * em - area.left(), height)
            beside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, beside, _tr("labelled examples"))
            width = plot.width() / len(self.result.tasks)
            for column, task in enumerate(self.result.tasks):
                box = QRectF(plot.left() + column * width, line, width, height)
                if task.n_examples:
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _short(task.n_examples))
            painter.restore()

    @property
    def _has_examples(self) -> bool:
        return any(task.n_examples for task in self.result.tasks)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Below this numbers have no room: presented beside an image, a small window has no more."""
        em = QFontMetricsF(style.font).height()
        return QSizeF(_WIDTH * em, (len(self.result.systems) * _ROW + _AROUND) * em)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        least = self.least_size(0, style)
        return QSizeF(_NATURAL_WIDTH * QFontMetricsF(style.font).height(), least.height())

    def numbers(self) -> Numbers:
        """The table; a row a system."""
        result = self.result
        names = tuple(task.name for task in result.tasks)
        rows: list[tuple[str | int | float, ...]] = [
            (system, *map(float, scores)) for system, scores in zip(result.systems, result.scores, strict=True)
        ]
        arrays = {
            "scores": result.scores,
            "systems": np.array(result.systems, np.str_),
            "tasks": np.array(names, np.str_),
            "n_examples": np.array([task.n_examples for task in result.tasks]),
        }
        return Numbers(arrays, (_tr("system"), *names), rows)


def _short(n: int) -> str:
    return f"{n / 1000:g}k"
