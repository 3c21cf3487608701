"""A mesh of polygons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Mesh:
    """Polygons of any number of corners.

    Attributes
    ----------
    vertices
        float64 [n_vertices, 3]: x, y, z with z up.
    faces
        Vertex indices of each polygon, counter-clockwise seen from outside.
    notes
        What its file holds that was left aside, as sentences.
    """

    vertices: np.ndarray
    faces: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()

    def edge_valences(self) -> Counter[tuple[int, int]]:
        """How many polygons each edge (smaller index first) is a side of."""
        return Counter(
            (min(pair), max(pair)) for face in self.faces for pair in zip(face, (*face[1:], face[0]), strict=True)
        )

    @property
    def is_closed(self) -> bool:
        """Whether every edge is a side of an even number of polygons, so that there is an inside."""
        return bool(self.faces) and all(valence % 2 == 0 for valence in self.edge_valences().values())

    def flatness(self, face: int) -> float:
        """Greatest distance of a polygon's corners from the plane that fits them best."""
        corners = self.vertices[list(self.faces[face])]
        corners = corners - corners.mean(0)
        normal = np.linalg.svd(corners)[2][2]
        return float(np.abs(corners @ normal).max())
