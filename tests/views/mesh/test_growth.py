"""A sample taken apart: what is there behind each token, what it costs, and what may be kept of it."""

import numpy as np
import pytest

from inference.meshes.tokens import decode_faces, decode_vertices, dequantise
from tests.views.mesh.mesh_samples import make_furniture_sample, make_growing, make_sample, tokens_of
from widgets.views.mesh.growth import Growth

# A tetrahedron: four vertices z, y, x, and four triangles.
CORNERS = [1, 1, 1, 1, 1, 256, 1, 256, 1, 256, 1, 1, 0]
TRIANGLES = [2, 4, 3, 1, 2, 3, 5, 1, 2, 5, 4, 1, 3, 4, 5, 0]


@pytest.fixture
def tetrahedron():
    return Growth(make_sample(CORNERS, TRIANGLES))


def test_it_reads_tokens_as_the_engine_writes_them():
    for name in ("table", "lamp", "ladder"):
        vertices, faces = tokens_of(name, 3)
        growth = Growth(make_sample(vertices, faces))
        values = decode_vertices(vertices)
        np.testing.assert_array_equal(growth.values, values)
        np.testing.assert_allclose(growth.vertices, dequantise(values), atol=1e-6)
        assert growth.faces == decode_faces(faces, len(values))


def test_a_vertex_is_there_with_its_x_and_a_face_with_what_ends_it(tetrahedron):
    counts = [(tetrahedron.at(step).n_vertices, tetrahedron.at(step).n_faces) for step in range(tetrahedron.n_steps)]
    assert [n for n, _ in counts[:13]] == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4]
    assert [n for _, n in counts[13:]] == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4]
    assert {n for n, _ in counts[13:]} == {4}


def test_what_is_being_written(tetrahedron):
    assert tetrahedron.at(3).begun == (0,)
    assert tetrahedron.at(4).begun == (0, 0)
    assert tetrahedron.at(5).begun == ()
    assert [tetrahedron.at(13 + place).ring for place in range(4)] == [(0,), (0, 2), (0, 2, 1), ()]
    assert tetrahedron.word(0) == "z 0"
    assert tetrahedron.word(12) == "stop"
    assert tetrahedron.word(16) == "new face"
    assert tetrahedron.word(14) == "v2"


def test_a_vertex_and_a_face_know_their_tokens(tetrahedron):
    assert tetrahedron.steps_of_vertex(2) == range(6, 9)
    assert tetrahedron.steps_of_face(1) == range(13 + 4, 13 + 8)
    assert tetrahedron.steps_of_face(3) == range(13 + 12, 13 + 16)
    assert tetrahedron.vertex_at(7) == 2
    assert tetrahedron.vertex_at(14) == 2
    assert tetrahedron.vertex_at(12) is None
    assert tetrahedron.vertex_at(16) is None


def test_the_bits_of_all_faces_are_those_of_the_mesh():
    growth = Growth(make_furniture_sample("chair"))
    vertices, faces = growth.sample.vertices, growth.sample.faces
    assert growth.face_bits.sum() == pytest.approx(vertices.bits[:-1].sum() + faces.bits.sum(), rel=1e-5)
    assert growth.vertex_bits.sum() == pytest.approx(vertices.bits[:-1].sum(), rel=1e-5)
    per_vertex = growth.bits_per_vertex()
    assert per_vertex[0] == pytest.approx(vertices.bits.sum() / growth.n_vertices)
    assert per_vertex[1] == pytest.approx(faces.bits.sum() / growth.n_vertices)


def test_parts_are_what_hangs_together_by_vertices():
    one = Growth(make_sample(CORNERS, TRIANGLES))
    assert set(one.vertex_parts) == {0}
    two = Growth(
        make_sample([*CORNERS[:-1], 256, 256, 1, 256, 256, 100, 256, 256, 256, 0], [*TRIANGLES[:-1], 1, 6, 7, 8, 0])
    )
    assert two.vertex_parts.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert two.face_parts.tolist() == [0, 0, 0, 0, 1]


def test_what_encloses_nothing_is_left_out_but_stays_a_token():
    """A model without masks writes faces of two corners, and vertices that there are not."""
    growth = Growth(make_sample(CORNERS, [2, 3, 1, 2, 3, 4, 1, 3, 3, 5, 1, 2, 4, 5, 0]))
    assert growth.faces == ((0, 1, 2), (0, 2, 3))
    assert growth.face_numbers.tolist() == [-1, 0, -1, 1]
    assert growth.at(growth.n_steps - 1).n_faces == 2
    assert len(growth.face_bits) == 2
    empty = Growth(make_sample([0], [0]))
    assert empty.n_vertices == len(empty.faces) == len(empty.face_bits) == len(empty.vertex_parts) == 0
    assert empty.at(1).n_vertices == 0


def test_what_is_kept_is_what_a_model_can_go_on_from():
    growth = Growth(make_furniture_sample("chair"))
    height = int(np.median(growth.values[:, 2]))
    kept = growth.below(height)
    n = int((growth.values[:, 2] <= height).sum())
    assert kept.label == 1
    assert kept.vertex_tokens == tuple(growth.sample.vertices.tokens[: 3 * n].tolist())
    assert kept.face_tokens == ()
    whole = growth.input()
    cut = growth.before_face(3)
    assert cut.vertex_tokens == whole.vertex_tokens
    assert decode_faces([*cut.face_tokens], growth.n_vertices) == growth.faces[:3]
    assert cut.face_tokens[-1] == 1  # the next one begins
    assert growth.before_face(0).face_tokens == ()


def test_the_first_sampled_token_is_behind_the_given_ones():
    vertices, faces = tokens_of("table")
    assert Growth(make_sample(vertices, faces)).first_sampled() == 0
    assert Growth(make_sample(vertices, faces, n_given=(9, 0))).first_sampled() == 9
    assert Growth(make_sample(vertices, faces, n_given=(len(vertices), 5))).first_sampled() == len(vertices) + 5
    assert Growth(make_sample(vertices, faces, n_given=(len(vertices), len(faces)))).first_sampled() == (
        len(vertices) + len(faces) - 1
    )


def test_it_stands_in_the_room_that_it_will_fill():
    """The camera need not move while it grows: a mesh is centred, and its diagonal is 1."""
    whole = Growth(make_furniture_sample("table"))
    begun = Growth(make_growing("table", 3))
    (low, high), (whole_low, whole_high) = begun.room(), whole.room()
    assert begun.is_growing
    assert not whole.is_growing
    assert high[2] == pytest.approx(whole_high[2], abs=0.03)
    assert low[2] == pytest.approx(whole_low[2])
    assert np.linalg.norm(np.subtract(high, low)) == pytest.approx(1, abs=0.15)
    assert Growth(make_growing("table", 0)).room()[1][2] > 0
