"""Where an image, the words that are written of it and their candidates are on a sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF

from widgets.figures.chips import Chip, height_of, lay_out

HEAD = 1.6  # em: a title, or a line
BESIDE = 42.0  # em of width from which the words stand beside the image
TILE_GAP = 1.0  # em, the space between images
_GAP = 1.5  # em between image and words
_TILE, _TILE_ALONE = 9.0, 11.0  # em, the least width of an image in a row of them; its width in a picture by itself
_MOST_IN_A_ROW = 6  # images of a picture by itself
_SHARE = 0.55  # of the room is the image's


class BesideImage(NamedTuple):
    """Of the image with its title, what stands above the words, the words, a line beneath them, and the candidates."""

    image: QRectF
    above: QRectF
    words: list[QRectF]
    other: QRectF
    bars: QRectF

    @property
    def room(self) -> QRectF:
        """What the candidates may take: down to where the image beside them ends."""
        return self.bars.adjusted(0, 0, 0, max(self.image.bottom() - self.bars.bottom(), 0.0))


def beside_image(
    rect: QRectF,
    shape: tuple[int, int],
    chips: tuple[Chip, ...],
    beneath: tuple[float, float],
    metrics: QFontMetricsF,
    above: Callable[[float], float] | None = None,
    focus: int | None = None,
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
    focus
        The word beside which the image stands, as far as there is room, when the words reach farther down than the
        image: a long text scrolls, and the image would be left behind. None for the top.
    """
    em = metrics.height()
    aspect = shape[1] / shape[0]
    is_beside = rect.width() >= BESIDE * em
    if is_beside:
        width = min(_SHARE * rect.width(), (rect.height() - HEAD * em) * aspect)
    else:  # as large as the words beneath it leave room
        words = height_of(lay_out(chips, rect.width(), metrics))
        rest = (HEAD + _GAP + 1) * em + (above(rect.width()) if above else 0) + words + sum(beneath)
        width = min(rect.width(), max(rect.height() - rest, 16 * em) * aspect)
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
    words = [box.translated(left, top) for box in boxes]
    if is_beside and focus is not None and 0 <= focus < len(words):
        lowest = max(bars.bottom() - image.height(), rect.top())
        image.moveTop(min(max(words[focus].center().y() - image.height() / 2, rect.top()), lowest))
    return BesideImage(image, head, words, other, bars)


def tiles_room(n: int, shape: tuple[int, int], em: float, width: float | None = None) -> QSizeF:
    """What `n` images of this many rows and columns need, each with its title.

    Parameters
    ----------
    width
        That there is: as many stand beside each other as have room, and nothing is asked of it. None for a picture by
        itself, of six at most in a row.
    """
    n = max(n, 1)
    if width is None:
        side, columns = _TILE_ALONE, min(n, _MOST_IN_A_ROW)
    else:
        side, columns = _TILE, max(1, min(n, int((width + TILE_GAP * em) / ((_TILE + TILE_GAP) * em))))
    height = -(-n // columns) * (side * shape[0] / shape[1] + HEAD + TILE_GAP) * em
    return QSizeF(columns * (side + TILE_GAP) * em if width is None else 0, height)
