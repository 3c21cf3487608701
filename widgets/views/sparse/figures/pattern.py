"""One attention pattern, large, with what it costs and how far it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.figures.counts import number_of
from widgets.figures.heat_panel import ticks
from widgets.figures.lettering import resized
from widgets.figures.panel_figure import Cell
from widgets.kit.figure import Numbers
from widgets.look.letters import LARGE, SMALL
from widgets.look.theme import FigureStyle
from widgets.views.sparse import kinds
from widgets.views.sparse.figures import legend as sparse_legend
from widgets.views.sparse.figures.pattern_map import SparseMap, percent
from widgets.views.sparse.patterns import KIND_NAMES, Pattern, n_blocks

_TEXT_WIDTH = 19.0  # em that the words beside the map need
_MOST_BARS = 16


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparsePatterns", text)


@dataclass(frozen=True)
class SparsePatternFigure:
    """The map with its axes and one query's receptive field; beside it words, kinds and how the layers add up.

    Attributes
    ----------
    n_layers, query
        As in `SparsePatternsFigure`.
    """

    pattern: Pattern
    n_layers: int = 1
    query: int = 0

    @cached_property
    def map(self) -> SparseMap:
        return SparseMap(self.pattern, self.n_layers)

    @property
    def caption(self) -> str:
        text = f"{self.pattern.kind.title}, {self._parameters()}"
        return text + (_tr("; reached through {} layers").format(self.n_layers) if self.n_layers > 1 else "")

    def numbers(self) -> Numbers:
        """The kind of each cell by its name; as arrays also after how many layers a query knows of a token."""
        kinds_ = self.pattern.kinds()
        arrays = {
            "kinds": kinds_,
            "kind_names": np.array(KIND_NAMES),
            "layers_needed": self.map.needed,
            "reached": self.map.reach.after(self.n_layers),
            "n_layers": np.array(self.n_layers),
        }
        names = np.array(KIND_NAMES)[kinds_].tolist()
        rows: list[tuple[str | int | float, ...]] = [(query, *line) for query, line in enumerate(names)]
        return Numbers(arrays, (_tr("query \\ key"), *map(str, range(self.pattern.n))), rows)

    # Where things are

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF((31 + _TEXT_WIDTH) * em, 31 * em)

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the cells are."""
        metrics = QFontMetricsF(style.font)
        em, n = metrics.height(), self.pattern.n
        left, top = metrics.horizontalAdvance(str(n)) + 2.2 * em, 2.3 * em
        room = rect.width() - left - em
        if self._has_words(rect, em):
            room -= _TEXT_WIDTH * em
        side = max(min(room, rect.height() - top - self._field_height(em) - 1.9 * em), 1.0)
        if side >= 4 * n:  # whole pixels, so that all cells look alike
            side = float(int(side / n) * n)
        return QRectF(round(rect.left() + left), round(rect.top() + top), side, side)

    @staticmethod
    def _has_words(rect: QRectF, em: float) -> bool:
        return rect.width() > 1.15 * rect.height() or rect.width() > 2.2 * _TEXT_WIDTH * em

    def _field_height(self, em: float) -> float:
        return min(max(0.6 * self.n_layers, 1.0), 3.0) * em

    def _field(self, plot: QRectF, em: float) -> QRectF:
        return QRectF(plot.left(), plot.bottom() + 0.5 * em, plot.width(), self._field_height(em))

    @staticmethod
    def _field_line(field: QRectF, em: float) -> QRectF:
        """Where it is told how many tokens a query knows of."""
        return QRectF(field.left(), field.bottom() + 0.25 * em, field.width(), 1.2 * em)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        plot = self.plot(rect, style)
        painter.save()
        painter.setFont(style.font)
        self.map.paint(painter, plot, style)
        self._paint_axes(painter, plot, style)
        self.map.paint_row(painter, plot, style, self.query, style.theme.accent)
        self._paint_field(painter, plot, style, self.query)
        if self._has_words(rect, em):
            left = plot.right() + 2.2 * em
            self._paint_words(painter, QRectF(left, rect.top(), rect.right() - left, rect.height()), style)
        painter.restore()

    def _paint_axes(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em, n = metrics.height(), self.pattern.n
        cell = plot.width() / n
        painter.setPen(style.theme.ink)
        for number in ticks(0, n, int(plot.height() / (2 * em))):
            text, at = str(number), (number + 0.5) * cell
            width = metrics.horizontalAdvance(text)
            y = plot.top() + at + 0.36 * metrics.ascent()
            painter.drawText(QPointF(plot.left() - 0.75 * em - width, y), text)
            painter.drawText(QPointF(plot.left() + at - width / 2, plot.top() - 0.35 * em), text)
        painter.setPen(style.theme.faint)
        text = _tr("keys")
        x = plot.center().x() - metrics.horizontalAdvance(text) / 2
        painter.drawText(QPointF(x, plot.top() - 1.4 * em), text)
        painter.save()
        text = _tr("queries")
        x = plot.left() - metrics.horizontalAdvance(str(n)) - 1.2 * em
        painter.translate(x, plot.center().y() + metrics.horizontalAdvance(text) / 2)
        painter.rotate(-90)
        painter.drawText(QPointF(0, 0), text)
        painter.restore()

    def _paint_field(self, painter: QPainter, plot: QRectF, style: FigureStyle, query: int) -> None:
        em = QFontMetricsF(style.font).height()
        box = self._field(plot, em)
        self.map.paint_field(painter, box, style, query)
        font = resized(style.font, SMALL)
        line = self._field_line(box, em)
        painter.setFont(font)
        painter.setPen(style.theme.ink)
        metrics, text = QFontMetricsF(font), self.map.field_text(query) + _tr(" tokens")
        longer = text + _tr(", layer by layer")
        if self.n_layers > 1 and metrics.horizontalAdvance(longer) <= line.width():
            text = longer
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(style.font)

    def _paint_words(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        y = area.top()
        for text, font, ink, gap in (
            (self.pattern.kind.title, resized(style.font, LARGE, bold=True), style.theme.ink, 0.15),
            (self.pattern.kind.source, resized(style.font, SMALL), style.theme.faint, 0.7),
            *((text, style.font, style.theme.ink, 0.35) for text in self._sentences()),
        ):
            painter.setFont(font)
            painter.setPen(ink)
            box = QRectF(area.left(), y, area.width(), area.bottom() - y)
            wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.drawText(box, wrap, text)
            y += QFontMetricsF(font).boundingRect(box, int(wrap.value), text).height() + gap * em
        y += 0.5 * em
        legend = self._legend(style)
        box = QRectF(area.left(), y, area.width(), 1.35 * em * len(legend))
        sparse_legend.paint(painter, legend, box, style, is_list=True)
        rest = QRectF(area.left(), box.bottom() + 0.8 * em, area.width(), area.bottom() - box.bottom() - 0.8 * em)
        if rest.height() > 6 * em:
            rest.setHeight(min(rest.height(), 13 * em))
            self._paint_bars(painter, rest, style)

    def _legend(self, style: FigureStyle) -> list[tuple[str, list[QColor]]]:
        """With the number of cells of each kind."""
        counts = np.bincount(self.pattern.kinds().reshape(-1), minlength=len(KIND_NAMES)).tolist()
        names = [name for name, count in zip(KIND_NAMES, counts, strict=True) if count]
        found = sparse_legend.entries(names, self.n_layers, style)
        numbers = [count for count in counts if count]
        if self.n_layers > 1:
            numbers.append(int((self.map.codes > 0).sum()) - sum(counts[1:]))
            if counts[0]:
                numbers[0] -= numbers[-1]
                found[0] = (_tr("not reached"), found[0][1])
        return [(f"{text}: {n:,}", shades) for (text, shades), n in zip(found, numbers, strict=True) if n]

    def _paint_bars(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        """Which part of all pairs knows of each other after each layer."""
        metrics = QFontMetricsF(resized(style.font, SMALL))
        em = QFontMetricsF(style.font).height()
        until = self.map.reach.n_until_all
        n = min(max(self.n_layers, until or len(self.map.reach.layers), 4), _MOST_BARS)
        shares = self.map.reach.shares(n)
        painter.setFont(resized(style.font, SMALL))
        painter.setPen(style.theme.faint)
        title = metrics.elidedText(
            _tr("Pairs that know of each other after each layer"), Qt.TextElideMode.ElideRight, area.width()
        )
        painter.drawText(QPointF(area.left(), area.top() + metrics.ascent()), title)
        plot = area.adjusted(0, 2.6 * em, 0, -1.3 * em)
        pitch = min(plot.width() / n, 2.6 * em)
        painter.setPen(QPen(style.theme.line, 1))
        for height in (0.0, 0.5, 1.0):
            y = plot.bottom() - height * plot.height()
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.left() + n * pitch, y))
        for layer, share in enumerate(shares.tolist(), start=1):
            is_shown = layer <= self.n_layers
            color = kinds.color("window", style.theme) if layer == 1 else kinds.reached_color(2, 2, style.theme)
            color = color if is_shown else style.theme.line
            bar = QRectF(plot.left() + (layer - 0.85) * pitch, 0, 0.7 * pitch, share * plot.height())
            bar.moveBottom(plot.bottom())
            painter.fillRect(bar, color)
            painter.setPen(style.theme.ink if is_shown else style.theme.faint)
            x = bar.center().x()
            texts = [(str(layer), plot.bottom() + 0.2 * em + metrics.ascent())]
            if (text := percent(share)) and metrics.horizontalAdvance(text) + 0.3 * em < pitch:
                texts.append((text, bar.top() - 0.25 * em))
            for text, y in texts:
                painter.drawText(QPointF(x - metrics.horizontalAdvance(text) / 2, y), text)

    # Words

    def _parameters(self) -> str:
        p, uses = self.pattern.parameters, self.pattern.kind.uses
        texts = [number_of(p.n, "tokens")]
        for name, text, things in (
            ("window", _tr("window of {}"), "keys"),
            ("dilation", _tr("dilation {}"), ""),
            ("n_global", _tr("global tokens: {}"), ""),
            ("n_random", _tr("random blocks: {}"), ""),
            ("block_size", _tr("blocks of {}"), "tokens"),
            ("seed", _tr("seed {}"), ""),
        ):
            if name in uses:
                n = getattr(p, name)
                texts.append(text.format(number_of(n, things) if things else n))
        if p.as_in_code and "as_in_code" in uses:
            texts.append(_tr("drawn as in the code"))
        return ", ".join(texts)

    def _sentences(self) -> list[str]:
        pattern, n = self.pattern, self.pattern.n
        per_query = (pattern.kinds() > 0).sum(1)
        low, high = int(per_query.min()), int(per_query.max())
        of_each = _tr("each query sees {}").format(number_of(low, "keys"))
        if low != high:
            of_each = _tr("a query sees {} to {} keys, {} on average").format(low, high, f"{per_query.mean():.1f}")
        until = self.map.reach.n_until_all
        sentences = [
            _tr("{} of {} cells: {} of full attention.").format(
                f"{pattern.cells():,}", f"{n * n:,}", percent(pattern.cells() / n**2)
            ),
            of_each[0].upper() + of_each[1:] + ".",
            _tr("Cells grow as {}.").format(pattern.kind.order),
            self._never()
            if until is None
            else _tr("Everything knows of everything after {} {}.").format(
                until, _tr("layer") if until == 1 else _tr("layers")
            ),
        ]
        p = pattern.parameters
        if pattern.name == "bigbird" and n_blocks(p) <= 5 + 2 * p.n_random:
            limit = (5 + 2 * p.n_random) * p.block_size
            sentences.append(_tr("transformers reads {} tokens and fewer with full attention.").format(limit))
        return sentences

    def _never(self) -> str:
        if self.pattern.name == "causal":
            return _tr("No query ever knows of a later key, however many layers there are.")
        share = percent(self.map.reach.count(len(self.map.reach.layers)) / self.pattern.n**2)
        text = _tr("However many layers: only {} of all pairs ever know of each other.")
        return text.format(share)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The cell under a point."""
        place = self.map.cell_at(point, self.plot(rect, style))
        return None if place is None else Cell(0, *place)

    def has_spot(self, spot: Cell, rect: QRectF, style: FigureStyle) -> bool:
        return spot.panel == 0 and max(spot.row, spot.column) < self.pattern.n

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Cell) -> None:
        """The query that is pointed at, and its receptive field."""
        plot = self.plot(rect, style)
        box = self.map.cell_rect(spot.row, spot.column, plot)
        painter.save()
        painter.setPen(QPen(style.theme.ink, 1, Qt.PenStyle.DotLine))
        em = QFontMetricsF(style.font).height()
        field = self._field(plot, em)
        painter.fillRect(self._field_line(field, em), style.theme.paper)
        painter.drawLine(QPointF(box.center().x(), plot.top()), QPointF(box.center().x(), field.bottom()))
        self.map.paint_row(painter, plot, style, spot.row, style.theme.ink)
        self._paint_field(painter, plot, style, spot.row)
        painter.restore()

    def step(self, spot: Cell | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The cell beside."""
        if spot is None:
            return Cell(0, self.query, 0)
        last = self.pattern.n - 1
        return Cell(0, min(max(spot.row + down, 0), last), min(max(spot.column + right, 0), last))

    def describe(self, spot: Cell) -> str:
        """What a cell is, in words."""
        return self.map.describe(spot.row, spot.column)
