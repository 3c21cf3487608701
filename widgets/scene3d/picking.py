"""What lies under the pointer, found on the CPU: no read-back from a graphics card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from widgets.scene3d.camera import Camera
from widgets.scene3d.polygons import Polygons
from widgets.scene3d.scene import MeshObject, MeshScene

_REACH = 7.0  # pixels between the pointer and a vertex that it takes
_N_TRIED = 6  # of the vertices near the pointer, where a crowd of them is hidden
_BESIDE = 1e-4  # of the distance: a vertex lies on its own faces, not behind them


@dataclass(frozen=True)
class Hit:
    """A vertex or a face of an object of the scene, and how far it is from the eye."""

    object: int
    kind: Literal["vertex", "face"]
    index: int
    distance: float


def pick(
    scene: MeshScene,
    polygons: Sequence[Polygons],
    camera: Camera,
    at: tuple[float, float],
    size: tuple[float, float],
    *,
    through: bool = False,
) -> Hit | None:
    """The vertex near the pointer, else the foremost face under it. `through` also takes vertices behind faces."""
    objects = [
        _Near(number, mesh, faces, camera, at, size)
        for number, (mesh, faces) in enumerate(zip(scene.objects, polygons, strict=True))
    ]

    def foremost(through_pixel: tuple[float, float]) -> Hit | None:
        hits = [hit for near in objects if (hit := near.face_on(*camera.ray(through_pixel, size)))]
        return min(hits, key=lambda hit: hit.distance, default=None)

    vertices = sorted((vertex for near in objects for vertex in near.vertices()), key=lambda found: found[0])
    for _, place, hit in vertices[:_N_TRIED]:
        front = None if through else foremost(place)
        if front is None or front.distance >= hit.distance - _BESIDE * max(hit.distance, camera.distance):
            return hit
    return foremost(at)


class _Near:
    """What of an object is near a pixel: nearly nothing, so that what follows is quick."""

    def __init__(
        self,
        number: int,
        mesh: MeshObject,
        faces: Polygons,
        camera: Camera,
        at: tuple[float, float],
        size: tuple[float, float],
    ) -> None:
        self._number, self._mesh, self._camera, self._at, self._size = number, mesh, camera, at, size
        self._offset = np.asarray(mesh.offset)
        self._places, self._depths = camera.project(faces.vertices + self._offset, size)
        corners = faces.corners[faces.triangles[: faces.n_triangles(mesh.n_faces)]]
        places = self._places[corners]
        is_near = (places.min(1) <= np.add(at, _REACH)).all(1) & (places.max(1) >= np.subtract(at, _REACH)).all(1)
        # What reaches behind a perspective eye has no outline on the screen.
        chosen = np.flatnonzero(is_near | (self._depths[corners] <= camera.near).any(1))
        self._triangles = faces.vertices[corners[chosen]]
        ends = faces.starts[1:] - 2 * np.arange(1, faces.n_faces + 1)
        self._faces = np.searchsorted(ends, chosen, side="right")

    def face_on(self, start: np.ndarray, direction: np.ndarray) -> Hit | None:
        """The first face on a line."""
        if not len(self._triangles):
            return None
        distances = along(self._triangles, start - self._offset, direction)
        if self._camera.projection == "perspective":
            distances[distances <= 0] = np.inf
        nearest = int(distances.argmin())
        if not np.isfinite(distances[nearest]):
            return None
        return Hit(self._number, "face", int(self._faces[nearest]), float(distances[nearest]))

    def vertices(self) -> list[tuple[float, tuple[float, float], Hit]]:
        """Visible vertices: pixels from the pointer, place on the screen, and the hit."""
        if not self._mesh.show_vertices:
            return []
        n = self._mesh.n_vertices
        gaps = np.hypot(*(self._places[:n] - self._at).T)
        found = []
        for vertex in np.flatnonzero((gaps <= _REACH) & (self._depths[:n] > self._camera.near)):
            place = float(self._places[vertex, 0]), float(self._places[vertex, 1])
            start, direction = self._camera.ray(place, self._size)
            distance = float((self._mesh.vertices[vertex] + self._offset - start) @ direction)
            found.append((float(gaps[vertex]), place, Hit(self._number, "vertex", int(vertex), distance)))
        return found


def along(triangles: np.ndarray, start: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """How far along a line each triangle [T, 3, 3] is met: float [T], infinite where it is missed.

    Möller and Trumbore, "Fast, minimum storage ray/triangle intersection" (1997), from either side.
    """
    a = triangles[:, 0].astype(float)
    ab, ac = triangles[:, 1] - a, triangles[:, 2] - a
    p = np.cross(direction, ac)
    determinant = (ab * p).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / determinant
        s = start - a
        u = (s * p).sum(1) * inverse
        q = np.cross(s, ab)
        v = q @ direction * inverse
        distance = (ac * q).sum(1) * inverse
        is_hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (determinant != 0)
    return np.where(is_hit, distance, np.inf)
