"""Attention over tokens, told of vertices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.mesh import MeshStepResult
from widgets.views.mesh.figures.attention import MeshAttention
from widgets.views.mesh.growth import FIRST_VERTEX, Growth


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshAttention", text)


class Looked(NamedTuple):
    """What one step of one head looks at.

    Attributes
    ----------
    origin
        The vertex that looks: the one that is written or pointed at; None where there is none.
    weights
        float [V]: of every vertex; a vertex's three coordinates, or all pointers at it, together.
    others
        Names and weights of what is no vertex: start, new face, stop.
    """

    origin: int | None
    weights: np.ndarray
    others: tuple[tuple[str, float], ...]


def looked_at(growth: Growth, result: MeshStepResult) -> Looked:
    """A pattern as weights of vertices."""
    weights = np.zeros(growth.n_vertices)
    pattern = result.pattern.astype(float)
    if result.part == "encoder":
        n = min(len(pattern) - FIRST_VERTEX, len(weights))
        weights[:n] = pattern[FIRST_VERTEX : FIRST_VERTEX + n]
        origin = result.step - FIRST_VERTEX
        names = (("stop", float(pattern[0])), ("new face", float(pattern[1])))
        return Looked(origin if 0 <= origin < len(weights) else None, weights, names)
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
    return Looked(_origin(growth, result), weights, tuple(others.items()))


def attention_figure(growth: Growth, result: MeshStepResult) -> MeshAttention:
    """The same in numbers."""
    looked = looked_at(growth, result)
    head = _tr("Layer {}, head {}").format(result.layer, result.head)
    if result.part == "encoder":
        what = f"v{result.step - FIRST_VERTEX}"
    else:
        part = "vertices" if result.part == "vertices" else "faces"
        step = growth.step_of(part, result.step)
        what = _tr("token {}, {}").format(result.step + 1, growth.word(step))
    return MeshAttention(f"{head}: {what}", looked.weights, looked.others)


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
