"""Hatched rectangles, as lines: pattern brushes do not come through to SVG."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen


def hatch(painter: QPainter, rect: QRectF, color: QColor, spacing: float) -> None:
    """Fill a rectangle with lines that rise to the right; those of neighbours meet."""
    if rect.isEmpty() or spacing <= 0:
        return
    painter.setPen(QPen(color, max(spacing / 7, 0.5)))
    lines = []
    # The lines are x + y = a multiple of the spacing, whatever the rectangle.
    total = (rect.left() + rect.top()) // spacing * spacing + spacing
    while total < rect.right() + rect.bottom():
        x0 = max(rect.left(), total - rect.bottom())
        x1 = min(rect.right(), total - rect.top())
        if x1 > x0:
            lines.append(QLineF(x0, total - x0, x1, total - x1))
        total += spacing
    painter.drawLines(lines)


def runs(flags: list[bool]) -> list[tuple[int, int]]:
    """First and end of each row of trues."""
    found: list[tuple[int, int]] = []
    start = None
    for place, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = place
        elif not flag and start is not None:
            found.append((start, place))
            start = None
    return found
