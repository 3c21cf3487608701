"""How an Image GPT goes on with an image, and how surprising each pixel was to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from inference.results.complete_image import CompleteImageResult
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
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_HEAD, _GAP = 1.5, 0.8  # em
_QUERY = QColor("#FF4FA3")
_HEAT = Look(1.0, has_grid=False)
_MOST_FRAMES = 96
_MOST_SCALE = 0.125  # of the width that the colours of surprisal may take from the images


def _tr(text: str) -> str:
    return QCoreApplication.translate("CompleteImageFigure", text)


class PixelSpot(NamedTuple):
    """A pixel in one of the panels: `seen`, `own`, `surprisal`, `attention`, or the number of a completion."""

    panel: str | int
    pixel: int


@dataclass(frozen=True)
class PixelAttention:
    """What the token of a pixel attends to, in one head."""

    result: PatchesResult
    layer: int
    head: int

    @property
    def pixel(self) -> int:
        """Whose token asks; -1 for the start token."""
        return self.result.query - self.result.n_special

    def values(self) -> np.ndarray:
        """float32 [row, column]; pixels that have no token have NaN."""
        result = self.result
        n_rows, n_columns = result.grid
        n_layers, n_heads = result.pattern.shape[:2]
        row = result.pattern[min(self.layer, n_layers - 1), min(self.head, n_heads - 1), result.n_special :]
        values = np.full(n_rows * n_columns, np.nan, np.float32)
        values[: min(len(row), values.size)] = row[: values.size]
        return values.reshape(n_rows, n_columns)

    @property
    def title(self) -> str:
        return _tr("Layer {}, head {}").format(self.layer, self.head)


@dataclass(frozen=True)
class CompleteImageFigure:
    """Above, the image before and after its colours were reduced, with the line up to which it is kept, and the
    surprisal of each of its pixels; below, the completions.

    Attributes
    ----------
    n_given
        Pixels that are kept.
    n_shown
        Pixels of the completions that are shown; None: all there are.
    shows_surprisal
        The surprisal of the completions' pixels instead of their colours.
    attention
        Of one pixel of the image, to those before.
    is_alone
        Only the completions.
    """

    result: CompleteImageResult
    n_given: int
    n_shown: int | None = None
    shows_surprisal: bool = False
    attention: PixelAttention | None = None
    is_alone: bool = False

    @property
    def caption(self) -> str:
        n = len(self.result.own)
        text = _tr(
            "{} completions after the first {} of {} pixels; surprisal in bits a pixel, coloured up to {:.1f}"
        ).format(len(self.result.samples), self.n_given, n, self.high)
        return text if self.n_shown is None or self.n_shown >= n else _tr("{}, at pixel {}").format(text, self.n_shown)

    @property
    def panels(self) -> tuple[str | int, ...]:
        """Those above, then the completions."""
        above = () if self.is_alone else ("seen", "own", "surprisal", *(("attention",) if self.attention else ()))
        return (*above, *range(len(self.result.samples)))

    @property
    def n_done(self) -> int:
        """Pixels that all completions have by now."""
        return min((sample.n_steps for sample in self.result.samples), default=self.n_given)

    @cached_property
    def pixels(self) -> np.ndarray:
        """int16 [completion, pixel]: colours of the palette; -1 where there is none yet."""
        return self._padded([sample.pixels for sample in self.result.samples], -1)

    @cached_property
    def surprisal(self) -> np.ndarray:
        """float32 [completion, pixel]: bits; NaN where there is no pixel yet."""
        return self._padded([sample.surprisal for sample in self.result.samples], np.nan)

    def _padded(self, rows: list[np.ndarray], value: float) -> np.ndarray:
        whole = np.full((len(rows), len(self.result.own)), value, rows[0].dtype)
        for number, row in enumerate(rows):
            whole[number, : len(row)] = row
        return whole

    @cached_property
    def high(self) -> float:
        """The largest surprisal, where the colours end."""
        values = np.concatenate([self.result.own_surprisal, self.surprisal.ravel()])
        finite = values[np.isfinite(values)]
        return float(finite.max()) if finite.size and finite.max() > 0 else 1.0

    @property
    def film_steps(self) -> tuple[int, ...]:
        """The growth of the completions as a film: pixels that each frame shows, in the last one all."""
        n = len(self.result.own)
        n_frames = min(_MOST_FRAMES, n - self.n_given + 1)
        steps = np.rint(np.linspace(self.n_given, n, max(n_frames, 1))).astype(int).tolist()
        return tuple(dict.fromkeys(steps))

    def film_frame(self, step: int) -> CompleteImageFigure:
        """One of its frames: only the completions."""
        return replace(self, n_shown=step, is_alone=True, attention=None)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n_rows, n_columns = self.result.grid
        width, (columns, rows) = 11.0, self._shape_for(QRectF(0, 0, 60 * em, 34 * em), em)
        height = width * n_rows / n_columns + _HEAD
        return QSizeF((columns * (width + _GAP)) * em, rows * (height + _GAP) * em)

    # Layout

    def boxes(self, rect: QRectF, style: FigureStyle) -> dict[str | int, QRectF]:
        """Where the image of each panel is."""
        em = QFontMetricsF(style.font).height()
        height, width = self.result.grid
        columns, rows = self._shape_for(rect, em)
        if columns == sum(isinstance(panel, str) for panel in self.panels):  # no place above is free for the colours
            # As wide with one digit as with two, so that nothing moves while pixels come; images are on whole points.
            room = self._scale(max(self.high, 20)).width(QFontMetricsF(style.font)) + 1
            if room <= _MOST_SCALE * rect.width():
                rect = rect.adjusted(0, 0, -room, 0)
                columns, rows = self._shape_for(rect, em)
        places = tiles(columns * rows, width / height, rect, _HEAD * em, _GAP * em, columns)
        above = [panel for panel in self.panels if isinstance(panel, str)]
        first = columns if above else 0
        numbers = [*range(len(above)), *range(first, first + len(self.result.samples))]
        return {
            panel: letterbox(height, width, places[number].adjusted(0, _HEAD * em, 0, 0))
            for panel, number in zip(self.panels, numbers, strict=True)
        }

    def _shape_for(self, rect: QRectF, em: float) -> tuple[int, int]:
        """Columns and rows with which the images are largest."""
        n_above = sum(isinstance(panel, str) for panel in self.panels)
        n = len(self.result.samples)
        height, width = self.result.grid

        def side(columns: int) -> float:
            n_rows = (n_above > 0) + -(-n // columns)
            by_width = rect.width() / columns - _GAP * em
            return min(by_width, (rect.height() / n_rows - (_HEAD + _GAP) * em) * width / height)

        columns = max(range(max(n_above, 1), max(n_above, n) + 1), key=lambda c: (round(side(c), 3), -c))
        return columns, (n_above > 0) + -(-n // columns)

    def keep_line(self, box: QRectF) -> QPolygonF:
        """The line between pixels that are kept and those that are sampled; a step where a row is kept in part."""
        n_rows, n_columns = self.result.grid
        row, column = divmod(self.n_given, n_columns)
        top, below = (box.top() + min(r, n_rows) * box.height() / n_rows for r in (row, row + 1))
        x = box.left() + column * box.width() / n_columns
        if column == 0:
            return QPolygonF([QPointF(box.left(), top), QPointF(box.right(), top)])
        return QPolygonF([QPointF(box.left(), below), QPointF(x, below), QPointF(x, top), QPointF(box.right(), top)])

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> PixelSpot | None:
        """The pixel under a point."""
        for panel, box in self.boxes(rect, style).items():
            pixel = patch_at(point, self.result.grid, box)
            if pixel is not None:
                return PixelSpot(panel, pixel)
        return None

    def has_spot(self, spot: PixelSpot, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a pixel."""
        return spot.panel in self.panels and spot.pixel < len(self.result.own)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: PixelSpot) -> None:
        """Frame the pixel that is pointed at, in every panel."""
        painter.save()
        for box in self.boxes(rect, style).values():
            paint_frame(painter, patch_rect(spot.pixel, self.result.grid, box), style.theme.accent)
        painter.restore()

    def step(self, spot: PixelSpot | None, right: int, down: int, rect: QRectF, style: FigureStyle) -> PixelSpot | None:
        """The pixel beside, in the same panel."""
        if spot is None:
            return PixelSpot(self.panels[min(1, len(self.panels) - 1)], 0)
        n_rows, n_columns = self.result.grid
        row, column = divmod(spot.pixel, n_columns)
        row, column = min(max(row + down, 0), n_rows - 1), min(max(column + right, 0), n_columns - 1)
        return PixelSpot(spot.panel, row * n_columns + column)

    def describe(self, spot: PixelSpot) -> str:
        """Colour and surprisal of a pixel, and what was expected there."""
        result = self.result
        parts = [_tr("Pixel ({}, {})").format(*divmod(spot.pixel, result.grid[1]))]
        if spot.panel == "attention" and self.attention is not None:
            value = self.attention.values().ravel()[spot.pixel]
            known = _tr("weight {:.5f}").format(value) if np.isfinite(value) else _tr("no token: it is the last one")
            return ", ".join((*parts, known))
        sample = result.samples[spot.panel] if isinstance(spot.panel, int) else None
        pixels = result.own if sample is None else sample.pixels
        surprisal = result.own_surprisal if sample is None else sample.surprisal
        if spot.pixel >= len(pixels):
            return ", ".join((*parts, _tr("not sampled yet")))
        color, bits = int(pixels[spot.pixel]), float(surprisal[spot.pixel])
        parts.append(_tr("colour {} ({})").format(color, self._hex(color)))
        if np.isfinite(bits):
            parts.append(_tr("surprisal {:.3f} bits").format(bits))
        if sample is not None and len(sample.probabilities):  # of a whole result
            expected = sample.probabilities[spot.pixel].astype(np.float32)
            best = np.argsort(-expected, kind="stable")[:3]
            texts = (f"{color} ({self._hex(color)}) {100 * expected[color]:.1f} %" for color in best.tolist())
            parts.append(_tr("expected: {}").format(", ".join(texts)))
        return ", ".join(parts)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        for panel, box in self.boxes(rect, style).items():
            self._paint_panel(painter, panel, box, style)
            paint_border(painter, box, style)
            if panel != "seen" and panel != "attention" and 0 < self.n_given < len(self.result.own):
                self._paint_line(painter, box, style, is_strong=panel == "own")
            title = QRectF(box.left(), box.top() - _HEAD * em, box.width(), _HEAD * em)
            paint_title(painter, self._title(panel), title, style, shrinks=True)
        self._paint_scale(painter, rect, style)
        painter.restore()

    def _paint_scale(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        """The colours of surprisal, beside the images above where there is room; a film frame has none of these."""
        boxes = self.boxes(rect, style)
        last = boxes.get("attention", boxes.get("surprisal"))
        scale = self._scale(self.high)
        if last is not None and last.right() + scale.width(QFontMetricsF(style.font)) <= rect.right():
            scale.paint(painter, last, style)

    @staticmethod
    def _scale(high: float) -> ColorBar:
        return ColorBar(high, "raw", _tr("Surprisal in bits"))

    def _paint_panel(self, painter: QPainter, panel: str | int, box: QRectF, style: FigureStyle) -> None:
        result = self.result
        if panel == "seen":
            paint_image(painter, result.seen, box)
        elif panel == "own":
            paint_image(painter, self._colored(result.own, style), box)
        elif panel == "surprisal":
            self._paint_surprisal(painter, result.own_surprisal, box, style)
        elif panel == "attention" and self.attention is not None:
            values = self.attention.values()
            high = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
            paint_image(painter, self._colored(result.own, style), box)
            paint_overlay(painter, values, high or 1.0, box, Look(0.75), style)
            if self.attention.pixel >= 0:
                paint_frame(painter, patch_rect(self.attention.pixel, result.grid, box), _QUERY)
        elif isinstance(panel, int):
            n = len(result.own) if self.n_shown is None else self.n_shown
            is_hidden = np.arange(len(result.own)) >= n
            if self.shows_surprisal:
                self._paint_surprisal(painter, np.where(is_hidden, np.nan, self.surprisal[panel]), box, style)
            else:
                paint_image(painter, self._colored(np.where(is_hidden, -1, self.pixels[panel]), style), box)

    def _paint_surprisal(self, painter: QPainter, bits: np.ndarray, box: QRectF, style: FigureStyle) -> None:
        painter.fillRect(box, style.theme.missing)
        paint_overlay(painter, bits.reshape(self.result.grid), self.high, box, _HEAT, style)

    def _paint_line(self, painter: QPainter, box: QRectF, style: FigureStyle, *, is_strong: bool) -> None:
        line = self.keep_line(box)
        if is_strong:
            paint_line(painter, line, QColor("#000000"), 5)
            paint_line(painter, line, style.theme.accent, 3)
            handle = QRectF(0, 0, 9, 9)
            for end in (line.first(), line.last()):
                handle.moveCenter(end)
                painter.setPen(QColor("#000000"))
                painter.setBrush(style.theme.accent)
                painter.drawEllipse(handle)
        else:
            paint_line(painter, line, style.theme.accent, 1)

    def _title(self, panel: str | int) -> str:
        result = self.result
        if isinstance(panel, int):
            sampled = result.samples[panel].surprisal[self.n_given :]
            text = _tr("Seed {}").format(result.samples[panel].seed)
            has_bits = np.isfinite(sampled).any()
            return _tr("{} · {:.2f} bits").format(text, float(np.nanmean(sampled))) if has_bits else text
        return {
            "seen": _tr("{} × {} pixels").format(result.grid[1], result.grid[0]),
            "own": _tr("In {} colours").format(len(result.palette)),
            "surprisal": _tr("Surprisal · {:.2f} bits").format(float(np.nanmean(result.own_surprisal))),
            "attention": self.attention.title if self.attention else "",
        }[panel]

    def _colored(self, pixels: np.ndarray, style: FigureStyle) -> np.ndarray:
        """uint8 [row, column, 3]: colours of the palette, and another one where there is none yet."""
        empty = style.theme.line
        palette = np.vstack([self.result.palette, [[empty.red(), empty.green(), empty.blue()]]]).astype(np.uint8)
        return palette[pixels].reshape(*self.result.grid, 3)

    def _hex(self, color: int) -> str:
        return "#{:02X}{:02X}{:02X}".format(*self.result.palette[color].tolist())

    def numbers(self) -> Numbers:
        result, samples = self.result, self.result.samples
        is_whole = all(len(sample.probabilities) for sample in samples)
        expected = [sample.probabilities for sample in samples] if is_whole else []
        arrays = {
            "seen": result.seen,
            "grid": np.array(result.grid),
            "palette": result.palette,
            "own": result.own,
            "own_bits": result.own_surprisal,
            "samples": self.pixels,
            "bits": self.surprisal,
            "probabilities": np.stack(expected) if expected else np.empty((0, 0, 0), np.float16),
            "n_given": np.array(self.n_given),
            "seed": np.array(samples[0].seed),
        }
        names = ("image", *(f"seed {sample.seed}" for sample in samples))
        rows: list[tuple[str | int | float, ...]] = [
            (name, *divmod(pixel, result.grid[1]), int(color), float(bit))
            for name, colors, bits in zip(
                names, (result.own, *self.pixels), (result.own_surprisal, *self.surprisal), strict=True
            )
            for pixel, (color, bit) in enumerate(zip(colors, bits, strict=True))
        ]
        return Numbers(arrays, ("of", "row", "column", "colour", "bits"), rows)


def paint_line(painter: QPainter, line: QPolygonF, color: QColor, width: float) -> None:
    """A line of straight pieces."""
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.drawPolyline(line)
