"""Which faces belong to closed bodies, whose back sides nobody sees."""

from __future__ import annotations

import numpy as np

from widgets.scene3d.polygons import Polygons


def of_solids(polygons: Polygons, n_faces: int) -> np.ndarray:
    """Whether each of the first faces is part of a closed body with its normals outwards: bool [n_faces].

    A body is what hangs together by vertices. It is closed if every side is met by one in the other direction.
    """
    n = int(polygons.starts[n_faces])
    here = polygons.corners[:n].astype(np.int64)
    there = here[polygons.following()[:n]]
    body = _bodies(here, there, len(polygons.vertices))[here]
    is_open = np.zeros(len(polygons.vertices), bool)
    forward, back = here * len(polygons.vertices) + there, there * len(polygons.vertices) + here
    sides, which, n_forward = np.unique(forward, return_inverse=True, return_counts=True)
    place = np.minimum(np.searchsorted(sides, back), len(sides) - 1)
    n_back = np.where(sides[place] == back, n_forward[place], 0) if n else n_forward
    is_open[body[n_forward[which] != n_back]] = True
    face = polygons.corner_faces()[:n]
    first = polygons.vertices[here[polygons.starts[:n_faces]]] if n_faces else np.zeros((0, 3))
    # Six times the volume between each side, its face's first corner and the origin: summed over a body it is its own.
    crossed = np.cross(polygons.vertices[here].astype(float), polygons.vertices[there].astype(float))
    volume = np.bincount(body, (first[face] * crossed).sum(1), len(polygons.vertices))
    is_solid = ~is_open & (volume > 0)
    return is_solid[body[polygons.starts[:n_faces]]] if n_faces else np.zeros(0, bool)


def _bodies(here: np.ndarray, there: np.ndarray, n: int) -> np.ndarray:
    """The least vertex that each hangs together with: int [n]."""
    labels = np.arange(n)
    while True:
        least = np.minimum(labels[here], labels[there])
        new = labels.copy()
        np.minimum.at(new, labels[here], least)
        np.minimum.at(new, labels[there], least)
        new = new[new]
        if np.array_equal(new, labels):
            return labels
        labels = new
