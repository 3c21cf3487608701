"""Colours that a masked Image GPT puts in place of masked pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter

from inference.results.masked_pixels import MaskedPixelsResult
from widgets.figures.color_bar import ColorBar
from widgets.figures.image_geometry import letterbox, patch_at, patch_rect, tiles
from widgets.figures.image_parts import Look, paint_border, paint_frame, paint_image, paint_overlay, paint_title
from widgets.figures.prediction_cards import percent
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_HEAD, _GAP = 1.5, 0.8  # em
_HIDDEN, _HATCH = 96, QColor("#FFFFFF")  # grey of a masked pixel, and the lines over it


def _tr(text: str) -> str:
    return QCoreApplication.translate("MaskedPixelsFigure", text)


class MaskedPixelSpot(NamedTuple):
    """A pixel in one of the panels."""

    panel: int
    pixel: int


@dataclass(frozen=True)
class MaskedPixelsFigure:
    """The image in the palette's colours, what the model sees of it, its most probable colours for the masked pixels,
    and how probable the image's own were to it."""

    result: MaskedPixelsResult

    @property
    def caption(self) -> str:
        text = _tr("{} of {} pixels masked; the most probable colour is the image's own at {} of them")
        return text.format(len(self.result.masked), len(self.result.own), self.n_right)

    @property
    def n_right(self) -> int:
        """Masked pixels whose most probable colour is the image's own."""
        result = self.result
        if not len(result.masked):
            return 0
        return int((result.probabilities.argmax(1) == result.own[result.masked]).sum())

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows, n_columns = self.result.grid
        return QSizeF(4 * (13 + _GAP) * em, (13 * n_rows / n_columns + _HEAD) * em)

    @property
    def _bar(self) -> ColorBar:
        """What the colours of the last panel say."""
        return ColorBar(1.0, "raw", _tr("Probability"))

    def boxes(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where the image of each panel is."""
        em = QFontMetricsF(style.font).height()
        height, width = self.result.grid
        area = rect.adjusted(0, 0, -self._bar.width(QFontMetricsF(style.font)), 0)
        places = tiles(4, width / height, area, _HEAD * em, _GAP * em)
        return [letterbox(height, width, place.adjusted(0, _HEAD * em, 0, 0)) for place in places]

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> MaskedPixelSpot | None:
        """The pixel under a point."""
        for panel, box in enumerate(self.boxes(rect, style)):
            pixel = patch_at(point, self.result.grid, box)
            if pixel is not None:
                return MaskedPixelSpot(panel, pixel)
        return None

    def has_spot(self, spot: MaskedPixelSpot, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a pixel."""
        return spot.pixel < len(self.result.own)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: MaskedPixelSpot) -> None:
        """Frame the pixel that is pointed at, in every panel."""
        painter.save()
        for box in self.boxes(rect, style):
            paint_frame(painter, patch_rect(spot.pixel, self.result.grid, box), style.theme.accent)
        painter.restore()

    def step(
        self, spot: MaskedPixelSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> MaskedPixelSpot | None:
        """The pixel beside, in the same panel."""
        if spot is None:
            return MaskedPixelSpot(0, 0)
        n_rows, n_columns = self.result.grid
        row, column = divmod(spot.pixel, n_columns)
        row, column = min(max(row + down, 0), n_rows - 1), min(max(column + right, 0), n_columns - 1)
        return MaskedPixelSpot(spot.panel, row * n_columns + column)

    def describe(self, pixel: int) -> str:
        """What is known of a pixel."""
        result = self.result
        parts = [_tr("Pixel ({}, {})").format(*divmod(pixel, result.grid[1]))]
        parts.append(_tr("colour {}").format(int(result.own[pixel])))
        place = np.flatnonzero(result.masked == pixel)
        if not len(place):
            return ", ".join((*parts, _tr("the model sees it")))
        expected = result.probabilities[int(place[0])]
        best = np.argsort(-expected, kind="stable")[:5].tolist()
        parts.append(_tr("probability {}").format(percent(float(expected[result.own[pixel]]))))
        parts.append(_tr("expected: {}").format(", ".join(f"{c} {percent(float(expected[c]))}" for c in best)))
        return ", ".join(parts)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        result = self.result
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        palette = np.vstack([result.palette, [[_HIDDEN] * 3]]).astype(np.uint8)
        hidden, filled = result.own.astype(int), result.own.astype(int)
        hidden[result.masked] = -1
        filled[result.masked] = result.probabilities.argmax(1)
        own_probs = np.full(len(result.own), np.nan, np.float32)
        own_probs[result.masked] = result.probabilities[np.arange(len(result.masked)), result.own[result.masked]]
        titles = (
            _tr("In {} colours").format(len(result.palette)),
            _tr("What the model sees"),
            _tr("With the expected colours"),
            _tr("Probability of the true colour"),
        )
        for panel, (title, box) in enumerate(zip(titles, self.boxes(rect, style), strict=True)):
            pixels = (result.own, hidden, filled, hidden)[panel]
            paint_image(painter, palette[pixels].reshape(*result.grid, 3), box)
            if panel == 3:
                paint_overlay(painter, own_probs.reshape(result.grid), 1.0, box, Look(1.0), style)
            elif panel == 1:
                self._paint_masks(painter, box)
            paint_border(painter, box, style)
            line = QRectF(box.left(), box.top() - _HEAD * em, box.width(), _HEAD * em)
            paint_title(painter, title, line, style, shrinks=True)
            if panel == 3:
                self._bar.paint(painter, box, style)
        painter.restore()

    def _paint_masks(self, painter: QPainter, box: QRectF) -> None:
        """Hatch what is masked: any single colour may be one of the image's own."""
        for pixel in self.result.masked.tolist():
            painter.fillRect(patch_rect(pixel, self.result.grid, box), QBrush(_HATCH, Qt.BrushStyle.BDiagPattern))

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "seen": result.seen,
            "grid": np.array(result.grid),
            "palette": result.palette,
            "own": result.own,
            "masked": result.masked,
            "probabilities": result.probabilities,
        }
        rows: list[tuple[str | int | float, ...]] = [
            (*divmod(pixel, result.grid[1]), int(own), int(expected.argmax()), float(expected[own]))
            for pixel, own, expected in zip(
                result.masked.tolist(), result.own[result.masked].tolist(), result.probabilities, strict=True
            )
        ]
        return Numbers(arrays, ("row", "column", "own", "expected", "probability_of_own"), rows)
