"""Triangles that lie in a plane, merged back into the polygons they were cut from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import cos, radians, sqrt

import numpy as np

from inference.meshes.mesh import Mesh

# Parts of the mesh's diagonal.
_WELD = 1e-6  # nearer vertices are one; float32 rounds at a sixteenth of it
_STRAIGHT = 1e-5  # nearer to a line or plane is on it

Loop = dict[int, int]  # from each corner of a polygon to the next


def merge_planar(mesh: Mesh, degrees: float = 1.0) -> Mesh:
    """Polygons of neighbouring triangles whose normals are nearly parallel; the other triangles stay.

    Vertices at the same place become one before (STL and GLB share none), and those that are left within a straight
    side go after. A polygon has no hole and never touches itself: a plate with a hole becomes several polygons.

    Each polygon grows from its largest triangle. A neighbour joins if it brings a new vertex, or fills the corner
    between two sides; so there is a disc after every step, and where the whole is a disc, all of it is reached (every
    triangulated disc is extendably shellable: Danaraj and Klee, "Which spheres are shellable?", 1978).

    Parameters
    ----------
    mesh
        Triangles only.
    degrees
        How far the normals of a polygon's triangles may be from that of its largest one.
    """
    welded = _welded(mesh)
    loops = list(_Surface(welded, degrees).loops())
    if len(loops) == len(mesh.faces) and len(welded.vertices) == len(mesh.vertices):
        return mesh
    _straighten(welded.vertices, loops)
    return _compact(welded.vertices, map(_walk, loops))


def _welded(mesh: Mesh) -> Mesh:
    low = mesh.vertices.min(0)
    cells = np.rint((mesh.vertices - low) / (_WELD * _diagonal(mesh.vertices))).astype(np.int64)
    # A cell's number is at most a million, so that three fit into one key.
    _, first, cell = np.unique((cells << np.array([42, 21, 0])).sum(1), return_index=True, return_inverse=True)
    corners = first[cell.reshape(-1)][np.array(mesh.faces, np.int64)]
    a, b, c = corners.T
    return _compact(mesh.vertices, corners[(a != b) & (b != c) & (c != a)].tolist())


def _compact(vertices: np.ndarray, faces: Iterable[Iterable[int]]) -> Mesh:
    """Without the vertices of no face; the others keep their order."""
    faces = [tuple(face) for face in faces]
    used = sorted({index for face in faces for index in face})
    place = dict(zip(used, range(len(used)), strict=True))
    return Mesh(vertices[used], tuple(tuple(place[index] for index in face) for face in faces))


def _diagonal(vertices: np.ndarray) -> float:
    return float(np.linalg.norm(np.ptp(vertices, 0))) if len(vertices) else 0.0


class _Surface:
    """Triangles, what lies beside them, and which polygon each has joined."""

    def __init__(self, mesh: Mesh, degrees: float) -> None:
        corners = np.array(mesh.faces, np.int64).reshape(-1, 3)
        a, b, c = (mesh.vertices[corners[:, i]] for i in range(3))
        across = np.cross(b - a, c - a)
        areas = np.linalg.norm(across, axis=1)  # twice
        longest = np.max([np.linalg.norm(side, axis=1) for side in (b - a, c - b, a - c)], axis=0)
        self._near = _STRAIGHT * _diagonal(mesh.vertices)
        self._cosine = cos(radians(degrees))
        self._vertices = mesh.vertices.tolist()
        self._corners = mesh.faces
        self._normals = (across / np.maximum(areas, np.finfo(float).tiny)[:, None]).tolist()
        self._is_sliver = (areas <= self._near * longest).tolist()  # its normal means nothing
        self._beside = _beside(corners, len(mesh.vertices)).tolist()
        self._largest_first = np.argsort(-areas, kind="stable").tolist()
        self._joined = [-1] * len(corners)

    def loops(self) -> Iterator[Loop]:
        """The outline of each polygon, in the order of their first triangles."""
        members = defaultdict(list)
        for seed in self._largest_first:
            if self._joined[seed] < 0:
                self._grow(seed)
        for triangle, seed in enumerate(self._joined):
            members[seed].append(triangle)
        for seed, triangles in members.items():
            yield dict(
                side for t in triangles for side, other in self._sides(t) if other < 0 or self._joined[other] != seed
            )

    def _sides(self, triangle: int) -> Iterator[tuple[tuple[int, int], int]]:
        """Each side as its two corners, and the triangle across it, or -1."""
        a, b, c = self._corners[triangle]
        return zip(((a, b), (b, c), (c, a)), self._beside[triangle], strict=True)

    def _grow(self, seed: int) -> None:
        self._joined[seed] = seed
        if self._is_sliver[seed]:
            return
        reached = set(self._corners[seed])
        waiting = list(self._beside[seed])
        while waiting:
            triangle = waiting.pop()
            if triangle < 0 or self._joined[triangle] >= 0 or not self._is_in_plane(triangle, seed):
                continue
            shared = [side for side, other in self._sides(triangle) if other >= 0 and self._joined[other] == seed]
            if len(shared) == 1:
                new = set(self._corners[triangle]).difference(shared[0])
                if new <= reached:
                    continue  # it would close a ring; asked again when another side of it has joined
                reached |= new
            if len(shared) < 3:
                self._joined[triangle] = seed
                waiting += self._beside[triangle]

    def _is_in_plane(self, triangle: int, seed: int) -> bool:
        normal = self._normals[seed]
        if _dot(self._normals[triangle], normal) >= self._cosine:
            return True
        height = _dot(self._vertices[self._corners[seed][0]], normal)
        return self._is_sliver[triangle] and all(
            abs(_dot(self._vertices[corner], normal) - height) <= self._near for corner in self._corners[triangle]
        )


def _dot(a: list[float], b: list[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _beside(corners: np.ndarray, n_vertices: int) -> np.ndarray:
    """The triangle across each side: int64 [triangle, 3]; -1 where there is none, or more than one."""
    start, end = corners, np.roll(corners, -1, 1)
    keys, first, key, n_each = np.unique(
        (start * n_vertices + end).reshape(-1), return_index=True, return_inverse=True, return_counts=True
    )
    if not len(keys):
        return corners
    back = (end * n_vertices + start).reshape(-1)
    at = np.searchsorted(keys, back).clip(max=len(keys) - 1)
    is_pair = (keys[at] == back) & (n_each[at] == 1) & (n_each[key.reshape(-1)] == 1)
    return np.where(is_pair, first[at] // 3, -1).reshape(-1, 3)


def _straighten(vertices: np.ndarray, loops: list[Loop]) -> None:
    """Take out the vertices within a straight side, wherever the polygons on both sides of it can do without."""
    before = [{end: start for start, end in loop.items()} for loop in loops]
    users = defaultdict(list)
    for number, loop in enumerate(loops):
        for vertex in loop:
            users[vertex].append(number)
    near, points = _STRAIGHT * _diagonal(vertices), vertices.tolist()
    for vertex, numbers in users.items():
        ends = {frozenset((before[number][vertex], loops[number][vertex])) for number in numbers}
        if len(numbers) > 2 or len(ends) > 1 or any(len(loops[number]) < 4 for number in numbers):
            continue
        start, end = ends.pop()
        if not _is_between(points[vertex], points[start], points[end], near):
            continue
        for number in numbers:
            start, end = before[number].pop(vertex), loops[number].pop(vertex)
            loops[number][start], before[number][end] = end, start


def _is_between(point: list[float], start: list[float], end: list[float], near: float) -> bool:
    side = [b - a for a, b in zip(start, end, strict=True)]
    way = [b - a for a, b in zip(start, point, strict=True)]
    length = sqrt(_dot(side, side))
    if length <= near:
        return False
    along = _dot(way, side) / length
    return 0 < along < length and _dot(way, way) - along**2 <= near**2


def _walk(loop: Loop) -> Iterator[int]:
    first = corner = min(loop)
    for _ in loop:
        yield corner
        corner = loop[corner]
    assert corner == first
