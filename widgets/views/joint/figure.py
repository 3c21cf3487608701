"""Attention laid over an image, its boxes and its words: where a word looks, and what a part of the image reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.joint import KINDS, OF_IMAGE, OF_TEXT, JointResult, is_of
from widgets.figures.chips import Chip, height_of, lay_out, paint_chips
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import short
from widgets.figures.image_geometry import letterbox, part_rect
from widgets.figures.image_parts import Look, paint_border, paint_frame, paint_image, paint_overlay, paint_title
from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.joint.boxes import BoxMarks
from widgets.views.joint.maps import about, arrays_of, named, on_patches, on_regions, one_map, overlap, shown_of
from widgets.views.joint.options import JointOptions

_HEAD, _GAP = 1.6, 0.8  # em
_MOST_NAMED = 3
_LEAST_REST = 1e-4  # of attention to the image that is told beside its parts


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointFigure", text)


PlacedChips = tuple[tuple[Chip, ...], list[QRectF]]


class JointPlace(NamedTuple):
    """A place of the joint sequence; or a box over patches, `region`, and `pos` is -1 then."""

    pos: int
    region: int | None = None


@dataclass(frozen=True)
class JointFigure:
    """The image with its boxes above the words.

    Attributes
    ----------
    pinned
        Places whose attention is laid over image and words; each keeps a colour of its own where there are several.
    """

    result: JointResult
    head: int = 0
    pinned: tuple[JointPlace, ...] = ()
    options: JointOptions = field(default_factory=JointOptions)

    @cached_property
    def map(self) -> np.ndarray:
        """float32 [query_pos, key_pos]."""
        return one_map(self.result, self.options, self.head)

    def values(self, place: JointPlace) -> np.ndarray:
        """float32 [pos]: what a place attends to, or what attends to it; NaN where nothing can."""
        rows = self.map if self.options.direction == "to" else self.map.T
        if place.region is None:
            return rows[place.pos]
        # What the patches in it attend to, the mean; what attends to them, the sum.
        inside = overlap(self.result)[place.region]
        total = inside @ rows[self.result.places("patch")]
        return total / max(float(inside.sum()), 1e-9) if self.options.direction == "to" else total

    @cached_property
    def shown(self) -> tuple[JointPlace, ...]:
        """All that is pinned; where nothing is, as an example the place that every view begins with."""
        if self.pinned:
            return self.pinned
        _, start, stop = self.result.axes[0]
        own = self.result.tokens.taken(range(start, stop))
        return (JointPlace(start + own.default_query(is_causal=False)),)

    @property
    def _is_plan(self) -> bool:
        """Whether it is a transport plan, in which nothing looks at anything."""
        return shown_of(self.result, self.options.attention)[0] == "transport"

    @property
    def caption(self) -> str:
        which = about(self.result, self.options, self.head)
        places = ", ".join(map(self._name, self.shown))
        of = _tr("what {} looks at") if self.options.direction == "to" else _tr("what looks at {}")
        if self._is_plan:
            of = _tr("where {} goes") if self.options.direction == "to" else _tr("what goes to {}")
        scale = _tr("; words and image apart") if self.options.apart else ""
        example = "" if self.pinned else _tr("; an example, as nothing is pinned")
        return f"{which}: {of.format(places)}{scale}{example}"

    # Where things are

    def image_box(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the whole image is."""
        em = QFontMetricsF(style.font).height()
        height, width = self.result.picture.original.shape[:2]
        area = rect.adjusted(0, _HEAD * em, 0, -self._words_height(rect, style) - _GAP * em)
        return letterbox(height, width, area)

    def to_sheet(self, box: np.ndarray, image: QRectF) -> QRectF:
        """A box in pixels of the image as it is painted."""
        width, height = self.result.picture.size
        x0, y0, x1, y1 = (float(number) for number in box)
        return part_rect((x0 / width, y0 / height, x1 / width, y1 / height), image)

    def to_pixels(self, point: QPointF, image: QRectF) -> tuple[float, float]:
        """A point of the sheet in pixels of the image, at most at its edge."""
        width, height = self.result.picture.size
        x = (point.x() - image.left()) / max(image.width(), 1) * width
        y = (point.y() - image.top()) / max(image.height(), 1) * height
        return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))

    @cached_property
    def _spoken(self) -> list[int]:
        """Positions that are chips: all that are no part of the image."""
        return [pos for pos, kind in enumerate(self.result.kinds) if KINDS[kind] not in OF_IMAGE]

    def chips(
        self, rect: QRectF, style: FigureStyle, values: np.ndarray | None = None
    ) -> tuple[tuple[Chip, ...], list]:
        """The words, tinted by numbers, and where they are."""
        result = self.result
        spoken = self._spoken
        high = 0.0
        if values is not None:
            of_words = np.nan_to_num(values[result.places(*OF_TEXT)])
            high = float(of_words.max(initial=0.0))
        chips = tuple(
            Chip(
                clean(result.tokens.words[pos]),
                "special" if KINDS[result.kinds[pos]] in ("special", "other") else "",
                bool(result.tokens.starts_word[pos]),
                0.0 if values is None or high <= 0 else float(np.clip(np.nan_to_num(values[pos]) / high, 0, 1)),
            )
            for pos in spoken
        )
        boxes = lay_out(chips, rect.width(), QFontMetricsF(style.font))
        top = rect.bottom() - height_of(boxes)
        return chips, [box.translated(rect.left(), top) for box in boxes]

    def _words_height(self, rect: QRectF, style: FigureStyle) -> float:
        _, boxes = self.chips(rect, style)
        em = QFontMetricsF(style.font).height()
        return (boxes[-1].bottom() - boxes[0].top() if boxes else 0.0) + 1.4 * em

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        height, width = self.result.picture.original.shape[:2]
        return QSizeF(max(26 * em * width / height, 30 * em), 26 * em + (_HEAD + 6) * em)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        self._paint_places(painter, rect, style, self.shown)
        painter.restore()

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: JointPlace) -> None:
        """The same for the place that is pointed at, in place of what is pinned."""
        painter.save()
        painter.setFont(style.font)
        painter.fillRect(rect, style.theme.paper)
        self._paint_places(painter, rect, style, (spot,))
        painter.restore()

    def _paint_places(
        self, painter: QPainter, rect: QRectF, style: FigureStyle, places: tuple[JointPlace, ...]
    ) -> None:
        result, em = self.result, QFontMetricsF(style.font).height()
        image = self.image_box(rect, style)
        values = self.values(places[0]) if len(places) == 1 else None
        line = QRectF(rect.left(), image.top() - _HEAD * em, rect.width(), _HEAD * em)
        paint_title(painter, self._title(places, values), line, style, shrinks=True)
        paint_image(painter, result.picture.original, image)
        if len(places) > 1:
            self._paint_colors(painter, places, image, style)
        elif values is not None and len(result.places("patch")):
            seen = on_patches(result, values)
            high = float(np.nanmax(seen)) if np.isfinite(seen).any() else 0.0
            if high > 0:
                part = part_rect(result.picture.box, image)
                paint_overlay(painter, seen, high, part, Look(self.options.opacity), style)
        paint_border(painter, image, style)
        if result.regions is not None and (self.options.boxes or len(result.places("region"))):
            beside = (image.left() - rect.left(), rect.right() - image.right())
            self._paint_boxes(painter, image, beside, style, values, places)
        for place in places:
            if place.region is None and KINDS[result.kinds[place.pos]] == "patch":
                box = self.to_sheet(result.boxes[place.pos], image)
                paint_frame(painter, box, style.theme.accent, Qt.PenStyle.DotLine)
        self._paint_words(painter, rect, style, values, places)

    def _title(self, places: tuple[JointPlace, ...], values: np.ndarray | None) -> str:
        result = self.result
        if values is None:
            return _tr("Each part of the image in the colour of the pinned place that looks at it most")
        on_image = values[result.places(*OF_IMAGE)]
        if not np.isfinite(on_image).any():
            return _tr("{} reads no part of the image here").format(self._name(places[0]))
        most = percent(float(np.nanmax(on_image)))
        if self._is_plan:
            to = self.options.direction == "to"
            text = (
                _tr("{}: at most {} goes to one part of the image") if to else _tr("{}: one part sends it at most {}")
            )
            return text.format(self._name(places[0]), most)
        if self.options.direction == "from":
            text = _tr("{}: a part of the image gives it {} of its attention on average, and at most {}")
            return text.format(self._name(places[0]), percent(float(np.nanmean(on_image))), most)
        one_of = number_of(len(on_image), "regions" if len(result.places("region")) else "patches")
        if self._has_own_sum:
            text = _tr("{}: its attention to the image goes to {}, at most {} to one").format(
                self._name(places[0]), one_of, most
            )
            # Beside its regions the image as a whole, which is no box.
            for pos in self._beside_parts:
                if values[pos] >= _LEAST_REST:
                    text = _tr("{}, and {} to {}").format(text, percent(float(values[pos])), named(result, pos))
            return text
        text = _tr("{}: {} of its attention goes to the image, to {}, at most {} to one")
        return text.format(self._name(places[0]), percent(float(np.nansum(on_image))), one_of, most)

    @cached_property
    def _image_axis(self) -> slice:
        """Places of the sequence in which the image is."""
        first = int(self.result.places(*OF_IMAGE)[0])
        return next(slice(start, stop) for _, start, stop in self.result.axes if start <= first < stop)

    @property
    def _beside_parts(self) -> list[int]:
        """Places of that sequence that are no part of the image; none where what goes to these parts adds up to 1."""
        axis, other = self._image_axis, KINDS.index("other")
        places = range(axis.start, axis.stop)
        return [] if self.options.apart else [pos for pos in places if self.result.kinds[pos] == other]

    @property
    def _has_own_sum(self) -> bool:
        """Whether what goes to the image adds up to 1 beside what goes to words."""
        return self.options.apart or not is_of(self.result.kinds[self._image_axis], *OF_TEXT).any()

    def _name(self, place: JointPlace) -> str:
        if place.region is not None:
            assert self.result.regions is not None
            return clean(self.result.regions.labels[place.region]) or _tr("box {}").format(place.region)
        return named(self.result, place.pos)

    def _paint_colors(
        self, painter: QPainter, places: tuple[JointPlace, ...], image: QRectF, style: FigureStyle
    ) -> None:
        """Every part of the image in the colour of the place that looks most at it, each by its own highest number."""
        result = self.result
        parts = result.places(*OF_IMAGE)
        values = np.stack([np.nan_to_num(self.values(place))[parts] for place in places])
        levels = values / np.maximum(values.max(1, keepdims=True), 1e-9)
        for pos, winner, level in zip(parts, levels.argmax(0), levels.max(0), strict=True):
            color = QColor(_color(int(winner), style))
            color.setAlphaF(self.options.opacity * float(level))
            painter.fillRect(self.to_sheet(result.boxes[pos], image), color)

    def _paint_boxes(
        self,
        painter: QPainter,
        image: QRectF,
        beside: tuple[float, float],
        style: FigureStyle,
        values: np.ndarray | None,
        places: tuple[JointPlace, ...],
    ) -> None:
        result, regions = self.result, self.result.regions
        assert regions is not None
        own = result.places("region").tolist()
        pointed = {own.index(place.pos) if place.pos in own else place.region for place in places} - {None}
        shares = None if values is None else on_regions(result, values)
        marks = BoxMarks(regions, shares, bool(own), {number for number in pointed if number is not None})
        marks.paint(painter, [self.to_sheet(box, image) for box in regions.boxes], image, style, beside)

    def _paint_words(
        self,
        painter: QPainter,
        rect: QRectF,
        style: FigureStyle,
        values: np.ndarray | None,
        places: tuple[JointPlace, ...],
    ) -> None:
        em = QFontMetricsF(style.font).height()
        chips, boxes = self.chips(rect, style, values)
        if boxes:
            line = QRectF(rect.left(), boxes[0].top() - 1.4 * em, rect.width(), 1.2 * em)
            text = _tr("Words and tags") if len(self.result.places("tag")) else _tr("Words")
            if any(chip.tint > 0 for chip in chips):
                text = _tr("{}, the more coloured the more lies on them").format(text)
                if self._has_own_sum:
                    text = _tr("{}; with a sum of their own, beside that of the image").format(text)
            paint_title(painter, text, line, style, is_faint=True)
        paint_chips(painter, chips, boxes, QPointF(0, 0), style)
        for number, place in enumerate(places):
            if place.region is None and place.pos in self._spoken:
                painter.setPen(QPen(_color(number, style) if len(places) > 1 else style.theme.accent, 2.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(boxes[self._spoken.index(place.pos)].adjusted(-1, -1, 1, 1))

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> JointPlace | None:
        """The word, the smallest box, or the patch under a point; in a box no patch, while boxes are shown."""
        _, boxes = self.chips(rect, style)
        for pos, box in zip(self._spoken, boxes, strict=True):
            if box.contains(point):
                return JointPlace(pos)
        image = self.image_box(rect, style)
        if not image.contains(point):
            return None
        x, y = self.to_pixels(point, image)
        result = self.result
        if result.regions is not None and self.options.boxes and not len(result.places("region")):
            boxes = result.regions.boxes
            held = np.flatnonzero((boxes[:, :2] <= (x, y)).all(1) & (boxes[:, 2:] > (x, y)).all(1))
            if len(held):
                areas = np.prod(boxes[held, 2:] - boxes[held, :2], axis=1)
                return JointPlace(-1, int(held[areas.argmin()]))
        places = result.places(*OF_IMAGE)
        is_in = (result.boxes[places, :2] <= (x, y)).all(1) & (result.boxes[places, 2:] > (x, y)).all(1)
        if not is_in.any():
            return None
        inside = places[is_in]
        areas = np.prod(result.boxes[inside, 2:] - result.boxes[inside, :2], axis=1)
        return JointPlace(int(inside[areas.argmin()]))

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a place."""
        if not isinstance(spot, JointPlace):
            return False
        regions = self.result.regions
        if spot.region is not None:
            return regions is not None and self.options.boxes and spot.region < len(regions)
        return spot.pos < len(self.result.kinds)

    def step(
        self, spot: JointPlace | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> JointPlace | None:
        """Left and right the place beside in the sequence; up and down between the words and the image."""
        if spot is None or spot.region is not None:
            return JointPlace(self._spoken[0] if self._spoken else 0)
        parts = self.result.places(*OF_IMAGE).tolist()
        if down and parts and self._spoken:
            is_word = spot.pos in self._spoken
            return JointPlace((parts if is_word else self._spoken)[0])
        own = self._spoken if spot.pos in self._spoken else parts
        return JointPlace(own[min(max(own.index(spot.pos) + right, 0), len(own) - 1)])

    def describe(self, spot: JointPlace) -> str:
        """A place, and the places on which most lies."""
        result = self.result
        values = np.nan_to_num(self.values(spot), nan=-1.0)
        best = [int(pos) for pos in np.argsort(-values, kind="stable")[:_MOST_NAMED] if values[pos] >= 0]
        told = ", ".join(f"{named(result, pos)} {short(float(values[pos]), 3)}" for pos in best)
        of = _tr("{}, {}: looks most at {}") if self.options.direction == "to" else _tr("{}, {}: looked at most by {}")
        if self._is_plan:
            of = _tr("{}, {}: goes to {}") if self.options.direction == "to" else _tr("{}, {}: comes from {}")
        where = _tr("box {}").format(spot.region) if spot.region is not None else _tr("position {}").format(spot.pos)
        return of.format(self._name(spot), where, told or _tr("nothing"))

    def numbers(self) -> Numbers:
        """A row for every pair of places that attend; NPZ holds all heads."""
        result, words = self.result, [clean(word) for word in self.result.tokens.words]
        of = [place.pos for place in self.pinned if place.region is None] or list(range(len(words)))
        rows: list[tuple[str | int | float, ...]] = [
            (query, words[query], KINDS[result.kinds[query]], key, words[key], KINDS[result.kinds[key]], float(value))
            for query in of
            for key, value in enumerate(self.map[query])
            if np.isfinite(value)
        ]
        header = ("query", "query word", "query kind", "key", "key word", "key kind", "attention")
        return Numbers(arrays_of(result) | {"map": self.map}, header, rows)


def _color(number: int, style: FigureStyle) -> QColor:
    return style.theme.series[number % len(style.theme.series)]
