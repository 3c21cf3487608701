"""Procedural furniture: closed, plane, reproducible, of many topologies."""

from __future__ import annotations

import numpy as np
import pytest

from inference.meshes.mesh import Mesh
from inference.meshes.tokens import canonical, decode_faces, face_tokens
from resources.furniture import LABELS, MOST_CORNERS, make_furniture

N = 25


@pytest.fixture(scope="module")
def pieces():
    return {label: [make_furniture(seed, label) for seed in range(N)] for label in LABELS}


@pytest.fixture(scope="module")
def tokens(pieces):
    """Quantised, as the model learns them."""
    return {
        label: [canonical(Mesh(np.array(piece.vertices), tuple(piece.faces))) for piece in some]
        for label, some in pieces.items()
    }


@pytest.mark.parametrize("label", LABELS)
def test_a_piece_follows_from_its_seed(pieces, label):
    assert [make_furniture(seed, label) for seed in range(N)] == pieces[label]
    assert {piece.label for piece in pieces[label]} == {label}


@pytest.mark.parametrize("label", LABELS)
def test_it_stands_on_the_floor_and_is_no_larger_than_a_model_reads(pieces, tokens, label):
    for piece, (values, faces) in zip(pieces[label], tokens[label], strict=True):
        assert min(z for _, _, z in piece.vertices) == pytest.approx(0)
        assert len(values) <= len(piece.vertices) <= MOST_CORNERS
        assert len(face_tokens(faces)) <= 400
        assert len(piece.parts) == len(piece.faces)


@pytest.mark.parametrize("label", LABELS)
def test_quantised_it_is_closed_and_its_faces_are_plane(tokens, label):
    for values, faces in tokens[label]:
        mesh = Mesh(values.astype(float), faces)
        assert mesh.is_closed
        assert max(mesh.flatness(i) for i in range(len(faces))) <= 1
        assert decode_faces(face_tokens(faces).tolist(), len(values)) == faces


@pytest.mark.parametrize("label", LABELS)
def test_solids_show_their_outside(pieces, label):
    for piece in pieces[label]:
        for solid in piece.solids:
            corners = np.array(solid.corners)
            volume = sum(
                np.dot(corners[face[0]], np.cross(corners[face[i]], corners[face[i + 1]])) / 6
                for face in solid.faces
                for i in range(1, len(face) - 1)
            )
            assert volume > 0, (piece.seed, solid.part)


@pytest.mark.parametrize("label", LABELS)
def test_a_class_has_many_topologies(tokens, label):
    assert len({face_tokens(faces).tobytes() for _, faces in tokens[label]}) >= 10


def test_without_a_class_all_of_them_come():
    assert {make_furniture(seed).label for seed in range(200)} == set(LABELS)


def test_no_such_class():
    with pytest.raises(KeyError):
        make_furniture(0, "piano")
