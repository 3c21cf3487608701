"""What one step of one head looks at in a mesh, the strongest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from widgets.figures.figure import Numbers
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.look.theme import FigureStyle
from widgets.views.mesh.figures.bar_rows import ROW, BarRow, paint_rows

_MOST = 14


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshAttention", text)


@dataclass(frozen=True, eq=False)
class MeshAttention:
    """Attention of a step, told of vertices.

    Attributes
    ----------
    title
        Layer, head and step.
    weights
        float [V]: of each vertex; its coordinates, or all pointers at it, together.
    others
        Name and weight of what is no vertex.
    """

    title: str
    weights: np.ndarray
    others: tuple[tuple[str, float], ...]

    @property
    def caption(self) -> str:
        return self.title

    def ranked(self) -> list[tuple[str, float]]:
        """Names and weights, the strongest first."""
        everything = [*self.others, *((f"v{i}", weight) for i, weight in enumerate(self.weights.tolist()))]
        return sorted(everything, key=lambda one: -one[1])

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(20 * em, (1.6 + _MOST * ROW) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        em = QFontMetricsF(style.font).height()
        bold = resized(style.font, bold=True)
        painter.setFont(bold)
        painter.setPen(style.theme.ink)
        title = QFontMetricsF(bold).elidedText(self.title, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(QRectF(rect.left(), rect.top(), rect.width(), 1.3 * em), Qt.AlignmentFlag.AlignLeft, title)
        rows = tuple(
            BarRow(name, (min(weight, 1.0),), percent(weight)) for name, weight in self.ranked() if weight > 0.0005
        )
        paint_rows(painter, rows[:_MOST], rect.adjusted(0, 1.6 * em, 0, 0), style)
        painter.restore()

    def numbers(self) -> Numbers:
        """Weights by name."""
        rows: list[tuple[str | int | float, ...]] = list(self.ranked())
        return Numbers({"weights": self.weights}, ("what", "weight"), rows)
