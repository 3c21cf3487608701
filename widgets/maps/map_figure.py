"""A part of one head's attention map, of any length, as it is on screen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from widgets.figures.counts import number_of
from widgets.figures.token_axis import label
from widgets.kit.figure import Numbers
from widgets.look import raster
from widgets.look.theme import FigureStyle
from widgets.maps.cells import has_values, paint_values
from widgets.maps.coloring import Coloring
from widgets.maps.numerals import span
from widgets.maps.pyramid import Box, level_of
from widgets.maps.scene import MapScene, room_in
from widgets.maps.tile_cache import PooledHead, pooled
from widgets.maps.viewport import whole_pixels

_TIMES = "\N{MULTIPLICATION SIGN}"


def caption_of(scene: MapScene, head: PooledHead, level: int, coloring: Coloring, *, is_coarse: bool) -> str:
    """What is shown, in one line."""
    rows, columns = cells_of(scene.viewport.seen)
    parts = [
        _tr("Layer {}, head {}").format(head.layer, head.head),
        _tr("queries {} of {}, keys {} of {}").format(
            span(rows), scene.viewport.n_rows, span(columns), scene.viewport.n_columns
        ),
    ]
    if level:
        text = _tr("maximum over {} cells") if head.reduce == "max" else _tr("mean over {} cells")
        parts.append(text.format(f"{2**level} {_TIMES} {2**level}"))
    if coloring.maxima is not None:
        parts.append(_tr("each row divided by the maximum of its {}").format(number_of(coloring.maxima.n_rows, "rows")))
    elif coloring.scale == "log":
        parts.append(_tr("logarithmic colours"))
    if scene.is_sampled:
        parts.append(_tr("from sampled rows"))
    elif is_coarse:
        parts.append(_tr("partly coarser"))
    return "; ".join(parts)


def cells_of(seen: Box) -> tuple[range, range]:
    """Rows and columns of a map of which anything is in a box."""
    return range(int(seen.top), math.ceil(seen.bottom)), range(int(seen.left), math.ceil(seen.right))


@dataclass(frozen=True)
class MapFigure:
    """Queries from top to bottom, keys from left to right, cut where the screen cuts them.

    Attributes
    ----------
    level
        A pixel of `values` covers 2**level x 2**level cells.
    values
        float16 [row, column]: all pixels of the level that are on screen, also in part.
    coloring
        How numbers become colours; those of the map, and of missing numbers, are the style's.
    em
        Height of a line on screen, by which cells are measured.
    is_coarse
        Whether some numbers are those of coarser pixels, the sharp ones not being there yet.
    """

    scene: MapScene
    head: PooledHead
    level: int
    values: np.ndarray
    coloring: Coloring
    em: float
    is_coarse: bool = False

    @property
    def seen(self) -> Box:
        """The cells that are shown."""
        return self.scene.viewport.seen

    @property
    def caption(self) -> str:
        return caption_of(self.scene, self.head, self.level, self.coloring, is_coarse=self.is_coarse)

    def numbers(self) -> Numbers:
        """The pixels on screen, and what the brushed queries attend to."""
        rows, columns = cells_of(self.seen)
        queries, keys = self._labels(self.scene.axes.queries.words, 0), self._labels(self.scene.axes.keys.words, 1)
        shown = self.values.astype(np.float32)
        words = self.scene.axes.queries.words, self.scene.axes.keys.words
        arrays = {
            "shown": shown,
            "shown_queries": np.array(queries),
            "shown_keys": np.array(keys),
            "first_query": self._starts[0],
            "first_key": self._starts[1],
            "cells_a_side": np.array(2**self.level),
            "reduce": np.array(self.head.reduce),
            "layer": np.array(self.head.layer),
            "head": np.array(self.head.head),
            "query_tokens": np.array(words[0][rows.start : rows.stop]),
            "key_tokens": np.array(words[1][columns.start : columns.stop]),
        }
        if self.scene.pattern is not None and self.scene.brush is not None:
            arrays["brushed_queries"] = np.array([self.scene.brush.start, self.scene.brush.stop])
            arrays["brushed_pattern"] = self.scene.pattern
        table = [(query, *map(float, row)) for query, row in zip(queries, shown, strict=True)]
        return Numbers(arrays, (_tr("from \\ to"), *keys), table)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        margins = room_in(QRectF(), em, self._right(metrics), has_strip=self.scene.brush is not None)
        view = self.scene.viewport
        width = view.plot_width / self.em * em - margins.width()
        height = max(view.plot_height / self.em, 4) * em - margins.height()
        return QSizeF(math.ceil(width) + 1, math.ceil(height) + 1)

    def plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the cells are."""
        return self._scene_in(rect, style)[1]

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        scene, plot = self._scene_in(rect, style)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(plot, self._image(painter, plot, style))
        painter.restore()
        if self.level == 0 and has_values(scene.viewport, style):
            paint_values(painter, plot, scene.viewport, self.values, self._coloring_in(style), style)
        scene.paint(painter, plot, style)

    # Where things are

    def _scene_in(self, rect: QRectF, style: FigureStyle) -> tuple[MapScene, QRectF]:
        metrics = QFontMetricsF(style.font)
        room = room_in(rect, metrics.height(), self._right(metrics), has_strip=self.scene.brush is not None)
        view = self.scene.viewport
        factor = max(min(room.width() / view.plot_width, room.height() / view.plot_height), 1e-3)
        scene = self.scene.scaled(factor)
        return scene, QRectF(room.left(), room.top(), scene.viewport.plot_width, scene.viewport.plot_height)

    def _right(self, metrics: QFontMetricsF) -> float:
        return self.scene.bar.width(metrics)

    @cached_property
    def _starts(self) -> tuple[np.ndarray, np.ndarray]:
        """First row and first column of the cells of each pixel."""
        side = 2**self.level
        pixels = whole_pixels(self.seen, self.level, (10**9, 10**9))
        first = pixels[0].start, pixels[1].start
        return tuple((first[axis] + np.arange(self.values.shape[axis])) * side for axis in (0, 1))  # type: ignore[return-value]

    def _labels(self, words: tuple[str, ...], axis: int) -> tuple[str, ...]:
        starts = self._starts[axis].tolist()
        if self.level == 0:
            return tuple(label(words[start]) for start in starts)
        return tuple(span(range(start, min(start + 2**self.level, len(words)))) for start in starts)

    # Cells

    def _coloring_in(self, style: FigureStyle) -> Coloring:
        return replace(self.coloring, color_map=style.color_map, missing=style.theme.missing.rgb())

    def _image(self, painter: QPainter, plot: QRectF, style: FigureStyle) -> QImage:
        """Exactly the pixels of the plot: cut here, since files ignore which part of a picture is to be drawn."""
        n_rows, n_columns = self.values.shape
        height, width = raster.pixels_in(painter, plot, self.values.shape)
        shrink = 2 ** level_of(max(n_rows / height, 1.0)), 2 ** level_of(max(n_columns / width, 1.0))
        colors = self._coloring_in(style).colors(
            pooled(self.values, shrink, self.head.reduce), self._starts[0][:: shrink[0]]
        )
        seen, places = self.seen, []
        for first, last, n, starts, step in (
            (seen.top, seen.bottom, height, self._starts[0], shrink[0]),
            (seen.left, seen.right, width, self._starts[1], shrink[1]),
        ):
            cells = first + (np.arange(n) + 0.5) / n * (last - first)
            places.append(((cells - starts[0]) / (2**self.level * step)).astype(int))
        return raster.image(colors[np.ix_(*places)])


def _tr(text: str) -> str:
    return QCoreApplication.translate("AttentionFigure", text)
