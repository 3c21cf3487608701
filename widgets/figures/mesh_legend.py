"""The legend of a coloured mesh: a strip of the colour map, or swatches."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from widgets import raster
from widgets.figures.lettering import resized
from widgets.mesh_view.coloring import Legend, mapped
from widgets.mesh_view.heat import heated
from widgets.theme import FigureStyle

_STRIP = 12.0  # em


def legend_size(legend: Legend, style: FigureStyle) -> QSizeF:
    """What it takes."""
    small = resized(style.font, 0.9)
    metrics = QFontMetricsF(small)
    em = metrics.height()
    width = _STRIP * em if legend.ticks else 1.6 * em * len(legend.swatches)
    return QSizeF(max(metrics.horizontalAdvance(legend.title), width) + 2 * em, 3.6 * em)


def paint_legend(painter: QPainter, legend: Legend, rect: QRectF, style: FigureStyle) -> None:
    """Paint from the upper left corner of `rect`; a title that is too long is shortened."""
    painter.save()
    small = resized(style.font, 0.9)
    metrics = QFontMetricsF(small)
    em = metrics.height()
    painter.setFont(small)
    painter.setPen(style.theme.ink)
    title = metrics.elidedText(legend.title, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(QPointF(rect.left(), rect.top() + metrics.ascent()), title)
    top = rect.top() + 1.3 * em
    if legend.ticks:
        bar = QRectF(rect.left(), top, min(_STRIP * em, rect.width() - 2 * em), 0.75 * em)
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
            painter.drawText(QPointF(max(x, rect.left()), bar.bottom() + metrics.ascent() + 1), text)
    for number, (series, text) in enumerate(legend.swatches):
        box = QRectF(rect.left() + 1.6 * em * number, top, em, 0.75 * em)
        painter.fillRect(box, style.theme.series[series % len(style.theme.series)])
        painter.drawText(QRectF(box.left(), box.bottom(), box.width(), em), Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
