"""A heat map with its axes and colour bar: a part of figures, and what the pointer meets on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen

from widgets.figures import lettering
from widgets.figures.color_bar import missing_width, paint_missing
from widgets.figures.map_frame import paint_map_frame
from widgets.look import color_maps, diverging, raster
from widgets.look.theme import FigureStyle

MINUS = "\N{MINUS SIGN}"
_SHORT_NAME, _LONG_NAME, _NAMES_SHARE = 6.0, 9.0, 0.28  # em of turned names, and how much of the height long ones take
_FINE = 4  # pixels a cell, from which on one pixel more or less of it is not seen


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeatPanel", text)


@dataclass(frozen=True)
class ColorScale:
    """Which numbers the ends of the colour map stand for.

    Attributes
    ----------
    is_signed
        Diverging about zero; else sequential.
    is_clipped
        Some numbers lie beyond the ends.
    """

    low: float
    high: float
    is_signed: bool
    is_clipped: bool = False

    @staticmethod
    def signed(values: np.ndarray, limit: float | None = None) -> ColorScale:
        """About zero. Without a limit the few largest numbers are clipped, so that one outlier dims nothing."""
        sizes = np.abs(values[np.isfinite(values)])
        largest = float(sizes.max()) if sizes.size else 0.0
        if limit is None:
            limit = float(np.percentile(sizes, 99.5)) if sizes.size else 0.0
            limit = largest if largest < 1.5 * limit else limit
        limit = limit or 1.0
        return ColorScale(-limit, limit, True, largest > limit * 1.001)

    @staticmethod
    def from_zero(values: np.ndarray) -> ColorScale:
        """From zero to the largest number, for numbers that are never negative."""
        finite = values[np.isfinite(values)]
        return ColorScale(0.0, float(finite.max() if finite.size else 0.0) or 1.0, False)

    def colors(self, values: np.ndarray, style: FigureStyle) -> np.ndarray:
        """Colours of numbers as Qt's `0xffrrggbb`: uint32 of the same shape."""
        if self.is_signed:
            colors = np.take(diverging.lookup(is_dark=style.theme.is_dark), diverging.levels(values, self.high))
        else:
            colors = raster.colored(raster.levels(values, self.high, low=self.low), style.color_map)
        is_finite = np.isfinite(values)
        if not is_finite.all():
            colors[~is_finite] = style.theme.missing.rgb()
        return colors


RAISED = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")


def short(value: float, digits: int = 3) -> str:
    """A number as it is read in a figure."""
    if not math.isfinite(value):
        return "none" if math.isnan(value) else f"{MINUS if value < 0 else ''}\N{INFINITY}"
    rounded = float(f"{value:.{digits}g}")
    front, _, power = f"{rounded:.{max(digits, 3)}g}".partition("e")  # 100, not 1·10²
    return (f"{front}·10{str(int(power)).translate(RAISED)}" if power else front).replace("-", MINUS)


def fixed(value: float, pattern: str) -> str:
    """A number by a pattern such as `.2f`; what is nothing after rounding has no sign."""
    text = f"{value:{pattern}}"
    return text.replace("-", MINUS) if text.strip("+-0.") else text.lstrip("+-")


