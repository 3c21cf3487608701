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
    with _Fills(style.theme) as painted:
        pair.paint(painted, WIDE, style)
    expected = {_of(one, style.theme), _of(other, style.theme)}
    return "" if set(painted.fills) & _series(style.theme) == expected else f"squares in {sorted(set(painted.fills))}"


class _Fills(QPainter):
    """Paints, and remembers the theme's colours in the pictures that it drew, where squares are."""

    def __init__(self, theme: Theme) -> None:
        self.image = QImage(WIDE.size().toSize(), QImage.Format.Format_RGB32)
        super().__init__(self.image)
        self._series = theme.series
        self.fills: list[str] = []

    def drawImage(self, rect, picture) -> None:
        plain = picture.convertToFormat(QImage.Format.Format_ARGB32)
        for pixel in {plain.pixel(x, y) for x in range(plain.width()) for y in range(plain.height())}:
            seen = QColor.fromRgba(pixel)
            self.fills += [color.name() for color in self._series if seen.alpha() and _is_like(seen, color)]
        super().drawImage(rect, picture)


def _is_like(seen: QColor, color: QColor) -> bool:
    """But for what is lost where a faint colour is kept with its opacity in it."""
    return all(abs(one - other) <= 3 for one, other in zip(seen.getRgb()[:3], color.getRgb()[:3], strict=True))


def _of(head: int, theme: Theme) -> str:
    return theme.series[head % len(theme.series)].name()


def _series(theme: Theme) -> set[str]:
    return {color.name() for color in theme.series}


def _others(head: int, theme: Theme) -> set[str]:
    return _series(theme) - {_of(head, theme)}


def _colors(image: QImage) -> set[str]:
    pixels = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return {color.name() for color in (image.pixelColor(*pixel) for pixel in pixels) if color.alpha() == 255}
