"""Which colour stands for which kind of cell: a part of figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from widgets.look.theme import FigureStyle
from widgets.views.sparse import kinds

_SWATCH = 0.85  # em
_GAP = 1.4  # em between two entries


def _tr(text: str) -> str:
    return QCoreApplication.translate("SparsePatterns", text)


def entries(names: Sequence[str], n_layers: int, style: FigureStyle) -> list[tuple[str, list[QColor]]]:
    """Text and colours of each kind in order, then what is reached through more than one layer."""
    found = [(kinds.title(name), [kinds.color(name, style.theme)]) for name in names]
    if n_layers > 1:
        shades = [kinds.reached_color(m, n_layers, style.theme) for m in range(2, n_layers + 1)]
        text = _tr("through 2 layers")
        if n_layers > 2:
            text = _tr("through 2 to {} layers").format(n_layers)
        found.append((text, shades))
    return found


def lay_out(found: list[tuple[str, list[QColor]]], width: float, metrics: QFontMetricsF) -> tuple[list[QPointF], float]:
    """Corner of each entry from the left, wrapped like words, and the height of all."""
    em = metrics.height()
    corners, x, y = [], 0.0, 0.0
    for text, shades in found:
        needed = _swatch_width(shades, em) + 0.4 * em + metrics.horizontalAdvance(text)
        if x and x + needed > width:
            x, y = 0.0, y + 1.35 * em
        corners.append(QPointF(x, y))
        x += needed + _GAP * em
    return corners, y + 1.2 * em


def paint(
    painter: QPainter, found: list[tuple[str, list[QColor]]], area: QRectF, style: FigureStyle, *, is_list: bool = False
) -> None:
    """Paint from the top left corner of an area; `is_list` puts each entry on a line of its own."""
    metrics = QFontMetricsF(style.font)
    em = metrics.height()
    corners = (
        [QPointF(0, 1.35 * em * i) for i in range(len(found))] if is_list else lay_out(found, area.width(), metrics)[0]
    )
    painter.save()
    painter.setFont(style.font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for (text, shades), corner in zip(found, corners, strict=True):
        left, top = area.left() + corner.x(), area.top() + corner.y()
        box = QRectF(left, top + 0.18 * em, _swatch_width(shades, em), _SWATCH * em)
        edges = np.linspace(box.left(), box.right(), len(shades) + 1).tolist()
        for start, end, shade in zip(edges, edges[1:], shades, strict=False):
            painter.fillRect(QRectF(start, box.top(), end - start, box.height()), shade)
        painter.setPen(QPen(style.theme.faint, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        painter.setPen(style.theme.ink)
        room = area.right() - box.right() - 0.4 * em
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0.0))
        painter.drawText(QPointF(box.right() + 0.4 * em, top + 0.12 * em + metrics.ascent()), text)
    painter.restore()


def _swatch_width(shades: list[QColor], em: float) -> float:
    return _SWATCH * em if len(shades) == 1 else min(len(shades), 8) * 0.6 * em