def ticks(start: int, n: int, n_most: int) -> list[int]:
    """Round numbers in `start .. start + n - 1`, at most about `n_most` of them."""
    least = n / max(n_most, 1)
    power = 10 ** math.floor(math.log10(least)) if least > 1 else 1
    step = next((power * m for m in (1, 2, 5, 10) if power * m >= least), 1)
    return list(range(-(-start // step) * step, start + n, step))


@dataclass(frozen=True)
class HeatPanel:
    """A matrix as colours.

    Attributes
    ----------
    values
        float [row, column]; NaN and infinities are drawn in the colour of missing values.
    row_start, column_start
        Numbers of the first row and column.
    keeps_square
        Whether cells are as high as wide.
    value_format
        How each cell says its number, where it is large enough; empty where it says none.
    selected
        Row and column of the cell that is framed.
    band
        First and last row of a band that is framed.
    labels
        What rows and columns are called, where they are not just counted.
    row_names, column_names
        The same for one of them, also where it is words.
    turns_names
        Whether the names of columns are turned where they have no room beside each other.
    texts
        What stands in the cells [row][column] in place of numbers, as far as there is room.
    missing
        What the colour of missing values means; else that there is no number.
    lines_above
        Heights of letters that are left free between the title and the cells.
    """

    values: np.ndarray
    scale: ColorScale
    title: str
    row_label: str
    column_label: str
    row_start: int = 0
    column_start: int = 0
    keeps_square: bool = False
    value_format: str = ""
    selected: tuple[int, int] | None = None
    band: tuple[int, int] | None = None
    labels: tuple[int, ...] = ()
    row_names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()
    turns_names: bool = False
    texts: tuple[tuple[str, ...], ...] = ()
    missing: str = ""
    lines_above: float = 0.0

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the cells are."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        left = self._tick_width(metrics) + 1.9 * em
        right = 1.6 * em + max(metrics.horizontalAdvance(text) for text in self._bar_texts())
        top, bottom = (1.5 + self.lines_above) * em, 2.6 * em
        plot = rect.adjusted(left, top, -right, -bottom)
        if self._is_turned(plot, metrics):
            below = self._turned_names(plot.width(), rect, style).length + (1.1 * em if self.column_label else 0)
            plot.setBottom(rect.bottom() - below - 0.6 * em)
        if self.keeps_square:
            n_rows, n_columns = self.values.shape
            side = min(plot.width() / n_columns, plot.height() / n_rows)
            spare = plot.width() - side * n_columns
            plot = QRectF(plot.left() + spare / 2, plot.top(), side * n_columns, side * n_rows)
        return plot

    def cell_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> tuple[int, int] | None:
        """Row and column under a point."""
        plot = self.plot(rect, style)
        n_rows, n_columns = self.values.shape
        if not plot.contains(point):
            return None
        row = int((point.y() - plot.top()) / plot.height() * n_rows)
        column = int((point.x() - plot.left()) / plot.width() * n_columns)
        return min(row, n_rows - 1), min(column, n_columns - 1)

    def cell_rect(self, row: int, column: int, plot: QRectF) -> QRectF:
        """Where a cell is painted."""
        height, width = plot.height() / self.values.shape[0], plot.width() / self.values.shape[1]
        return QRectF(plot.left() + column * width, plot.top() + row * height, width, height)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """Paint into `rect`."""
        plot = self.plot(rect, style)
        if plot.width() < 1 or plot.height() < 1:
            return
        metrics = QFontMetricsF(style.font)
        painter.save()
        painter.setFont(style.font)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(plot, self._image(painter, plot, style))
        painter.setPen(QPen(style.theme.line, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(plot)
        painter.setPen(style.theme.ink)
        word = "" if np.isfinite(self.values).all() else self.missing or _tr("no number")
        kept = missing_width(word, metrics) + 1.5 * metrics.height() if word else 0
        # Above the cells, or as far to the left as it takes to say it all.
        title = self._title_in(painter, plot)
        spare = max(metrics.horizontalAdvance(title) + kept - (rect.right() - plot.left()), 0)
        left = max(
            plot.left() - spare, min(rect.left() + self._tick_width(metrics) + 1.9 * metrics.height(), plot.left())
        )
        title = metrics.elidedText(
            self._title_in(painter, plot), Qt.TextElideMode.ElideRight, max(rect.right() - left - kept, 0)
        )
        painter.drawText(QPointF(left, rect.top() + metrics.ascent()), title)
        if word:
            after = left + metrics.horizontalAdvance(title) + (1.5 if title else 0) * metrics.height()
            paint_missing(painter, QPointF(after, rect.top() + 0.1 * metrics.height()), word, style)
        self._paint_axes(painter, rect, plot, style, metrics)
        self._paint_bar(painter, plot, style, metrics)
        if self.texts:
            self._paint_texts(painter, plot, style)
        elif self.value_format:
            self._paint_values(painter, plot, style, metrics)
        if self.band is not None:
            first = self.cell_rect(self.band[0], 0, plot)
            last = self.cell_rect(self.band[1], self.values.shape[1] - 1, plot)
            paint_map_frame(painter, first.united(last), style, style.theme.accent)
        if self.selected is not None:
            paint_map_frame(painter, self.cell_rect(*self.selected, plot), style, style.theme.accent)
        painter.restore()

    def paint_pointed(self, painter: QPainter, rect: QRectF, style: FigureStyle, cell: tuple[int, int]) -> None:
        """Frame the cell that the pointer is on; small cells also get hairlines to the axes."""
        plot = self.plot(rect, style)
        box = self.cell_rect(*cell, plot)
        middle = box.center()
        painter.save()
        if box.width() < QFontMetricsF(style.font).height():
            painter.setPen(QPen(style.theme.ink, 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(plot.left(), middle.y()), QPointF(box.left(), middle.y()))
            painter.drawLine(QPointF(middle.x(), box.bottom()), QPointF(middle.x(), plot.bottom()))
        paint_map_frame(painter, box, style, style.theme.ink, Qt.PenStyle.DashLine)
        painter.restore()

    def _widest_name(self, metrics: QFontMetricsF) -> float:
        return max(map(metrics.horizontalAdvance, self.column_names), default=0.0)

    def _is_turned(self, plot: QRectF, metrics: QFontMetricsF) -> bool:
        """Whether the names of columns are: where they are wanted so, or would be cut."""
        width = plot.width() / self.values.shape[1]
        if self.turns_names:
            return width < self._widest_name(metrics) + 0.4 * metrics.height()
        longest = max(map(metrics.horizontalAdvance, self.column_names), default=0)
        return lettering.LEAST * longest > self._flat_names(plot, metrics)[1]

    def _turned_names(self, width: float, rect: QRectF, style: FigureStyle) -> lettering.TurnedNames:
        """Names of columns in such a width; where there is height, whole words rather than their beginnings."""
        em = QFontMetricsF(style.font).height()
        longest = max(_SHORT_NAME * em, min(_NAMES_SHARE * rect.height(), _LONG_NAME * em))
        n_columns = self.values.shape[1]
        numbers = ticks(0, n_columns, lettering.n_turned(style.font, n_columns, width))
        told = lettering.telling(self.column_names, numbers)
        names = [self._label(number) if name is None else name for number, name in zip(numbers, told, strict=True)]
        return lettering.TurnedNames.of(dict(zip(numbers, names, strict=True)), n_columns, width, longest, style.font)

    def _tick_width(self, metrics: QFontMetricsF) -> float:
        if self.row_names:
            return max(metrics.horizontalAdvance(name) for name in self.row_names)
        last = self.row_start + self.values.shape[0] - 1
        return max(metrics.horizontalAdvance(str(number)) for number in (self.row_start, last))

    def _paint_axes(
        self, painter: QPainter, rect: QRectF, plot: QRectF, style: FigureStyle, metrics: QFontMetricsF
    ) -> None:
        em = metrics.height()
        n_rows = len(self.values)
        painter.setPen(style.theme.ink)
        # Names become somewhat smaller where so every row has one.
        font = lettering.turned(style.font, n_rows, plot.height()) if self.row_names else style.font
        letters = QFontMetricsF(font)
        apart = (lettering.TURNED_APART if self.row_names else 1.4) * letters.height()
        painter.setFont(font)
        numbers = ticks(self.row_start, n_rows, int(plot.height() / apart + 1e-6))
        for number, name in zip(numbers, lettering.telling(self.row_names, numbers, self.row_start), strict=True):
            y = plot.top() + (number - self.row_start + 0.5) * plot.height() / n_rows
            text = self._label(number) if name is None else name
            left = plot.left() - 0.35 * em - letters.horizontalAdvance(text)
            painter.drawText(QPointF(left, y + 0.36 * letters.ascent()), text)
        painter.setFont(style.font)
        is_turned = self._is_turned(plot, metrics)
        if is_turned:
            self._turned_names(plot.width(), rect, style).paint(painter, plot)
        else:
            self._paint_columns(painter, plot, metrics)
        painter.setPen(style.theme.faint)
        x = plot.center().x() - metrics.horizontalAdvance(self.column_label) / 2
        y = rect.bottom() - metrics.descent() if is_turned else plot.bottom() + 1.3 * em + metrics.ascent()
        painter.drawText(QPointF(x, y), self.column_label)
        painter.save()
        x = plot.left() - self._tick_width(metrics) - 0.9 * em
        painter.translate(x, plot.center().y() + metrics.horizontalAdvance(self.row_label) / 2)
        painter.rotate(-90)
        painter.drawText(QPointF(0, 0), self.row_label)
        painter.restore()

    def _flat_names(self, plot: QRectF, metrics: QFontMetricsF) -> tuple[list[int], float]:
        """Which columns are named where names lie flat, and the width that each has."""
        em, n_columns = metrics.height(), self.values.shape[1]
        widest = metrics.horizontalAdvance(str(self.column_start + n_columns)) + 0.8 * em
        numbers = ticks(self.column_start, n_columns, int(plot.width() / (2.5 * em if self.column_names else widest)))
        return numbers, plot.width() / n_columns * (numbers[1] - numbers[0] if len(numbers) > 1 else 1) - 0.4 * em

    def _paint_columns(self, painter: QPainter, plot: QRectF, metrics: QFontMetricsF) -> None:
        em, n_columns = metrics.height(), self.values.shape[1]
        numbers, room = self._flat_names(plot, metrics)
        # Words become smaller, and are cut, to the width that there is, of which they need some.
        names = self.column_names or tuple(self._label(self.column_start + i) for i in range(n_columns))
        longest = max(names, key=metrics.horizontalAdvance)
        painter.save()
        painter.setFont(lettering.fitted(painter.font(), longest, room, lettering.LEAST))
        letters, y = QFontMetricsF(painter.font()), plot.bottom() + 0.2 * em + metrics.ascent()
        for number in () if n_columns == 1 and not self.column_names else numbers:
            x = plot.left() + (number - self.column_start + 0.5) * plot.width() / n_columns
            text = letters.elidedText(names[number - self.column_start], Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(x - letters.horizontalAdvance(text) / 2, y), text)
        painter.restore()

    def _label(self, number: int) -> str:
        return str(self.labels[number] if self.labels else number).replace("-", MINUS)

    def _bar_texts(self) -> tuple[str, str, str]:
        more = "\N{GREATER-THAN OR EQUAL TO} " if self.scale.is_clipped else ""
        is_below = self.scale.is_signed or bool((self.values < self.scale.low).any())
        less = "\N{LESS-THAN OR EQUAL TO} " if self.scale.is_clipped and is_below else ""
        middle = (self.scale.low + self.scale.high) / 2
        return more + short(self.scale.high, 2), short(middle, 2), less + short(self.scale.low, 2)

    def _paint_bar(self, painter: QPainter, plot: QRectF, style: FigureStyle, metrics: QFontMetricsF) -> None:
        em = metrics.height()
        bar = QRectF(plot.right() + 0.5 * em, plot.top(), 0.6 * em, plot.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        steps = np.linspace(self.scale.high, self.scale.low, 255, dtype=np.float32)[:, None]
        painter.drawImage(bar, raster.image(self.scale.colors(steps, style)))
        painter.setPen(QPen(style.theme.line, 1))
        painter.drawRect(bar)
        painter.setPen(style.theme.ink)
        left = bar.right() + 0.3 * em
        for text, y in zip(self._bar_texts(), (bar.top(), bar.center().y(), bar.bottom()), strict=True):
            baseline = min(max(y + 0.36 * metrics.ascent(), bar.top() + metrics.ascent() * 0.85), bar.bottom())
            painter.drawText(QPointF(left, baseline), text)
        painter.restore()

    def _paint_values(self, painter: QPainter, plot: QRectF, style: FigureStyle, metrics: QFontMetricsF) -> None:
        texts = [["" if np.isnan(value) else fixed(value, self.value_format) for value in row] for row in self.values]
        widest = max((text for row in texts for text in row), key=metrics.horizontalAdvance)
        font = lettering.in_cells(style.font, widest, self.cell_rect(0, 0, plot).size())
        if font is None:
            return
        colors = self.scale.colors(self.values, style)
        painter.save()
        painter.setFont(font)
        for row, line in enumerate(texts):
            for column, text in enumerate(line):
                painter.setPen(color_maps.ink_on(int(colors[row, column])))
                painter.drawText(self.cell_rect(row, column, plot), Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def _paint_texts(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        colors = self.scale.colors(self.values, style)
        lettering.paint_cells(painter, self.texts, lambda row, column: self.cell_rect(row, column, plot), colors)

    def _title_in(self, painter: QPainter, plot: QRectF) -> str:
        """The title, which says so where a line of pixels is the mean of some rows."""
        height, _ = raster.pixels_in(painter, plot, self.values.shape)
        n = 1 if raster.is_vector(painter) else raster.n_of_mean(len(self.values), height)
        return self.title if n == 1 else _tr("{} (means of {} rows each)").format(self.title, n)

    def _image(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> QImage:
        """One pixel a cell; on screen as many different ones as have room; in vector files more, whose viewers blur."""
        values = self.values
        if raster.is_vector(painter):
            colors = self.scale.colors(values, style)
            height, width = (max(1, round(raster.EMBEDDED / n)) for n in values.shape)
            return raster.image(colors.repeat(height, 0).repeat(width, 1))
        is_finite = bool(np.isfinite(values).all())  # what is missing has no mean with others
        for axis, n in enumerate(raster.pixels_in(painter, plot, values.shape)):
            n_cells = values.shape[axis]
            if n < n_cells:
                values = raster.means(values, n, axis)
            elif is_finite and n % n_cells and n < _FINE * n_cells:
                values = raster.spread(values, n, axis)
        return raster.image(self.scale.colors(values, style))
