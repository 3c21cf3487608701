"""Faces as arrays: triangles cover n-gons, dents too; what grows is the same as what is made at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.mesh_scenes import boxes, chair
from widgets.scene3d.polygons import ears, polygons_of
from widgets.scene3d.scene import Guide, MeshObject, MeshScene, in_grid
from widgets.scene3d.solids import of_solids

# A letter L lying on the ground, by its outline.
L_SHAPE = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0], [1, 1, 0], [1, 2, 0], [0, 2, 0]], float)


def doubled_areas(points, triangles):
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    ab, ac = b - a, c - a
    return ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]


def test_a_dented_polygon_is_covered_once():
    faces = polygons_of(MeshObject(L_SHAPE, (tuple(range(6)),)))
    areas = doubled_areas(L_SHAPE, faces.corners[faces.triangles])
    assert (areas > 0).all()
    assert areas.sum() / 2 == pytest.approx(3)
    np.testing.assert_allclose(faces.normals, [[0, 0, 1]])


@given(st.lists(st.floats(0.2, 1), min_size=4, max_size=14))
def test_ears_of_stars_add_up_to_the_polygon(radii):
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * np.array(radii)[:, None]
    areas = doubled_areas(points, ears(points))
    x, y = points.T
    assert (areas >= -1e-12).all()
    assert areas.sum() == pytest.approx((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())


@pytest.mark.parametrize(
    "outline", [L_SHAPE, np.array([[0, 0, 0], [2, 0, 0], [3, 1, 0], [1, 3, 0], [-1, 1, 0]], float)]
)
def test_only_the_polygons_own_sides_are_edges(outline):
    n = len(outline)
    faces = polygons_of(MeshObject(outline, (tuple(range(n)),)))
    corners = faces.corners[faces.triangles]
    drawn = {
        (int(triangle[side]), int(triangle[(side + 1) % 3]))
        for triangle, is_edge in zip(corners, faces.edges, strict=True)
        for side in range(3)
        if is_edge[side]
    }
    assert drawn == {(corner, (corner + 1) % n) for corner in range(n)}


@pytest.mark.parametrize("n_at_first", [0, 1, 7, 35])
def test_a_mesh_that_grew_is_the_mesh(n_at_first):
    mesh = chair()
    last = polygons_of(replace(mesh, vertices=mesh.vertices[:40], faces=mesh.faces[: min(n_at_first, 29)]))
    grown, whole = polygons_of(mesh, last), polygons_of(mesh)
    for name in ("vertices", "corners", "starts", "normals", "triangles", "edges"):
        np.testing.assert_array_equal(getattr(grown, name), getattr(whole, name))
    assert polygons_of(mesh, grown) is grown


def test_another_mesh_is_not_taken_for_a_longer_one():
    moved = replace(chair(), vertices=chair().vertices + 1)
    np.testing.assert_allclose(polygons_of(moved, polygons_of(chair())).vertices, moved.vertices, rtol=1e-6)


def test_bodies_are_solid_when_closed_and_turned_outwards():
    two = boxes(((0, 0, 0), (1, 1, 1)), ((2, 0, 0), (3, 1, 1)))
    faces = [tuple(reversed(face)) if number >= 6 else face for number, face in enumerate(two.faces)]
    assert of_solids(polygons_of(two), 12).all()
    assert of_solids(polygons_of(two), 11).tolist() == [True] * 6 + [False] * 5
    assert of_solids(polygons_of(replace(two, faces=tuple(faces))), 12).tolist() == [True] * 6 + [False] * 6
    assert not of_solids(polygons_of(two), 0).any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: polygons_of(MeshObject(np.zeros((3, 3)), ((0, 1),))), "Face 0 has 2 corners"),
        (lambda: polygons_of(MeshObject(np.zeros((3, 3)), ((0, 1, 3),))), "names vertex 3; there are 3"),
        (lambda: MeshObject(np.zeros((3, 2))), r"not \[3, 2\]"),
        (lambda: MeshObject(np.full((1, 3), np.nan)), "not a finite number"),
        (lambda: MeshObject(np.zeros((3, 3)), ((0, 1, 2),), face_colors=np.zeros((2, 3))), "2 entries for 1"),
        (lambda: Guide(()), "not 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_grid_puts_meshes_side_by_side_on_the_ground():
    placed = in_grid([chair(), boxes(((0, 0, 3), (2, 1, 4))), chair()])
    rooms = [(low + mesh.offset, high + mesh.offset) for mesh in placed for low, high in [mesh.room()]]
    for number, (low, high) in enumerate(rooms):
        assert low[2] == pytest.approx(0)
        for other_low, other_high in rooms[:number]:
            assert (low[:2] > other_high[:2]).any() or (high[:2] < other_low[:2]).any()
    assert MeshScene(placed).bounds()[0][2] == pytest.approx(0)
