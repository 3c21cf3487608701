"""The masks forbid what cannot lead to a mesh, never what does, and always leave a way on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.meshes.mesh import Mesh
from inference.meshes.tokens import (
    NEW_FACE,
    STOP,
    canonical,
    decode_faces,
    decode_vertices,
    face_tokens,
    mesh_of,
    vertex_tokens,
)
from inference.models.polygen_masks import forbidden_coordinates, forbidden_pointers
from resources.furniture import make_furniture
from tests.inference.solids import CONE_FACES, CONE_VERTICES, CUBE_FACES, CUBE_VERTICES

MOST = 12


def allowed(forbidden):
    return np.flatnonzero(~forbidden).tolist()


def coordinates(*tokens, most=MOST):
    return allowed(forbidden_coordinates(tokens, most))


def test_coordinates_by_hand():
    assert coordinates() == list(range(1, 257))  # no stop yet
    assert coordinates(5, 6, 7) == list(range(5, 257))  # z may stay
    assert coordinates(5, 6, 7, 5) == list(range(6, 257))  # then y may stay
    assert coordinates(5, 6, 7, 5, 6) == list(range(8, 257))  # then x must rise
    assert coordinates(5, 6, 7, 5, 9) == list(range(1, 257))
    assert coordinates(5, 6, 7, 9) == list(range(1, 257))
    assert coordinates(1, 1, 1, 1, 1, 2, 1, 1, 3) == list(range(257))  # three vertices may be all


def test_coordinates_leave_room_for_what_has_to_come():
    assert coordinates(5, 6, 256, 5) == list(range(7, 257))  # no x is left at y 6
    assert coordinates(5, 256, 256) == list(range(6, 257))  # nor a y at z 5
    assert coordinates(256, 256) == list(range(1, 255))  # two vertices are still to come
    assert coordinates(*[256, 256, 254], 256, 256) == [255]
    assert coordinates(*[256, 256, 254], *[256, 256, 255], 256, 256) == [256]
    assert coordinates(*[256, 256, 254], *[256, 256, 255], *[256, 256, 256]) == [STOP]


def test_as_many_vertices_as_can_be_are_the_last():
    assert coordinates(1, 1, 1, 1, 1, 2, 1, 1, 3, most=3) == [STOP]


def pointers(*tokens, n=8):
    return allowed(forbidden_pointers(tokens, n))


def test_pointers_by_hand():
    assert pointers() == [2]  # the first face has the lowest vertex
    assert pointers(2) == [3, 4, 5, 6, 7, 8, 9]
    assert pointers(2, 4) == [3, 5, 6, 7, 8, 9]
    assert pointers(2, 4, 5) == [NEW_FACE, 3, 6, 7, 8, 9]  # three corners may be all
    assert pointers(2, 4, 5, NEW_FACE) == [2, 3]  # vertex 1 has no face yet
    assert pointers(2, 4, 5, NEW_FACE, 3) == [4, 5, 6, 7, 8, 9]
    assert pointers(2, 3, 4, n=3) == [STOP, NEW_FACE]
    assert pointers(2, 3, 4, NEW_FACE, n=3) == [2]  # room for two corners above


@pytest.mark.parametrize(("vertices", "faces"), [(CUBE_VERTICES, CUBE_FACES), (CONE_VERTICES, CONE_FACES)])
def test_true_tokens_are_allowed(vertices, faces):
    _assert_allowed(vertices, faces)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_tokens_of_furniture_are_allowed(seed):
    piece = make_furniture(seed)
    values, faces = canonical(Mesh(np.array(piece.vertices), tuple(piece.faces)))
    _assert_allowed(vertex_tokens(values).tolist(), face_tokens(faces).tolist())


def _assert_allowed(vertices, faces):
    n_vertices = len(vertices) // 3
    for place, token in enumerate(vertices):
        assert not forbidden_coordinates(vertices[:place], n_vertices)[token], place
    for place, token in enumerate(faces):
        assert not forbidden_pointers(faces[:place], n_vertices)[token], place


def _walk(forbidden, choices, most):
    """Tokens chosen at random from what is allowed."""
    tokens = []
    while len(tokens) < most and (not tokens or tokens[-1] != STOP):
        left = allowed(forbidden(tokens))
        assert left, tokens
        tokens.append(left[int(choices() * len(left))])
    return tokens


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([0.0, 0.5, 1.0]))
def test_whatever_the_masks_let_through_decodes(random, high):
    """`high` pushes the choice up, towards dead ends."""

    def choice():
        return min(random.random() ** (1 - 0.99 * high), 1 - 1e-9)

    vertices = _walk(lambda tokens: forbidden_coordinates(tokens, MOST), choice, 3 * MOST + 1)
    assert vertices[-1] == STOP
    values = decode_vertices(vertices)
    assert 3 <= len(values) <= MOST
    assert len(np.unique(values, axis=0)) == len(values)
    assert (np.lexsort(values.T) == np.arange(len(values))).all()
    faces = _walk(lambda tokens: forbidden_pointers(tokens, len(values)), choice, 300)
    whole = faces if faces[-1] == STOP else faces[: -1 - faces[::-1].index(NEW_FACE)] if NEW_FACE in faces else []
    polygons = decode_faces(whole, len(values))
    assert all(face[0] == min(face) and len(set(face)) == len(face) >= 3 for face in polygons)
    assert [face[0] for face in polygons] == sorted(face[0] for face in polygons)
    if faces[-1] == STOP:
        assert {corner for face in polygons for corner in face} == set(range(len(values)))
        assert mesh_of(vertices, faces).faces == polygons
