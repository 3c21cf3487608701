"""Faces as flat arrays: normals and triangles of n-gons, made once and lengthened as the mesh grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from widgets.scene3d.scene import MeshObject

_STRAIGHT = 1e-9  # a corner that turns less the wrong way is no dent


@dataclass(frozen=True, eq=False)
class Polygons:
    """Faces, one after the other.

    Attributes
    ----------
    vertices
        float32 [V, 3].
    faces
        What it was made of.
    corners
        int32 [C]: vertices of all faces in turn; face f has `corners[starts[f] : starts[f + 1]]`.
    starts
        int64 [F + 1].
    normals
        float32 [F, 3] of length 1 (Newell's method); 0 where a face has no area.
    triangles
        int64 [T, 3]: places in `corners`. A face of k corners has k - 2 in a row, so face f starts at
        `starts[f] - 2 * f`.
    edges
        bool [T, 3]: whether the side from corner s to the next is one of the polygon's own.
    """

    vertices: np.ndarray
    faces: Sequence[tuple[int, ...]]
    corners: np.ndarray
    starts: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    edges: np.ndarray

    @property
    def n_faces(self) -> int:
        return len(self.starts) - 1

    def n_triangles(self, n_faces: int) -> int:
        """Triangles of the first faces."""
        return int(self.starts[n_faces]) - 2 * n_faces

    def triangle_faces(self) -> np.ndarray:
        """The face of each triangle: int64 [T]."""
        return np.repeat(np.arange(self.n_faces), np.diff(self.starts) - 2)

    def corner_faces(self) -> np.ndarray:
        """The face of each corner: int64 [C]."""
        return np.repeat(np.arange(self.n_faces), np.diff(self.starts))

    def following(self) -> np.ndarray:
        """The place in `corners` that comes next around the same face: int64 [C]."""
        return _following(self.starts)


def polygons_of(mesh: MeshObject, last: Polygons | None = None) -> Polygons:
    """The faces of a mesh. Where it is `last` or continues it, only what is new is worked out.

    Raises ValueError for a face of less than three corners, or one that names a vertex that there is not.
    """
    if last is not None and _continues(mesh, last):
        if len(mesh.faces) == last.n_faces and len(mesh.vertices) == len(last.vertices):
            return last
        vertices = np.asarray(mesh.vertices, np.float32)
        return _joined(last, _polygons(vertices, mesh.faces[last.n_faces :]), mesh.faces)
    return _polygons(np.asarray(mesh.vertices, np.float32), mesh.faces)


def _continues(mesh: MeshObject, last: Polygons) -> bool:
    n_vertices, n_faces = len(last.vertices), last.n_faces
    if len(mesh.vertices) < n_vertices or len(mesh.faces) < n_faces:
        return False
    if not np.array_equal(np.asarray(mesh.vertices[:n_vertices], np.float32), last.vertices):
        return False
    return mesh.faces is last.faces or list(mesh.faces[:n_faces]) == list(last.faces)


def _joined(last: Polygons, new: Polygons, faces: Sequence[tuple[int, ...]]) -> Polygons:
    n = len(last.corners)
    return Polygons(
        new.vertices,
        faces,
        np.concatenate([last.corners, new.corners]),
        np.concatenate([last.starts, new.starts[1:] + n]),
        np.concatenate([last.normals, new.normals]),
        np.concatenate([last.triangles, new.triangles + n]),
        np.concatenate([last.edges, new.edges]),
    )


def _polygons(vertices: np.ndarray, faces: Sequence[tuple[int, ...]]) -> Polygons:
    sizes = np.fromiter(map(len, faces), np.int64, len(faces))
    if len(sizes) and sizes.min() < 3:
        raise ValueError(f"Face {int(sizes.argmin())} has {int(sizes.min())} corners; a polygon has at least 3.")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    corners = np.fromiter(chain.from_iterable(faces), np.int32, int(starts[-1]))
    is_wrong = (corners < 0) | (corners >= len(vertices))
    if is_wrong.any():
        raise ValueError(f"A face names vertex {int(corners[is_wrong][0])}; there are {len(vertices)}.")
    if not len(sizes):
        empty = np.zeros((0, 3))
        return Polygons(
            vertices, faces, corners, starts, empty.astype(np.float32), empty.astype(np.int64), empty.astype(bool)
        )
    points = vertices[corners].astype(float)
    following = _following(starts)
    # Relative to each face's first corner: far from the origin the products would lose their digits.
    origin = np.repeat(points[starts[:-1]], sizes, 0)
    areas = np.add.reduceat(np.cross(points - origin, points[following] - origin), starts[:-1])
    lengths = np.linalg.norm(areas, axis=1, keepdims=True)
    normals = np.divide(areas, lengths, out=np.zeros_like(areas), where=lengths > 0)
    triangles, edges = _fans(starts, sizes)
    for face in np.flatnonzero((sizes > 3) & _has_dent(points, following, starts, sizes, normals)):
        place = slice(starts[face] - 2 * face, starts[face + 1] - 2 * (face + 1))
        cut = ears(_flattened(points[starts[face] : starts[face + 1]], normals[face]))
        triangles[place] = cut + starts[face]
        edges[place] = (np.roll(cut, -1, 1) - cut) % sizes[face] == 1
    return Polygons(vertices, faces, corners, starts, normals.astype(np.float32), triangles, edges)


def _following(starts: np.ndarray) -> np.ndarray:
    following = np.arange(1, starts[-1] + 1)
    following[starts[1:] - 1] = starts[:-1]
    return following


def _fans(starts: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles from the first corner of each face to all its other sides."""
    n_each = sizes - 2
    first = np.repeat(starts[:-1], n_each)
    number = np.arange(n_each.sum()) - np.repeat(np.cumsum(n_each) - n_each, n_each)
    triangles = np.stack([first, first + number + 1, first + number + 2], 1)
    edges = np.ones(triangles.shape, bool)
    edges[:, 0] = number == 0
    edges[:, 2] = number == np.repeat(n_each, n_each) - 1
    return triangles, edges


def _has_dent(
    points: np.ndarray, following: np.ndarray, starts: np.ndarray, sizes: np.ndarray, normals: np.ndarray
) -> np.ndarray:
    """Whether a face turns the wrong way somewhere: bool [F]."""
    sides = points[following] - points
    turns = np.cross(sides, sides[following])
    bends = (turns * np.repeat(normals, sizes, 0)).sum(1)
    scale = np.add.reduceat((sides**2).sum(1), starts[:-1])
    return np.minimum.reduceat(bends, starts[:-1]) < -_STRAIGHT * np.maximum(scale, 1e-30)


def _flattened(points: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """A face's corners in its plane, counter-clockwise: float [k, 2]."""
    across = np.zeros(3)
    across[np.abs(normal).argmin()] = 1
    right = np.cross(across, normal)
    right /= np.linalg.norm(right)
    return points @ np.stack([right, np.cross(normal, right)], 1)


def ears(points: np.ndarray) -> np.ndarray:
    """Triangles of a simple polygon, dents allowed: int [k - 2, 3], corners of [k, 2] given counter-clockwise.

    Ear clipping (Meisters, "Polygons have ears", 1975). Of a polygon that crosses itself, some triangles overlap.
    """
    left = list(range(len(points)))
    x, y = points[:, 0].tolist(), points[:, 1].tolist()

    def area(a: int, b: int, c: int) -> float:
        return (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a])

    def is_ear(a: int, b: int, c: int) -> bool:
        if area(a, b, c) <= 0:
            return False
        corners = {(x[i], y[i]) for i in (a, b, c)}
        return not any(
            area(a, b, p) >= 0 and area(b, c, p) >= 0 and area(c, a, p) >= 0
            for p in left
            if (x[p], y[p]) not in corners
        )

    triangles = []
    while len(left) > 3:
        n = len(left)
        turns = [(left[i - 1], left[i], left[(i + 1) % n]) for i in range(n)]
        # Without an ear it crosses itself, or what is left is flat: cut off the flattest corner.
        ear = next((turn for turn in turns if is_ear(*turn)), None) or min(turns, key=lambda turn: abs(area(*turn)))
        triangles.append(ear)
        left.remove(ear[1])
    return np.array([*triangles, tuple(left)])
