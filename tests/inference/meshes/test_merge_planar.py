"""Triangles in a plane become the polygon that they were cut from: discs without holes that never touch themselves."""

from __future__ import annotations

import numpy as np
import pytest

from inference.meshes.merge_planar import merge_planar
from inference.meshes.mesh import Mesh
from inference.meshes.triangulate import triangulate
from tests.inference.solids import CONE, CUBE, L_PLATE, PRISM


def triangles_of(mesh):
    return Mesh(mesh.vertices, tuple(map(tuple, triangulate(mesh).tolist())))


def soup_of(mesh):
    """Every triangle with corners of its own, as STL has them."""
    corners = mesh.vertices[triangulate(mesh)].reshape(-1, 3)
    return Mesh(corners, tuple((i, i + 1, i + 2) for i in range(0, len(corners), 3)))


def outlines(mesh):
    """Each polygon by the places of its corners, wherever it begins."""
    found = set()
    for face in mesh.faces:
        places = [tuple(mesh.vertices[i].round(6)) for i in face]
        at = places.index(min(places))
        found.add((*places[at:], *places[:at]))
    return found


@pytest.mark.parametrize("cut", [triangles_of, soup_of])
@pytest.mark.parametrize("mesh", [CUBE, CONE, PRISM, L_PLATE], ids=["cube", "cone", "prism", "L"])
def test_polygons_come_back(cut, mesh):
    merged = merge_planar(cut(mesh))
    assert outlines(merged) == outlines(mesh)
    assert len(merged.vertices) == len(mesh.vertices)
    assert merged.is_closed


def test_vertices_within_a_straight_side_go():
    strip = np.array([[x, y, 0.0] for y in (0, 1) for x in range(6)])
    quads = [(i, i + 1, i + 7, i + 6) for i in range(5)]
    merged = merge_planar(triangles_of(Mesh(strip, tuple(quads))))
    assert outlines(merged) == {((0, 0, 0), (5, 0, 0), (5, 1, 0), (0, 1, 0))}


def test_a_vertex_that_another_polygon_needs_stays():
    """The back of a floor is one side, but two walls meet in its middle."""
    floor = [[0, 0, 0], [2, 0, 0], [2, 1, 0], [1, 1, 0], [0, 1, 0]]
    walls = [[0, 1, 1], [1, 1, 1], [1, 2, 1], [2, 1, 1]]
    points = np.array([*floor, *walls], float)
    quads = ((4, 3, 6, 5), (3, 7, 6))
    merged = merge_planar(triangles_of(Mesh(points, ((0, 1, 2, 3, 4), *quads))))
    (corners,) = (face for face in merged.faces if (points_of(merged, face)[:, 2] == 0).all() and len(face) > 3)
    assert len(corners) == 5


def test_a_ring_becomes_polygons_without_holes():
    outer = np.array([[0, 0], [3, 0], [3, 3], [0, 3]])
    inner = np.array([[1, 1], [2, 1], [2, 2], [1, 2]])
    points = np.concatenate([outer, inner]).astype(float)
    points = np.concatenate([points, np.zeros((8, 1))], 1)
    quads = tuple((i, (i + 1) % 4, 4 + (i + 1) % 4, 4 + i) for i in range(4))
    ring = triangles_of(Mesh(points, quads))
    merged = merge_planar(ring)
    assert 2 <= len(merged.faces) < len(ring.faces)
    assert all(len(set(face)) == len(face) for face in merged.faces)
    area = sum(_area(points_of(merged, face)) for face in merged.faces)
    assert area == pytest.approx(8.0)


def test_what_is_bent_more_than_allowed_stays_apart():
    def roof(rise):
        points = np.array([[0, 0, 0], [1, 0, rise], [1, 1, rise], [0, 1, 0], [2, 0, 0], [2, 1, 0]], float)
        return Mesh(points, ((0, 1, 2), (0, 2, 3), (1, 4, 5), (1, 5, 2)))

    assert len(merge_planar(roof(0.1)).faces) == 2  # 5.7 degrees each side
    assert len(merge_planar(roof(0.1), degrees=30).faces) == 1
    assert len(merge_planar(roof(0.001)).faces) == 1


def test_nothing_to_merge_leaves_the_mesh():
    pyramid = Mesh(
        np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]), ((0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3))
    )
    assert merge_planar(pyramid) is pyramid


def points_of(mesh, face):
    return mesh.vertices[list(face)]


def _area(points):
    return float(np.linalg.norm(np.cross(points, np.roll(points, -1, 0)).sum(0)) / 2)
