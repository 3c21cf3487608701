"""Whether a head has one colour wherever it is drawn: its lines, its chip, its squares beside a token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter

from widgets.look.theme import FigureStyle, Theme
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.head_chips import HeadChips
from widgets.views.arcs.lines import Focus

WIDE = QRectF(0, 0, 700, 500)


def wrong_head_colors(figure: ArcsFigure, chips: HeadChips, theme: Theme) -> Iterator[str]:
    """What has not the colour of its head: head h has the theme's series h, and begins anew behind the last one."""
    style = FigureStyle(theme)
    heads = iter(figure.lines.head.tolist())
    for pen, batch in figure.strokes(figure.layout(style, WIDE)).batches(theme):
        for head in {next(heads) for _ in batch}:
            if pen.color().name() != _of(head, theme):
                yield f"a line of head {head}"
    for head in chips.heads_on:
        colors = _colors(chips.chip(head).icon().pixmap(QSize(64, 64)).toImage())
        if _of(head, theme) not in colors or colors & _others(head, theme):
            yield f"the chip of head {head}"
    for one, other in pairwise(figure.shown_heads):
        if wrong := _squares(figure, one, other, style):
            yield f"{wrong} for heads {one} and {other}"


def _squares(figure: ArcsFigure, one: int, other: int, style: FigureStyle) -> str:
    """What is wrong with the squares of two heads beside the first token; empty if nothing is."""
    pair = replace(figure, heads=(one, other), focus=Focus("query", 0))
    with _Fills() as painted:
        pair.paint(painted, WIDE, style)
    expected = {_of(one, style.theme), _of(other, style.theme)}
    return "" if set(painted.fills) & _series(style.theme) == expected else f"squares in {sorted(set(painted.fills))}"


class _Fills(QPainter):
    """Paints, and remembers the colours of the rectangles that it filled."""

    def __init__(self) -> None:
        self.image = QImage(WIDE.size().toSize(), QImage.Format.Format_RGB32)
        super().__init__(self.image)
        self.fills: list[str] = []

    def fillRect(self, rect, color) -> None:
        self.fills.append(QColor(color).name())
        super().fillRect(rect, color)


def _of(head: int, theme: Theme) -> str:
    return theme.series[head % len(theme.series)].name()


def _series(theme: Theme) -> set[str]:
    return {color.name() for color in theme.series}


def _others(head: int, theme: Theme) -> set[str]:
    return _series(theme) - {_of(head, theme)}


def _colors(image: QImage) -> set[str]:
    pixels = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return {color.name() for color in (image.pixelColor(*pixel) for pixel in pixels) if color.alpha() == 255}
