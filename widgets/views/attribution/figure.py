"""Logit attribution: bars of what each layer adds to a logit, and a heat map of what each head does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.attribution import AttributionResult
from widgets.figures import chips
from widgets.figures.heat_panel import ColorScale, HeatPanel
from widgets.figures.lettering import resized
from widgets.figures.panel_figure import Cell, PanelFigure
from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.attribution.logit_parts import LogitParts, signed
from widgets.views.attribution.options import AttributionOptions

_ROW, _HIGHEST_ROW = 1.7, 10.0  # em, of a layer
_NAMES = 7.5  # em, of the names of the rows
_BARS = 22.0  # em, of the longest bars on both sides and their numbers
_NUMBER = 3.2  # em, of a number beside a bar


@dataclass(frozen=True)
class WordChip:
    """A word that can be chosen: whose logit is taken apart (line 0), or taken off (line 1; `word` -1: none)."""

    line: int
    word: int


@dataclass(frozen=True)
class Bar:
    """What a part adds; `row` counts from the top, `part` within a layer."""

    row: int
    part: int


@dataclass(frozen=True)
class AttributionFigure:
    """On top the words, on the left what comes in, each layer, and the biases as bars, on the right the heads.

    Attributes
    ----------
    selected
        Attention group, layer and head of the cell that is framed.
    """

    result: AttributionResult
    options: AttributionOptions
    selected: tuple[str, int, int] | None = None

    @cached_property
    def shown(self) -> LogitParts:
        """What the options choose of the result."""
        return LogitParts(self.result, self.options)

    @property
    def caption(self) -> str:
        return self.shown.caption

    def numbers(self) -> Numbers:
        """See `LogitParts.numbers`."""
        return self.shown.numbers()

    @cached_property
    def _maps(self) -> _HeadMaps:
        return _HeadMaps(self)

    @cached_property
    def _ends(self) -> tuple[float, float]:
        """Of the bars: what takes off most, and what adds most; 0 lies between them."""
        values = [part.value for _, parts in self.shown.rows for part in parts]
        low, high = min(0.0, *values), max(0.0, *values)
        return (low, high) if high > low else (0.0, 1.0)

    # Where things are, from (0, 0)

    def _chips(self, width: float, style: FigureStyle) -> list[tuple[WordChip, chips.Chip, QRectF]]:
        """The words of both lines; laid out once for a width, as the pointer asks for them at every move."""
        key = (width, style.font.key())
        if key not in self._laid_out:
            self._laid_out[key] = self._lay_out_chips(width, style)
        return self._laid_out[key]

    @cached_property
    def _laid_out(self) -> dict[tuple[float, str], list[tuple[WordChip, chips.Chip, QRectF]]]:
        return {}

    def _lay_out_chips(self, width: float, style: FigureStyle) -> list[tuple[WordChip, chips.Chip, QRectF]]:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        probs = [percent(float(prob)) for prob in self.result.probs]
        texts = [self.shown.word_text(word) for word in range(len(probs))]
        true = self.result.target
        lines = [
            [(i, f"{text}  {probs[i]}" + (" ✓" if i == true else "")) for i, text in enumerate(texts)],
            [(-1, _tr("nothing")), *enumerate(texts)],
        ]
        found: list[tuple[WordChip, chips.Chip, QRectF]] = []
        top = 0.0
        for line, words in enumerate(lines):
            made = tuple(chips.Chip(clean(text)) for _, text in words)
            boxes = chips.lay_out(made, max(width - _NAMES * em, 8 * em), metrics)
            places = [box.translated(_NAMES * em, top) for box in boxes]
            found += [
                (WordChip(line, word), chip, box) for (word, _), chip, box in zip(words, made, places, strict=True)
            ]
            top += chips.height_of(boxes) + 0.4 * em
        return found

    def _top(self, width: float, style: FigureStyle) -> float:
        """Of the first row of bars."""
        em = QFontMetricsF(style.font).height()
        return max(box.bottom() for *_, box in self._chips(width, style)) + 2.4 * em

    @property
    def _n_rows(self) -> float:
        """Of bars, and what stands below them: their sum, or the axis of the heat map."""
        to_layers = self.shown.first_layer + self.result.n_layers
        return to_layers + max(len(self.shown.rows) - to_layers, 1) + 1.2

    def _row(self, rect: QRectF, style: FigureStyle) -> float:
        """Height of a row: more where there is room."""
        em = QFontMetricsF(style.font).height()
        room = (rect.height() - self._top(rect.width(), style)) / self._n_rows
        return min(max(room, _ROW * em), _HIGHEST_ROW * em)

    def _bars_width(self, width: float, em: float) -> float:
        return min(max((_NAMES + _BARS) * em, 0.42 * width), 0.6 * width)

    def _zero(self, rect: QRectF, em: float) -> tuple[float, float]:
        """Where the bars begin, and how wide one of length 1 is: all of the room for the longest on each side."""
        left, right = rect.left() + (_NAMES + _NUMBER) * em, rect.left() + self._bars_width(rect.width(), em)
        low, high = self._ends
        one = (right - _NUMBER * em - left) / (high - low)
        return left - low * one, one

    def _bar(self, bar: Bar, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where a bar is; from zero to the right for what adds, to the left for what takes off."""
        em = QFontMetricsF(style.font).height()
        parts = self.shown.rows[bar.row][1]
        zero, one = self._zero(rect, em)
        length = one * parts[bar.part].value
        high = self._row(rect, style)
        height = 0.86 * high / len(parts)
        y = rect.top() + self._top(rect.width(), style) + (bar.row + 0.07) * high + bar.part * height
        return QRectF(zero, y, length, height).normalized()

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        """One heat map an attention group: its rows stand beside the bars of the layers, or two are over each other."""
        heads = self.shown.of(self.result.heads)
        scale = ColorScale.signed(heads)
        first = _tr("Heads") if len(self.result.groups) < 2 else _tr("Self-attention")
        titles = (first, _tr("Cross-attention"))
        maps = []
        for i, group in enumerate(self.result.groups):
            selected = self.selected[1:] if self.selected is not None and self.selected[0] == group else None
            is_there = selected is not None and selected[0] < heads.shape[1] and selected[1] < heads.shape[2]
            panel = HeatPanel(
                heads[i],
                scale,
                titles[i],
                _tr("layer"),
                _tr("head"),
                value_format="+.2f" if self.options.has_numbers else "",
                selected=selected if is_there else None,
            )
            maps.append(panel)

        def least_side(areas: list[QRectF]) -> float:
            cell = maps[0].cell_rect(0, 0, maps[0].plot(areas[0], style)).size()
            return min(cell.width(), cell.height())

        areas = max(self._map_areas(rect, style), key=least_side)
        return list(zip(maps, areas, strict=True))

    def _map_areas(self, rect: QRectF, style: FigureStyle) -> Iterator[list[QRectF]]:
        """Where the heat maps may be: beside their layers and each other, or over each other in all the room."""
        em, n_maps, row = QFontMetricsF(style.font).height(), len(self.result.groups), self._row(rect, style)
        left = rect.left() + self._bars_width(rect.width(), em) + em
        top = rect.top() + self._top(rect.width(), style) - 1.5 * em
        size = QSizeF((rect.right() - left) / n_maps - 0.6 * em, self.result.n_layers * row + 4.1 * em)
        first = QPointF(left, top + self.shown.first_layer * row)
        yield [QRectF(first + QPointF(i * (size.width() + 0.6 * em), 0), size) for i in range(n_maps)]
        if n_maps > 1:
            size = QSizeF(rect.right() - left - 0.6 * em, (self._n_rows * row + 1.5 * em) / n_maps)
            yield [QRectF(QPointF(left, top + i * size.height()), size) for i in range(n_maps)]

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """Below this no number can be read."""
        em = QFontMetricsF(style.font).height()
        wide = max(width, (_NAMES + _BARS) * em / 0.6)
        return QSizeF((_NAMES + _BARS) * em / 0.6, self._top(wide, style) + self._n_rows * _ROW * em)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        cell = 2.6 if self.options.has_numbers else 1.7
        heat = (max(cell * self.result.heads.shape[3], 8) + 8) * em * len(self.result.groups)
        width = (_NAMES + _BARS + 1) * em + heat
        return QSizeF(width, self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        painter.save()
        painter.setFont(style.font)
        self._paint_words(painter, rect, style)
        self._paint_legend(painter, rect, style)
        self._paint_bars(painter, rect, style, em)
        for panel, area in self.panels(rect, style):
            panel.paint(painter, area, style)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        chosen = {WordChip(0, self.shown.word), WordChip(1, -1 if self.shown.against is None else self.shown.against)}
        titles = {0: _tr("Logit of"), 1: _tr("minus that of")}
        for spot, chip, box in self._chips(rect.width(), style):
            place = box.translated(rect.topLeft())
            if title := titles.pop(spot.line, ""):
                painter.setPen(style.theme.faint)
                painter.drawText(QPointF(rect.left(), place.center().y() + 0.36 * metrics.ascent()), title)
            chips.paint_chip(painter, chip, place, style)
            if spot in chosen:
                self._frame(painter, place, style.theme.accent, Qt.PenStyle.SolidLine)

    def _paint_legend(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        x, y = rect.left() + _NAMES * em, rect.top() + self._top(rect.width(), style) - 1.6 * em
        names = [(_tr("attention"), 0), (_tr("cross-attention"), 2)]
        for name, series in (*names[: len(self.result.groups)], (_tr("MLP"), 1)):
            painter.fillRect(QRectF(x, y + 0.25 * em, 0.7 * em, 0.7 * em), style.theme.series[series])
            painter.setPen(style.theme.ink)
            painter.drawText(QPointF(x + em, y + metrics.ascent()), name)
            x += 2.2 * em + metrics.horizontalAdvance(name)

    def _paint_bars(self, painter: QPainter, rect: QRectF, style: FigureStyle, em: float) -> None:
        metrics, theme = QFontMetricsF(style.font), style.theme
        top = rect.top() + self._top(rect.width(), style)
        zero, _ = self._zero(rect, em)
        high = self._row(rect, style)
        bottom = top + len(self.shown.rows) * high
        painter.setPen(QPen(theme.line, 1))
        painter.drawLine(QPointF(zero, top), QPointF(zero, bottom))
        for row, (name, parts) in enumerate(self.shown.rows):
            y = top + (row + 0.5) * high
            painter.setFont(style.font)
            painter.setPen(theme.ink)
            painter.drawText(QPointF(rect.left(), y + 0.36 * metrics.ascent()), name)
            room = 0.8 * high / (len(parts) * metrics.height())  # as large as stands beside a bar
            small = resized(style.font, min(max(room, 0.62), 0.85))
            for number, part in enumerate(parts):
                bar = self._bar(Bar(row, number), rect, style)
                painter.fillRect(bar, theme.series[part.series])
                if self.options.has_numbers:
                    self._paint_number(painter, bar, part.value, small, theme.ink, em)
        painter.setFont(resized(style.font, bold=True))
        painter.setPen(theme.ink)
        painter.drawText(QPointF(rect.left(), bottom + 0.4 * em + metrics.ascent()), _tr("Sum"))
        painter.drawText(QPointF(zero, bottom + 0.4 * em + metrics.ascent()), signed(self.shown.logit))

    def _paint_number(self, painter: QPainter, bar: QRectF, value: float, font: object, ink: QColor, em: float) -> None:
        painter.setFont(font)  # type: ignore[arg-type]
        painter.setPen(ink)
        if value >= 0:
            place, align = QRectF(bar.right() + 0.25 * em, bar.top(), 4 * em, bar.height()), Qt.AlignmentFlag.AlignLeft
        else:
            place, align = QRectF(bar.left() - 4.25 * em, bar.top(), 4 * em, bar.height()), Qt.AlignmentFlag.AlignRight
        painter.drawText(place, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, signed(value))

    def _frame(self, painter: QPainter, box: QRectF, color: QColor, line: Qt.PenStyle) -> None:
        painter.setPen(QPen(color, 2, line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 4, 4)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> WordChip | Bar | Cell | None:
        """The word, bar or cell under a point; a bar is met anywhere on its line."""
        for spot, _, box in self._chips(rect.width(), style):
            if box.translated(rect.topLeft()).contains(point):
                return spot
        right = rect.left() + self._bars_width(rect.width(), QFontMetricsF(style.font).height())
        for row, (_, parts) in enumerate(self.shown.rows):
            for part in range(len(parts)):
                bar = self._bar(Bar(row, part), rect, style)
                if bar.top() <= point.y() < bar.bottom() and rect.left() <= point.x() < right:
                    return Bar(row, part)
        return self._maps.spot_at(point, rect, style)

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """See `PanelFigure.has_spot`."""
        if isinstance(spot, WordChip):
            return spot.word < len(self.result.words)
        if isinstance(spot, Bar):
            return spot.row < len(self.shown.rows) and spot.part < len(self.shown.rows[spot.row][1])
        return self._maps.has_spot(spot, rect, style)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: WordChip | Bar | Cell) -> None:
        """Frame what is pointed at."""
        if isinstance(spot, Cell):
            self._maps.paint_spot(painter, rect, style, spot)
            return
        if isinstance(spot, Bar):
            box = self._bar(spot, rect, style)
        else:
            found = (box for each, _, box in self._chips(rect.width(), style) if each == spot)
            box = next(found).translated(rect.topLeft())
        self._frame(painter, box, style.theme.ink, Qt.PenStyle.DashLine)

    def step(
        self, spot: WordChip | Bar | Cell | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> WordChip | Bar | Cell | None:
        """Along the words, down to the bars, and from those to the heads at the right."""
        if spot is None:
            return WordChip(0, self.shown.word)
        if isinstance(spot, WordChip):
            line = spot.line + down
            if line > 1:
                return Bar(0, 0)
            least = -1 if line == 1 else 0
            return WordChip(max(line, 0), min(max(spot.word + right, least), len(self.result.words) - 1))
        if isinstance(spot, Bar):
            return self._step_from_bar(spot, right, down)
        if right < 0 and (spot.panel, spot.column) == (0, 0):
            return Bar(spot.row + self.shown.first_layer, 0)
        return self._maps.step(spot, right, down, rect, style)

    def _step_from_bar(self, bar: Bar, right: int, down: int) -> WordChip | Bar | Cell:
        if right > 0 and (layer := self.layer_of(bar)) is not None:
            return Cell(0, layer, 0)
        order = [Bar(row, part) for row, (_, parts) in enumerate(self.shown.rows) for part in range(len(parts))]
        at = order.index(bar) + down
        return WordChip(1, -1) if at < 0 else order[min(at, len(order) - 1)]

    def layer_of(self, bar: Bar) -> int | None:
        """The layer whose part a bar is; None for what is in no layer."""
        layer = bar.row - self.shown.first_layer
        return layer if 0 <= layer < self.result.n_layers else None

    def place(self, cell: Cell) -> tuple[str, int, int]:
        """Attention group, layer and head of a cell."""
        return self.result.groups[cell.panel], cell.row, cell.column

    def describe(self, spot: WordChip | Bar | Cell) -> str:
        """What is pointed at, in words and numbers."""
        result = self.result
        if isinstance(spot, WordChip):
            if spot.word < 0:
                return _tr("Nothing is taken off: the logit of one word is taken apart.")
            text = _tr("“{}”: logit {}, probability {}").format(
                self.shown.word_text(spot.word),
                signed(float(result.logits[spot.word])),
                percent(float(result.probs[spot.word])),
            )
            return text + (_tr("; the true one") if spot.word == result.target else "")
        if isinstance(spot, Bar):
            part = self.shown.rows[spot.row][1][spot.part]
            return _tr("{}: {} of {}, {}").format(
                part.title, signed(part.value), signed(self.shown.logit), self.shown.title
            )
        heads = self.shown.of(result.heads)
        value = float(heads[spot.panel, spot.row, spot.column])
        if not np.isfinite(value):
            return _tr("Head {} of layer {}: not there, or not told apart").format(spot.column, spot.row)
        kind = _tr("Head {} of layer {}") if spot.panel == 0 else _tr("Cross-attention head {} of layer {}")
        return _tr("{}: {} of {}, {}").format(
            kind.format(spot.column, spot.row), signed(value), signed(self.shown.logit), self.shown.title
        )


@dataclass(frozen=True)
class _HeadMaps(PanelFigure):
    """The heat maps alone, as far as the pointer and the keys meet them."""

    figure: AttributionFigure

    def panels(self, rect: QRectF, style: FigureStyle) -> list[tuple[HeatPanel, QRectF]]:
        return self.figure.panels(rect, style)


def _tr(text: str) -> str:
    return QCoreApplication.translate("AttributionFigure", text)
