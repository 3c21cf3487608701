"""What a model calls an image after each layer: a heat map of layers and classes, and bars for one layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.classes import ClassesResult
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_border, paint_image, paint_title
from widgets.figures.labels import AxisLabels, paint_top
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look import color_maps, raster
from widgets.look.letters import SMALL
from widgets.look.theme import FigureStyle

_ROW = 1.45  # em
_ABOVE, _BELOW = 6.5, 1.5  # em of names of classes above the table, and of a line below it
_TRUE = "\N{CHECK MARK} "

_MOST_IMAGE, _LEAST_IMAGE = 16.0, 7.0  # em
_COLUMN = 20.0  # em, of the bars
_TRUTH, _TITLE = 3.0, 1.7  # em of height: what is true of the image, and the title of the bars
_MOST_ROW, _MOST_COLUMN = 7.0, 8.0  # em of a cell: as large as large windows


def _tr(text: str) -> str:
    return QCoreApplication.translate("ClassesFigure", text)


class ClassCell(NamedTuple):
    """A row of probabilities and a number of a class."""

    row: int
    label: int


class _Layout(NamedTuple):
    """Where image, table and bars are."""

    image: QRectF
    table: QRectF  # its cells
    bars: QRectF


@dataclass(frozen=True)
class ClassesFigure:
    """The classes that the model gives most at the end, and those that are true, as columns; layers as rows.

    Attributes
    ----------
    row
        Of `result.probabilities`: whose bars are shown; None is the model's own answer, the last.
    top_k
        At most so many classes.
    """

    result: ClassesResult
    row: int | None = None
    top_k: int = 10

    @property
    def row_shown(self) -> int:
        """The row whose bars are shown."""
        n_rows = len(self.result.probabilities)
        return n_rows - 1 if self.row is None else min(self.row, n_rows - 1)

    def row_title(self, row: int) -> str:
        """A row of probabilities for the user."""
        return self.result.layers[row] if row < len(self.result.layers) else _tr("Row {}").format(row)

    @property
    def caption(self) -> str:
        how = _tr("each class by itself") if self.result.is_multi_label else _tr("probabilities of a row sum to 1")
        when = _tr("in the end") if self.row is None else _tr("after {}").format(self.row_title(self.row_shown).lower())
        return _tr("What the model calls the image {}; read from {}, {}").format(when, self.result.read_from, how)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Numbers of the classes in the table, most probable in the end first; true ones are always among them."""
        last = self.result.probabilities[-1]
        order = np.argsort(-last, kind="stable")
        is_true = [self._is_true(int(label)) for label in order]
        n_free = max(0, self.top_k - sum(is_true))
        chosen = []
        for label, true in zip(order.tolist(), is_true, strict=True):
            if true or n_free > 0:
                chosen.append(label)
                n_free -= not true
        return tuple(chosen)

    @cached_property
    def ranked(self) -> tuple[tuple[int, float], ...]:
        """Classes and probabilities of the shown row, most probable first; true ones that come later follow."""
        values = self.result.probabilities[self.row_shown]
        order = np.argsort(-values, kind="stable").tolist()
        late = [label for label in order[self.top_k :] if self._is_true(label)]
        return tuple((label, float(values[label])) for label in order[: self.top_k] + late)

    def least_width(self, style: FigureStyle) -> float:
        """An image, the columns of layers, and the names of classes beside each other."""
        return (24 + 3.2 * len(self.columns)) * QFontMetricsF(style.font).height()

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """A line of letters for each layer beneath the names of the classes; and what is in the image, beneath it."""
        em = QFontMetricsF(style.font).height()
        side = self._most_side(width, style)
        truth = QFontMetricsF(style.font).boundingRect(
            QRectF(0, 0, side, 0), int(Qt.TextFlag.TextWordWrap), self._truth_text()
        )
        return QSizeF(0, max((_ABOVE + _BELOW + len(self.result.probabilities)) * em, side + 0.4 * em + truth.height()))

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows = max(len(self.result.probabilities), len(self.ranked))
        return QSizeF((30 + 3.2 * len(self.columns)) * em, max(15, n_rows * _ROW + 9) * em)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        where = self._layout(rect, style)
        paint_image(painter, self.result.seen, where.image)
        paint_border(painter, where.image, style)
        self._paint_truth(painter, where, rect, style)
        self._paint_table(painter, where.table, rect, style)
        self._paint_bars(painter, where.bars, style)
        painter.restore()

    def _paint_truth(self, painter: QPainter, where: _Layout, rect: QRectF, style: FigureStyle) -> None:
        if not self.result.truth:
            return
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        box = QRectF(where.image.left(), where.image.bottom() + 0.4 * em, where.image.width(), 8 * em)
        if where.bars.left() == rect.left():  # they stand below
            box.setRight(where.bars.right())
            box.setBottom(where.bars.top())
        box.setBottom(min(box.bottom(), rect.bottom()))
        painter.setPen(style.theme.faint)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, self._truth_text())

    def _truth_text(self) -> str:
        if not self.result.truth:
            return ""
        return _tr("In it, as it was generated: {}").format(", ".join(map(clean, self.result.truth)))

    def _paint_table(self, painter: QPainter, table: QRectF, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        values = self.result.probabilities[:, self.columns]
        colors = raster.colored(raster.levels(values), style.color_map)
        width, height = table.width() / len(self.columns), table.height() / len(values)
        small = QFontMetricsF(resized(style.font, SMALL))
        has_numbers = width > small.horizontalAdvance("100") + 0.3 * em and height > 0.9 * em
        painter.save()
        for row, line in enumerate(values.tolist()):
            for column, value in enumerate(line):
                box = self._cell(row, column, table)
                color = int(colors[row, column])
                painter.fillRect(box, QColor(color))
                if has_numbers:
                    painter.setFont(resized(style.font, SMALL))
                    painter.setPen(color_maps.ink_on(color))
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{100 * value:.0f}")
            painter.setFont(resized(style.font, bold=row == self.row_shown))
            painter.setPen(style.theme.ink if height > 0.9 * em or row == self.row_shown else style.theme.faint)
            step = max(1, round(0.98 * em / height))
            if row % step == 0 or row in (self.row_shown, len(values) - 1):
                label = QRectF(table.left() - 7 * em, table.top() + row * height, 6.6 * em, height)
                painter.drawText(
                    label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.row_title(row)
                )
        painter.setFont(style.font)
        labels = AxisLabels.top(map(self._name, self.columns), width, metrics, 6 * em)
        for column in labels.shown():
            is_true = self._is_true(self.columns[column])
            mark = QColor(style.theme.accent) if is_true else None
            paint_top(painter, labels, column, self._cell(0, column, table), style, mark=mark)
        shown = self._cell(self.row_shown, 0, table)
        shown.setRight(table.right())
        paint_border(painter, shown, style, is_selected=True)
        painter.setPen(style.theme.faint)
        line = QRectF(table.left() - 7 * em, table.bottom() + 0.2 * em, rect.right() - table.left() + 7 * em, em)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, _tr("Per cent, from 0 (dark) to 100 (bright)"))
        painter.restore()

    def _paint_bars(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        title = self.row_title(self.row_shown)
        if self.row_shown == len(self.result.probabilities) - 1:
            title = _tr("{}: the model's answer").format(title)
        painter.setFont(resized(style.font, bold=True))
        paint_title(painter, title, QRectF(area.left(), area.top(), area.width(), 1.5 * em), style)
        painter.setFont(style.font)
        name_width, number_width = 0.42 * area.width(), 4.2 * em
        for line, (label, prob) in enumerate(self.ranked):
            top = area.top() + (_TITLE + line * _ROW) * em
            if top + _ROW * em > area.bottom() + 1:
                break
            is_true = self._is_true(label)
            name = QRectF(area.left(), top, name_width, _ROW * em)
            painter.setFont(resized(style.font, bold=is_true))
            paint_title(painter, self._name(label), name, style)
            painter.setFont(style.font)
            track = QRectF(name.right() + 0.5 * em, top + 0.25 * em, area.right() - name.right() - number_width, em)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.theme.accent if is_true else style.theme.faint)
            painter.drawRect(QRectF(track.left(), track.top(), max(1.0, track.width() * prob), track.height()))
            painter.setPen(QPen(style.theme.line, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(track)
            painter.setPen(style.theme.ink)
            number = QRectF(track.right() + 0.3 * em, top, number_width - 0.8 * em, _ROW * em)
            painter.drawText(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent(prob))

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> ClassCell | None:
        """The cell of the table under a point."""
        table = self._layout(rect, style).table
        if not table.contains(point):
            return None
        n_rows, n_columns = len(self.result.probabilities), len(self.columns)
        row = min(int((point.y() - table.top()) / table.height() * n_rows), n_rows - 1)
        column = min(int((point.x() - table.left()) / table.width() * n_columns), n_columns - 1)
        return ClassCell(row, self.columns[column])

    def has_spot(self, spot: ClassCell, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a cell."""
        return spot.row < len(self.result.probabilities) and spot.label in self.columns

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: ClassCell) -> None:
        """Frame the cell that is pointed at."""
        box = self._cell(spot.row, self.columns.index(spot.label), self._layout(rect, style).table)
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(style.theme.paper, 4))
        painter.drawRect(box)
        painter.setPen(QPen(style.theme.ink, 2, Qt.PenStyle.DashLine))
        painter.drawRect(box)
        painter.restore()

    def step(self, spot: ClassCell | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> ClassCell | None:
        """The cell beside."""
        if spot is None:
            return ClassCell(self.row_shown, self.columns[0])
        column = min(max(self.columns.index(spot.label) + right, 0), len(self.columns) - 1)
        row = min(max(spot.row + down, 0), len(self.result.probabilities) - 1)
        return ClassCell(row, self.columns[column])

    def describe(self, spot: ClassCell) -> str:
        """The number of a cell."""
        values = self.result.probabilities[spot.row]
        rank = int((values > values[spot.label]).sum()) + 1
        text = _tr("{}: {} {:.6f}, rank {} of {}")
        return text.format(self.row_title(spot.row), self._name(spot.label), values[spot.label], rank, len(values))

    # Layout

    def _layout(self, rect: QRectF, style: FigureStyle) -> _Layout:
        """Beside the table stand image and bars: over each other where there is height for it, else on both sides."""
        em = QFontMetricsF(style.font).height()
        height, width = self.result.seen.shape[:2]
        needed = (_TRUTH + _TITLE + _ROW * len(self.ranked)) * em  # below the image
        is_over = rect.height() - needed >= _LEAST_IMAGE * em
        column = min(_COLUMN * em, 0.4 * rect.width()) if is_over else self._most_side(rect.width(), style)
        side = min(_MOST_IMAGE * em, column, rect.height() - (needed if is_over else 0.0))
        image = letterbox(height, width, QRectF(rect.left(), rect.top(), column, side))
        image.moveTopLeft(QPointF(round(rect.left()), round(rect.top())))
        if is_over:
            top = image.bottom() + _TRUTH * em
            bars = QRectF(rect.left(), top, column, rect.bottom() - top)
            left, right = rect.left() + column + 8 * em, rect.right()
        else:
            bars_width = min(_COLUMN * em, 0.3 * rect.width())
            bars = QRectF(rect.right() - bars_width, rect.top(), bars_width, rect.height())
            left, right = image.right() + 8 * em, bars.left()
        n_rows = len(self.result.probabilities)
        top = rect.top() + _ABOVE * em
        table_height = min(rect.bottom() - _BELOW * em - top, n_rows * _MOST_ROW * em)
        table_width = min(right - 2.5 * em - left, len(self.columns) * _MOST_COLUMN * em)
        return _Layout(image, QRectF(left, top, max(1.0, table_width), max(1.0, table_height)), bars)

    def _most_side(self, width: float, style: FigureStyle) -> float:
        """Of the image, where there is so much width."""
        return min(_MOST_IMAGE * QFontMetricsF(style.font).height(), 0.2 * width)

    def _cell(self, row: int, column: int, table: QRectF) -> QRectF:
        width, height = table.width() / len(self.columns), table.height() / len(self.result.probabilities)
        return QRectF(table.left() + column * width, table.top() + row * height, width, height)

    def _is_true(self, label: int) -> bool:
        return self.result.labels[label] in self.result.truth

    def _name(self, label: int) -> str:
        return (_TRUE if self._is_true(label) else "") + clean(self.result.labels[label])

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "labels": np.array(result.labels, np.str_),
            "probabilities": result.probabilities,
            "truth": np.array(result.truth, np.str_),
            "seen": result.seen,
        }
        rows: list[tuple[str | int | float, ...]] = [
            (self.row_title(row), result.labels[label], int(self._is_true(label)), float(values[label]))
            for row, values in enumerate(result.probabilities)
            for label in self.columns
        ]
        return Numbers(arrays, ("after", "class", "is_true", "probability"), rows)
