"""Meshes as tokens: by hand on a cube, a cone and a prism, and back."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.meshes.mesh import Mesh
from inference.meshes.tokens import (
    NoMesh,
    canonical,
    decode_faces,
    decode_vertices,
    dequantise,
    face_tokens,
    mesh_of,
    normalise,
    quantise,
    vertex_tokens,
)
from tests.inference.solids import (
    CONE,
    CONE_FACES,
    CONE_VERTICES,
    CUBE,
    CUBE_FACES,
    CUBE_VERTICES,
    PRISM,
    PRISM_FACES,
    PRISM_VERTICES,
)

BY_HAND = pytest.mark.parametrize(
    ("mesh", "vertices", "faces"),
    [
        (CUBE, CUBE_VERTICES, CUBE_FACES),
        (CONE, CONE_VERTICES, CONE_FACES),
        (PRISM, PRISM_VERTICES, PRISM_FACES),
    ],
    ids=["cube", "cone", "prism"],
)


@BY_HAND
def test_tokens_are_those_worked_out_by_hand(mesh, vertices, faces):
    values, polygons = canonical(mesh)
    assert vertex_tokens(values).tolist() == vertices
    assert face_tokens(polygons).tolist() == faces
    assert mesh.is_closed
    assert Mesh(dequantise(values), polygons).is_closed


@BY_HAND
def test_the_order_of_the_file_does_not_matter(mesh, vertices, faces):
    rng = random.Random(3)
    order = rng.sample(range(len(mesh.vertices)), len(mesh.vertices))
    place = {old: new for new, old in enumerate(order)}
    polygons = [tuple(place[i] for i in face) for face in mesh.faces]
    polygons = [face[at:] + face[:at] for face in polygons for at in [rng.randrange(len(face))]]
    rng.shuffle(polygons)
    values, polygons = canonical(Mesh(mesh.vertices[order] * 7 + 100, tuple(polygons)))
    assert vertex_tokens(values).tolist() == vertices
    assert face_tokens(polygons).tolist() == faces


@BY_HAND
def test_tokens_become_the_mesh_again(mesh, vertices, faces):
    made = mesh_of(vertices, faces)
    assert face_tokens(made.faces).tolist() == faces
    assert vertex_tokens(quantise(made.vertices)).tolist() == vertices
    assert made.vertices == pytest.approx(
        normalise(mesh.vertices)[np.lexsort(normalise(mesh.vertices).T)], abs=1 / 255 + 1e-9
    )


def test_all_values_survive_the_round_trip_in_single_precision_too():
    values = np.arange(256).repeat(3).reshape(-1, 3)
    for kind in (np.float64, np.float32):
        assert (quantise(dequantise(values).astype(kind)) == values).all()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-0.5, 0.5)] * 3), min_size=1, max_size=20))
def test_quantising_costs_less_than_a_bin(rows):
    vertices = np.array(rows)
    back = dequantise(quantise(vertices))
    assert np.abs(back - vertices).max() <= (1 + 1e-3) / 255


def test_vertices_that_fall_together_are_merged_and_unused_ones_dropped():
    close = np.array([[0.0, 0, 0], [1, 0, 0], [1e-5, 0, 0], [0, 1, 0], [0.5, 0.5, 0]])
    values, faces = canonical(Mesh(close, ((0, 1, 3), (2, 1, 3))))
    assert len(values) == 3
    assert faces == ((0, 1, 2), (0, 1, 2))


def test_a_face_that_comes_to_touch_itself_is_cut_into_loops():
    bow = np.array([[0.0, 0, 0], [-1, -1, 0], [-1, 1, 0], [1e-6, 0, 0], [1, 1, 0], [1, -1, 0]])
    values, faces = canonical(Mesh(bow, ((0, 1, 2, 3, 4, 5),)))
    assert len(values) == 5
    assert {frozenset(face) for face in faces} == {frozenset({0, 2, 3}), frozenset({1, 2, 4})}


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        ([1, 2, 300], "A vertex token is 300; they are 0 to 256."),
        ([1, 2, -1], "A vertex token is -1; they are 0 to 256."),
        ([1, 2, 3, 4, 0], "The vertices stop behind 4 coordinates; every vertex has 3."),
    ],
)
def test_bad_vertex_tokens_are_refused(tokens, sentence):
    with pytest.raises(NoMesh) as error:
        decode_vertices(tokens)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        ([2, 3, 0], "Face 0 has the corners [0, 1]; it takes three different ones or more."),
        ([2, 3, 4, 1, 2, 3, 3, 0], "Face 1 has the corners [0, 1, 1]; it takes three different ones or more."),
        ([0], "Face 0 has the corners []; it takes three different ones or more."),
        ([2, 3, 9, 0], "Face 0 names vertex 7; there are 5."),
        ([2, 3, -1], "Face 0 names vertex -3; there are 5."),
    ],
)
def test_bad_face_tokens_are_refused(tokens, sentence):
    with pytest.raises(NoMesh) as error:
        decode_faces(tokens, 5)
    assert str(error.value) == sentence


def test_what_has_not_come_to_an_end_is_read_as_far_as_it_goes():
    assert decode_vertices(CUBE_VERTICES[:8]).tolist() == [[53, 53, 53], [201, 53, 53]]
    assert decode_vertices([]).shape == (0, 3)
    assert decode_faces(CUBE_FACES[:8], 8) == ((0, 2, 3, 1),)
    assert decode_faces([], 8) == ()


def test_flatness_is_the_distance_from_the_plane_that_fits():
    lifted = np.array([[0.0, 0, 0], [2, 0, 0.1], [2, 2, 0], [0, 2, 0.1]])
    assert Mesh(lifted, ((0, 1, 2, 3),)).flatness(0) == pytest.approx(0.05)
    assert CUBE.flatness(0) == pytest.approx(0)


def test_an_open_mesh_is_not_closed():
    assert not Mesh(CUBE.vertices, CUBE.faces[1:]).is_closed
    assert not Mesh(CUBE.vertices, ()).is_closed
    assert set(CUBE.edge_valences().values()) == {2}
