"""Boxes over an image, with their labels, brighter the more lies on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.regions import Regions
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.kit.clean import clean
from widgets.look import color_maps
from widgets.look.theme import FigureStyle

_LEAST_VEIL, _MOST_VEIL = 0.12, 0.55  # opacity of the colour in a box
_ROOMY, _LEAST_LETTERS = 18.0, 0.72  # em of width from which labels are whole; how small their letters may be

_RIM = 0.1  # em above and below the letters of a label, which another may lie on
_NEAR = 0.2  # em from a box within which a label seems to be of it


@dataclass(frozen=True)
class BoxMarks:
    """What is told of the boxes.

    Attributes
    ----------
    shares
        float32 [region]: what lies on each; None while nothing is pointed at.
    is_filled
        Whether boxes are coloured by that; over patches, which are, they are not.
    pointed
        Numbers of those that are pointed at or pinned.
    """

    regions: Regions
    shares: np.ndarray | None
    is_filled: bool
    pointed: Collection[int]

    def paint(
        self,
        painter: QPainter,
        places: Sequence[QRectF],
        image: QRectF,
        style: FigureStyle,
        beside: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Paint them where they are on the sheet, what has most of them in front, and all labels upon them.

        Parameters
        ----------
        beside
            Free width at the left and at the right of the image, for labels that would hide another thing.
        """
        shares = np.zeros(len(places), np.float32) if self.shares is None else np.nan_to_num(self.shares)
        high = float(shares.max(initial=0.0))
        table = color_maps.lookup(style.color_map)
        order = [int(number) for number in np.argsort(shares, kind="stable")]
        for number in order:
            if self.is_filled and high > 0:
                level = float(shares[number]) / high
                color = QColor.fromRgb(int(table[round(255 * level)]))
                color.setAlphaF(_LEAST_VEIL + (_MOST_VEIL - _LEAST_VEIL) * level)
                painter.fillRect(places[number], color)
            _paint_outline(painter, places[number], style, is_pointed=number in self.pointed)
        # Over a small image letters are smaller, and less is said, so that the things are seen.
        room = image.width() / QFontMetricsF(style.font).height()
        font = resized(style.font, min(max(room / _ROOMY, _LEAST_LETTERS), 1.0))
        metrics = QFontMetricsF(font)
        em = metrics.height()
        texts = [self._told(number, with_score=room >= _ROOMY) for number in range(len(places))]
        widths = [min(metrics.horizontalAdvance(text) + 0.5 * em, image.width()) if text else 0.0 for text in texts]
        labels = label_places(widths, places, image, em, beside)
        painter.save()
        painter.setFont(font)
        for number in order:
            _paint_label(painter, texts[number], labels[number], metrics)
        painter.restore()

    def _told(self, number: int, *, with_score: bool) -> str:
        """Its label, and what lies on it; else how sure the detector is."""
        words = [clean(self.regions.labels[number])] if self.regions.labels[number] else []
        if self.shares is not None and np.isfinite(self.shares[number]):
            words.append(percent(float(self.shares[number])))
        elif with_score and self.shares is None and np.isfinite(self.regions.scores[number]):
            words.append(f"({self.regions.scores[number]:.2f})")
        return "  ".join(words)


def _paint_outline(painter: QPainter, box: QRectF, style: FigureStyle, *, is_pointed: bool) -> None:
    """White on black, which is seen on any image; what is pointed at in the accent."""
    inner = style.theme.accent if is_pointed else QColor("#FFFFFF")
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((QColor("#000000"), 3.4), (inner, 2.2 if is_pointed else 1.4)):
        pen = QPen(color, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(box)


def label_places(
    widths: Sequence[float],
    boxes: Sequence[QRectF],
    image: QRectF,
    em: float,
    beside: tuple[float, float] = (0.0, 0.0),
) -> list[QRectF]:
    """Where labels stand: at the upper left of their boxes, or elsewhere where that hides a label or another thing.

    A label lies rather on its own thing than on another one, of which it would seem to be.

    Parameters
    ----------
    widths
        Of the labels, 0 where a box has none.
    em
        Height of a line of letters.
    beside
        See `BoxMarks.paint`.
    """
    room = image.adjusted(-beside[0], 0, beside[1], 0)
    found: list[QRectF] = []
    taken: list[QRectF] = []
    for number, (width, box) in enumerate(zip(widths, boxes, strict=True)):
        others = [*boxes[:number], *boxes[number + 1 :]]
        lines = (box.top() - 1.15 * em, box.bottom() + 0.05 * em, box.top() + 2, box.bottom() - 1.1 * em - 2)
        tops = [top for top in lines if image.top() <= top <= image.bottom() - 1.1 * em] or [max(lines[2], image.top())]
        wanted = (box.left(), box.right() - width, box.center().x() - width / 2)
        lefts = [min(max(left, area.left()), area.right() - width) for area in (image, room) for left in wanted]
        places = [QRectF(left, top, width, 1.1 * em) for top in tops for left in lefts]
        beside = (box.left() - width - 0.05 * em, box.right() + 0.05 * em)
        of_side = [QRectF(left, box.center().y() - 0.55 * em, width, 1.1 * em) for left in beside]
        places += [place for place in of_side if room.contains(place)]
        place = min(places, key=lambda each: _cost(each, box, others, taken, em))
        found.append(place)
        if width:
            taken.append(place.adjusted(0, _RIM * em, 0, -_RIM * em))
    return found


def _cost(
    place: QRectF, own: QRectF, others: Sequence[QRectF], taken: Sequence[QRectF], em: float
) -> tuple[float, ...]:
    """What a label hides there: of labels, of things of others, of what is next to these, and of its own thing."""
    wide = place.adjusted(-_NEAR * em, -_NEAR * em, _NEAR * em, _NEAR * em)
    return _hidden(place, taken), _hidden(place, others), _hidden(wide, others), _hidden(place, [own])


def _hidden(place: QRectF, others: Sequence[QRectF]) -> float:
    """How much of others lies below a label."""
    common = [place.intersected(other) for other in others]
    return sum(each.width() * each.height() for each in common)


def _paint_label(painter: QPainter, text: str, place: QRectF, metrics: QFontMetricsF) -> None:
    """White letters on black."""
    if not text:
        return
    painter.fillRect(place, QColor(0, 0, 0, 200))
    painter.setPen(QColor("#FFFFFF"))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width() - 0.3 * metrics.height())
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, shown)
