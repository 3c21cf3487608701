"""Letters that are painted: whether they are whole, and how well they can be read where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QTransform

LEAST = 4.5  # WCAG 2.2: contrast of text
_SLACK = 1.5  # pixels that a letter may lean over its box: what is slanted or smoothed does
_MOST_WORSE = 0.3  # of the pixels behind a word, such as a line that runs through it
_ACROSS, _DOWN = 24, 8  # places in a word where the contrast is measured
_FORMATS = (QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32, QImage.Format.Format_ARGB32_Premultiplied)


@dataclass(frozen=True)
class PaintedWord:
    """A text that was painted.

    Attributes
    ----------
    box
        Where its ink is, in pixels of what it was painted on.
    missing
        How many pixels of it were cut off, at the side that lost most.
    contrast
        Against what lay there before, for most of its pixels; None where that was not to be seen.
    """

    text: str
    box: QRectF
    missing: float
    contrast: float | None


@contextmanager
def watched() -> Iterator[list[PaintedWord]]:
    """All texts that are painted meanwhile by us; Qt's own controls paint theirs in C++."""
    words: list[PaintedWord] = []
    paint = QPainter.drawText

    def draw_text(painter: QPainter, *given, **named):
        if (word := _word(painter, given)) is not None:
            words.append(word)
        return paint(painter, *given, **named)

    with patch.object(QPainter, "drawText", draw_text):
        yield words


def cut(words: list[PaintedWord]) -> list[str]:
    """Those that lost more than a smoothed edge."""
    return sorted({f"“{word.text}” lacks {word.missing:.0f} pixels" for word in words if word.missing > _SLACK})


def unreadable(words: list[PaintedWord]) -> list[str]:
    """Those that stand out too little."""
    return sorted(
        {f"“{w.text}” has {w.contrast:.2f}" for w in words if w.contrast is not None and w.contrast < LEAST - 0.005}
    )


def luminance(colors: np.ndarray) -> np.ndarray:
    """Relative luminance (WCAG 2.2) of red, green and blue from 0 to 1, [..., 3]."""
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: QColor, other: QColor) -> float:
    """Of two colours without transparency."""
    low, high = sorted(float(luminance(np.array(color.getRgbF()[:3]))) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def _word(painter: QPainter, given: tuple) -> PaintedWord | None:
    text = next((arg for arg in given if isinstance(arg, str)), "")
    device = painter.device()
    if not text.strip() or device is None or painter.pen().style() == Qt.PenStyle.NoPen:
        return None
    metrics = QFontMetricsF(painter.font(), device)
    ink = metrics.tightBoundingRect(text)
    room = None
    if isinstance(given[0], QRectF | QRect):
        room = QRectF(given[0])
        flags = next((int(arg) for arg in given[1:] if isinstance(arg, int | Qt.AlignmentFlag | Qt.TextFlag)), 0)
        whole = painter.boundingRect(room, flags, text)
        is_line = not flags & int(Qt.TextFlag.TextWordWrap) and "\n" not in text
        ink = QRectF(whole.left(), whole.top() + metrics.ascent() + ink.top(), whole.width(), ink.height())
        ink = ink if is_line else whole
        room = None if flags & int(Qt.TextFlag.TextDontClip) else room
    else:
        ink.translate(given[0] if isinstance(given[0], QPointF) else QPointF(*given[:2]))
    seen = painter.combinedTransform()
    box = seen.mapRect(ink)
    missing = [_outside(box, seen.mapRect(room))] if room is not None else []
    is_part = False  # of what is scrolled, and is cut at the upper and lower edge
    if painter.hasClipping():
        clip = seen.mapRect(painter.clipBoundingRect())
        is_part = isinstance(device, QImage) and clip.height() >= device.height()
        missing.append(_outside(box, QRectF(clip.left(), box.top(), clip.width(), box.height())))
    ratio = None
    if isinstance(device, QImage):
        top, height = (box.top(), box.height()) if is_part else (0, device.height())
        missing.append(_outside(box, QRectF(0, top, device.width(), height)))
        ratio = _contrast(painter, device, seen, ink)
    return PaintedWord(text, box, max(missing, default=0.0), ratio)


def _outside(box: QRectF, room: QRectF) -> float:
    """By how much one reaches over the other; what lies wholly outside is scrolled away, not cut."""
    if not box.intersects(room):
        return 0.0
    sides = room.left() - box.left(), box.right() - room.right(), room.top() - box.top(), box.bottom() - room.bottom()
    return max(sides)


def _contrast(painter: QPainter, image: QImage, seen: QTransform, ink: QRectF) -> float | None:
    """At places all over the letters, wherever they are turned to."""
    if image.format() not in _FORMATS:
        return None
    x, y = np.meshgrid(np.linspace(ink.left(), ink.right(), _ACROSS), np.linspace(ink.top(), ink.bottom(), _DOWN))
    points = np.array([seen.map(*point) for point in zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)]).T
    columns, rows = points.astype(int)
    is_inside = (columns >= 0) & (columns < image.width()) & (rows >= 0) & (rows < image.height())
    if not is_inside.any():
        return None
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    behind = pixels[rows[is_inside], columns[is_inside], 2::-1] / 255
    pen = painter.pen().color()
    opacity = pen.alphaF() * painter.opacity()
    ink_color = np.array(pen.getRgbF()[:3]) * opacity + behind * (1 - opacity)
    one, other = luminance(ink_color), luminance(behind)
    ratio = (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)
    return float(np.quantile(ratio, _MOST_WORSE))
