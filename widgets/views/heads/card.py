"""The card of a head under the pointer: for the screen only."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from inference.results.heads import HeadsResult
from widgets.figures.head_measures import with_unit
from widgets.figures.head_sentence import head_sentence
from widgets.look import raster
from widgets.look.theme import FigureStyle
from widgets.views.heads.head_colors import HeadColors
from widgets.views.heads.options import MEASURES


def paint_card(
    painter: QPainter,
    result: HeadsResult,
    place: tuple[int, int],
    colors: HeadColors,
    box: QRectF,
    bounds: QRectF,
    style: FigureStyle,
) -> None:
    """A larger picture of a head and its measures, beside its thumbnail `box` and within `bounds`."""
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    lines = [describe(result, name, place) for name in MEASURES if name in result.measures]
    lines = [line for line in lines if line]
    sentence = head_sentence(result, place)
    side = max(11 * em, 1.2 * len(lines) * em)
    text_width = max((metrics.horizontalAdvance(line) for line in lines), default=0.0)
    width = max(side + text_width + 2.2 * em, metrics.horizontalAdvance(sentence) + 1.4 * em)
    card = _beside(box, QSizeF(width, side + 4.0 * em), bounds, 0.6 * em)
    painter.save()
    painter.setFont(style.font)
    painter.setPen(QPen(style.theme.faint, 1))
    painter.setBrush(style.theme.paper)
    painter.drawRoundedRect(card, 0.4 * em, 0.4 * em)
    picture = QRectF(card.left() + 0.7 * em, card.top() + 1.9 * em, side, side)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(picture, raster.image(colors.of(result.thumbnails[place], place, style.color_map)))
    painter.setPen(style.theme.ink)
    bold = QFont(style.font)
    bold.setBold(True)
    painter.setFont(bold)
    painter.drawText(QPointF(picture.left(), card.top() + 0.4 * em + metrics.ascent()), head_title(place))
    painter.setFont(style.font)
    for number, line in enumerate(lines):
        y = picture.top() + metrics.ascent() + 1.2 * em * number
        painter.drawText(QPointF(picture.right() + 0.8 * em, y), line)
    painter.drawText(QPointF(picture.left(), picture.bottom() + 0.4 * em + metrics.ascent()), sentence)
    painter.restore()


def head_title(place: tuple[int, int]) -> str:
    """Such as "Layer 2, head 5"."""
    return _tr("Layer {}, head {}").format(*place)


def describe(result: HeadsResult, name: str, place: tuple[int, int]) -> str:
    """A measure of a head with its unit; empty where it has no meaning."""
    value = float(result.measures[name][place])
    return "" if np.isnan(value) else with_unit(name, value, result.axes[0], result.marks)


def _beside(box: QRectF, size: QSizeF, bounds: QRectF, gap: float) -> QRectF:
    """A place for a card right, left, below or above of a box; where it fits nowhere, at the far side of the bounds."""
    fits_right = box.right() + gap + size.width() <= bounds.right()
    fits_left = box.left() - gap - size.width() >= bounds.left()
    if fits_right or fits_left:
        x = box.right() + gap if fits_right else box.left() - gap - size.width()
        y = box.top()
    else:
        is_low = box.center().y() > bounds.center().y()
        x, y = box.left(), box.top() - gap - size.height() if is_low else box.bottom() + gap
    x = max(bounds.left(), min(x, bounds.right() - size.width()))
    y = max(bounds.top(), min(y, bounds.bottom() - size.height()))
    return QRectF(QPointF(round(x), round(y)), size)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadsFigure", text)
