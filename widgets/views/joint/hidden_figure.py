"""A region whose vector is hidden, and what the model believes it to be: with the words, and with the words masked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter

from inference.results.hidden_region import HiddenRegionResult
from widgets.figures import prediction_cards
from widgets.figures.image_geometry import letterbox, part_rect
from widgets.figures.image_parts import paint_border, paint_frame, paint_image
from widgets.figures.prediction_cards import Card, CardGrid, percent
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.joint.boxes import BoxMarks

_HEAD, _GAP = 0.4, 1.2  # em
_IMAGE_SHARE = 0.42  # of the width


class RegionSpot(NamedTuple):
    """A region, by its number."""

    region: int


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointHiddenFigure", text)


@dataclass(frozen=True)
class JointHiddenFigure:
    """The image with its boxes, one of them covered, and beside it two cards of classes."""

    result: HiddenRegionResult

    @property
    def caption(self) -> str:
        result = self.result
        if result.why_none:
            return _tr("No hidden regions: {}.").format(result.why_none)
        if result.region < 0:
            return _tr("Click a region to hide it, and see what the words and the other regions tell of it.")
        best = isolated(clean(result.names[0][0]))
        text = _tr("Region {} is hidden: {} with {}").format(result.region, best, percent(float(result.probs[0, 0])))
        if not result.truth:
            return text
        told = _tr("; it is {}, which has {} with the words and {} with the words masked")
        seen, blind = (percent(float(prob)) for prob in result.truth_probs)
        return text + told.format(isolated(clean(result.truth)), seen, blind)

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """With the words, and with the words masked; none where nothing is hidden."""
        if not self.result.probs.size:
            return ()
        return tuple(self._card(part, title) for part, title in enumerate((_tr("with the words"), _tr("words masked"))))

    def _card(self, part: int, title: str) -> Card:
        result = self.result
        prob = float(result.truth_probs[part]) if result.truth else 0.0
        return Card.of_words(title, result.names[part], result.probs[part], result.truth, prob)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(64 * em, 28 * em)

    # Where things are

    def image_box(self, rect: QRectF, style: FigureStyle) -> QRectF:
        """Where the whole image is."""
        em = QFontMetricsF(style.font).height()
        height, width = self.result.picture.original.shape[:2]
        area = rect.adjusted(0, _HEAD * em, 0, 0)
        if not self.result.why_none:  # else nothing will stand beside it
            area.setWidth(min(_IMAGE_SHARE * rect.width(), area.height() * width / height))
        return letterbox(height, width, area)

    def places(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where the regions are on the sheet."""
        image, size = self.image_box(rect, style), np.array(self.result.picture.size * 2, np.float32)
        found = (self.result.regions.boxes / size).tolist()
        return [part_rect((x0, y0, x1, y1), image) for x0, y0, x1, y1 in found]

    def _grid(self, rect: QRectF, style: FigureStyle) -> tuple[CardGrid, QPointF]:
        metrics = QFontMetricsF(style.font)
        left, top = self.image_box(rect, style).right() + _GAP * metrics.height(), rect.top() + _HEAD * metrics.height()
        grid = prediction_cards.lay_out(self.cards, rect.right() - left, metrics, rect.bottom() - top)
        return grid, QPointF(left, top)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        image, places = self.image_box(rect, style), self.places(rect, style)
        paint_image(painter, self.result.picture.original, image)
        paint_border(painter, image, style)
        hidden = self.result.region
        if hidden >= 0:
            painter.fillRect(places[hidden], QColor(70, 70, 70, 235))
            painter.fillRect(places[hidden], QBrush(QColor("#FFFFFF"), Qt.BrushStyle.BDiagPattern))
        marks = BoxMarks(self.result.regions, None, False, {hidden} if hidden >= 0 else ())
        marks.paint(painter, places, image, style)
        grid, origin = self._grid(rect, style)
        prediction_cards.paint_cards(painter, self.cards, grid, origin, style)
        painter.restore()

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> RegionSpot | None:
        """The smallest region under a point."""
        if self.result.why_none:
            return None
        under = [
            (box.width() * box.height(), i) for i, box in enumerate(self.places(rect, style)) if box.contains(point)
        ]
        return RegionSpot(min(under)[1]) if under else None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a region."""
        return isinstance(spot, RegionSpot) and spot.region < len(self.result.regions) and not self.result.why_none

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: RegionSpot) -> None:
        """Frame the region."""
        painter.save()
        paint_frame(painter, self.places(rect, style)[spot.region], style.theme.accent, Qt.PenStyle.DashLine)
        painter.restore()

    def step(
        self, spot: RegionSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> RegionSpot | None:
        """The next region."""
        if self.result.why_none:
            return None
        at = spot.region + right + down if spot is not None else 0
        return RegionSpot(min(max(at, 0), len(self.result.regions) - 1))

    def describe(self, spot: RegionSpot) -> str:
        """What a click does."""
        name = isolated(clean(self.result.regions.labels[spot.region])) or _tr("no name")
        is_hidden = spot.region == self.result.region
        text = _tr("Region {}, {}: a click shows it again") if is_hidden else _tr("Region {}, {}: a click hides it")
        return text.format(spot.region, name)

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (title, rank, name, float(prob))
            for part, title in enumerate(("with the words", "words masked"))
            for rank, (name, prob) in enumerate(zip(result.names[part], result.probs[part], strict=False), 1)
        ]
        arrays = {
            "region": np.array(result.region),
            "region_boxes": result.regions.boxes,
            "region_labels": np.array(tuple(map(clean, result.regions.labels)), np.str_),
            "names": np.array(result.names, np.str_),
            "probs": result.probs,
            "probs_axes": np.array(["with the words, words masked", "rank"]),
            "truth": np.array(result.truth),
            "truth_probs": result.truth_probs,
        }
        return Numbers(arrays, ("given", "rank", "class", "probability"), rows or [("", "", "", "")])
