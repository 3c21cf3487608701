"""Where an image, the words that are written of it and their candidates are on a sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from widgets.figures.chips import Chip, height_of, lay_out

HEAD = 1.6  # em: a title, or a line
BESIDE = 44.0  # em of width from which the words stand beside the image
_GAP = 1.5  # em between image and words
_SHARE = 0.55  # of the room is the image's


class BesideImage(NamedTuple):
    """Of the image with its title, what stands above the words, the words, a line beneath them, and the candidates."""

    image: QRectF
    above: QRectF
    words: list[QRectF]
    other: QRectF
    bars: QRectF


def beside_image(
    rect: QRectF,
    shape: tuple[int, int],
    chips: tuple[Chip, ...],
    beneath: tuple[float, float],
    metrics: QFontMetricsF,
    above: Callable[[float], float] | None = None,
) -> BesideImage:
    """The image at the left and the words beside it where there is width for both; else one beneath the other.

    Parameters
    ----------
    shape
        Rows and columns of the image.
    chips
        The words, as one reads them.
    beneath
        Heights of the line and of the candidates.
    above
        Height of what stands above the words, by the width that it has; None for nothing.
    """
    em = metrics.height()
    aspect = shape[1] / shape[0]
    is_beside = rect.width() >= BESIDE * em
    if is_beside:
        width = min(_SHARE * rect.width(), (rect.height() - HEAD * em) * aspect)
    else:
        width = min(rect.width(), max(_SHARE * rect.height(), 12 * em) * aspect)
    image = QRectF(rect.left(), rect.top(), width, width / aspect + HEAD * em)
    left, top = (image.right(), rect.top()) if is_beside else (rect.left(), image.bottom())
    left, top = (left + _GAP * em, top) if is_beside else (left, top + _GAP * em)
    room = max(rect.right() - left, em)
    head = QRectF(left, top, room, 0 if above is None else above(room))
    top = head.bottom()
    boxes = lay_out(chips, room, metrics)
    line, candidates = beneath
    other = QRectF(left, top + height_of(boxes) + 0.6 * em, rect.right() - left, line)
    bars = QRectF(left, other.bottom() + 0.4 * em, rect.right() - left, candidates)
    return BesideImage(image, head, [box.translated(left, top) for box in boxes], other, bars)
