"""Attention rollout beside the mean attention that it is made of."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from inference.results.rollout import RolloutResult
from widgets.figures.image_parts import paint_title
from widgets.figures.lettering import shrunk
from widgets.figures.map_frame import paint_map_frame
from widgets.figures.token_axis import label, quoted
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.maps import axis_labels
from widgets.maps.axis_labels import Ruler
from widgets.maps.numerals import short
from widgets.views.rollout.colored_map import ColoredMap
from widgets.views.rollout.options import RolloutOptions
from widgets.views.rollout.strip import SharesOfQuery

MapKind = Literal["rollout", "attention"]
_TITLE = 1.8  # em
_LEAST_TITLE = 0.64  # of the size of letters, so that a title above bars is whole
_STRIP, _LEAST_STRIP, _MOST_STRIP = 5.0, 3.0, 9.0  # em of the bars with their title
_WIDE_STRIP = 16.0  # em of them at most where wide maps leave room
_STRIP_SHARE, _LOW = 0.2, 14.0  # of the height; em in which the maps need all of it
_BETWEEN = 1.6  # em from what stands beside a map to the next one: closer, it would be read as that one's
_N_STRONGEST, _LEAST_TOLD = 4, 0.001  # keys in the read-out, and of the strongest what each has at least
_MOST_MEASURED = 64  # words that are measured to see how wide they are: of more, those with the most letters


class RolloutCell(NamedTuple):
    """A cell of one of the maps; the row is a query, or a layer where one query is shown."""

    kind: MapKind
    row: int
    key: int


class Panel(NamedTuple):
    """Where a map is, the bars below it if there is room for any, and how wide its titles and high its keys may be."""

    kind: MapKind
    plot: QRectF
    strip: QRectF
    room: float
    top: float


@dataclass(frozen=True)
class RolloutFigure:
    """A map of every query in one layer, or of one query in every layer; bars say where the chosen query comes from.

    Attributes
    ----------
    layer
        One of `result.layers`.
    query_pos
        One of `result.queries`.
    options
        To show the `map` needs all queries, each at its own place of `result.queries`.
    """

    result: RolloutResult
    layer: int
    query_pos: int
    options: RolloutOptions = field(default_factory=RolloutOptions)

    # What is shown

    @property
    def kinds(self) -> tuple[MapKind, ...]:
        """The maps from the first to the last."""
        return ("rollout", "attention") if self.options.maps == "both" else (self.options.maps,)

    @property
    def caption(self) -> str:
        titles = {"rollout": _tr("attention rollout"), "attention": _tr("mean attention")}
        shown = _tr(" and ").join(titles[kind] for kind in self.kinds)
        where = _tr("layer {}, query {}").format(self.layer, self.query_name)
        if self.options.show == "query":
            where = _tr("query {} in every layer, bars of layer {}").format(self.query_name, self.layer)
        scales = {"row": _tr("each row divided by its maximum"), "log": _tr("logarithmic colours")}
        own = _tr("own places left out") if self.options.hide_own else ""
        parts = (f"{shown[:1].upper()}{shown[1:]}: {where}", scales.get(self.options.scale, ""), own)
        beyond = ", ".join(filter(None, (each.beyond for each in self._maps.values())))
        beyond = _tr("above the colour bar: {}").format(beyond) if beyond else ""
        return "; ".join(filter(None, (*parts, beyond)))

    @property
    def query_name(self) -> str:
        """Such as "“king” (2)"."""
        return f"{quoted(self.result.query_tokens, self.query_pos)} ({self.query_pos})"

    def table(self, kind: MapKind) -> np.ndarray:
        """float32 [row, key_pos]: the numbers of a map."""
        numbers = self.result.rollout if kind == "rollout" else self.result.attention
        return numbers[self._at_layer] if self.options.show == "map" else numbers[:, self._at_query]

    def row_of(self, kind: MapKind) -> np.ndarray:
        """float32 [key_pos]: the chosen query in the chosen layer; 0 for its own place where that is left out."""
        row = self.table(kind)[self._row]
        if self.options.hide_own:
            row = row.copy()
            row[self.query_pos] = 0
        return row

    def strongest(self, kind: MapKind) -> list[tuple[int, float]]:
        """Keys with the largest shares of the chosen query, largest first, as far as they are worth telling."""
        row = self.row_of(kind)
        keys = np.argsort(-row, kind="stable")[:_N_STRONGEST]
        return [(int(key), float(row[key])) for key in keys if row[key] > _LEAST_TOLD * row.max()]

    def numbers(self) -> Numbers:
        """Both maps of all layers; as table what the bars show."""
        result = self.result
        words = result.key_tokens.words
        arrays = {
            "rollout": result.rollout,
            "attention": result.attention,
            "queries": np.array(result.queries),
            "query_tokens": np.array([result.query_tokens.words[query] for query in result.queries]),
            "tokens": np.array(words),
            "layers": np.array(result.layers),
            "layer": np.array(self.layer),
            "query": np.array(self.query_pos),
        }
        rows = zip(words, self.row_of("rollout").tolist(), self.row_of("attention").tolist(), strict=True)
        table: list[tuple[str | int | float, ...]] = [(key, *row) for key, row in enumerate(rows)]
        return Numbers(arrays, ("key", "token", "rollout", "attention"), table)

    def describe(self, cell: RolloutCell) -> str:
        """A cell in words."""
        value = float(self.table(cell.kind)[cell.row, cell.key])
        query = self.query_pos if self.options.show == "query" else cell.row
        layer = self.layer if self.options.show == "map" else self.result.layers[cell.row]
        names = [
            f"{quoted(tokens, place)} ({place})"
            for tokens, place in ((self.result.query_tokens, query), (self.result.key_tokens, cell.key))
        ]
        text = _tr("{} comes to {} from {}, up to layer {}")
        if cell.kind == "attention":
            text = _tr("{} of the mean attention of {} goes to {}, in layer {}")
        return text.format(short(value), *names, layer)

    def chosen(self, layer: int, query_pos: int) -> RolloutFigure:
        """The same with another layer or query."""
        return replace(self, layer=layer, query_pos=query_pos)

    @cached_property
    def _at_query(self) -> int:
        return self.result.queries.index(self.query_pos)

    @property
    def _row(self) -> int:
        return self._at_query if self.options.show == "map" else self._at_layer

    @property
    def _at_layer(self) -> int:
        return self.result.layers.index(self.layer)

    @cached_property
    def _maps(self) -> dict[MapKind, ColoredMap]:
        own = list(self.result.queries) if self.options.show == "map" else self.query_pos
        names = {"rollout": _tr("rollout"), "attention": _tr("attention")}
        return {kind: ColoredMap.of(self.table(kind), own, self.options, names[kind]) for kind in self.kinds}

    # Where things are

    def least_width(self, style: FigureStyle) -> float:
        """Maps of which the names of tokens leave something."""
        n = 2 if self.options.show == "query" else len(self.kinds)
        return (axis_labels.LEFT + n * 18) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n = len(self.kinds)
        if self.options.show == "query":
            n_layers = self.result.rollout.shape[0]
            return QSizeF(56 * em, n * (_TITLE + axis_labels.TOP + _STRIP + 1.4 * n_layers) * em)
        side = min(max(1.2 * len(self.result.key_tokens), 12), 40)
        height = (_TITLE + axis_labels.TOP + _STRIP + side + 0.6) * em
        return QSizeF((axis_labels.LEFT + n * (side + 6)) * em, height)

    def panels(self, rect: QRectF, style: FigureStyle) -> list[Panel]:
        """Maps of queries stand side by side, those of layers one above the other."""
        metrics = QFontMetricsF(style.font)
        em, n = metrics.height(), len(self.kinds)
        left, title = self._left(metrics), _TITLE * em
        bar = max(shown.bar.width(metrics) for shown in self._maps.values()) + _BETWEEN * em
        is_map = self.options.show == "map"
        beneath = min(max(_STRIP_SHARE * rect.height() / (1 if is_map else n), _LEAST_STRIP * em), _MOST_STRIP * em)
        beneath = 0.5 * em if is_map and rect.height() < _LOW * em else beneath
        n_rows, n_keys = self.table(self.kinds[0]).shape

        def side_below(top: float) -> float:
            """Of a cell, with so much room for the names of keys above it."""
            if not is_map:
                return max((rect.width() - left - bar) / n_keys, 1e-3)
            height = rect.height() - title - top - beneath
            return max(min(((rect.width() - left) / n - bar) / n_keys, height / n_rows), 1e-3)

        top = self._top(metrics, side_below)
        panels = []
        for i, kind in enumerate(self.kinds):
            if is_map:
                side = side_below(top)
                room = min(max(side * n_keys + bar, self._title_width(metrics) + em), (rect.width() - left) / n)
                x = rect.left() + left + max(rect.width() - left - n * room, 0.0) / 2 + i * room
                plot = QRectF(x, rect.top() + title + top, side * n_keys, side * n_rows)
            else:
                # All have the same keys: they are written above the first one.
                height = (rect.height() - top) / n - title - beneath
                row = max(min(height / n_rows, 2.4 * em), 1.0)
                y = rect.top() + top + title + i * (row * n_rows + title + beneath)
                plot, room = QRectF(rect.left() + left, y, rect.width() - left - bar, row * n_rows), rect.width() - left
            # What wide maps leave free below them is of use to the bars.
            spare = rect.bottom() - plot.bottom() - beneath if is_map else 0.0
            bars = min(beneath + max(spare, 0.0), max(_WIDE_STRIP * em, beneath)) - 1.9 * em
            strip = QRectF(plot.left(), plot.bottom() + 1.5 * em, plot.width(), bars) if bars > em else QRectF()
            panels.append(Panel(kind, plot, strip, room - 0.5 * em, top))
        return panels

    def _title_width(self, metrics: QFontMetricsF) -> float:
        """Of the longest text above a map or a strip."""
        texts = [text(kind) for kind in self.kinds for text in (self._title, self._strip_title)]
        return max(map(metrics.horizontalAdvance, texts))

    def _strip_title(self, kind: MapKind) -> str:
        bars = self._bars(kind)
        verb = _tr("comes from") if kind == "rollout" else _tr("looks at")
        up_to = _tr("itself {}, others up to {}") if bars.is_cut else _tr("up to {1}")
        up_to = up_to.format(short(float(bars.row[self.query_pos])), short(bars.high))
        text = f"{self.query_name} {verb} ({up_to})"
        return _tr("Layer {}: {}").format(self.layer, text) if self.options.show == "query" else text

    def _bars(self, kind: MapKind) -> SharesOfQuery:
        return SharesOfQuery(self.row_of(kind), self.query_pos)

    def _top(self, metrics: QFontMetricsF, side_below: Callable[[float], float]) -> float:
        """Room for the longest key that is named, with its position: where not all are, the longest may not be."""
        words = self.result.key_tokens.words
        n = len(words)

        def needed(top: float) -> float:
            side = side_below(top)
            spots = axis_labels.label_spots(Ruler(0, side, n * side, n), metrics.height(), words)
            named = tuple(words[spot.position] for spot in spots)
            return min(self._longest(metrics, named, n), axis_labels.TOP * metrics.height())

        top = min(self._longest(metrics, words, n), axis_labels.TOP * metrics.height())
        # In less room above them cells are larger, and others may be named.
        while (closer := needed(top)) < top and needed(closer) <= closer:
            top = closer
        return top

    def _left(self, metrics: QFontMetricsF) -> float:
        """Room for the longest query, with its position, or for the names of layers."""
        if self.options.show == "query":
            return metrics.horizontalAdvance(_tr("Layer {}").format(99)) + 0.8 * metrics.height()
        words = self.result.query_tokens.words
        return min(self._longest(metrics, words, len(words)), axis_labels.LEFT * metrics.height())

    @staticmethod
    def _longest(metrics: QFontMetricsF, words: tuple[str, ...], n: int) -> float:
        longest = heapq.nlargest(_MOST_MEASURED, words, key=len)
        numbers = metrics.horizontalAdvance(str(n))
        return max(metrics.horizontalAdvance(label(word)) for word in longest) + numbers + 1.5 * metrics.height()

    # Under the pointer

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> RolloutCell | None:
        """The cell under a point, also above its bar; where keys are narrower than pixels, the strongest near it."""
        for kind, plot, strip, *_ in self.panels(rect, style):
            is_bar = strip.contains(point)
            if not (is_bar or plot.contains(point)) or plot.isEmpty():
                continue
            n_rows, n_keys = self.table(kind).shape
            row = self._row if is_bar else min(int((point.y() - plot.top()) / plot.height() * n_rows), n_rows - 1)
            a_pixel = n_keys / plot.width()
            key = (point.x() - plot.left()) * a_pixel
            reach = slice(max(math.floor(key - a_pixel), 0), min(math.ceil(key + a_pixel), n_keys))
            if a_pixel > 1 and reach.stop > reach.start:
                return RolloutCell(kind, row, reach.start + int(self.table(kind)[row, reach].argmax()))
            return RolloutCell(kind, row, min(int(key), n_keys - 1))
        return None

    def has_spot(self, spot: RolloutCell, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a cell."""
        if spot.kind not in self.kinds:
            return False
        n_rows, n_keys = self.table(spot.kind).shape
        return spot.row < n_rows and spot.key < n_keys

    def step(
        self, spot: RolloutCell | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> RolloutCell | None:
        """The cell beside."""
        if spot is None:
            return RolloutCell(self.kinds[0], self._row, 0)
        n_rows, n_keys = self.table(spot.kind).shape
        return RolloutCell(
            spot.kind, min(max(spot.row + down, 0), n_rows - 1), min(max(spot.key + right, 0), n_keys - 1)
        )

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: RolloutCell) -> None:
        """Frame a cell, and the same one in the other map."""
        painter.save()
        for kind, plot, *_ in self.panels(rect, style):
            n_rows, n_keys = self.table(kind).shape
            width, height = max(plot.width() / n_keys, 3.0), max(plot.height() / n_rows, 3.0)
            x = plot.left() + (spot.key + 0.5) * plot.width() / n_keys - width / 2
            y = plot.top() + (spot.row + 0.5) * plot.height() / n_rows - height / 2
            paint_map_frame(painter, QRectF(x, y, width, height), style, style.theme.ink)
        painter.restore()

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        panels = self.panels(rect, style)
        titles = [(self._strip_title(panel.kind), panel.room) for panel in panels]

        def needs(metrics: QFontMetricsF) -> float:
            return max(metrics.horizontalAdvance(title) / room for title, room in titles)

        letters = shrunk(style.font, needs, 1.0, _LEAST_TITLE)  # alike: one in small type looks like less
        for i, panel in enumerate(panels):
            is_map = self.options.show == "map"
            self._paint_map(painter, panel, style, has_rows=i == 0 or not is_map, has_keys=i == 0 or is_map)
            if not panel.strip.isEmpty():
                self._paint_strip(painter, panel, style, letters)
        painter.restore()

    def _paint_map(
        self, painter: QPainter, panel: Panel, style: FigureStyle, *, has_rows: bool, has_keys: bool
    ) -> None:
        metrics, plot, theme = QFontMetricsF(style.font), panel.plot, style.theme
        em = metrics.height()
        painter.setPen(theme.ink)
        title = metrics.elidedText(self._title(panel.kind), Qt.TextElideMode.ElideRight, panel.room)
        y = plot.top() - 0.6 * em - (panel.top if has_keys else 0)
        painter.drawText(QPointF(plot.left(), y), title)
        shown = self._maps[panel.kind]
        shown.paint(painter, plot, style)
        painter.setPen(QPen(theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(plot)
        n_rows, n_keys = self.table(panel.kind).shape
        if has_keys:
            across = Ruler(0, plot.width() / n_keys, plot.width(), n_keys)
            axis_labels.paint_top(painter, plot, across, self.result.key_tokens.words, style, {})
        height = plot.height() / n_rows
        if has_rows and self.options.show == "map":
            down = Ruler(0, height, plot.height(), n_rows)
            marked = {self.query_pos: theme.accent}
            axis_labels.paint_left(painter, plot, down, self.result.query_tokens.words, style, marked)
        elif has_rows:
            step = max(1, math.ceil(em / height))
            for row in range(0, n_rows, step):
                layer = self.result.layers[row]
                text = _tr("Layer {}").format(layer)
                painter.setPen(theme.accent if layer == self.layer else theme.ink)
                y = plot.top() + (row + 0.5) * height + 0.36 * metrics.ascent()
                painter.drawText(QPointF(plot.left() - 0.4 * em - metrics.horizontalAdvance(text), y), text)
        box = QRectF(plot.left(), plot.top() + self._row * height, plot.width(), height)
        paint_map_frame(painter, box, style, theme.accent)
        shown.bar.paint(painter, plot, style)

    def _title(self, kind: MapKind) -> str:
        if self.options.show == "query":
            text = _tr("Rollout: where {} comes from") if kind == "rollout" else _tr("Mean attention of {}")
            return text.format(self.query_name)
        text = _tr("Rollout up to layer {}") if kind == "rollout" else _tr("Mean attention of layer {}")
        return text.format(self.layer)

    def _paint_strip(self, painter: QPainter, panel: Panel, style: FigureStyle, letters: QFont) -> None:
        em = QFontMetricsF(style.font).height()
        title = QRectF(panel.strip.left(), panel.strip.top() - 1.3 * em, panel.room, 1.2 * em)
        painter.setFont(letters)
        paint_title(painter, self._strip_title(panel.kind), title, style, is_faint=True)
        painter.setFont(style.font)
        self._bars(panel.kind).paint(painter, panel.strip, style)


def _tr(text: str) -> str:
    return QCoreApplication.translate("RolloutFigure", text)
