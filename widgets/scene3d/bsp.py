"""Polygons in the order in which a painter must draw them, from anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from widgets.scene3d.polygons import Polygons

_N_CANDIDATES = 6
_SPLIT_COST = 4.0  # of a cut, in polygons on the wrong side of a balance
_SPAN = 1.5e-3  # of the mesh's width: nearer to a plane is on it; less than half a step of an 8-bit coordinate

_FULL = 15_000  # pieces

Leaves = dict[tuple[int, bool], list[int]]  # of (node, in front of it): extra pieces


class Tree:
    """A binary space partition (Fuchs, Kedem and Naylor, "On visible surface generation by a priori tree structures",
    1980). It holds for every camera, and takes further faces as a mesh grows.

    Faces that pierce others are cut. Attributes: of each piece its points [k, 3], its face, and which of its sides are
    the polygon's own (the rest are cuts).
    """

    def __init__(self, span: float) -> None:
        self._epsilon = max(span * _SPAN, 1e-9)
        self.points: list[np.ndarray] = []
        self.faces: list[int] = []
        self.is_edge: list[tuple[bool, ...]] = []
        self.n_faces = 0
        self._planes: list[tuple[np.ndarray, float]] = []  # of pieces
        self._normals: list[np.ndarray] = []  # of nodes
        self._constants: list[float] = []
        self._children: list[list[int]] = []  # [behind, in front], -1 is none
        self._pieces: list[list[int]] = []

    def grow(self, polygons: Polygons) -> None:
        """Take in the faces that are not in it yet."""
        new = []
        vertices, corners = polygons.vertices.astype(float), polygons.corners
        for face in range(self.n_faces, polygons.n_faces):
            if not polygons.normals[face].any():
                continue  # no area, nothing to see
            first, end = int(polygons.starts[face]), int(polygons.starts[face + 1])
            points = vertices[corners[first:end]]
            if np.ptp(points @ polygons.normals[face]) <= 2 * self._epsilon:
                new.append(self._add(points, face, (True,) * len(points)))
                continue
            for triangle in range(first - 2 * face, end - 2 * (face + 1)):  # bent: only its triangles are flat
                is_edge = tuple(polygons.edges[triangle].tolist())
                new.append(self._add(vertices[corners[polygons.triangles[triangle]]], face, is_edge))
        self.n_faces = polygons.n_faces
        self._insert(new)

    def _add(
        self, points: np.ndarray, face: int, is_edge: tuple[bool, ...], plane: tuple[np.ndarray, float] | None = None
    ) -> int:
        self.points.append(points)
        self.faces.append(face)
        self.is_edge.append(is_edge)
        self._planes.append(plane or _plane(points))
        return len(self.points) - 1

    def _insert(self, pieces: list[int]) -> None:
        work = [(pieces, -1, 0)]
        while work and not self.is_full:
            here, parent, side = work.pop()
            if not here:
                continue
            node = self._children[parent][side] if parent >= 0 else (0 if self._children else -1)
            if node < 0:
                node, here = self._new_node(here)
                if parent >= 0:
                    self._children[parent][side] = node
                if not here:
                    continue
            behind, front = [], []
            low, high = self._sides(here, self._normals[node][None], np.array([self._constants[node]]))
            for piece, least, most in zip(here, low[:, 0].tolist(), high[:, 0].tolist(), strict=True):
                if most <= self._epsilon:
                    (self._pieces[node] if least >= -self._epsilon else behind).append(piece)
                elif least >= -self._epsilon:
                    front.append(piece)
                else:
                    one, two = self._cut(piece, node)
                    behind.append(one)
                    front.append(two)
            work += [(behind, node, 0), (front, node, 1)]

    def _new_node(self, pieces: list[int]) -> tuple[int, list[int]]:
        """A node in the plane of one of the pieces, and the others."""
        step = max(1, len(pieces) // _N_CANDIDATES)
        chosen = pieces[::step][:_N_CANDIDATES]
        planes = np.array([self._planes[piece][0] for piece in chosen])
        constants = np.array([self._planes[piece][1] for piece in chosen])
        best = 0
        if len(chosen) > 1:
            low, high = self._sides(pieces, planes, constants)
            is_front, is_behind = high > self._epsilon, low < -self._epsilon
            n_cut = (is_front & is_behind).sum(0)
            best = int((_SPLIT_COST * n_cut + np.abs(is_front.sum(0) - is_behind.sum(0))).argmin())
        self._normals.append(planes[best])
        self._constants.append(float(constants[best]))
        self._children.append([-1, -1])
        # It lies in its plane whatever rounding says, so that every node takes one away.
        self._pieces.append([chosen[best]])
        return len(self._children) - 1, [piece for piece in pieces if piece != chosen[best]]

    def _sides(self, pieces: list[int], planes: np.ndarray, constants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far each piece reaches behind and in front of each plane: two float [pieces, planes]."""
        chosen = [self.points[piece] for piece in pieces]
        starts = np.cumsum([0, *(len(points) for points in chosen[:-1])])
        distances = np.concatenate(chosen) @ planes.T - constants
        return np.minimum.reduceat(distances, starts, 0), np.maximum.reduceat(distances, starts, 0)

    def _cut(self, piece: int, node: int) -> tuple[int, int]:
        face, sides, plane = self.faces[piece], self.is_edge[piece], self._planes[piece]
        parts = cut(self.points[piece], sides, self._normals[node], self._constants[node], self._epsilon)
        (behind, behind_edges), (front, front_edges) = parts
        return self._add(behind, face, behind_edges, plane), self._add(front, face, front_edges, plane)

    @property
    def is_full(self) -> bool:
        """Whether it was given up: faces that pierce each other all over are cut into ever more pieces."""
        return len(self.points) > _FULL

    # What a painter asks

    def order(self, eye: np.ndarray, *, is_direction: bool, leaves: Leaves | None = None) -> list[int]:
        """Pieces from the farthest to the nearest. `eye` is a place, or the direction towards a far viewer."""
        leaves = leaves or {}
        if not self._children:
            return list(leaves.get((-1, True), ()))
        sides = np.array(self._normals) @ eye
        in_front = (sides > (0 if is_direction else np.array(self._constants))).tolist()
        out: list[int] = []
        todo: list[tuple[int, int]] = [(0, 0)]  # 0: a node to open, 1: its pieces, 2 and 3: an empty side of it
        while todo:
            node, what = todo.pop()
            if what == 1:
                out += self._pieces[node]
            elif what > 1:
                out += leaves.get((node, what == 3), ())
            else:
                far, near = (0, 1) if in_front[node] else (1, 0)
                for side in (near, None, far):
                    child = -1 if side is None else self._children[node][side]
                    if side is None:
                        todo.append((node, 1))
                    elif child >= 0:
                        todo.append((child, 0))
                    elif leaves:
                        todo.append((node, 2 + side))
        return out

    def sorted_in(self, polygons: Sequence[np.ndarray]) -> tuple[Leaves, list[np.ndarray], list[int]]:
        """Where convex polygons that are no faces belong: leaves for `order` with numbers from -1 downwards.

        Gives also the pieces that they fall into (piece -1 is the first), and the polygon each comes from.
        """
        leaves: Leaves = {}
        pieces: list[np.ndarray] = []
        owners: list[int] = []
        work = [(points, number, 0 if self._children else -1, -1, True) for number, points in enumerate(polygons)]
        while work:
            points, number, node, parent, is_front = work.pop()
            if node < 0:
                pieces.append(points)
                owners.append(number)
                leaves.setdefault((parent, is_front), []).append(-len(pieces))
                continue
            distances = points @ self._normals[node] - self._constants[node]
            if distances.min() >= -self._epsilon:
                work.append((points, number, self._children[node][1], node, True))
            elif distances.max() <= self._epsilon:
                work.append((points, number, self._children[node][0], node, False))
            else:
                sides = (False,) * len(points)
                parts = cut(points, sides, self._normals[node], self._constants[node], self._epsilon)
                for side, (part, _) in enumerate(parts):
                    work.append((part, number, self._children[node][side], node, side == 1))
        return leaves, pieces, owners


