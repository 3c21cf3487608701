"""A checkpoint's real attention map with the kinds of its cells as colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.tokens import Tokens
from widgets.figures.heat_panel import ticks
from widgets.figures.labels import AxisLabels, paint_left, paint_top
from widgets.figures.lettering import resized
from widgets.figures.panel_figure import Cell
from widgets.figures.token_axis import label
from widgets.kit.clean import isolated
from widgets.kit.figure import Numbers
from widgets.look import raster
from widgets.look.letters import LARGE, SMALL
from widgets.look.theme import FigureStyle
from widgets.views.sparse import kinds
from widgets.views.sparse.figures import legend as sparse_legend
from widgets.views.sparse.figures.pattern_map import percent

_WORDS_WIDTH = 17.0  # em


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparseCheckpoint", text)


@dataclass(frozen=True, eq=False)
class SparseCheckpointFigure:
    """Colour says the kind, ink how strong the attention is (by its square root, so that weak cells are seen).

    Attributes
    ----------
    level
        A pixel covers 2**level x 2**level cells: the maximum of their attention, the highest of their kinds.
    values
        float [row, column], 0-1.
    kinds
        uint8 [row, column], index into `kind_names`.
    strength
        How much the kinds tint the map, 0 to 1.
    query_pos, key_pos
        Selected positions.
    """

    name: str
    layer: int
    head: int
    level: int
    queries: Tokens
    keys: Tokens
    values: np.ndarray
    kinds: np.ndarray
    kind_names: tuple[str, ...]
    strength: float = 0.6
    query_pos: int | None = None
    key_pos: int | None = None

    @property
    def caption(self) -> str:
        text = _tr("{}, layer {}, head {}: attention and the kinds of its cells").format(
            self.name, self.layer, self.head
        )
        side = 2**self.level
        return text + (_tr("; a pixel is the maximum over {0} × {0} cells").format(side) if self.level else "")

    @property
    def is_sparse(self) -> bool:
        """Whether there are kinds beside seen and not seen."""
        return len(self.kind_names) > 2

    @cached_property
    def shares(self) -> dict[str, tuple[int, float]]:
        """Cells of each kind that is there, and which part of the attention they get; exact cells only."""
        weights = self.values.astype(np.float64)
        total = weights.sum() or 1.0
        found = {}
        for kind, name in enumerate(self.kind_names):
            is_it = self.kinds == kind
            if is_it.any():
                found[name] = (int(is_it.sum()), float(weights[is_it].sum() / total))
        return found

    def numbers(self) -> Numbers:
        """The pixels of the map; as arrays the attention, the kinds and the tokens."""
        side = 2**self.level
        arrays = {
            "attention": self.values.astype(np.float32),
            "kinds": self.kinds,
            "kind_names": np.array(self.kind_names),
            "cells_a_side": np.array(side),
            "layer": np.array(self.layer),
            "head": np.array(self.head),
            "query_tokens": np.array(self.queries.words),
            "key_tokens": np.array(self.keys.words),
        }
        places = np.nonzero(self.kinds)
        names = np.array(self.kind_names)[self.kinds[places]].tolist()
        values = self.values[places].astype(float).tolist()
        first = [(axis * side).tolist() for axis in places]
        rows: list[tuple[str | int | float, ...]] = list(zip(*first, values, names, strict=True))
        return Numbers(arrays, (_tr("first query"), _tr("first key"), _tr("attention"), _tr("kind")), rows)

    # Where things are

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF((32 + _WORDS_WIDTH) * em, 33 * em)

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the pixels are."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        n_rows, n_columns = self.values.shape
        rough = min(rect.width(), rect.height()) / max(n_rows, n_columns)
        left = self._left(rough, metrics).extent + 0.8 * em
        top = self._top(rough, metrics).extent + 1.1 * em
        words = _WORDS_WIDTH * em if self._has_words(rect, em) else 0.0
        width, height = rect.width() - left - words - 0.5 * em, rect.height() - top - 0.5 * em
        side = max(min(width / n_columns, height / n_rows), 1e-3)
        if side >= 4:
            side = float(int(side))
        return QRectF(round(rect.left() + left), round(rect.top() + top), side * n_columns, side * n_rows)

    def _has_words(self, rect: QRectF, em: float) -> bool:
        return rect.width() > 2.2 * _WORDS_WIDTH * em or rect.width() > 1.2 * rect.height()

    def _left(self, spacing: float, metrics: QFontMetricsF) -> AxisLabels:
        return AxisLabels.left(self._labels(self.queries), spacing, metrics, 7 * metrics.height())

    def _top(self, spacing: float, metrics: QFontMetricsF) -> AxisLabels:
        return AxisLabels.top(self._labels(self.keys), spacing, metrics, 7 * metrics.height())

    def _labels(self, tokens: Tokens) -> tuple[str, ...]:
        """A token for each pixel, or where it covers several the first position."""
        if self.level == 0:
            return tuple(label(word) for word in tokens.words)
        return tuple(str(i << self.level) for i in range(-(-len(tokens) >> self.level)))

    def cell_rect(self, row: int, column: int, plot: QRectF) -> QRectF:
        """Where a pixel is painted."""
        height, width = plot.height() / self.values.shape[0], plot.width() / self.values.shape[1]
        return QRectF(plot.left() + column * width, plot.top() + row * height, width, height)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        plot = self.plot(rect, style)
        painter.save()
        painter.setFont(style.font)
        self._paint_pixels(painter, plot, style)
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(plot)
        self._paint_labels(painter, plot, metrics, style)
        self._paint_selected(painter, plot, style)
        if self._has_words(rect, em):
            left = plot.right() + 2 * em
            self._paint_words(painter, QRectF(left, rect.top(), rect.right() - left, rect.height()), style)
        painter.restore()

    def colors(self, values: np.ndarray, kinds_: np.ndarray, style: FigureStyle) -> np.ndarray:
        """uint32 [row, column]: the tint of the kind, and over it ink as strong as the attention."""
        tints = np.array([_channels(self.tint(name, style)) for name in self.kind_names], np.float32)
        ink = np.array(_channels(style.theme.ink), np.float32)
        share = np.sqrt(np.clip(values.astype(np.float32) / self.high, 0, 1))[..., None]
        base = tints[kinds_]
        mixed = np.rint(base + (ink - base) * share).astype(np.uint32)
        return 0xFF000000 | mixed[..., 0] << 16 | mixed[..., 1] << 8 | mixed[..., 2]

    def tint(self, name: str, style: FigureStyle) -> QColor:
        """What a cell of a kind looks like that gets no attention."""
        color = kinds.color(name, style.theme)
        return color if name == "hidden" else kinds.blend(style.theme.panel, color, self.strength)

    @cached_property
    def high(self) -> float:
        """The strongest attention that is shown."""
        return float(self.values.max(initial=0.0)) or 1.0

    def _paint_pixels(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        height, width = raster.pixels_in(painter, plot, self.values.shape)
        shape = min(height, self.values.shape[0]), min(width, self.values.shape[1])
        colors = self.colors(raster.resample(self.values, *shape), raster.resample(self.kinds, *shape), style)
        raster.paint_cells(painter, plot, colors, height, width)

    def _paint_labels(self, painter: QPainter, plot: QRectF, metrics: QFontMetricsF, style: FigureStyle) -> None:
        em, box = metrics.height(), self.cell_rect(0, 0, plot)
        left, top = self._left(box.height(), metrics), self._top(box.width(), metrics)
        n_rows, n_columns = self.values.shape
        rows, columns = left.shown(), top.shown()
        if self.level:  # positions: round ones
            rows = [r >> self.level for r in ticks(0, n_rows << self.level, int(plot.height() / (1.6 * em)))]
            columns = [c >> self.level for c in ticks(0, n_columns << self.level, int(plot.width() / (2.5 * em)))]
        for row in rows:
            paint_left(painter, left, row, self.cell_rect(row, 0, plot), style)
        for column in columns:
            paint_top(painter, top, column, self.cell_rect(0, column, plot), style)

    def _paint_selected(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        boxes = []
        if self.query_pos is not None and self.query_pos < len(self.queries):
            row = self.cell_rect(self.query_pos >> self.level, 0, plot)
            boxes.append(QRectF(plot.left(), row.top(), plot.width(), row.height()))
        if self.key_pos is not None and self.key_pos < len(self.keys):
            column = self.cell_rect(0, self.key_pos >> self.level, plot)
            boxes.append(QRectF(column.left(), plot.top(), column.width(), plot.height()))
        for box in boxes:
            if min(box.width(), box.height()) >= 4:
                for color, width in ((style.theme.paper, 4), (style.theme.accent, 2)):
                    painter.setPen(QPen(color, width))
                    painter.drawRect(box)

    def _paint_words(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        y = area.top()
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        for text, font, ink, gap in (
            (_tr("Layer {}, head {}").format(self.layer, self.head), resized(style.font, LARGE, bold=True),
             style.theme.ink, 0.15),
            (self.name, resized(style.font, SMALL), style.theme.faint, 0.7),
            *((text, style.font, style.theme.ink, 0.35) for text in self._sentences()),
        ):  # fmt: skip
            painter.setFont(font)
            painter.setPen(ink)
            box = QRectF(area.left(), y, area.width(), area.bottom() - y)
            painter.drawText(box, wrap, text)
            y += QFontMetricsF(font).boundingRect(box, int(wrap.value), text).height() + gap * em
        y += 0.5 * em
        legend = self._legend(style)
        box = QRectF(area.left(), y, area.width(), 1.35 * em * len(legend))
        sparse_legend.paint(painter, legend, box, style, is_list=True)
        self._paint_bar(painter, QRectF(area.left(), box.bottom() + em, min(area.width(), 11 * em), 0.8 * em), style)

    def _legend(self, style: FigureStyle) -> list[tuple[str, list[QColor]]]:
        legend = []
        for name, (n_cells, share) in self.shares.items():
            text = kinds.title(name)
            if self.level == 0 and name == "hidden":
                text = _tr("{}: {} cells").format(text, f"{n_cells:,}")
            elif self.level == 0:
                text = _tr("{}: {} cells, {}").format(text, f"{n_cells:,}", percent(share))
            legend.append((text, [self.tint(name, style)]))
        return legend

    def _sentences(self) -> list[str]:
        n_queries, n_keys = len(self.queries), len(self.keys)
        sentences = []
        if not self.is_sparse:
            sentences.append(
                _tr("No sparse pattern: this is a decoder's attention, or the text is too short for blocks.")
            )
        if self.level:
            sentences.append(
                _tr("{} × {} cells; a pixel is the maximum over {} × {} of them, and shows the highest of their kinds.")
                .format(f"{n_queries:,}", f"{n_keys:,}", 2**self.level, 2**self.level)
            )  # fmt: skip
        else:
            n_seen = sum(count for name, (count, _) in self.shares.items() if name != "hidden")
            total = self.values.size
            sentences.append(_tr("{} of {} cells: {} of full attention.").format(
                f"{n_seen:,}", f"{total:,}", percent(n_seen / total)
            ))  # fmt: skip
            if self.is_sparse:
                sentences.append(_tr("Beside each kind: its cells, and its part of this head's attention."))
        return sentences

    def _paint_bar(self, painter: QPainter, bar: QRectF, style: FigureStyle) -> None:
        """Which ink stands for which number."""
        small = resized(style.font, SMALL)
        metrics = QFontMetricsF(small)
        steps = np.linspace(0, self.high, 256)[None]
        name = "seen" if "seen" in self.kind_names else "window"
        kind = self.kind_names.index(name) if name in self.kind_names else 0
        painter.drawImage(bar, raster.image(self.colors(steps, np.full(steps.shape, kind), style)))
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        painter.setFont(small)
        painter.setPen(style.theme.ink)
        y = bar.bottom() + 0.2 * metrics.height() + metrics.ascent()
        high = f"{self.high:.3g}"
        painter.drawText(QPointF(bar.left(), y), "0")
        painter.drawText(QPointF(bar.right() - metrics.horizontalAdvance(high), y), high)
        painter.setPen(style.theme.faint)
        text = _tr("attention")
        painter.drawText(QPointF(bar.center().x() - metrics.horizontalAdvance(text) / 2, y), text)

    # What the pointer meets

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The pixel under a point."""
        plot = self.plot(rect, style)
        if not plot.contains(point):
            return None
        n_rows, n_columns = self.values.shape
        row = int((point.y() - plot.top()) / plot.height() * n_rows)
        column = int((point.x() - plot.left()) / plot.width() * n_columns)
        return Cell(0, min(row, n_rows - 1), min(column, n_columns - 1))

    def has_spot(self, spot: Cell, rect: QRectF, style: FigureStyle) -> bool:
        return spot.row < self.values.shape[0] and spot.column < self.values.shape[1]

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: Cell) -> None:
        """A cross-hair on the pixel that is pointed at."""
        plot = self.plot(rect, style)
        box = self.cell_rect(spot.row, spot.column, plot)
        middle = box.center()
        painter.save()
        painter.setPen(QPen(style.theme.ink, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(plot.left(), middle.y()), QPointF(box.left(), middle.y()))
        painter.drawLine(QPointF(middle.x(), plot.top()), QPointF(middle.x(), box.top()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((style.theme.paper, 4), (style.theme.ink, 2)):
            painter.setPen(QPen(color, width))
            painter.drawRect(box)
        painter.restore()

    def step(self, spot: Cell | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> Cell | None:
        """The pixel beside."""
        if spot is None:
            return Cell(0, 0, 0)
        n_rows, n_columns = self.values.shape
        return Cell(0, min(max(spot.row + down, 0), n_rows - 1), min(max(spot.column + right, 0), n_columns - 1))

    def describe(self, spot: Cell) -> str:
        """The number and the kind of a pixel."""
        value = f"{float(self.values[spot.row, spot.column]):.4g}"
        kind = kinds.title(self.kind_names[self.kinds[spot.row, spot.column]])
        if self.level == 0:
            text = _tr("From “{}” ({}) to “{}” ({}): {}, {}")
            query, key = isolated(label(self.queries.words[spot.row])), isolated(label(self.keys.words[spot.column]))
            return text.format(query, spot.row, key, spot.column, value, kind)
        rows, columns = (
            f"{i << self.level:,}\N{EN DASH}{min((i + 1) << self.level, n) - 1:,}"
            for i, n in ((spot.row, len(self.queries)), (spot.column, len(self.keys)))
        )
        return _tr("Queries {}, keys {}: at most {}, {}").format(rows, columns, value, kind)


def _channels(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()
