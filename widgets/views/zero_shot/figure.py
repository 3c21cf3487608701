"""The likeliest labels of each image, as bars."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.zero_shot import ZeroShotResult
from widgets.figures.candidate_bars import Candidate, CandidateBars
from widgets.figures.counts import number_of
from widgets.figures.image_geometry import letterbox
from widgets.figures.image_parts import paint_border, paint_image
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.zero_shot.options import ZeroShotOptions

_BLOCK, _SIDE, _GAP = 27.0, 6.0, 1.2  # em: width of an image with its bars, side of the image, space between blocks
_LEAST, _LARGEST = 4.0, 22.0  # em: side of an image where labels leave little room, and where there is much
_BARS = 5.0  # em that images beside each other, or one that grows, leave the bars beyond the least


def _tr(text: str) -> str:
    return QCoreApplication.translate("ZeroShotFigure", text)


class RankedLabel(NamedTuple):
    """A label of an image, by its place among the shown ones."""

    image: int
    place: int


@dataclass(frozen=True)
class ZeroShotFigure:
    """A block for each image: the image, and bars of its likeliest labels.

    Attributes
    ----------
    images, labels
        Names of the images, and the labels.
    """

    result: ZeroShotResult
    images: tuple[str, ...]
    labels: tuple[str, ...]
    options: ZeroShotOptions = field(default_factory=ZeroShotOptions)

    @cached_property
    def ranked(self) -> np.ndarray:
        """int64 [image, place]: the likeliest labels first."""
        return np.argsort(-self.result.cosines, axis=1, kind="stable")[:, : self.options.top_k]

    @property
    def caption(self) -> str:
        templates = self.options.each_template
        text = _tr("Labels in “{}”").format(isolated(templates[0]))
        if len(templates) > 1:
            text = _tr("Labels in {} templates, whose vectors are averaged").format(len(templates))
        if self.result.is_each_pair_judged:
            return _tr("{}: each judged for itself, by a sigmoid").format(text)
        return _tr("{}: softmax over {}, so a choice among these only").format(
            text, number_of(len(self.labels), "labels")
        )

    def bars(self, image: int) -> CandidateBars:
        """The bars of an image."""
        probabilities = self.result.probabilities
        candidates = tuple(
            Candidate(clean(self.labels[label]), float(probabilities[image, label]), float(probabilities[image, label]))
            for label in self.ranked[image]
        )
        return CandidateBars(clean(self.images[image]), candidates, 0)

    def _block_height(self, em: float) -> float:
        return max(_SIDE * em, self.bars(0).height(em)) + _GAP * em

    def _bars_width(self, style: FigureStyle) -> float:
        return max((self.bars(image).width(style) for image in range(len(self.images))), default=0.0)

    def _block_width(self, style: FigureStyle) -> float:
        em = QFontMetricsF(style.font).height()
        return max(_BLOCK * em, (_LEAST + 0.8 + _BARS) * em + self._bars_width(style))

    def _columns(self, width: float, style: FigureStyle) -> int:
        """As many as leave labels whole; no more than as many rows take."""
        em = QFontMetricsF(style.font).height()
        block = self._block_width(style)
        most = max(1, min(len(self.images), int((width + _GAP * em) / (block + _GAP * em))))
        n_rows = -(-len(self.images) // most)
        return -(-len(self.images) // n_rows)

    def blocks(self, rect: QRectF, style: FigureStyle) -> list[tuple[QRectF, QRectF]]:
        """Where each image and its bars are."""
        em = QFontMetricsF(style.font).height()
        columns = self._columns(rect.width(), style)
        width = min((rect.width() - (columns - 1) * _GAP * em) / columns, 2 * _BLOCK * em)
        room = min(_LARGEST * em, rect.height() / -(-len(self.images) // columns) - _GAP * em)
        wanted = min(max(_SIDE * em, room), width - (0.8 + _BARS) * em - self._bars_width(style))
        side = max(min(_LEAST * em, 0.3 * width), wanted)
        height = max(self._block_height(em), side + _GAP * em)
        found = []
        for i in range(len(self.images)):
            left = rect.left() + i % columns * (width + _GAP * em)
            top = rect.top() + i // columns * height
            bars = QRectF(left + side + 0.8 * em, top, width - side - 0.8 * em, height - _GAP * em)
            found.append((QRectF(left, top, side, side), bars))
        return found

    def least_size(self, width: float, style: FigureStyle) -> QSizeF:
        """As high as all blocks are at that width."""
        em = QFontMetricsF(style.font).height()
        return QSizeF(0, -(-len(self.images) // self._columns(width, style)) * self._block_height(em))

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        columns = min(len(self.images), 2 if len(self.images) < 9 else 3)
        width = columns * (self._block_width(style) + _GAP * em)
        return QSizeF(width, self.least_size(width, style).height())

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        for number, (side, area) in enumerate(self.blocks(rect, style)):
            image = self.result.thumbnails[number]
            box = letterbox(image.shape[0], image.shape[1], side)
            paint_image(painter, image, box)
            paint_border(painter, box, style)
            self.bars(number).paint(painter, area, style)
        painter.restore()

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> RankedLabel | None:
        """The label under a point."""
        for number, (_, area) in enumerate(self.blocks(rect, style)):
            if area.contains(point):
                place = self.bars(number).row_at(point, area, style)
                return None if place is None else RankedLabel(number, place)
        return None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a label."""
        return isinstance(spot, RankedLabel) and spot.image < len(self.images) and spot.place < self.ranked.shape[1]

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: RankedLabel) -> None:
        """Frame a label."""
        _, area = self.blocks(rect, style)[spot.image]
        painter.save()
        paint_border(painter, self.bars(spot.image).row(spot.place, area, style), style, is_selected=True)
        painter.restore()

    def step(
        self, spot: RankedLabel | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> RankedLabel | None:
        """The label beside: up and down within an image and into the next one, left and right to other images."""
        if spot is None:
            return RankedLabel(0, 0)
        image, place = spot.image + right, spot.place + down
        columns = self._columns(rect.width(), style)
        n_images, n_places = self.ranked.shape
        if place >= n_places and image + columns < n_images:
            image, place = image + columns, 0
        elif place < 0 and image >= columns:
            image, place = image - columns, n_places - 1
        return RankedLabel(min(max(image, 0), n_images - 1), min(max(place, 0), n_places - 1))

    def describe(self, spot: RankedLabel) -> str:
        """The numbers of a label."""
        label = int(self.ranked[spot.image, spot.place])
        result = self.result
        text = _tr("{}, “{}”: {:.2f} %, cosine {:.4f}, rank {} of {}")
        return text.format(
            isolated(self.images[spot.image]), isolated(self.labels[label]),
            100 * result.probabilities[spot.image, label], result.cosines[spot.image, label], spot.place + 1,
            len(self.labels),
        )  # fmt: skip

    def numbers(self) -> Numbers:
        """All labels of all images."""
        result = self.result
        arrays = {
            "probabilities": result.probabilities,
            "logits_per_image": result.logits,
            "cosines": result.cosines,
            "images": np.array(self.images, np.str_),
            "labels": np.array(self.labels, np.str_),
            "templates": np.array(self.options.each_template, np.str_),
        }
        rows: list[tuple[str | int | float, ...]] = [
            (name, *(float(value) for value in row))
            for name, row in zip(self.images, result.probabilities, strict=True)
        ]
        return Numbers(arrays, ("image", *self.labels), rows)
