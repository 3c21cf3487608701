"""Pictures on the buttons of a player, in the colour of its text."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

PlayIcon = Literal["first", "back", "play", "pause", "forth", "last"]

# Parts of a square of side 1: triangles by their back and their tip, bars by their middle.
_TRIANGLES: dict[PlayIcon, tuple[tuple[float, float], ...]] = {
    "first": ((0.85, 0.3),),
    "back": ((0.65, 0.2),),
    "play": ((0.2, 0.9),),
    "pause": (),
    "forth": ((0.35, 0.8),),
    "last": ((0.15, 0.7),),
}
_BARS: dict[PlayIcon, tuple[float, ...]] = {
    "first": (0.2,),
    "back": (0.78,),
    "play": (),
    "pause": (0.32, 0.68),
    "forth": (0.22,),
    "last": (0.8,),
}


def play_icon(kind: PlayIcon, color: QColor, side: int) -> QIcon:
    """An icon, `side` points wide; sharp on fine screens, too."""
    pixmap = QPixmap(QSize(side, side) * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side, side)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    for back, tip in _TRIANGLES[kind]:
        painter.drawPolygon(QPolygonF([QPointF(back, 0.12), QPointF(tip, 0.5), QPointF(back, 0.88)]))
    for middle in _BARS[kind]:
        width = 0.2 if kind == "pause" else 0.12
        painter.drawRect(QRectF(middle - width / 2, 0.12, width, 0.76))
    painter.end()
    return QIcon(pixmap)
