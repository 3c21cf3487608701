"""Polygons cut into triangles, for files that know nothing else."""

from __future__ import annotations

import numpy as np
from mapbox_earcut import triangulate_float64

from inference.meshes.mesh import Mesh


def triangulate(mesh: Mesh) -> np.ndarray:
    """Triangles of all polygons, dents allowed, with the sense of the polygons: int64 [triangle, 3].

    Every corner stays in use, so that what was closed is closed.
    """
    return np.array([triangle for face in mesh.faces for triangle in _triangles(mesh.vertices, face)], np.int64)


def _triangles(vertices: np.ndarray, face: tuple[int, ...]) -> list[tuple[int, ...]]:
    if len(face) == 3:
        return [face]
    flat = _flattened(vertices[list(face)])
    corners = triangulate_float64(flat, np.array([len(face)], np.uint32)).reshape(-1, 3)
    if len(corners) != len(face) - 2:  # it crosses itself, or has no area
        corners = np.array([(0, i, i + 1) for i in range(1, len(face) - 1)])
    else:
        a, b, c = (flat[corners[:, i]] for i in range(3))
        is_turned = (b - a)[:, 0] * (c - a)[:, 1] < (b - a)[:, 1] * (c - a)[:, 0]
        corners[is_turned] = corners[is_turned, ::-1]
    return [tuple(face[corner] for corner in triangle) for triangle in corners.tolist()]


def _flattened(points: np.ndarray) -> np.ndarray:
    """Corners seen along the axis in which the polygon is widest, counter-clockwise: float64 [corner, 2]."""
    points = points - points[0]
    normal = np.cross(points, np.roll(points, -1, 0)).sum(0)  # Newell's
    axis = int(np.abs(normal).argmax())
    flat = points[:, [(axis + 1) % 3, (axis + 2) % 3]]
    return np.ascontiguousarray(flat if normal[axis] >= 0 else flat[:, ::-1])
