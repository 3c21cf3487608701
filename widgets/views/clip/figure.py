"""What a place in a film attends to, laid over its frames: all of them, or one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from inference.results.clip import ClipResult
from widgets.figures.color_bar import ColorBar
from widgets.figures.image_geometry import letterbox, patch_at, patch_rect, tiles
from widgets.figures.image_parts import Look, paint_border, paint_frame, paint_image, paint_overlay, paint_title
from widgets.figures.lettering import LEAST, fitted
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look import color_maps, raster
from widgets.look.theme import FigureStyle
from widgets.views.clip.options import ClipOptions, ClipWeights
from widgets.views.clip.places import FilmPlace, FilmPlaces, position_title

_LEAST, _LEAST_OF_FEW, _FEW = 3.5, 5.4, 8  # em, the least height of a frame, of one of a few, and how many these are
_LEAST_BELOW_WORDS = 2.5  # em: words take a part of the height, and the last frames are to be in sight, too
_LEAST_CHIP = 0.7  # of its letters, as long as a number in a narrow chip is to be read
_HEAD, _CHIP, _GAP = 1.4, 1.6, 0.6  # em: a title, a line of chips, and the space between frames
_BESIDE = 6.0  # em at least for the scale
_BEYOND = 1.0005  # times its end, that differs from it in no digit
_QUERY = QColor("#FF4FA3")  # in no colour map


def _tr(text: str) -> str:
    return QCoreApplication.translate("ClipFigure", text)


def clip_weights_title(weights: ClipWeights) -> str:
    """Which numbers they are, with their source."""
    return {
        "head": _tr("attention weights"),
        "mean": _tr("attention weights, mean of the heads"),
        "rollout": _tr("attention rollout up to this layer (Abnar and Zuidema 2020)"),
    }[weights]


class FilmTile(NamedTuple):
    """A frame: its number among those shown, its image, its title, and the line of its chips."""

    frame: int
    box: QRectF
    title: QRectF
    chips: QRectF


@dataclass(frozen=True)
class ClipFigure:
    """One query's map over a film. All frames have one scale, up to the largest number on a patch.

    Attributes
    ----------
    layer, head
        Of the group; a rollout and a mean have no head.
    frame
        The one that is played, among those that the model is shown.
    """

    result: ClipResult
    layer: int
    head: int
    options: ClipOptions = field(default_factory=ClipOptions)
    frame: int = 0

    @cached_property
    def places(self) -> FilmPlaces:
        """Where its keys lie."""
        return FilmPlaces(self.result)

    @cached_property
    def values(self) -> np.ndarray:
        """float32 [key]: the numbers that are laid over the film."""
        result = self.result
        if self.options.weights == "rollout":
            return result.rollout[self.layer]
        rows = result.pattern[self.layer]
        return rows.mean(0) if self.options.weights == "mean" else rows[self.head]

    @cached_property
    def maps(self) -> np.ndarray:
        """float32 [frame, row, column]; NaN where nothing is attended to."""
        return self.places.maps(self.values)

    @property
    def high(self) -> float:
        """The number that has the strongest colour."""
        return float(np.nanmax(self.maps)) if np.isfinite(self.maps).any() else 0.0

    @property
    def query_title(self) -> str:
        """Who attends."""
        result = self.result
        return position_title(result, result.query_tokens, result.query_cells, result.query)

    @property
    def caption(self) -> str:
        layer = _tr("layer {}").format(self.layer)
        where = layer if self.options.weights != "head" else _tr("{}, head {}").format(layer, self.head)
        text = _tr("What {} attends to: {}; {}").format(
            self.query_title, where, clip_weights_title(self.options.weights)
        )
        if self.options.show == "frames":
            return text
        return _tr("{}; frame {} of the film").format(text, self.result.frames[self.frame])

    # As a film

    @property
    def film_steps(self) -> range:
        """The frames that the model is shown."""
        return range(len(self.result.seen))

    def film_frame(self, step: int) -> ClipFigure:
        """One of them, large."""
        return replace(self, frame=step, options=replace(self.options, show="frame"))

    # Layout

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        height, width = self.result.seen.shape[1:3]
        n = len(self._frames)
        columns = 1 if n == 1 else min(n, 4 if n <= 12 else 8)
        side = 24 if n == 1 else 9
        foot = _HEAD + _GAP + (_CHIP if self._has_chips else 0)
        whole = max((columns * (side * width / height + _GAP) + 7) * em, 40 * em if self.places.has_words else 0.0)
        above = self._top(QRectF(0, 0, whole, 0), style)
        return QSizeF(whole, (-(-n // columns) * (side + foot) + 0.5) * em + above)

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """What it needs where there is so much width: of smaller frames nothing can be told."""
        em = QFontMetricsF(style.font).height()
        height, across = self.result.seen.shape[1:3]
        n, gap = len(self._frames), _GAP * em
        least = _LEAST_OF_FEW if n <= _FEW else _LEAST_BELOW_WORDS if self.places.has_words else _LEAST
        room = max(width - self._beside(style), least * em)
        columns = min(n, max(1, int((room + gap) / (least * em * across / height + gap))))
        foot = _HEAD + _GAP + (_CHIP if self._has_chips else 0)
        above = self._top(QRectF(0, 0, width, 0), style)
        return QSizeF(0, -(-n // columns) * (least + foot) * em + above)

    def tiles(self, rect: QRectF, style: FigureStyle) -> tuple[FilmTile, ...]:
        """Where every frame is."""
        em = QFontMetricsF(style.font).height()
        height, width = self.result.seen.shape[1:3]
        area = rect.adjusted(0, self._top(rect, style), -self._beside(style), 0)
        foot = _CHIP * em if self._has_chips else 0.0
        found = []
        boxes = tiles(len(self._frames), width / height, area, _HEAD * em + foot, _GAP * em)
        # In the middle, but near the words that stand above.
        up = max(boxes[0].top() - area.top() - em, 0.0) if self.places.has_words and boxes else 0.0
        for frame, box in zip(self._frames, boxes, strict=True):
            image = letterbox(height, width, box.adjusted(0, _HEAD * em - up, 0, -foot - up))
            title = QRectF(image.left(), image.top() - _HEAD * em, image.width(), _HEAD * em)
            chips = QRectF(image.left(), image.bottom() + 0.1 * em, image.width(), max(foot - 0.2 * em, 0))
            found.append(FilmTile(frame, image, title, chips))
        return tuple(found)

    @cached_property
    def _bar(self) -> ColorBar:
        """The scale of the patches; words and special tokens have it, too, and may lie beyond it."""
        is_clipped = bool((self.values[self.places.is_seen] > _BEYOND * self.high).any())
        return ColorBar(self.high, "raw", "", is_clipped=is_clipped)

    def _beside(self, style: FigureStyle) -> float:
        """Width of that."""
        metrics = QFontMetricsF(style.font)
        if self.options.spotlight:
            return 0.0
        return max(_BESIDE * metrics.height(), self._bar.width(metrics) if self.high > 0 else 0.0)

    def chips(self, rect: QRectF, style: FigureStyle) -> tuple[tuple[FilmPlace, QRectF], ...]:
        """The keys that show nothing themselves, and where they stand: above the film, or beneath their frame."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        found = self._above(rect, style)
        for tile in self.tiles(rect, style) if self._has_chips else ():
            own = self.places.of_frame(tile.frame)
            width = (tile.chips.width() - 0.3 * em * (len(own) - 1)) / max(len(own), 1)
            for i, place in enumerate(own):
                left = tile.chips.left() + i * (width + 0.3 * em)
                found.append((place, QRectF(left, tile.chips.top(), width, tile.chips.height())))
        return tuple(found)

    @property
    def _frames(self) -> tuple[int, ...]:
        return tuple(range(len(self.result.seen))) if self.options.show == "frames" else (self.frame,)

    def _above(self, rect: QRectF, style: FigureStyle) -> list[tuple[FilmPlace, QRectF]]:
        """What belongs to no frame, in lines above the film: a special token that words follow begins one."""
        metrics = QFontMetricsF(style.font)
        em = metrics.height()
        padding, gap = (0.6, 0.25) if self.places.has_words else (1.2, 0.4)
        found: list[tuple[FilmPlace, QRectF]] = []
        x, y = rect.left(), rect.top()
        places, is_special = self.places.of_film, self.result.key_tokens.is_special
        for place, behind in zip_longest(places, places[1:]):
            width = metrics.horizontalAdvance(self._chip_text(place.key)) + padding * em
            begins = bool(is_special[place.key]) and behind is not None and not is_special[behind.key]
            is_start = self.places.has_words and begins
            if x > rect.left() and (is_start or x + width > rect.right()):
                x, y = rect.left(), y + 1.7 * em
            found.append((place, QRectF(x, y, width, 1.5 * em)))
            x += width + gap * em
        return found

    def _top(self, rect: QRectF, style: FigureStyle) -> float:
        """Height of what stands above the frames."""
        above = self._above(rect, style)
        return above[-1][1].bottom() - rect.top() + 0.5 * QFontMetricsF(style.font).height() if above else 0.0

    @property
    def _has_chips(self) -> bool:
        return any(place.frame >= 0 for place in self.places.alone)

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> FilmPlace | None:
        """The key under a point."""
        for place, box in self.chips(rect, style):
            if box.contains(point):
                return place
        for tile in self.tiles(rect, style):
            patch = patch_at(point, self.result.grid, tile.box)
            if patch is not None:
                row, column = divmod(patch, self.result.grid[1])
                key = int(self.places.by_patch[tile.frame, row, column])
                return FilmPlace(tile.frame, key) if key >= 0 else None
        return None

    def has_spot(self, spot: FilmPlace, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a key."""
        return spot.key < len(self.result.key_tokens) and (spot.frame < 0 or spot.frame in self._frames)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: FilmPlace) -> None:
        """Frame the key that is pointed at, in every frame that it is in."""
        painter.save()
        for place, box in self.chips(rect, style):
            if place.key == spot.key:
                paint_border(painter, box, style, is_selected=True)
        if (self.result.key_cells[spot.key] != -1).any() and not self.result.key_tokens.is_special[spot.key]:
            self._frame_cell(painter, rect, style, self.result.key_cells[spot.key], style.theme.accent, is_dotted=True)
        painter.restore()

    def step(self, spot: FilmPlace | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> FilmPlace | None:
        """The key beside, which may lie in the next frame."""
        key = spot.key if spot is not None else min(self.result.query, len(self.result.key_tokens) - 1)
        moved = self.places.moved(key, right, down)
        first = int(self.result.key_cells[moved, 0]) * self.result.frames_a_step
        return FilmPlace(first if self.options.show == "frames" else self.frame, moved)

    def describe(self, spot: FilmPlace) -> str:
        """The number of a key."""
        result = self.result
        title = position_title(result, result.key_tokens, result.key_cells, spot.key)
        if not self.places.is_seen[spot.key]:
            return _tr("{} does not attend to {}: they lie in different parts.").format(self.query_title, title)
        value, n = float(self.values[spot.key]), int(self.places.is_seen.sum())
        head = "" if self.options.weights != "head" else _tr(", head {}").format(self.head)
        text = _tr("{} → {}: {:.5f}, {:.2f} × even  (layer {}{})")
        return text.format(self.query_title, title, value, value * n, self.layer, head)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        options, high = self.options, self.high or 1.0
        look = Look(options.opacity, options.smooth, options.grid, options.spotlight)
        shown = self.tiles(rect, style)
        titles = self._titles(shown, style)
        for tile in shown:
            paint_image(painter, self.result.seen[tile.frame], tile.box, self.result.grid if options.grid else None)
            paint_overlay(painter, self.maps[tile.frame], high, tile.box, look, style)
            paint_border(painter, tile.box, style)
            paint_title(painter, titles[tile.frame], tile.title, style, shrinks=True)
        for place, box in self.chips(rect, style):
            self._paint_chip(painter, place.key, box, high, style)
        result = self.result
        if (result.query_cells[result.query] != -1).any() and not result.query_tokens.is_special[result.query]:
            self._frame_cell(painter, rect, style, result.query_cells[result.query], _QUERY)
        if shown and not options.spotlight and self.high > 0:
            top, right = min(tile.box.top() for tile in shown), max(tile.box.right() for tile in shown)
            bottom = max(tile.box.bottom() for tile in shown)
            em = QFontMetricsF(style.font).height()
            title = clip_weights_title(options.weights).partition(" (")[0].partition(",")[0].capitalize()
            height = min(bottom - top, 22 * em)
            if QFontMetricsF(style.font).horizontalAdvance(title) > height:
                title = _tr("Rollout") if options.weights == "rollout" else _tr("Weights")
            replace(self._bar, title=title).paint(painter, QRectF(right - 1, top, 1, height), style)
        painter.restore()

    def _titles(self, shown: tuple[FilmTile, ...], style: FigureStyle) -> dict[int, str]:
        """By frame, its number in the film; the first one says what is counted where not all have room for that."""
        numbers = {tile.frame: str(self.result.frames[tile.frame]) for tile in shown}
        whole = {frame: _tr("frame {}").format(number) for frame, number in numbers.items()}
        room, letters = min((tile.title.width() for tile in shown), default=0.0), QFontMetricsF(style.font)
        if all(letters.horizontalAdvance(title) <= room for title in whole.values()):
            return whole
        first = shown[0].frame
        is_whole = LEAST * letters.horizontalAdvance(whole[first]) <= room
        return numbers | {first: whole[first]} if is_whole else numbers

    def _frame_cell(
        self,
        painter: QPainter,
        rect: QRectF,
        style: FigureStyle,
        cell: np.ndarray,
        color: QColor,
        *,
        is_dotted: bool = False,
    ) -> None:
        """Frame a patch, or whole frames, wherever it is on screen."""
        step, row, column = cell.tolist()
        frames = range(len(self.result.seen))[self.places.frames_of(step)]
        line = Qt.PenStyle.DotLine if is_dotted else Qt.PenStyle.SolidLine
        for tile in self.tiles(rect, style):
            if tile.frame in frames:
                patch = row * self.result.grid[1] + column
                box = tile.box if row < 0 else patch_rect(patch, self.result.grid, tile.box)
                paint_frame(painter, box, color, line)

    def _paint_chip(self, painter: QPainter, key: int, box: QRectF, high: float, style: FigureStyle) -> None:
        ground, ink = style.theme.panel, style.theme.ink
        if self.places.is_seen[key]:
            color = int(raster.colored(raster.levels(self.values[key : key + 1], high), style.color_map)[0])
            ground, ink = QColor(color), color_maps.ink_on(color)
        painter.setBrush(ground)
        painter.setPen(style.theme.line)
        radius = 0.25 * box.height()
        painter.drawRoundedRect(box, radius, radius)
        painter.setPen(ink)
        text, room = self._chip_text(key), box.width() - 4
        font = fitted(style.font, text, room, _LEAST_CHIP)
        if QFontMetricsF(font).horizontalAdvance(text) > room:  # half a number is another number
            text = clean(self.result.key_tokens.words[key])
            font = fitted(style.font, text, room, _LEAST_CHIP)
        painter.setFont(font)
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
        if self.places.is_square and key == self.result.query:
            paint_frame(painter, box, _QUERY)

    def _chip_text(self, key: int) -> str:
        word = clean(self.result.key_tokens.words[key])
        is_beside = self.places.has_words and bool((self.result.key_cells[key] == -1).all())
        return word if is_beside else f"{word}  {self.values[key]:.3f}"

    # Numbers

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "pattern": result.pattern,
            "pattern_axes": np.array(["layer", "head", "key_pos"]),
            "rollout": result.rollout,
            "rollout_axes": np.array(["layer", "key_pos"]),
            "map": self.maps,
            "map_axes": np.array(["frame", "row", "column"]),
            "seen": result.seen,
            "seen_axes": np.array(["frame", "pixel row", "pixel column", "red green blue"]),
            "frames": np.array(result.frames),
            "frames_a_step": np.array(result.frames_a_step),
            "tokens": np.array(result.key_tokens.words, np.str_),
            "key_cells": result.key_cells,
            "key_cells_axes": np.array(["key_pos", "step row column, -1 for all"]),
            "query": np.array(result.query),
            "query_cell": result.query_cells[result.query],
        }
        rows: list[tuple[str | int | float, ...]] = []
        for key, value in enumerate(self.values.tolist()):
            cell = ("" if at < 0 else at for at in result.key_cells[key].tolist())
            head = self.head if self.options.weights == "head" else ""
            rows.append((self.layer, head, key, result.key_tokens.words[key], *cell, value))
        return Numbers(arrays, ("layer", "head", "key", "token", "step", "row", "column", self.options.weights), rows)
