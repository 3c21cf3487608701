"""One line about a token, a vertex or a face."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from widgets.figures.counts import number_of
from widgets.figures.prediction_cards import percent
from widgets.scene3d.picking import Hit
from widgets.views.mesh.growth import Growth


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshWords", text)


def step_text(growth: Growth, step: int) -> str:
    """The token of a step; at the last one of a whole mesh, the mesh."""
    if step >= growth.n_steps - 1 and not growth.is_growing:
        return mesh_text(growth)
    part, place = growth.part_of(step)
    tokens = growth.tokens_of(part)
    token = int(tokens.tokens[place])
    name = _tr("Coordinate token {} of {}") if part == "vertices" else _tr("Face token {} of {}")
    where = _tr("vertex {}").format(place // 3) if part == "vertices" else _tr("face {}").format(_face(growth, place))
    probability = float(tokens.probabilities[place, token]) if token < tokens.probabilities.shape[1] else 0.0
    text = f"{name.format(place + 1, len(tokens.tokens))}: {growth.word(step)} ({where})"
    return f"{text}; {percent(probability)}, {float(tokens.bits[place]):.2f} bits"


def mesh_text(growth: Growth) -> str:
    """What a mesh is made of, and what it costs."""
    sample = growth.sample
    parts = ((growth.n_vertices, "vertices"), (len(growth.faces), "faces"), (growth.n_steps, "tokens"))
    size = ", ".join(number_of(n, things) for n, things in parts)
    cost = _tr("{:.2f} bits a vertex").format(sum(growth.bits_per_vertex()))
    if sample.why_unfinished:
        return _tr("Cut off, as {}: {}; {}").format(sample.why_unfinished, size, cost)
    return f"{size}; {cost}"


def vertex_text(growth: Growth, vertex: int) -> str:
    """A vertex: where it is, and its surprisal."""
    x, y, z = growth.values[vertex].tolist()
    bits = float(growth.vertex_bits[vertex])
    return _tr("Vertex {}: z {}, y {}, x {}; {:.2f} bits").format(vertex, z, y, x, bits)


def face_text(growth: Growth, face: int) -> str:
    """A face: its corners, and its surprisal."""
    corners = " ".join(f"v{corner}" for corner in growth.faces[face])
    bits = float(growth.face_bits[face])
    return _tr("Face {}: {}; {:.2f} bits with its share of its corners").format(face, corners, bits)


def hit_text(growth: Growth, hit: Hit) -> str:
    """What is under the pointer."""
    return vertex_text(growth, hit.index) if hit.kind == "vertex" else face_text(growth, hit.index)


def _face(growth: Growth, place: int) -> int:
    return int(growth.pointer_faces[place])
