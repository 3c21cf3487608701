"""What one token of an image attends to, laid over the image: one head, all heads of a layer, or all layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from inference.results.patches import PatchesResult
from widgets.figures.color_bar import ColorBar
from widgets.figures.image_geometry import letterbox, patch_at, patch_rect, tiles
from widgets.figures.image_parts import (
    Look,
    paint_border,
    paint_frame,
    paint_image,
    paint_overlay,
    paint_title,
)
from widgets.figures.places import place_name
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look import color_maps, raster
from widgets.look.theme import FigureStyle
from widgets.views.patches.options import PatchesOptions, Weights

_HEAD, _GAP = 1.5, 0.7  # em: a title, and the space between images
_QUERY = QColor("#FF4FA3")  # in no colour map


def _tr(text: str) -> str:
    return QCoreApplication.translate("PatchesFigure", text)


def weights_title(weights: Weights) -> str:
    """Which numbers they are, with their source."""
    return {
        "raw": _tr("attention weights"),
        "weighted": _tr("weights × length of the value vectors (Kobayashi et al. 2020)"),
        "rollout": _tr("attention rollout up to this layer (Abnar and Zuidema 2020)"),
    }[weights]


class MapKey(NamedTuple):
    """A key of one of the maps."""

    place: int
    key: int


class PatchMap(NamedTuple):
    """A map: of which image, layer and head, where its image is and where its title."""

    side: int
    layer: int
    head: int
    box: QRectF
    title: QRectF


@dataclass(frozen=True)
class PatchesFigure:
    """Maps of one query over its image; another image that was kept stands to the left.

    Attributes
    ----------
    options
        Of these, a rollout has no heads; with `shared_scale` all maps have one scale, else each its own, up to its
        largest number on a patch.
    kept
        Another query, or one of another image.
    kept_from
        Of which checkpoint and image that is, where they are others.
    """

    result: PatchesResult
    layer: int
    head: int
    options: PatchesOptions = field(default_factory=PatchesOptions)
    kept: PatchesResult | None = None
    kept_from: str = ""

    @property
    def look(self) -> Look:
        """How numbers are laid over the image."""
        options = self.options
        return Look(options.opacity, options.smooth, options.grid, options.spotlight)

    @property
    def sides(self) -> tuple[PatchesResult, ...]:
        """From left to right; the last is the present one."""
        return (self.result,) if self.kept is None else (self.kept, self.result)

    @property
    def caption(self) -> str:
        layer = _tr("layer {}").format(self.layer)
        head = _tr("head {}").format(self.head)
        where = {
            "head": layer if self.options.weights == "rollout" else f"{layer}, {head}",
            "heads": _tr("{}, all heads").format(layer),
            "layers": _tr("all layers") if self.options.weights == "rollout" else _tr("all layers of {}").format(head),
        }[self.options.show]
        text = _tr("What {} (pink frame) attends to: {}; {}").format(
            token_title(self.result, self.result.query), where, weights_title(self.options.weights)
        )
        if self.sees_no_more:
            text = _tr("{}; what comes later is not seen").format(text)
        if self.kept is None:
            return text
        kept = token_title(self.kept, self.kept.query)
        return _tr("{}; left: {}").format(text, f"{kept} ({self.kept_from})" if self.kept_from else kept)

    @property
    def sees_no_more(self) -> bool:
        """Whether nothing behind the query has any weight, as where pixels are guessed one by one."""
        behind = self.result.pattern[..., self.result.query + 1 :]
        return bool(behind.size and not behind.any())

    def values(self, side: int, layer: int, head: int) -> np.ndarray:
        """float32 [key] of a map; NaN where these numbers are not known."""
        result = self.sides[side]
        n_layers, n_heads = result.pattern.shape[:2]
        layer, head = min(layer, n_layers - 1), min(head, n_heads - 1)
        if self.options.weights == "rollout":
            values = result.rollout[layer] if result.rollout.size else None
        elif self.options.weights == "weighted":
            values = result.weighted[layer, head] if result.weighted.size else None
        else:
            values = result.pattern[layer, head]
        return np.full(result.pattern.shape[-1], np.nan, np.float32) if values is None else values

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n = len(self._maps(len(self.sides) - 1))
        height, width = self.result.seen.shape[:2]
        columns = 1 if n == 1 else min(n, 4 if n <= 12 else 6)
        side = 24 if n == 1 else 10
        n_rows = -(-n // columns)
        one = QSizeF(columns * (side * width / height + _GAP), n_rows * (side + _HEAD + _GAP) + 4)
        return QSizeF((one.width() * len(self.sides) + 2 + 5 * self._has_bar) * em, one.height() * em)

    def places(self, rect: QRectF, style: FigureStyle) -> tuple[PatchMap, ...]:
        """Where every map is."""
        em = QFontMetricsF(style.font).height()
        found = []
        for side, area in enumerate(self._areas(rect, style)):
            height, width = self.sides[side].seen.shape[:2]
            maps = self._maps(side)
            area = area.adjusted(0, self._chips_height(side, style), 0, 0)
            boxes = tiles(len(maps), width / height, area, _HEAD * em, _GAP * em)
            for (layer, head), box in zip(maps, boxes, strict=True):
                image = letterbox(height, width, box.adjusted(0, _HEAD * em, 0, 0))
                title = QRectF(image.left(), image.top() - _HEAD * em, image.width(), _HEAD * em)
                found.append(PatchMap(side, layer, head, image, title))
        return tuple(found)

    def chips(self, rect: QRectF, style: FigureStyle) -> tuple[tuple[int, int, QRectF], ...]:
        """Side, position and box of the chips of tokens that are no patches."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        found = []
        for side, area in enumerate(self._areas(rect, style)):
            x, y = area.left(), area.top()
            for key in range(self.sides[side].n_special):
                width = metrics.horizontalAdvance(self._chip_text(side, key)) + 1.2 * em
                if x + width > area.right() and x > area.left():
                    x, y = area.left(), y + 1.9 * em
                found.append((side, key, QRectF(x, y, min(width, area.width()), 1.5 * em)))
                x += width + 0.4 * em
        return tuple(found)

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> MapKey | None:
        """The key under a point."""
        places = self.places(rect, style)
        for number, place in enumerate(places):
            result = self.sides[place.side]
            patch = patch_at(point, result.grid, place.box)
            if patch is not None:
                return MapKey(number, result.n_special + patch)
        for side, key, box in self.chips(rect, style):
            if box.contains(point):
                return MapKey(self._chip_place(side, places), key)
        return None

    def has_spot(self, spot: MapKey, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a key."""
        places = self.places(rect, style)
        return spot.place < len(places) and spot.key < self.values(*places[spot.place][:3]).size

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: MapKey) -> None:
        """Frame the key that is pointed at, in all maps of its image."""
        places = self.places(rect, style)
        side = places[spot.place].side
        result = self.sides[side]
        painter.save()
        if spot.key < result.n_special:
            for chip_side, key, box in self.chips(rect, style):
                if (chip_side, key) == (side, spot.key):
                    paint_border(painter, box, style, is_selected=True)
        else:
            for place in places:
                if place.side == side:
                    box = patch_rect(spot.key - result.n_special, result.grid, place.box)
                    paint_frame(painter, box, style.theme.accent, Qt.PenStyle.DotLine)
        painter.restore()

    def step(self, spot: MapKey | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> MapKey | None:
        """The key beside, in the same map."""
        if spot is None:
            return MapKey(len(self.places(rect, style)) - 1, self.result.query)
        side = self.places(rect, style)[spot.place].side
        return MapKey(spot.place, beside(self.sides[side], spot.key, right, down))

    def describe(self, spot: MapKey, rect: QRectF, style: FigureStyle) -> str:
        """The numbers of a key."""
        place = self.places(rect, style)[spot.place]
        result = self.sides[place.side]
        values = self.values(*place[:3])
        value = float(values[spot.key])
        if np.isnan(value):
            return _tr("These numbers are not known for this checkpoint.")
        rank = int((values > value).sum()) + 1
        head = "" if self.options.weights == "rollout" else _tr(", head {}").format(place.head)
        text = _tr("{} → {}: {:.5f}, {:.2f} × even, rank {} of {}  (layer {}{})")
        return text.format(
            token_title(result, result.query), token_title(result, spot.key), value, value * values.size, rank,
            values.size, place.layer, head,
        )  # fmt: skip

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        places = self.places(rect, style)
        patches = [self._on_patches(place) for place in places]
        tops = [float(np.nanmax(values)) if np.isfinite(values).any() else 0.0 for values in patches]
        shared = max(tops, default=0.0)
        for place, values, top in zip(places, patches, tops, strict=True):
            self._paint_map(painter, place, values, (shared if self.options.shared_scale else top) or 1.0, style)
        for chip in self.chips(rect, style):
            self._paint_chip(painter, *chip, style)
        if self._has_bar and shared > 0:
            bottom = max(place.box.bottom() for place in places)
            top = min(place.box.top() for place in places)
            right = max(place.box.right() for place in places)
            bar = ColorBar(shared, "raw", weights_title(self.options.weights).partition(" (")[0])
            bar.paint(painter, QRectF(right - 1, top, 1, bottom - top), style)
        painter.restore()

    def _paint_map(
        self, painter: QPainter, place: PatchMap, values: np.ndarray, high: float, style: FigureStyle
    ) -> None:
        result = self.sides[place.side]
        paint_image(painter, result.seen, place.box, result.grid if self.look.has_grid else None)
        paint_overlay(painter, values, high, place.box, self.look, style)
        is_chosen = self.options.show != "head" and (place.layer, place.head) == (self.layer, self.head)
        paint_border(painter, place.box, style, is_selected=is_chosen)
        if result.query >= result.n_special:
            paint_frame(painter, patch_rect(result.query - result.n_special, result.grid, place.box), _QUERY)
        paint_title(painter, self._map_title(place, high), place.title, style, shrinks=True)

    def _paint_chip(self, painter: QPainter, side: int, key: int, box: QRectF, style: FigureStyle) -> None:
        result = self.sides[side]
        is_query = key == result.query
        ground, ink = style.theme.panel, style.theme.ink
        if self.options.show == "head":
            values = self.values(side, self.layer, self.head)
            top = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
            color = int(raster.colored(raster.levels(values[key : key + 1], top or 1.0), style.color_map)[0])
            ground, ink = QColor(color), color_maps.ink_on(color)
        painter.setBrush(ground)
        painter.setPen(style.theme.line)
        radius = 0.25 * box.height()
        painter.drawRoundedRect(box, radius, radius)
        painter.setPen(ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._chip_text(side, key))
        if is_query:
            paint_frame(painter, box, _QUERY)

    def _map_title(self, place: PatchMap, high: float) -> str:
        layer, head = _tr("Layer {}").format(place.layer), _tr("Head {}").format(place.head)
        if self.options.show == "heads":
            text = head
        elif self.options.show == "layers" or self.options.weights == "rollout":
            text = layer
        else:
            text = f"{layer} · {head.lower()}"
        return text if self._has_bar or self.options.shared_scale else _tr("{}  (up to {:.2g})").format(text, high)

    def _chip_text(self, side: int, key: int) -> str:
        word = clean(self.sides[side].tokens.words[key])
        if self.options.show != "head":
            return word
        return f"{word}  {self.values(side, self.layer, self.head)[key]:.3f}"

    # Layout

    @property
    def _has_bar(self) -> bool:
        """A scale stands beside the maps where it is one for all."""
        return not self.look.is_spotlight and (
            self.options.shared_scale or (self.options.show == "head" and self.kept is None)
        )

    def _maps(self, side: int) -> tuple[tuple[int, int], ...]:
        """Layer and head of each map."""
        n_layers, n_heads = self.sides[side].pattern.shape[:2]
        if self.options.show == "heads" and self.options.weights != "rollout":
            return tuple((self.layer, head) for head in range(n_heads))
        if self.options.show == "layers":
            return tuple((layer, self.head) for layer in range(n_layers))
        return ((self.layer, self.head),)

    def _areas(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """The part of each side, the scale left out."""
        em = QFontMetricsF(style.font).height()
        rect = rect.adjusted(0, 0, -6 * em if self._has_bar else 0, 0)
        if self.kept is None:
            return [rect]
        half = (rect.width() - 1.5 * em) / 2
        return [QRectF(rect.left() + i * (half + 1.5 * em), rect.top(), half, rect.height()) for i in range(2)]

    def _chips_height(self, side: int, style: FigureStyle) -> float:
        return 2.1 * QFontMetricsF(style.font).height() if self.sides[side].n_special else 0.0

    def _chip_place(self, side: int, places: tuple[PatchMap, ...]) -> int:
        """The map that a chip's numbers are of: the selected one."""
        return next(
            (i for i, p in enumerate(places) if (p.side, p.layer, p.head) == (side, self.layer, self.head)),
            next(i for i, p in enumerate(places) if p.side == side),
        )

    def _on_patches(self, place: PatchMap) -> np.ndarray:
        result = self.sides[place.side]
        n_rows, n_columns = result.grid
        values = self.values(*place[:3])[result.n_special : result.n_special + n_rows * n_columns]
        return values.reshape(n_rows, n_columns)

    # Numbers

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "pattern": result.pattern,
            "weighted": result.weighted,
            "rollout": result.rollout,
            "query": np.array(result.query),
            "grid": np.array(result.grid),
            "n_special": np.array(result.n_special),
            "tokens": np.array(result.tokens.words, np.str_),
            "seen": result.seen,
        }
        side = len(self.sides) - 1
        rows: list[tuple[str | int | float, ...]] = []
        for layer, head in self._maps(side):
            for key, value in enumerate(self.values(side, layer, head).tolist()):
                patch = key - result.n_special
                row, column = divmod(patch, result.grid[1]) if patch >= 0 else ("", "")
                rows.append((layer, head, key, result.tokens.words[key], row, column, value))
        return Numbers(arrays, ("layer", "head", "key", "token", "row", "column", self.options.weights), rows)


def beside(result: PatchesResult, key: int, right: int, down: int) -> int:
    """The token beside: among patches by rows and columns; the special tokens lie above the first row."""
    n_rows, n_columns = result.grid
    if key < result.n_special:
        if down > 0:
            return result.n_special + min(key, n_columns - 1)
        return min(max(key + right, 0), result.n_special - 1)
    row, column = divmod(key - result.n_special, n_columns)
    if row + down < 0 and result.n_special:
        return min(column, result.n_special - 1)
    row, column = min(max(row + down, 0), n_rows - 1), min(max(column + right, 0), n_columns - 1)
    return result.n_special + row * n_columns + column


def token_title(result: PatchesResult, key: int) -> str:
    """A token for the user."""
    if key < result.n_special:
        return isolated(result.tokens.words[key])
    row, column = divmod(key - result.n_special, result.grid[1])
    return _tr("{} ({}, {})").format(place_name(result.axis).one, row, column)
