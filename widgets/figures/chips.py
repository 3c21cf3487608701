"""Tokens as chips that wrap like text: a part of figures, and of what is clicked on screen."""

from __future__ import annotations

from dataclasses import dataclass
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
    return tuple(
        Chip(clean(word), kinds.get(pos, "special" if tokens.is_special[pos] else ""), bool(tokens.starts_word[pos]))
        for pos, word in enumerate(tokens.words)
    )


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
    widths = [min(max(metrics.horizontalAdvance(one.text) + 0.7 * em, least * em), max(width, em)) for one in chips]
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
    painter: QPainter, chips: tuple[Chip, ...], boxes: list[QRectF], origin: QPointF, style: FigureStyle
) -> None:
    """Paint chips at their boxes, moved to `origin`."""
    painter.save()
    painter.setFont(style.font)
    for chip, box in zip(chips, boxes, strict=True):
        paint_chip(painter, chip, box.translated(origin), style)
    painter.restore()


def paint_chip(painter: QPainter, chip: Chip, box: QRectF, style: FigureStyle) -> None:
    """Paint one chip; what was done to it is told by colour and by the line around it."""
    metrics = QFontMetricsF(style.font)
    color = kind_color(chip.kind, style.theme)
    fill = QColor(color if chip.kind in _DASHES else style.theme.panel)
    if chip.kind in _DASHES:
        fill.setAlphaF(0.22)
    painter.setPen(QPen(color, 2 if chip.kind in _DASHES else 1, _DASHES.get(chip.kind, Qt.PenStyle.SolidLine)))
    if chip.tint > 0:
        fill = _mixed(style.theme.panel, style.theme.accent, _MOST_TINT * min(chip.tint, 1.0))
    painter.setBrush(fill if chip.kind != "special" or chip.tint > 0 else Qt.BrushStyle.NoBrush)
    radius = 0.25 * metrics.height()
    painter.drawRoundedRect(box, radius, radius)
    painter.setPen(style.theme.faint if chip.kind == "special" and chip.tint <= 0 else style.theme.ink)
    text = metrics.elidedText(chip.text, Qt.TextElideMode.ElideRight, box.width() - 0.3 * metrics.height())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
