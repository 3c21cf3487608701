"""What is seen of a mesh at a step: the mesh so far, and what the model thought on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtGui import QColor

from widgets.look.theme import Theme
from widgets.scene3d.scene import Guide, Links, MeshObject
from widgets.views.mesh.coloring import Colors
from widgets.views.mesh.growth import FIRST_VERTEX, N_VALUES, Growth, Moment

Overlay = Literal["none", "expected", "attention", "cut"]

_LEAST = 0.01  # of probability: rarer values are not drawn in space
_MOST_GUIDES = 24
_POINT, _NEWEST = 5.5, 11.0  # points
_LARGEST = 20.0
_PLANE = 0.5  # of the opacity of lines: the mesh is seen through planes


@dataclass(frozen=True, eq=False)
class Looks:
    """What is drawn besides the mesh.

    Attributes
    ----------
    overlay
        `expected`: where the next coordinate was expected, or how probable each vertex was; `attention`: lines to
        what a head looks at; `cut`: the plane above which all is written anew.
    pattern, origin
        For `attention`: weight of every vertex, float [V], and the vertex that looks.
    height
        For `cut`: 0-255, or None.
    chosen_faces
        Polygons that will be written anew.
    found
        Vertices and faces that the user clicked on.
    """

    overlay: Overlay = "none"
    pattern: np.ndarray | None = None
    origin: int | None = None
    height: int | None = None
    chosen_faces: tuple[int, ...] = ()
    found_vertices: tuple[int, ...] = ()
    found_faces: tuple[int, ...] = ()


def staged(
    growth: Growth, step: int, colors: Colors, looks: Looks, theme: Theme, *, title: str = "", is_still: bool = True
) -> MeshObject:
    """A mesh as it is behind the token of a step. `is_still` leaves out what only a moving picture shows."""
    n_steps = growth.n_steps
    moment = growth.at(min(step, n_steps - 1)) if n_steps else Moment("vertices", 0, 0, 0, (), ())
    n_vertices = moment.n_vertices
    guides: tuple[Guide, ...] = ()
    links = None
    vertex_colors, vertex_sizes = colors.vertices, None
    selected_vertices, selected_faces = looks.found_vertices, (*looks.found_faces, *looks.chosen_faces)
    if looks.overlay == "expected" and n_steps:
        if moment.part == "vertices":
            guides = _expected_coordinates(growth, moment, theme)
        elif not is_still or moment.place < growth.n_pointers - 1 or growth.is_growing:
            vertex_colors, vertex_sizes = _pointers(growth, moment, theme)
    elif looks.overlay == "attention" and looks.pattern is not None and looks.origin is not None:
        n_vertices = max(n_vertices, looks.origin + 1)
        links = links_of(looks.pattern, looks.origin)
        selected_vertices = (looks.origin,)
    elif looks.overlay == "cut" and looks.height is not None:
        guides = (Guide((_coordinate(looks.height + 0.5),), 0.6),)
        vertex_colors, vertex_sizes = _kept(growth, looks.height, theme)
    if vertex_sizes is None and moment.part == "vertices" and n_vertices and n_vertices < growth.n_vertices:
        vertex_sizes = np.full(growth.n_vertices, _POINT)
        vertex_sizes[n_vertices - 1] = _NEWEST
    return MeshObject(
        growth.vertices,
        growth.faces,
        title=title,
        face_colors=colors.faces,
        vertex_colors=vertex_colors,
        vertex_sizes=vertex_sizes,
        n_visible_vertices=n_vertices,
        n_visible_faces=moment.n_faces,
        ring=moment.ring,
        links=links,
        guides=guides,
        selected_vertices=selected_vertices,
        selected_faces=selected_faces,
        extent=growth.room(),
    )


def _coordinate(value: float) -> float:
    return value / (N_VALUES - 1) - 0.5


def _expected_coordinates(growth: Growth, moment: Moment, theme: Theme) -> tuple[Guide, ...]:
    """Planes, lines or points as opaque as they were probable, and what was chosen."""
    tokens = growth.sample.vertices
    chosen = int(tokens.tokens[moment.place]) - 1
    if chosen < 0:
        return ()
    first = moment.place // 3 * 3
    fixed = tuple(_coordinate(int(token) - 1) for token in tokens.tokens[first : moment.place])
    probabilities = tokens.probabilities[moment.place, 1 : N_VALUES + 1].astype(float)
    likely = np.flatnonzero(probabilities >= _LEAST)
    likely = likely[np.argsort(-probabilities[likely], kind="stable")][:_MOST_GUIDES]
    veil = _PLANE if not fixed else 1.0
    guides = [
        Guide((*fixed, _coordinate(float(value))), veil * float(0.12 + 0.8 * np.sqrt(probabilities[value])))
        for value in likely
        if value != chosen
    ]
    ring = number_of(theme.warning)
    if fixed:  # where it is already
        guides.append(Guide(fixed, 0.4 if len(fixed) > 1 else 0.25, ring))
    # What was chosen is seen however improbable it was.
    opacity = veil * float(0.35 + 0.6 * np.sqrt(probabilities[chosen]))
    return (*guides, Guide((*fixed, _coordinate(chosen)), opacity, ring))


def _kept(growth: Growth, height: int, theme: Theme) -> tuple[np.ndarray, np.ndarray]:
    """Vertices that stay are strong, those that go are faint: uint8 [V, 3] and float [V]."""
    stays = (growth.values[:, 2] <= height)[:, None]
    colors = np.where(stays, _rgb(theme.accent), _rgb(theme.line))
    return colors.astype(np.uint8), np.where(stays[:, 0], 1.5 * _POINT, 0.7 * _POINT)


def _pointers(growth: Growth, moment: Moment, theme: Theme) -> tuple[np.ndarray, np.ndarray]:
    """Vertices as strong and as large as they were probable: uint8 [V, 3] and float [V]."""
    expected = growth.sample.faces.probabilities[moment.place].astype(float)
    probabilities = np.zeros(growth.n_vertices)
    n = min(len(expected) - FIRST_VERTEX, growth.n_vertices)
    probabilities[:n] = expected[FIRST_VERTEX : FIRST_VERTEX + n]
    strength = np.sqrt(probabilities)[:, None]
    colors = _rgb(theme.faint) * (1 - strength) + _rgb(theme.accent) * strength
    return np.rint(colors).astype(np.uint8), _POINT * 0.7 + (_LARGEST - _POINT * 0.7) * strength[:, 0]


def links_of(pattern: np.ndarray, origin: int) -> Links:
    """Lines from a vertex to all that have some weight, as thick and as opaque as the weight."""
    others = np.flatnonzero(pattern >= _LEAST / 2)
    others = others[others != origin]
    strength = np.sqrt(np.clip(pattern[others], 0, 1))
    return Links(
        np.stack([np.full(len(others), origin), others], 1), 1.0 + 6.0 * strength, np.clip(0.15 + strength, 0, 1)
    )


def number_of(color: QColor) -> int:
    """0xrrggbb."""
    return color.rgb() & 0xFFFFFF


def _rgb(color: QColor) -> np.ndarray:
    return np.array([color.red(), color.green(), color.blue()], float)
