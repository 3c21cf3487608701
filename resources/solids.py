"""Boxes and prisms of which procedural furniture is made. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

Corner = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Solid:
    """A closed part. `corners` are x, y, z with z up; `faces` are counter-clockwise seen from outside."""

    part: str
    corners: tuple[Corner, ...]
    faces: tuple[tuple[int, ...], ...]


def box(part: str, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Solid:
    """A box between two bounds an axis."""
    return tapered(part, (x, y), (x, y), z)


def tapered(
    part: str,
    below: tuple[tuple[float, float], tuple[float, float]],
    above: tuple[tuple[float, float], tuple[float, float]],
    z: tuple[float, float],
) -> Solid:
    """A box whose rectangles ((x0, x1), (y0, y1)) below and above differ; its sides stay plane if they taper alike."""
    corners = tuple(
        (xs[i], ys[j], height)
        for (xs, ys), height in ((below, z[0]), (above, z[1]))
        for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))
    )
    return Solid(part, corners, _sides(4))


def prism(part: str, n: int, at: tuple[float, float], radii: tuple[float, float], z: tuple[float, float]) -> Solid:
    """An upright prism with `n` corners, or a frustum where the radii below and above differ."""
    corners = tuple(
        (at[0] + radius * cos(2 * pi * (i + 0.5) / n), at[1] + radius * sin(2 * pi * (i + 0.5) / n), height)
        for radius, height in zip(radii, z, strict=True)
        for i in range(n)
    )
    return Solid(part, corners, _sides(n))


def _sides(n: int) -> tuple[tuple[int, ...], ...]:
    """Faces of a solid of two rings of n corners, the lower first, both counter-clockwise seen from above."""
    around = tuple((i, (i + 1) % n, n + (i + 1) % n, n + i) for i in range(n))
    return (tuple(reversed(range(n))), tuple(range(n, 2 * n)), *around)
