"""Letters of one size in every figure: on any device, at any resolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication, QPaintDevice, QPainter

from widgets.look import color_maps
from widgets.look.letters import resized
from widgets.look.theme import FigureStyle

LEAST = 0.75  # of the letters' size: what words in cells and turned names may become
_CELL_WIDTH, _CELL_HEIGHT = 1.15, 1.05  # of a cell, for a number that is 1 x 1
TURNED_APART = 1.05  # em, from one turned name to the next


def points_font(font: QFont, device: QPaintDevice) -> QFont:
    """The font whose letters are as high in painter coordinates as the font's size in points.

    A device would scale them by its own resolution, on top of what the painter scales.
    """
    return _sized(font, device.logicalDpiY())


def measure(font: QFont) -> QFontMetricsF:
    """Metrics in points, for a layout that is made before there is a device."""
    screen = QGuiApplication.primaryScreen()
    return QFontMetricsF(_sized(font, screen.logicalDotsPerInchY() if screen else 96.0))


def fitted(font: QFont, text: str, room: float, least: float) -> QFont:
    """The font as large as it lets the text be no wider than `room`: at most itself, at least `least` of its size."""
    return shrunk(font, lambda metrics: metrics.horizontalAdvance(text), room, least)


def shrunk(font: QFont, needs: Callable[[QFontMetricsF], float], room: float, least: float) -> QFont:
    """The same for what `needs` so much room with letters of some size."""
    needed = needs(QFontMetricsF(font))
    factor, smaller = 1.0, font
    while needed > room and factor > least:  # again where hinted letters do not become smaller evenly
        factor = max(factor * min(room / needed, 0.98), least)
        smaller = resized(font, factor)
        needed = needs(QFontMetricsF(smaller))
    return smaller


def in_cells(font: QFont, number: str, size: QSizeF) -> QFont | None:
    """The font of numbers in cells of a size, somewhat smaller where so they fit; None where cells are too small."""

    def needs(metrics: QFontMetricsF) -> float:
        wide, high = _CELL_WIDTH * metrics.horizontalAdvance(number), _CELL_HEIGHT * metrics.height()
        return max(wide / size.width(), high / size.height())

    smaller = shrunk(font, needs, 1.0, LEAST)
    return smaller if needs(QFontMetricsF(smaller)) <= 1.0 else None


def turned(font: QFont, n: int, width: float) -> QFont:
    """For `n` names that stand upright beside each other in such a width: somewhat smaller where so all have room."""

    def needs(metrics: QFontMetricsF) -> float:
        return TURNED_APART * metrics.height() * n

    smaller = shrunk(font, needs, width, LEAST)
    return smaller if needs(QFontMetricsF(smaller)) <= width else font  # some are left out in any case


def n_turned(font: QFont, n: int, width: float) -> int:
    """How many of `n` upright names have room in such a width."""
    return int(width / (TURNED_APART * QFontMetricsF(turned(font, n, width)).height()) + 1e-6)


@dataclass(frozen=True)
class TurnedNames:
    """Names of columns that stand upright below them, and their letters.

    Attributes
    ----------
    names
        Of columns by their number, as they are written.
    n_columns
        In all.
    """

    names: dict[int, str]
    n_columns: int
    font: QFont

    @staticmethod
    def of(names: dict[int, str], n_columns: int, width: float, longest: float, font: QFont) -> TurnedNames:
        """Names in a width, none longer than `longest`: smaller, then cut."""
        font = turned(font, n_columns, width)
        font = fitted(font, max(names.values(), key=QFontMetricsF(font).horizontalAdvance), longest, LEAST)
        metrics = QFontMetricsF(font)
        shown = {i: metrics.elidedText(name, Qt.TextElideMode.ElideRight, longest) for i, name in names.items()}
        return TurnedNames(shown, n_columns, font)

    @property
    def length(self) -> float:
        """Of the longest."""
        return max(map(QFontMetricsF(self.font).horizontalAdvance, self.names.values()))

    def paint(self, painter: QPainter, plot: QRectF) -> None:
        """Paint them below the columns of a plot."""
        metrics = QFontMetricsF(self.font)
        painter.save()
        painter.setFont(self.font)
        for number, text in self.names.items():
            painter.save()
            x = plot.left() + (number + 0.5) * plot.width() / self.n_columns + 0.36 * metrics.ascent()
            painter.translate(x, plot.bottom() + 0.3 * metrics.height() + metrics.horizontalAdvance(text))
            painter.rotate(-90)
            painter.drawText(QPointF(0, 0), text)
            painter.restore()
        painter.restore()


def telling(names: Sequence[str], numbers: Sequence[int], start: int = 0) -> list[str | None]:
    """The names of some numbered places; None where most of these are called alike, as every fifth token of a mesh."""
    shown = [names[number - start] for number in numbers] if names else []
    tells = len(shown) == len(names) or len(set(shown)) > len(shown) / 2 or not any(shown)
    return [name if tells else None for name in shown] or [None] * len(numbers)


def paint_cells(
    painter: QPainter, texts: Sequence[Sequence[str]], cell_rect: Callable[[int, int], QRectF], colors: np.ndarray
) -> None:
    """Texts in the middle of cells, in ink that is seen on them; none where cells have no room for letters.

    Parameters
    ----------
    texts
        A line for each row of cells.
    cell_rect
        Where the cell of a row and a column is; all are of one size.
    colors
        uint32 [row, column]: what the cells are filled with.
    """
    metrics, cell = QFontMetricsF(painter.font()), cell_rect(0, 0)
    if cell.width() < 1.6 * metrics.height() or cell.height() < metrics.height():
        return
    painter.save()
    room = cell.width() - 0.3 * metrics.height()
    longest = max((text for line in texts for text in line), key=metrics.horizontalAdvance, default="")
    # Rather than cut: often only the end of one word has no room.
    painter.setFont(fitted(painter.font(), longest, room, LEAST))
    metrics = QFontMetricsF(painter.font())
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            painter.setPen(color_maps.ink_on(int(colors[row, column])))
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(cell_rect(row, column), Qt.AlignmentFlag.AlignCenter, shown)
    painter.restore()


def fitting(text: str, box: QRectF, style: FigureStyle) -> str:
    """As much of a text as its box has lines for, where its words wrap."""
    metrics = QFontMetricsF(style.font)
    whole = metrics.boundingRect(QRectF(0, 0, box.width(), 1e6), int(Qt.TextFlag.TextWordWrap), text)
    if whole.height() <= box.height() and whole.width() <= box.width():
        return text
    n_lines = max(1, int(box.height() / metrics.height()))
    # Words that go to the next line leave room behind them.
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, (n_lines - 0.25 * (n_lines - 1)) * box.width())


def _sized(font: QFont, dpi: float) -> QFont:
    sized = QFont(font)
    if font.pointSizeF() > 0:  # a size in pixels is one in painter coordinates already
        sized.setPointSizeF(font.pointSizeF() * 72 / dpi)
    # Hinted advances belong to whole pixels of one size; these letters are scaled.
    sized.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return sized
