"""A mesh as pieces that can be painted one over the other."""

from __future__ import annotations

import numpy as np

from widgets.scene3d.bsp import Leaves, Tree
from widgets.scene3d.camera import Camera
from widgets.scene3d.polygons import Polygons
from widgets.scene3d.solids import of_solids

EXACT = 3_000  # faces; of more, each is small and its depth says enough


class Pieces:
    """The pieces of a mesh that grows, and their order from any camera.

    Attributes
    ----------
    points, starts
        float [N, 3]: the points of all pieces in turn; piece p has `points[starts[p] : starts[p + 1]]`.
    faces
        int [P]: the face that each is of.
    is_edge
        Of each piece: which of its sides are the polygon's own.
    """

    def __init__(self, polygons: Polygons, span: float) -> None:
        self._tree = Tree(span) if polygons.n_faces <= EXACT else None
        self.polygons = polygons
        self._solids: np.ndarray | None = None
        self._take()

    def grown(self, polygons: Polygons, span: float) -> Pieces:
        """Of a mesh that may be longer now; the same object where it holds."""
        if polygons is self.polygons:
            return self
        continues = (
            self._tree is not None
            and len(self.polygons.corners) <= len(polygons.corners)
            and polygons.n_faces <= EXACT
            and np.array_equal(polygons.corners[: len(self.polygons.corners)], self.polygons.corners)
            and np.array_equal(polygons.starts[: len(self.polygons.starts)], self.polygons.starts)
            and np.array_equal(polygons.vertices[: len(self.polygons.vertices)], self.polygons.vertices)
        )
        if not continues:
            return Pieces(polygons, span)
        self.polygons = polygons
        self._take()
        return self

    def _take(self) -> None:
        polygons = self.polygons
        self._solids = None
        if self._tree is not None:
            self._tree.grow(polygons)
        if self._tree is None or self._tree.is_full:
            self._tree = None
            self.points = polygons.vertices[polygons.corners].astype(float)
            self.starts = polygons.starts
            self.faces = np.arange(polygons.n_faces)
            self.is_edge = [(True,) * int(n) for n in np.diff(polygons.starts)]
            return
        points = self._tree.points
        self.points = np.concatenate(points) if points else np.zeros((0, 3))
        self.starts = np.cumsum([0, *map(len, points)])
        self.faces = np.array(self._tree.faces, int)
        self.is_edge = self._tree.is_edge

    def has_back(self, n_faces: int) -> np.ndarray:
        """Whether each of the first faces has a back that nobody sees: bool [n_faces]."""
        if self._solids is None or len(self._solids) != n_faces:
            self._solids = of_solids(self.polygons, n_faces)
        return self._solids

    def sorted_in(self, sheets: list[np.ndarray]) -> tuple[Leaves, list[np.ndarray], list[int]]:
        """See `Tree.sorted_in`; in front of everything where there are too many faces."""
        if self._tree is None:
            return {(-1, True): [-1 - number for number in range(len(sheets))]}, sheets, list(range(len(sheets)))
        return self._tree.sorted_in(sheets)

    def order(self, camera: Camera, offset: np.ndarray, n_faces: int, leaves: Leaves | None = None) -> list[int]:
        """Pieces of the first faces from the farthest to the nearest; negative numbers are what is in `leaves`."""
        is_direction = camera.projection == "orthographic"
        eye = camera.axes()[2] if is_direction else camera.eye() - offset
        if self._tree is not None:
            ordered = self._tree.order(eye, is_direction=is_direction, leaves=leaves)
            if n_faces >= self.polygons.n_faces:
                return ordered
            faces = self.faces
            return [piece for piece in ordered if piece < 0 or faces[piece] < n_faces]
        depths = -self.points @ camera.axes()[2]
        sums = np.add.reduceat(depths, self.starts[:-1])[:n_faces] / np.diff(self.starts)[:n_faces]
        return [*np.argsort(-sums, kind="stable").tolist(), *((leaves or {}).get((-1, True), ()))]
