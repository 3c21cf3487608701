"""Masked patches and what a model expects behind them: visual tokens as mosaics, and the images they stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.masked_image import MaskedImageResult
from widgets.figures.image_geometry import letterbox, patch_at, patch_rect, tiles
from widgets.figures.image_parts import paint_border, paint_frame, paint_image, paint_title
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

ImagePanel = Literal["masked", "own", "expected", "image", "rebuilt_own", "rebuilt"]
_HEAD, _GAP, _CARD, _CARD_HEIGHT = 1.5, 0.9, 15.0, 13.0  # em
_MASK = np.array([128, 128, 128], np.uint8)


def _tr(text: str) -> str:
    return QCoreApplication.translate("MaskedImageFigure", text)


def panel_title(panel: ImagePanel) -> str:
    """A panel for the user."""
    return {
        "masked": _tr("What the model sees"),
        "own": _tr("Its visual tokens"),
        "expected": _tr("With expected tokens"),
        "image": _tr("The image"),
        "rebuilt_own": _tr("Rebuilt from its tokens"),
        "rebuilt": _tr("Rebuilt from expected"),
    }[panel]


class PatchSpot(NamedTuple):
    """A patch in one of the panels."""

    panel: int
    patch: int


@dataclass(frozen=True)
class MaskedImageFigure:
    """Above, patches: what the model sees, the image's visual tokens, and those it expects under the masks. Below,
    pixels: the image, and what a decoder makes of either tokens. To the right the candidates of one patch.

    Attributes
    ----------
    masked
        Patches that are masked on screen: those of the result, or what is being brushed.
    patch
        Whose candidates are listed; None: the first masked one.
    by_number
        Visual tokens in colours by their number, instead of what they look like.
    """

    result: MaskedImageResult
    masked: frozenset[int] = field(default_factory=frozenset)
    patch: int | None = None
    by_number: bool = False

    @staticmethod
    def of(result: MaskedImageResult, patch: int | None = None, *, by_number: bool = False) -> MaskedImageFigure:
        """With the masks of the result."""
        return MaskedImageFigure(result, frozenset(result.masked.tolist()), patch, by_number)

    @property
    def caption(self) -> str:
        n, n_patches = len(self.masked), self.result.grid[0] * self.result.grid[1]
        text = _tr("{} of {} patches masked ({})").format(n, n_patches, percent(n / n_patches))
        if not len(self.result.original_probs) or not n:
            return text
        n_right, n_masked = self.n_right, len(self.result.masked)
        return _tr("{}; the expected token is the image's own at {} of {}").format(text, n_right, n_masked)

    @property
    def n_right(self) -> int:
        """Masked patches whose most probable token is the image's own."""
        result = self.result
        return int((result.ids[:, 0] == result.tokens[result.masked]).sum()) if len(result.masked) else 0

    @property
    def panels(self) -> tuple[ImagePanel, ...]:
        """Row by row; without a tokenizer there are no own tokens, without a decoder nothing is rebuilt."""
        result = self.result
        if result.rebuilt.size:
            return ("masked", "own", "expected", "image", "rebuilt_own", "rebuilt")
        return ("masked", "own", "expected") if len(result.tokens) else ("masked", "expected")

    @property
    def patch_shown(self) -> int | None:
        """The masked patch whose candidates are listed."""
        places = self.result.masked.tolist()
        if self.patch in places:
            return self.patch
        return places[0] if places else None

    def least_width(self, style: FigureStyle) -> float:
        """Images in which patches can be told apart, and what is expected at one."""
        height, width = self.result.seen.shape[:2]
        n_columns = min(3, len(self.panels))
        return (n_columns * (8 * width / height + _GAP) + _CARD + 1) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        height, width = self.result.seen.shape[:2]
        n_columns, n_rows = min(3, len(self.panels)), -(-len(self.panels) // 3)
        side = 14.0
        return QSizeF(
            (n_columns * (side * width / height + _GAP) + _CARD + 1) * em,
            max(n_rows * (side + _HEAD + _GAP), _CARD_HEIGHT) * em,
        )

    # Layout

    def boxes(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where the images of the panels are."""
        em = QFontMetricsF(style.font).height()
        height, width = self.result.seen.shape[:2]
        area = rect.adjusted(0, 0, -(self._card_width(rect, style) + em), 0)
        n_columns = min(3, len(self.panels))
        places = tiles(len(self.panels), width / height, area, _HEAD * em, _GAP * em, n_columns)
        return [letterbox(height, width, place.adjusted(0, _HEAD * em, 0, 0)) for place in places]

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> PatchSpot | None:
        """The patch under a point."""
        for panel, box in enumerate(self.boxes(rect, style)):
            patch = patch_at(point, self.result.grid, box)
            if patch is not None:
                return PatchSpot(panel, patch)
        return None

    def has_spot(self, spot: PatchSpot, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a patch."""
        return spot.panel < len(self.panels) and spot.patch < self.result.grid[0] * self.result.grid[1]

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: PatchSpot) -> None:
        """Frame the patch that is pointed at, in every panel."""
        painter.save()
        for box in self.boxes(rect, style):
            patch = patch_rect(spot.patch, self.result.grid, box)
            paint_frame(painter, patch, style.theme.accent, Qt.PenStyle.DotLine)
        painter.restore()

    def step(self, spot: PatchSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> PatchSpot | None:
        """The patch beside, in the same panel."""
        if spot is None:
            return PatchSpot(0, self.patch_shown or 0)
        n_rows, n_columns = self.result.grid
        row, column = divmod(spot.patch, n_columns)
        row, column = min(max(row + down, 0), n_rows - 1), min(max(column + right, 0), n_columns - 1)
        return PatchSpot(spot.panel, row * n_columns + column)

    def describe(self, patch: int) -> str:
        """The tokens of a patch."""
        result = self.result
        row, column = divmod(patch, result.grid[1])
        parts = [_tr("Patch ({}, {})").format(row, column)]
        if len(result.tokens):
            parts.append(_tr("its visual token is {}").format(int(result.tokens[patch])))
        place = self._place_of(patch)
        if place is None:
            parts.append(_tr("the model sees it") if patch not in self.masked else _tr("masked; asking the model …"))
        else:
            expected, prob = int(result.ids[place, 0]), float(result.probs[place, 0])
            parts.append(_tr("the model expects {} ({})").format(expected, percent(prob)))
            if len(result.original_probs):
                parts.append(_tr("and its own with {}").format(percent(float(result.original_probs[place]))))
        return ", ".join(parts)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        boxes = self.boxes(rect, style)
        for panel, box in zip(self.panels, boxes, strict=True):
            self._paint_panel(painter, panel, box, style)
            head = QRectF(box.left(), box.top() - _HEAD * em, box.width() + 0.3 * em, _HEAD * em)
            paint_title(painter, panel_title(panel), head, style, shrinks=True)
        width = self._card_width(rect, style)
        top = max(min(boxes[0].top() - _HEAD * em, rect.bottom() - _CARD_HEIGHT * em), rect.top())  # beside the images
        self._paint_card(painter, QRectF(rect.right() - width, top, width, rect.bottom() - top), style)
        painter.restore()

    def _paint_panel(self, painter: QPainter, panel: ImagePanel, box: QRectF, style: FigureStyle) -> None:
        has_grid = panel in ("masked", "own", "expected")
        paint_image(painter, self._images[panel], box, self.result.grid if has_grid else None)
        paint_border(painter, box, style)
        if panel == "expected":
            for place in self.result.masked.tolist():
                patch = patch_rect(place, self.result.grid, box).adjusted(0.5, 0.5, -0.5, -0.5)
                self._paint_verdict(painter, patch, style, is_right=self._is_right(place))
        if self.patch_shown is not None and panel not in ("image",):
            paint_frame(painter, patch_rect(self.patch_shown, self.result.grid, box), style.theme.accent)

    def _paint_card(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        """Candidates of one patch."""
        result, patch = self.result, self.patch_shown
        em = QFontMetricsF(style.font).height()
        if patch is None:
            painter.setPen(style.theme.faint)
            painter.drawText(area, _WRAPPED, _tr("No patch is masked: click or brush patches to mask them."))
            return
        row, column = divmod(patch, result.grid[1])
        painter.setFont(resized(style.font, bold=True))
        title = QRectF(area.left(), area.top(), area.width(), 1.5 * em)
        paint_title(painter, _tr("Expected at patch ({}, {})").format(row, column), title, style)
        painter.setFont(style.font)
        place = self._place_of(patch)
        assert place is not None
        own = int(result.tokens[patch]) if len(result.tokens) else None
        candidates = list(zip(result.ids[place].tolist(), result.probs[place].tolist(), strict=True))
        if own is not None and own not in [number for number, _ in candidates]:
            candidates.append((own, float(result.original_probs[place])))
        for line, (number, prob) in enumerate(candidates):
            top = area.top() + (1.8 + 2.0 * line) * em
            if top + 2 * em > area.bottom():
                break
            box = QRectF(area.left(), top, area.width(), 1.8 * em)
            self._paint_candidate(painter, number, prob, box, style, is_own=number == own)
        if own is not None:
            self._paint_legend(painter, area, area.top() + (2.6 + 2.0 * len(candidates)) * em, style)

    def _paint_verdict(self, painter: QPainter, box: QRectF, style: FigureStyle, *, is_right: bool) -> None:
        """A frame round what is expected: whether it is the image's own, where that is known."""
        color = style.theme.accent if is_right else style.theme.warning
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(255, 255, 255, 160), 2))  # seen on any image
        painter.drawRect(box)
        if len(self.result.tokens):
            painter.setPen(QPen(color, 1))
            painter.drawRect(box)

    def _paint_legend(self, painter: QPainter, area: QRectF, top: float, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        for is_right, text in ((True, _tr("expected: the image's own")), (False, _tr("expected: another token"))):
            if top + 1.4 * em > area.bottom():
                return
            self._paint_verdict(painter, QRectF(area.left() + 2, top + 0.3 * em, em, em), style, is_right=is_right)
            words = QRectF(area.left() + 1.7 * em, top, area.width() - 1.7 * em, 1.6 * em)
            paint_title(painter, text, words, style, is_faint=True)
            top += 1.6 * em

    def _paint_candidate(
        self, painter: QPainter, number: int, prob: float, box: QRectF, style: FigureStyle, *, is_own: bool
    ) -> None:
        em = QFontMetricsF(style.font).height()
        swatch = QRectF(box.left(), box.top(), 1.7 * em, 1.7 * em)
        paint_image(painter, self._swatch(number), swatch)
        paint_border(painter, swatch, style, is_selected=is_own)
        painter.setFont(resized(style.font, bold=is_own))
        text = _tr("▸ {} right").format(number) if is_own else str(number)
        paint_title(painter, text, QRectF(swatch.right() + 0.5 * em, box.top(), 5.6 * em, box.height()), style)
        painter.setFont(style.font)
        track = QRectF(swatch.right() + 6.2 * em, box.top() + 0.45 * em, box.right() - swatch.right() - 10.6 * em, em)
        if track.width() > em:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.theme.accent if is_own else style.theme.faint)
            painter.drawRect(QRectF(track.left(), track.top(), max(1.0, track.width() * prob), track.height()))
            paint_border(painter, track, style)
        painter.setPen(style.theme.ink)
        ends = QRectF(box.right() - 4.2 * em, box.top(), 4.2 * em, box.height())
        painter.drawText(ends, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent(prob))

    # Images

    @cached_property
    def _images(self) -> dict[ImagePanel, np.ndarray]:
        result = self.result
        images: dict[ImagePanel, np.ndarray] = {"masked": self._masked_image, "expected": self._mosaic(self._expected)}
        if len(result.tokens):
            images["own"] = self._mosaic(result.tokens)
        if result.rebuilt.size:
            images |= {"image": result.seen, "rebuilt_own": result.rebuilt_own, "rebuilt": result.rebuilt}
        return images

    @property
    def _masked_image(self) -> np.ndarray:
        """The image, grey where it is masked."""
        image = self.result.seen.copy()
        n_rows, n_columns = self.result.grid
        height, width = image.shape[:2]
        for patch in self.masked:
            row, column = divmod(patch, n_columns)
            rows = slice(row * height // n_rows, (row + 1) * height // n_rows)
            image[rows, column * width // n_columns : (column + 1) * width // n_columns] = _MASK
        return image

    @property
    def _expected(self) -> np.ndarray:
        """The image's tokens, with those expected where it is masked; -1 where nothing is known."""
        result = self.result
        n_patches = result.grid[0] * result.grid[1]
        tokens = result.tokens.copy() if len(result.tokens) else np.full(n_patches, -1, np.int64)
        if len(result.masked):
            tokens[result.masked] = result.ids[:, 0]
        return tokens

    def _mosaic(self, tokens: np.ndarray) -> np.ndarray:
        """uint8 [row, column, 3]: the tokens where their patches are."""
        n_rows, n_columns = self.result.grid
        swatches = np.stack([self._swatch(number) for number in tokens.tolist()])
        height, width = swatches.shape[1:3]
        rows = swatches.reshape(n_rows, n_columns, height, width, 3).swapaxes(1, 2)
        return np.ascontiguousarray(rows.reshape(n_rows * height, n_columns * width, 3))

    def _swatch(self, number: int) -> np.ndarray:
        """uint8 [row, column, 3]: what a token looks like, or a colour for its number."""
        swatches = self.result.swatches
        has_swatches = swatches.size > 0 and not self.by_number
        side = swatches.shape[1:3] if has_swatches else (1, 1)
        if number < 0:
            return np.broadcast_to(_MASK // 2, (*side, 3))
        return swatches[number] if has_swatches else number_color(number)

    def _place_of(self, patch: int) -> int | None:
        """Where among the masks of the result a patch is."""
        found = np.flatnonzero(self.result.masked == patch)
        return int(found[0]) if len(found) else None

    def _is_right(self, patch: int) -> bool:
        place = self._place_of(patch)
        return (
            place is not None
            and len(self.result.tokens) > 0
            and bool(self.result.ids[place, 0] == self.result.tokens[patch])
        )

    @staticmethod
    def _card_width(rect: QRectF, style: FigureStyle) -> float:
        return min(_CARD * QFontMetricsF(style.font).height(), 0.32 * rect.width())

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "seen": result.seen,
            "grid": np.array(result.grid),
            "masked": result.masked,
            "tokens": result.tokens,
            "ids": result.ids,
            "probs": result.probs,
            "original_probs": result.original_probs,
            "swatches": result.swatches,
            "rebuilt_own": result.rebuilt_own,
            "rebuilt": result.rebuilt,
        }
        rows: list[tuple[str | int | float, ...]] = []
        for place, patch in enumerate(result.masked.tolist()):
            own = int(result.tokens[patch]) if len(result.tokens) else ""
            for rank, (number, prob) in enumerate(zip(result.ids[place], result.probs[place], strict=True)):
                rows.append((*divmod(patch, result.grid[1]), own, rank + 1, int(number), float(prob)))
        return Numbers(arrays, ("row", "column", "own_token", "rank", "token", "probability"), rows)


_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap


def number_color(number: int) -> np.ndarray:
    """A colour for a number, far from those of its neighbours: uint8 [1, 1, 3]."""
    hue = number * 0.618034 % 1.0  # the golden section spreads them evenly
    color = QColor.fromHsvF(hue, 0.45 + 0.4 * (number * 0.7548777 % 1.0), 0.6 + 0.35 * (number * 0.5698403 % 1.0))
    return np.array([[[color.red(), color.green(), color.blue()]]], np.uint8)
