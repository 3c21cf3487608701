"""Letters of one size in every figure: on any device, at any resolution."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication, QPaintDevice, QPainter

from widgets.look import color_maps
from widgets.look.theme import FigureStyle

_SMALLER = (0.9, 0.82, 0.75)  # of the letters' size: what words in cells and along them may become


def points_font(font: QFont, device: QPaintDevice) -> QFont:
    """The font whose letters are as high in painter coordinates as the font's size in points.

    A device would scale them by its own resolution, on top of what the painter scales.
    """
    return _sized(font, device.logicalDpiY())


def measure(font: QFont) -> QFontMetricsF:
    """Metrics in points, for a layout that is made before there is a device."""
    screen = QGuiApplication.primaryScreen()
    return QFontMetricsF(_sized(font, screen.logicalDotsPerInchY() if screen else 96.0))


def resized(font: QFont, factor: float = 1.0, *, bold: bool = False) -> QFont:
    """The font some times as large, and bold on request."""
    other = QFont(font)
    if font.pointSizeF() > 0:
        other.setPointSizeF(font.pointSizeF() * factor)
    else:
        other.setPixelSize(round(font.pixelSize() * factor))
    if bold:
        other.setBold(True)
    return other


def fitting(font: QFont, texts: Iterable[str], room: float) -> QFont:
    """The font, or a little smaller, so that the longest text has room: often only the end of one word has none."""
    metrics = QFontMetricsF(font)
    longest = max(texts, key=metrics.horizontalAdvance, default="")
    sizes = (font, *(resized(font, factor) for factor in _SMALLER))
    return next((each for each in sizes if QFontMetricsF(each).horizontalAdvance(longest) <= room), sizes[-1])


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
    painter.setFont(fitting(painter.font(), chain.from_iterable(texts), room))
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
