"""The legend of a coloured mesh: a strip of the colour map, or swatches."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from widgets.figures.lettering import resized
from widgets.look import raster
from widgets.look.letters import SMALL
from widgets.look.surprisal_colors import heated
from widgets.look.theme import FigureStyle
from widgets.views.mesh.coloring import ColorLegend, mapped

_STRIP, _GAP = 12.0, 1.0  # em
_SWATCH = 1.6  # em


def _letters(style: FigureStyle) -> tuple[QFont, QFontMetricsF]:
    small = resized(style.font, SMALL)
    return small, QFontMetricsF(small)


def _key_width(legend: ColorLegend, em: float) -> float:
    return (_STRIP + 2) * em if legend.ticks else _SWATCH * em * len(legend.swatches)


def legend_size(legend: ColorLegend, style: FigureStyle) -> QSizeF:
    """What it takes: the title, and beside it the strip with numbers beneath."""
    _, metrics = _letters(style)
    em = metrics.height()
    return QSizeF(metrics.horizontalAdvance(legend.title) + _GAP * em + _key_width(legend, em), 2.3 * em)


def paint_legend(painter: QPainter, legend: ColorLegend, rect: QRectF, style: FigureStyle) -> None:
    """Paint from the upper left corner of `rect`; a title that is too long is shortened."""
    painter.save()
    small, metrics = _letters(style)
    em = metrics.height()
    painter.setFont(small)
    painter.setPen(style.theme.ink)
    room = rect.width() - _GAP * em - _key_width(legend, em)
    title = metrics.elidedText(legend.title, Qt.TextElideMode.ElideRight, max(room, 4 * em) + 1)
    top = rect.top() + 0.2 * em
    painter.drawText(QPointF(rect.left(), top + metrics.ascent() - 0.1 * em), title)
    left = rect.left() + metrics.horizontalAdvance(title) + _GAP * em
    if legend.ticks:
        bar = QRectF(left, top, _STRIP * em, 0.8 * em)
        places = np.linspace(0, 1, 256)
        rgb = heated(places, style.theme) if legend.is_heat else mapped(places, style.color_map)
        red, green, blue = rgb.astype(np.uint32).T
        strip = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
        painter.drawImage(bar, raster.image(np.repeat(strip[None], 16, axis=0)))
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        painter.setPen(style.theme.ink)
        for place, text in legend.ticks:
            wide = metrics.horizontalAdvance(text)
            x = bar.left() + place * bar.width() - wide / 2
            painter.drawText(QPointF(x, bar.bottom() + metrics.ascent() + 1), text)
    for number, (series, text) in enumerate(legend.swatches):
        box = QRectF(left + _SWATCH * em * number, top, em, 0.8 * em)
        painter.fillRect(box, style.theme.series[series % len(style.theme.series)])
        painter.drawText(QRectF(box.left(), box.bottom(), box.width(), em), Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
