"""The whole map of a level: words and parts of the image, in named blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from inference.results.joint import KINDS, JointResult
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import ColorScale, HeatPanel, short
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.joint.maps import about, arrays_of, named, one_map, shown_of, which
from widgets.views.joint.options import JointOptions

_LEAST_BLOCK = 3.0  # em: narrower blocks are not named
_LEAST_NAME, _MOST_NAME, _NAME_SHARE = 5.0, 10.0, 0.2  # em of the name of a row, and of the width


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointMapFigure", text)


@dataclass(frozen=True)
class JointMapFigure(PanelFigure):
    """Rows are queries, columns are keys; lines part words, special tokens, patches and regions."""

    result: JointResult
    head: int = 0
    options: JointOptions = field(default_factory=JointOptions)

    @cached_property
    def rows(self) -> np.ndarray:
        """int64: positions of the queries."""
        return self._chosen(self.options.rows)

    @cached_property
    def columns(self) -> np.ndarray:
        """int64: positions of the keys."""
        return self._chosen(self.options.columns)

    def _chosen(self, of: str) -> np.ndarray:
        """All where the level has none such."""
        found = which(self.result, of)
        return found if len(found) else which(self.result, "all")

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [row, column]."""
        return one_map(self.result, self.options, self.head)[np.ix_(self.rows, self.columns)]

    @property
    def _is_plan(self) -> bool:
        return shown_of(self.result, self.options.attention)[0] == "transport"

    @property
    def caption(self) -> str:
        scale = _tr("; words and image apart") if self.options.apart else ""
        n, m = self.values.shape
        size = f"{number_of(n, 'queries')}, {number_of(m, 'keys')}"
        return _tr("{}: {}{}").format(about(self.result, self.options, self.head), size, scale)

    def _kinds(self, positions: np.ndarray) -> list[tuple[str, int, int]]:
        """Runs of one kind: name, start and stop."""
        kinds = self.result.kinds[positions]
        starts = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
        return [(_title(KINDS[kinds[a]]), a, b) for a, b in pairwise(starts) if b > a]

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        words = tuple(map(clean, self.result.tokens.words))
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        room = max(_LEAST_NAME * em, min(_NAME_SHARE * rect.width(), _MOST_NAME * em))
        panel = HeatPanel(
            self.values,
            ColorScale.from_zero(self.values),
            "",
            _tr("query"),
            "",
            row_names=tuple(metrics.elidedText(words[i], Qt.TextElideMode.ElideRight, room) for i in self.rows),
            column_names=tuple(words[i] for i in self.columns),
            turns_names=True,
            missing=_tr("nothing goes between them") if self._is_plan else _tr("do not attend to each other"),
            lines_above=0.0 if np.isfinite(self.values).all() else 1.4,
        )
        return [(panel, rect.adjusted(0, 0.6 * em, 0, 0))]

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n, m = self.values.shape
        return QSizeF(min(max(0.7 * m, 18), 60) * em + 14 * em, min(max(0.7 * n, 18), 60) * em + 8 * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        ((panel, area),) = self.panels(rect, style)
        panel.paint(painter, area, style)
        plot = panel.plot(area, style)
        painter.save()
        painter.setFont(style.font)
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        height, width = plot.height() / len(self.rows), plot.width() / len(self.columns)
        painter.setPen(QPen(style.theme.accent, 1))
        for _, start, _ in self._kinds(self.rows)[1:]:
            y = plot.top() + start * height
            painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
        for name, start, stop in self._kinds(self.columns):
            x = plot.left() + start * width
            if start:
                painter.setPen(QPen(style.theme.accent, 1))
                painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))
            if (stop - start) * width >= max(_LEAST_BLOCK * em, metrics.horizontalAdvance(name) + 0.6 * em):
                painter.setPen(style.theme.faint)
                painter.drawText(QRectF(x, plot.top() - 1.5 * em, (stop - start) * width, 1.4 * em), name)
        painter.restore()

    def describe(self, cell: Cell) -> str:
        """One cell in words."""
        query, key = int(self.rows[cell.row]), int(self.columns[cell.column])
        value = float(self.values[cell.row, cell.column])
        if self._is_plan and np.isfinite(value):
            return _tr("{} goes to {}: {}").format(named(self.result, query), named(self.result, key), short(value, 4))
        if not np.isfinite(value):
            return _tr("{} has no attention to {} here").format(named(self.result, query), named(self.result, key))
        return _tr("{} looks at {}: {}").format(named(self.result, query), named(self.result, key), short(value, 4))

    def numbers(self) -> Numbers:
        words = [clean(word) for word in self.result.tokens.words]
        header = ("query", "query word", *(f"{key} {words[key]}" for key in self.columns))
        rows: list[tuple[str | int | float, ...]] = [
            (int(query), words[query], *map(float, line)) for query, line in zip(self.rows, self.values, strict=True)
        ]
        own = {"map": self.values, "map_rows": self.rows, "map_columns": self.columns}
        return Numbers(arrays_of(self.result) | own, header, rows)


def _title(kind: str) -> str:
    titles = {
        "word": _tr("words"),
        "special": _tr("special"),
        "tag": _tr("tags"),
        "region": _tr("regions"),
        "patch": _tr("patches"),
        "other": _tr("other"),
    }
    return titles[kind]
