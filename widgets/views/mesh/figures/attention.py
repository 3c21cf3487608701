"""What one step of one head attends to in a mesh: as weights of vertices, and the strongest as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.mesh import MeshStepResult
from widgets.figures.lettering import resized
from widgets.figures.prediction_cards import percent
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.mesh.figures.bar_rows import ROW, BarRow, paint_rows
from widgets.views.mesh.growth import FIRST_VERTEX, Growth

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


class AttendedVertices(NamedTuple):
    """What one step of one head attends to.

    Attributes
    ----------
    origin
        The vertex that attends: the one that is written or pointed at; None where there is none.
    weights
        float [V]: of every vertex; a vertex's three coordinates, or all pointers at it, together.
    others
        Names and weights of what is no vertex: start, new face, stop.
    """

    origin: int | None
    weights: np.ndarray
    others: tuple[tuple[str, float], ...]


def attended_vertices(growth: Growth, result: MeshStepResult) -> AttendedVertices:
    """A pattern as weights of vertices."""
    weights = np.zeros(growth.n_vertices)
    pattern = result.pattern.astype(float)
    if result.part == "encoder":
        n = min(len(pattern) - FIRST_VERTEX, len(weights))
        weights[:n] = pattern[FIRST_VERTEX : FIRST_VERTEX + n]
        origin = result.step - FIRST_VERTEX
        names = (("stop", float(pattern[0])), ("new face", float(pattern[1])))
        return AttendedVertices(origin if 0 <= origin < len(weights) else None, weights, names)
    others = {"start": float(pattern[0])}
    # Key 0 is the start; key k is the token before step k.
    tokens = growth.tokens_of("vertices" if result.part == "vertices" else "faces").tokens
    for key in range(1, min(len(pattern), len(tokens) + 1)):
        token = int(tokens[key - 1])
        vertex = (key - 1) // 3 if result.part == "vertices" else token - FIRST_VERTEX
        if 0 <= vertex < len(weights):
            weights[vertex] += pattern[key]
        else:
            others["new face"] = others.get("new face", 0.0) + float(pattern[key])
    return AttendedVertices(_origin(growth, result), weights, tuple(others.items()))


def attention_figure(growth: Growth, result: MeshStepResult) -> MeshAttention:
    """The same in numbers."""
    attended = attended_vertices(growth, result)
    head = _tr("Layer {}, head {}").format(result.layer, result.head)
    if result.part == "encoder":
        what = f"v{result.step - FIRST_VERTEX}"
    else:
        part = "vertices" if result.part == "vertices" else "faces"
        step = growth.step_of(part, result.step)
        what = _tr("token {}, {}").format(result.step + 1, growth.word(step))
    return MeshAttention(f"{head}: {what}", attended.weights, attended.others)


def _origin(growth: Growth, result: MeshStepResult) -> int | None:
    """The vertex of the step; at a new face or stop, the last one before it."""
    part = "vertices" if result.part == "vertices" else "faces"
    first = 0 if part == "vertices" else growth.n_coordinates
    step = growth.step_of(part, result.step)
    while step >= first:
        vertex = growth.vertex_at(step)
        if vertex is not None:
            return vertex
        step -= 1
    return None
