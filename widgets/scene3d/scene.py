"""What a mesh viewer draws: plain arrays and numbers, nothing of Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

MeshStyle = Literal["solid", "wireframe", "xray"]
STYLES: tuple[MeshStyle, ...] = ("solid", "wireframe", "xray")

_GAP = 0.25  # between meshes in a grid, in widths of the widest


@dataclass(frozen=True)
class Guide:
    """Where the next coordinate may come to lie: a plane, a line or a point, by how many coordinates are fixed.

    Attributes
    ----------
    at
        The fixed coordinates in PolyGen's order: `(z,)` is a level plane, `(z, y)` a line along x, `(z, y, x)` a point.
    opacity
        0 to 1, such as a probability.
    color
        0xrrggbb, or None for the theme's accent.
    """

    at: tuple[float, ...]
    opacity: float = 0.5
    color: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.at) <= 3:
            raise ValueError(f"A guide fixes 1 to 3 coordinates (z, y, x), not {len(self.at)}.")


@dataclass(frozen=True, eq=False)
class Links:
    """Straight lines between vertices, such as attention weights.

    Attributes
    ----------
    pairs
        int [L, 2], vertices.
    widths
        float [L] in points, or one for all.
    opacities
        float [L], 0 to 1, or one for all.
    color
        0xrrggbb, or None for the theme's first series.
    """

    pairs: np.ndarray
    widths: np.ndarray | float = 1.5
    opacities: np.ndarray | float = 1.0
    color: int | None = None


@dataclass(frozen=True, eq=False)
class MeshObject:
    """One mesh of n-gons, and what is shown on it. Coordinates: z points up.

    A mesh grows in two ways: give the whole mesh once and raise `n_visible_vertices` and `n_visible_faces`, which
    uploads nothing; or give longer `vertices` and `faces` that begin with the old ones, which uploads the new ones.

    Attributes
    ----------
    vertices
        float [V, 3].
    faces
        n-gons as tuples of three or more vertex numbers; flat, possibly concave, without holes.
    offset
        Where its origin stands in the scene.
    title
        Written beneath it.
    face_colors
        [F, 3 | 4], uint8 or float 0 to 1; None is the theme's colour. How opaque they are is the style's.
    vertex_colors
        [V, 3 | 4], the same; None is the theme's ink.
    vertex_sizes
        [V] diameters in points; None is one size for all; 0 hides a vertex.
    show_faces, show_vertices
        Whether faces and vertex points are drawn at all.
    n_visible_vertices, n_visible_faces
        How many of them exist yet, from the first; None is all.
    ring
        Vertices of the polygon that is being made, as an open ring.
    links
        Lines between vertices.
    guides
        Planes, lines and points of the expected next coordinate.
    selected_vertices, selected_faces
        Shown in the theme's accent.
    extent
        Lowest and highest corner of the room it grows in; None is what its vertices take.
    """

    vertices: np.ndarray
    faces: Sequence[tuple[int, ...]] = ()
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    title: str = ""
    face_colors: np.ndarray | None = None
    vertex_colors: np.ndarray | None = None
    vertex_sizes: np.ndarray | None = None
    show_faces: bool = True
    show_vertices: bool = True
    n_visible_vertices: int | None = None
    n_visible_faces: int | None = None
    ring: tuple[int, ...] = ()
    links: Links | None = None
    guides: tuple[Guide, ...] = ()
    selected_vertices: tuple[int, ...] = ()
    selected_faces: tuple[int, ...] = ()
    extent: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None

    def __post_init__(self) -> None:
        vertices = self.vertices
        if vertices.ndim != 2 or vertices.shape[1] != 3:
            raise ValueError(f"Vertices are [V, 3], not {list(vertices.shape)}.")
        if not np.isfinite(vertices).all():
            raise ValueError("A vertex has a coordinate that is not a finite number.")
        for name, values, n in (
            ("face_colors", self.face_colors, len(self.faces)),
            ("vertex_colors", self.vertex_colors, len(vertices)),
            ("vertex_sizes", self.vertex_sizes, len(vertices)),
        ):
            if values is not None and len(values) != n:
                raise ValueError(f"{name} has {len(values)} entries for {n} of them.")

    @property
    def n_vertices(self) -> int:
        """Vertices that are seen."""
        n = len(self.vertices)
        return n if self.n_visible_vertices is None else max(0, min(self.n_visible_vertices, n))

    @property
    def n_faces(self) -> int:
        """Faces that are seen."""
        n = len(self.faces) if self.show_faces else 0
        return n if self.n_visible_faces is None else max(0, min(self.n_visible_faces, n))

    def room(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner of what it takes, without its offset."""
        if self.extent is not None:
            low, high = (np.asarray(corner, float) for corner in self.extent)
            return low, high
        if not len(self.vertices):
            return np.full(3, -0.5), np.full(3, 0.5)
        return self.vertices.min(0).astype(float), self.vertices.max(0).astype(float)


@dataclass(frozen=True, eq=False)
class MeshScene:
    """What is in the picture.

    Attributes
    ----------
    caption
        One line that says what it shows.
    show_axes, show_grid
        Arrows along x, y and z; lines on the ground.
    """

    objects: tuple[MeshObject, ...] = field(default_factory=tuple)
    caption: str = ""
    show_axes: bool = True
    show_grid: bool = True

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner of all objects, whether seen yet or not."""
        if not self.objects:
            return np.full(3, -0.5), np.full(3, 0.5)
        rooms = [(np.asarray(mesh.offset), *mesh.room()) for mesh in self.objects]
        low = np.min([offset + low for offset, low, _ in rooms], 0)
        high = np.max([offset + high for offset, _, high in rooms], 0)
        return low, high


def in_grid(objects: Sequence[MeshObject], n_columns: int | None = None) -> tuple[MeshObject, ...]:
    """The same meshes side by side on the ground, in rows from the back to the front; a square grid unless told."""
    if len(objects) < 2:
        return tuple(replace(mesh, offset=(0.0, 0.0, 0.0)) for mesh in objects)
    columns = n_columns or math.ceil(math.sqrt(len(objects)))
    sizes = np.max([high - low for low, high in (mesh.room() for mesh in objects)], 0)
    step = sizes[:2] + _GAP * max(float(sizes[:2].max()), 1e-6)
    placed = []
    for number, mesh in enumerate(objects):
        low, high = mesh.room()
        row, column = divmod(number, columns)
        middle = (low + high) / 2
        offset = (column * step[0] - middle[0], -row * step[1] - middle[1], -low[2])
        placed.append(replace(mesh, offset=tuple(float(value) for value in offset)))
    return tuple(placed)
