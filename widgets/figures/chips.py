"""Tokens as chips that wrap like text: a part of figures, and of what is clicked on screen."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.tokens import Tokens
from widgets.kit.clean import clean
from widgets.look.theme import FigureStyle, Theme

ChipKind = Literal["", "special", "masked", "random", "kept", "written"]
_DASHES = {
    "masked": Qt.PenStyle.SolidLine,
    "random": Qt.PenStyle.DashLine,
    "kept": Qt.PenStyle.DotLine,
}


_MOST_TINT = 0.52  # of the accent: letters can be read upon it in both themes


_MIDDLE = int(Qt.AlignmentFlag.AlignCenter)


def _mixed(one: QColor, other: QColor, share: float) -> QColor:
    """So much of `other`, the rest of `one`."""
    pairs = (one.redF(), other.redF()), (one.greenF(), other.greenF()), (one.blueF(), other.blueF())
    return QColor.fromRgbF(*((1 - share) * a + share * b for a, b in pairs))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Chips", text)


@dataclass(frozen=True, slots=True)
class Chip:
    """A token, what was done to it, whether a word begins with it, and how strongly it is tinted (0-1)."""

    text: str
    kind: ChipKind = ""
    starts_word: bool = True
    tint: float = 0.0


def chips_of(tokens: Tokens, kinds: dict[int, ChipKind] | None = None) -> tuple[Chip, ...]:
    """Chips of a sequence; `kinds` by position."""
    kinds = kinds or {}
    special, starts = tokens.is_special.tolist(), tokens.starts_word.tolist()
    return tuple(
        _chip(word, kinds.get(pos, "special" if special[pos] else ""), bool(starts[pos]))
        for pos, word in enumerate(tokens.words)
    )


@lru_cache(maxsize=4096)
def _chip(word: str, kind: ChipKind, starts_word: bool) -> Chip:
    """Of a text that grows, all but one are those of the step before."""
    return Chip(clean(word), kind, starts_word)


def kind_title(kind: ChipKind) -> str:
    """What was done to a token, for the user."""
    titles = {"masked": _tr("replaced by [MASK]"), "random": _tr("replaced by a random word"), "kept": _tr("kept")}
    return titles.get(kind, "")


def kind_color(kind: ChipKind, theme: Theme) -> QColor:
    """Colour of what was done to a token."""
    colors = {"masked": theme.series[0], "random": theme.series[1], "kept": theme.series[2], "written": theme.series[0]}
    return colors.get(kind, theme.line)


def chip_height(metrics: QFontMetricsF) -> float:
    """Height of every chip."""
    return 1.5 * metrics.height()


def lay_out(
    chips: tuple[Chip, ...],
    width: float,
    metrics: QFontMetricsF,
    *,
    least: float = 1.2,
    below: float = 0.0,
    keeps_words: bool = False,
) -> list[QRectF]:
    """Where the chips are, in lines from (0, 0); pieces of a word stand close together.

    Parameters
    ----------
    least, below
        Width of the narrowest chip, and room under each line, in em.
    keeps_words
        Whether a word that has room in a line is not broken at the end of one.
    """
    em, height = metrics.height(), chip_height(metrics)
    gap = 0.1 * em
    advances = {text: metrics.horizontalAdvance(text) for text in {one.text for one in chips}}
    widths = [min(max(advances[one.text] + 0.7 * em, least * em), max(width, em)) for one in chips]
    rests = [0.0] * len(chips)  # what the pieces of its word behind each one take
    for number in range(len(chips) - 2, -1, -1):
        if keeps_words and not chips[number + 1].starts_word:
            rests[number] = gap + widths[number + 1] + rests[number + 1]
    x = y = 0.0
    boxes: list[QRectF] = []
    for chip, chip_width, rest in zip(chips, widths, rests, strict=True):
        x += 0 if not boxes else gap if not chip.starts_word else 0.4 * em
        kept = rest if chip.starts_word and chip_width + rest <= width else 0.0
        if x + chip_width + kept > width and x > 0:
            x, y = 0.0, y + height + (0.35 + below) * em
        boxes.append(QRectF(x, y, chip_width, height))
        x += chip_width
    return boxes


def height_of(boxes: list[QRectF]) -> float:
    """Height of all lines."""
    return boxes[-1].bottom() if boxes else 0.0


def paint_chips(
    painter: QPainter,
    chips: Sequence[Chip],
    boxes: list[QRectF],
    origin: QPointF,
    style: FigureStyle,
    tint: Callable[[int], float] | None = None,
) -> None:
    """Paint chips at their boxes, moved to `origin`; of a painter with a clip, those that it lets be seen.

    `tint` gives those of the chips by their places, where they do not say so themselves.
    """
    painter.save()
    painter.setFont(style.font)
    metrics = QFontMetricsF(style.font)
    for place in in_clip(painter, boxes, origin):
        chip = chips[place]
        _paint(
            painter, chip, chip.tint if tint is None else tint(place), boxes[place].translated(origin), style, metrics
        )
    painter.restore()


def in_clip(painter: QPainter, boxes: list[QRectF], origin: QPointF) -> Sequence[int]:
    """Places of the boxes, in lines one beneath the other, that a painter's clip lets be seen."""
    if not painter.hasClipping():
        return range(len(boxes))
    clip = painter.clipBoundingRect().translated(-origin)
    first = bisect_left(boxes, clip.top(), key=QRectF.bottom)
    return range(first, bisect_right(boxes, clip.bottom(), lo=first, key=QRectF.top))


def paint_chip(painter: QPainter, chip: Chip, box: QRectF, style: FigureStyle) -> None:
    """Paint one chip; what was done to it is told by colour and by the line around it."""
    _paint(painter, chip, chip.tint, box, style, QFontMetricsF(style.font))


def _paint(painter: QPainter, chip: Chip, tint: float, box: QRectF, style: FigureStyle, metrics: QFontMetricsF) -> None:
    color = kind_color(chip.kind, style.theme)
    fill = style.theme.panel
    if chip.kind in _DASHES:
        fill = QColor(color)
        fill.setAlphaF(0.22)
        painter.setPen(QPen(color, 2, _DASHES[chip.kind]))
    else:
        painter.setPen(color)
    if tint > 0:
        fill = _mixed(style.theme.panel, style.theme.accent, _MOST_TINT * min(tint, 1.0))
    painter.setBrush(fill if chip.kind != "special" or tint > 0 else Qt.BrushStyle.NoBrush)
    em = metrics.height()
    painter.drawRoundedRect(box, 0.25 * em, 0.25 * em)
    painter.setPen(style.theme.faint if chip.kind == "special" and tint <= 0 else style.theme.ink)
    text, room = chip.text, box.width() - 0.3 * em
    if metrics.horizontalAdvance(text) > room:
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.drawText(box, _MIDDLE, text)