def _plane(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Normal of length 1 (Newell's method) and constant."""
    x, y, z = (points - points[0]).T
    a, b, c = np.roll(x, -1), np.roll(y, -1), np.roll(z, -1)
    normal = np.array([(y * c - z * b).sum(), (z * a - x * c).sum(), (x * b - y * a).sum()])
    normal /= max(float(np.linalg.norm(normal)), 1e-300)
    return normal, float(normal @ points.mean(0))


def cut(
    points: np.ndarray, is_edge: tuple[bool, ...], normal: np.ndarray, constant: float, epsilon: float
) -> tuple[tuple[np.ndarray, tuple[bool, ...]], tuple[np.ndarray, tuple[bool, ...]]]:
    """What of a polygon lies behind a plane, and what in front of it (Sutherland and Hodgman, 1974).

    Corners nearer than `epsilon` belong to both. Sides along the cut are no edges.
    """
    distances = (points @ normal - constant).tolist()
    parts: list[tuple[np.ndarray, tuple[bool, ...]]] = []
    n = len(points)
    for sign in (-1, 1):
        kept, edges = [], []
        for i in range(n):
            j = (i + 1) % n
            here, there = sign * distances[i], sign * distances[j]
            if here >= -epsilon:
                kept.append(points[i])
                # Both ends on this side: the whole side stays; one end beyond: a piece of it, then the cut.
                edges.append(is_edge[i] and (here > epsilon or there >= -epsilon))
            if (here > epsilon and there < -epsilon) or (here < -epsilon and there > epsilon):
                kept.append(points[i] + (points[j] - points[i]) * (here / (here - there)))
                edges.append(is_edge[i] and there > epsilon)
        parts.append((np.array(kept), tuple(edges)))
    return parts[0], parts[1]
