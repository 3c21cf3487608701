"""Where a scene is seen from: an orbiting camera, and the mathematics between space and screen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Projection = Literal["perspective", "orthographic"]
PROJECTIONS: tuple[Projection, ...] = ("perspective", "orthographic")

FIELD_OF_VIEW = 32.0  # degrees from the lower to the upper edge: little distortion, as a lens for portraits
_HALF = math.tan(math.radians(FIELD_OF_VIEW / 2))
_NEAR, _FAR = 0.02, 50.0  # of the distance
_MARGIN = 1.12  # of air around what is fitted

# Azimuth and elevation in degrees: which way one looks from.
FRONT, SIDE, TOP, OBLIQUE = (-90.0, 0.0), (0.0, 0.0), (-90.0, 90.0), (-60.0, 24.0)


@dataclass(frozen=True)
class Camera:
    """Looks at `target` from `distance` away. Screen coordinates: pixels from the upper left corner, y downwards.

    Attributes
    ----------
    azimuth
        Degrees around z: 0 looks from +x, -90 from -y (the front).
    elevation
        Degrees above the ground, -90 to 90.
    distance
        From the target, in units of the scene. It also sets how much the orthographic picture shows, so that what is
        at the target keeps its size when the projection changes.
    """

    target: tuple[float, float, float] = (0.0, 0.0, 0.0)
    distance: float = 3.0
    azimuth: float = OBLIQUE[0]
    elevation: float = OBLIQUE[1]
    projection: Projection = "perspective"

    # Ways to move

    def orbited(self, right: float, up: float) -> Camera:
        """Turned around the target by degrees."""
        azimuth = (self.azimuth + right + 180) % 360 - 180
        return replace(self, azimuth=azimuth, elevation=max(-90.0, min(90.0, self.elevation + up)))

    def panned(self, dx: float, dy: float, size: tuple[float, float]) -> Camera:
        """Moved so that the target goes by pixels over a screen of `size` (width, height)."""
        right, up, _ = self.axes()
        shift = (-dx * right + dy * up) * self.units_per_pixel(size)
        return replace(self, target=_triple(np.asarray(self.target) + shift))

    def zoomed(self, factor: float, at: tuple[float, float], size: tuple[float, float]) -> Camera:
        """`factor` times as near; what lies under `at`, in the plane of the target, stays there."""
        fixed = self.under(at, size)
        distance = min(max(self.distance / factor, 1e-6), 1e9)
        share = distance / self.distance
        return replace(self, distance=distance, target=_triple(fixed + (np.asarray(self.target) - fixed) * share))

    def looking(self, azimuth: float, elevation: float) -> Camera:
        """From another side, such as `FRONT`."""
        return replace(self, azimuth=azimuth, elevation=elevation)

    def fitted(self, points: np.ndarray, size: tuple[float, float]) -> Camera:
        """From the same side, so that points [N, 3] just fill a screen of `size`."""
        points = np.asarray(points, float)
        camera = replace(self, target=_triple((points.min(0) + points.max(0)) / 2))._far_enough(points, size)
        for _ in range(2):  # in perspective, what is in the middle depends on the distance, and that on the middle
            places, _ = camera.project(points, size)
            middle = (places.min(0) + places.max(0)) / 2
            camera = camera.panned(size[0] / 2 - middle[0], size[1] / 2 - middle[1], size)._far_enough(points, size)
        return camera

    def _far_enough(self, points: np.ndarray, size: tuple[float, float]) -> Camera:
        """Just as far from its target that all points are in the picture."""
        x, y, nearer = np.array(self.axes()) @ (points - self.target).T
        needed = np.maximum(np.abs(x) * max(size[1], 1) / max(size[0], 1), np.abs(y)) * _MARGIN / _HALF
        if self.projection == "perspective":
            needed = needed + nearer
        return replace(self, distance=max(float(needed.max()), 1e-3))

    # Between space and screen

    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Unit vectors to the right, upwards, and towards the viewer."""
        azimuth, elevation = math.radians(self.azimuth), math.radians(self.elevation)
        ca, sa, ce, se = math.cos(azimuth), math.sin(azimuth), math.cos(elevation), math.sin(elevation)
        right = np.array([-sa, ca, 0.0])
        up = np.array([-se * ca, -se * sa, ce])
        return right, up, np.array([ce * ca, ce * sa, se])

    def eye(self) -> np.ndarray:
        """Where it stands."""
        return np.asarray(self.target) + self.distance * self.axes()[2]

    def view(self) -> np.ndarray:
        """From the scene to the eye, which looks along -z: float [4, 4], for columns."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes()
        matrix[:3, 3] = -matrix[:3, :3] @ self.eye()
        return matrix

    def clip(self, size: tuple[float, float]) -> np.ndarray:
        """From the eye to OpenGL's clip coordinates: float [4, 4]."""
        aspect = max(size[0], 1) / max(size[1], 1)
        near, far = _NEAR * self.distance, _FAR * self.distance
        matrix = np.zeros((4, 4))
        if self.projection == "perspective":
            matrix[0, 0], matrix[1, 1] = 1 / (_HALF * aspect), 1 / _HALF
            matrix[2, 2], matrix[2, 3] = -(far + near) / (far - near), -2 * far * near / (far - near)
            matrix[3, 2] = -1
        else:
            half = _HALF * self.distance
            near = -far  # nothing is behind an orthographic camera
            matrix[0, 0], matrix[1, 1] = 1 / (half * aspect), 1 / half
            matrix[2, 2], matrix[2, 3] = -2 / (far - near), -(far + near) / (far - near)
            matrix[3, 3] = 1
        return matrix

    def project(self, points: np.ndarray, size: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """Points [N, 3] on the screen: pixels [N, 2], and how far in front of the eye along the line of sight [N].

        Where that is less than `near`, a perspective picture has no such point.
        """
        right, up, toward = self.axes()
        seen = np.asarray(points, float) - self.eye()
        depth = -seen @ toward
        scale = size[1] / (2 * _HALF)
        scales = scale / np.maximum(depth, self.near) if self.projection == "perspective" else scale / self.distance
        x, y = seen @ right * scales, seen @ up * scales
        return np.stack([size[0] / 2 + x, size[1] / 2 - y], -1), depth

    @property
    def near(self) -> float:
        """What is nearer to a perspective eye is not seen."""
        return _NEAR * self.distance if self.projection == "perspective" else -math.inf

    def ray(self, at: tuple[float, float], size: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """The line of sight through a pixel: where it starts, and its direction of length 1."""
        right, up, toward = self.axes()
        x, y = at[0] - size[0] / 2, size[1] / 2 - at[1]
        unit = self.units_per_pixel(size)
        shift = (x * right + y * up) * unit
        if self.projection == "orthographic":
            return self.eye() + shift, -toward
        direction = shift - toward * self.distance
        return self.eye(), direction / np.linalg.norm(direction)

    def under(self, at: tuple[float, float], size: tuple[float, float]) -> np.ndarray:
        """The point under a pixel, in the plane through the target that faces the viewer."""
        right, up, _ = self.axes()
        x, y = at[0] - size[0] / 2, size[1] / 2 - at[1]
        return np.asarray(self.target) + (x * right + y * up) * self.units_per_pixel(size)

    def units_per_pixel(self, size: tuple[float, float]) -> float:
        """How much of the scene a pixel covers at the target."""
        return 2 * _HALF * self.distance / max(size[1], 1)


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
