"""Meshes that a model draws, scores and writes: in parts, until they are cancelled, alone and among others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.analyses import mesh as analyses
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.meshes.files import mesh_bytes, read_mesh
from inference.meshes.mesh import Mesh
from inference.meshes.tokens import STOP, canonical, decode_faces, face_tokens, mesh_of, vertex_tokens
from inference.results.events import Partial, Progress
from inference.results.inputs import Input, MeshInput
from inference.results.mesh import MeshRequest, MeshStepRequest, ScoreMeshRequest, WriteMeshRequest
from tests.inference.polygen_by_hand import face_probabilities, vertex_probabilities
from tests.inference.solids import CONE, CONE_FACES, CONE_VERTICES, CUBE, CUBE_FACES, CUBE_VERTICES
from tests.inference.tiny_polygen import build

CUBE_INPUT = MeshInput(0, tuple(CUBE_VERTICES), tuple(CUBE_FACES))
CONE_INPUT = MeshInput(1, tuple(CONE_VERTICES), tuple(CONE_FACES))


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Tiny models, saved by transformers and opened as the window does."""

    def opened(**options):
        folder = tmp_path_factory.mktemp("polygen")
        build(**options).save_pretrained(folder)
        return load(str(folder), Context())

    return opened


@pytest.fixture(scope="module")
def model(opened):
    return opened()


def draw(model, *, label=0, context=None, **options):
    request = MeshRequest("", MeshInput(label), **options)
    return analyses.mesh(request, model, context or Context()).samples


def same(one, other):
    return all(
        np.array_equal(getattr(one, part).tokens, getattr(other, part).tokens)
        and np.allclose(getattr(one, part).probabilities, getattr(other, part).probabilities, atol=1e-3)
        for part in ("vertices", "faces")
    )


# Sampling


def test_a_mesh_is_drawn_with_all_that_is_known_of_it(model):
    (sample,) = draw(model, seed=3)
    vertices, faces = sample.vertices, sample.faces
    assert sample.label == 0
    assert sample.seed == 3
    assert vertices.tokens[-1] == STOP
    assert vertices.probabilities.shape == vertices.is_forbidden.shape == (len(vertices.tokens), 257)
    n_vertices = len(vertices.tokens) // 3
    assert faces.probabilities.shape == faces.is_forbidden.shape == (len(faces.tokens), 2 + n_vertices)
    for part in (vertices, faces):
        chosen = part.probabilities[np.arange(len(part.tokens)), part.tokens].astype(float)
        assert part.bits == pytest.approx(-np.log2(chosen), rel=2e-3, abs=2e-3)
        assert part.probabilities.astype(float).sum(1) == pytest.approx(1, abs=2e-2)
        assert not part.is_forbidden[np.arange(len(part.tokens)), part.tokens].any()
        assert part.n_given == 0
    if sample.is_finished:
        assert sample.why_unfinished == ""
        assert mesh_of(vertices.tokens, faces.tokens).faces
    else:
        assert sample.why_unfinished == f"its faces did not come to an end within {len(faces.tokens)} tokens"


def test_a_completion_is_the_same_alone_and_among_others(model):
    together = draw(model, seed=5, count=4)
    assert [sample.seed for sample in together] == [5, 6, 7, 8]
    for sample in together:
        (alone,) = draw(model, seed=sample.seed)
        assert same(alone, sample)
    assert len({sample.vertices.tokens.tobytes() for sample in together}) == 4


def test_a_class_makes_a_difference_and_a_seed_repeats(model):
    first, again, other = draw(model, seed=1)[0], draw(model, seed=1)[0], draw(model, seed=1, label=1)[0]
    assert same(first, again)
    assert not same(first, other)


def test_it_grows_in_partial_results(model, monkeypatch):
    monkeypatch.setattr(analyses, "_PAUSE", 0.0)
    said = []
    final = draw(model, seed=2, count=2, context=Context(said.append))
    partial = [one.result.samples for one in said if isinstance(one, Partial)]
    labels = [one.label for one in said if isinstance(one, Progress)]
    n_vertex_steps = max(len(sample.vertices.tokens) for sample in final)
    n_face_steps = max(len(sample.faces.tokens) for sample in final)
    assert labels == [f"Coordinate {i + 1}" for i in range(n_vertex_steps)] + [
        f"Face token {i + 1}" for i in range(n_face_steps)
    ]
    assert len(partial) == len(labels)
    for i, sample in enumerate(final):
        lengths = [len(one[i].vertices.tokens) + len(one[i].faces.tokens) for one in partial]
        assert lengths == sorted(lengths)
        assert set(np.diff([0, *lengths])) <= {0, 1}
        for one in partial:
            part = one[i]
            n = len(part.vertices.tokens)
            assert np.array_equal(part.vertices.tokens, sample.vertices.tokens[:n])
            assert np.array_equal(part.faces.tokens, sample.faces.tokens[: len(part.faces.tokens)])
            assert part.why_unfinished == ""


def test_it_can_be_cancelled_at_every_token(model):
    (sample,) = draw(model, seed=2)
    n_tokens = len(sample.vertices.tokens) + len(sample.faces.tokens)
    for at in (1, 2, len(sample.vertices.tokens) + 1, n_tokens):
        seen = []
        context = Context(seen.append, lambda seen=seen, at=at: len(seen) >= at - 1)
        with pytest.raises(Cancelled):
            draw(model, seed=2, context=context)
        assert len(seen) == at - 1


@pytest.mark.parametrize("n", [1, 5, 12, 18])
def test_a_beginning_is_kept_and_gone_on_from(model, n):
    start = MeshInput(0, tuple(CUBE_VERTICES[:n]))
    samples = analyses.mesh(MeshRequest("", start, seed=1, count=3), model, Context()).samples
    for sample in samples:
        assert sample.vertices.tokens[:n].tolist() == CUBE_VERTICES[:n]
        assert sample.vertices.n_given == n
        assert sample.faces.n_given == 0
        assert len(sample.vertices.tokens) > n
    assert len({sample.vertices.tokens.tobytes() for sample in samples}) > 1


def test_faces_can_be_gone_on_from(model):
    start = replace(CUBE_INPUT, face_tokens=tuple(CUBE_FACES[:10]))
    for sample in analyses.mesh(MeshRequest("", start, count=2), model, Context()).samples:
        assert sample.vertices.tokens.tolist() == CUBE_VERTICES
        assert sample.faces.tokens[:10].tolist() == CUBE_FACES[:10]
        assert sample.faces.n_given == 10
        assert sample.vertices.n_given == len(CUBE_VERTICES)
        if sample.is_finished:
            assert decode_faces(sample.faces.tokens, 8)[:2] == decode_faces(CUBE_FACES[:10], 8)


def test_without_masks_mistakes_are_kept_and_counted(model):
    masked, free = draw(model, seed=0, count=8), draw(model, seed=0, count=8, with_masks=False)
    assert sum(sample.vertices.n_corrected for sample in masked) > 0
    for sample in free:
        part = sample.vertices
        wrong = part.is_forbidden[np.arange(len(part.tokens)), part.tokens]
        assert part.n_corrected == wrong.sum()
    assert any(sample.vertices.n_corrected for sample in free)


def test_top_k_and_temperature_reach_the_draw(model):
    for options in ({"top_k": 1}, {"temperature": 1e-5}):
        for seed in (8, 9):
            (sample,) = draw(model, seed=seed, top_p=1.0, with_masks=False, **options)
            part = sample.vertices
            chosen = part.probabilities[np.arange(len(part.tokens)), part.tokens]
            assert (chosen == part.probabilities.max(1)).all()  # in float16 the two best may be alike


def test_a_model_without_classes_draws(opened):
    model = opened(is_conditional=False)
    assert model.family.classes(model.net.config) == ()
    sample, other = draw(model, label=None, seed=1, count=2)
    assert sample.label is None
    assert not same(sample, other)
    assert same(sample, draw(model, label=1, seed=1)[0])  # a class is not listened to


def test_what_stops_before_its_first_vertex_says_so(opened):
    model = opened()
    model.net.vertex_model.head.bias.data[STOP] += 1000
    (sample,) = draw(model, with_masks=False)
    assert sample.vertices.tokens.tolist() == [STOP]
    assert not sample.is_finished
    assert sample.why_unfinished == "it stopped before its first vertex was whole"
    assert len(sample.faces.tokens) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 0}, "0 meshes were asked for; 1 to 16 are sampled at once."),
        ({"count": 17}, "17 meshes were asked for; 1 to 16 are sampled at once."),
        ({"temperature": 0.0}, "The temperature is 0; it is above 0 and at most 2."),
        ({"temperature": float("nan")}, "The temperature is nan; it is above 0 and at most 2."),
        ({"top_p": 0.0}, "Top-p is 0; it is above 0 and at most 1."),
        ({"top_p": 1.5}, "Top-p is 1.5; it is above 0 and at most 1."),
        ({"top_k": -1}, "Top-k is -1; it is 0 for all tokens, or how many of them."),
        ({"seed": -1}, "The seed is -1; it is 0 or more."),
        ({"label": 2}, "Class 2 was asked for; there are 2: cube, cone."),
        ({"label": None}, "This checkpoint draws a class of things; choose one of cube, cone."),
    ],
)
def test_bad_requests_are_refused(model, options, said):
    with pytest.raises(Refused) as refused:
        draw(model, **options)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("vertices", "faces", "said"),
    [
        ((300,), (), "A vertex token is 300; they are 1 to 256."),
        (tuple(CUBE_VERTICES), (2, 3, 99), "A face token is 99; they are 1 to 9."),
        ((5,) * 31, (), "The mesh has 31 vertex tokens; this checkpoint reads up to 30."),
        ((5, 5, 5, 4), (), "No mesh has z = 3 as coordinate 3 there; go on from other vertices, or switch the masks"),
        ((5, 5, 5, 0), (), "No mesh has a stop there; go on from other vertices, or switch the masks off."),
        (tuple(CUBE_VERTICES), (3,), "No mesh has vertex 1 as face token 0; go on from other faces, or switch the"),
        (tuple(CUBE_VERTICES), (2, 3, 1), "No mesh has a new face as face token 2; go on from other faces, or switch"),
    ],
)
def test_beginnings_of_no_mesh_are_refused(model, vertices, faces, said):
    with pytest.raises(Refused) as refused:
        analyses.mesh(MeshRequest("", MeshInput(0, vertices, faces)), model, Context())
    assert str(refused.value).startswith(said)


# Scoring


@pytest.mark.parametrize(("start", "label"), [(CUBE_INPUT, 0), (CONE_INPUT, 1)])
def test_surprise_is_what_the_equations_say(model, start, label):
    result = analyses.score(ScoreMeshRequest("", mesh=start), model, Context())
    p = vertex_probabilities(model.net, start.vertex_tokens[:-1], label)
    expected = -np.log2(p[np.arange(len(p)), list(start.vertex_tokens)])
    assert result.sample.vertices.bits == pytest.approx(expected, abs=1e-3)
    values = np.array(start.vertex_tokens[:-1]).reshape(-1, 3) - 1
    p = face_probabilities(model.net, values, start.face_tokens[:-1])
    assert result.sample.faces.bits == pytest.approx(-np.log2(p[np.arange(len(p)), list(start.face_tokens)]), abs=1e-3)
    assert result.sample.is_finished
    assert result.sample.vertices.n_given == len(start.vertex_tokens)
    assert result.sample.faces.n_given == len(start.face_tokens)


def test_what_has_not_ended_is_scored_as_far_as_it_goes(model):
    begun = MeshInput(0, tuple(CUBE_VERTICES[:7]))
    result = analyses.score(ScoreMeshRequest("", mesh=begun), model, Context())
    assert result.sample.vertices.tokens.tolist() == CUBE_VERTICES[:7]
    assert len(result.sample.faces.tokens) == 0
    assert not result.sample.is_finished


@pytest.mark.parametrize("ending", ["obj", "ply", "off", "stl", "glb"])
def test_a_file_is_scored_in_the_order_of_the_model(model, tmp_path, ending):
    path = tmp_path / f"mine.{ending}"
    turned = Mesh(CUBE.vertices[::-1] * 40 + 7, tuple(tuple(7 - i for i in face) for face in CUBE.faces))
    path.write_bytes(mesh_bytes(turned, ending))
    result = analyses.score(ScoreMeshRequest("", path=str(path), label=0), model, Context())
    assert result.name == f"mine.{ending}"
    assert result.sample.vertices.tokens.tolist() == CUBE_VERTICES
    assert result.sample.faces.tokens.tolist() == CUBE_FACES
    expected = analyses.score(ScoreMeshRequest("", mesh=CUBE_INPUT), model, Context())
    assert same(result.sample, expected.sample)
    assert 0 < result.compressed_bits < 8 * (len(CUBE_VERTICES) + len(CUBE_FACES) + 8)


def test_merged_vertices_are_told(model, tmp_path):
    path = tmp_path / "mine.obj"
    path.write_bytes(mesh_bytes(Mesh(np.concatenate([CUBE.vertices, [[0.5, 0.5, 0.5]]]), CUBE.faces), "obj"))
    result = analyses.score(ScoreMeshRequest("", path=str(path), label=0), model, Context())
    assert result.notes == ("1 of 9 vertices fell together or belonged to no face.",)


def test_a_mesh_that_is_too_large_for_the_checkpoint_is_refused(model, tmp_path):
    ring = np.array([[np.cos(a), np.sin(a), 0] for a in np.linspace(0, 2 * np.pi, 12, endpoint=False)])
    path = tmp_path / "ring.obj"
    path.write_bytes(mesh_bytes(Mesh(ring, (tuple(range(12)),)), "obj"))
    with pytest.raises(Refused) as refused:
        analyses.score(ScoreMeshRequest("", path=str(path), label=0), model, Context())
    assert str(refused.value) == ("ring.obj has 12 vertices and 13 face tokens; this checkpoint reads up to 10 and 40.")
    path.write_bytes(mesh_bytes(Mesh(np.array([[0, 0, 0], [1, 0, 0], [1e-6, 1e-6, 0]]), ((0, 1, 2),)), "obj"))
    with pytest.raises(Refused, match="has no faces left when its coordinates are rounded to 256 steps"):
        analyses.score(ScoreMeshRequest("", path=str(path), label=0), model, Context())


# Steps and files


def test_a_step_attends_to_what_the_pattern_says(model):
    run = model.run(Input(mesh=CUBE_INPUT), Context())
    for part, n_keys in (("vertices", 25), ("encoder", 10), ("faces", len(CUBE_FACES))):
        call = model.call(run, part, 1, Context())
        for at in (0, 4):
            result = analyses.step(MeshStepRequest("", CUBE_INPUT, part, 1, 2, at), model, Context())
            assert result.pattern.shape == (n_keys,)
            assert result.pattern.sum() == pytest.approx(1, abs=1e-5)
            whole = call.patterns([2])[0].float().numpy()
            assert result.pattern == pytest.approx(whole[at], abs=1e-6)
            if part != "encoder":
                assert (result.pattern[at + 1 :] == 0).all()
    with pytest.raises(Refused, match="Step 25 was asked for; the mesh has steps 0 to 24"):
        analyses.step(MeshStepRequest("", CUBE_INPUT, "vertices", 0, 0, 25), model, Context())
    with pytest.raises(Refused, match="9"):
        analyses.step(MeshStepRequest("", CUBE_INPUT, "vertices", 0, 9, 0), model, Context())


@pytest.mark.parametrize("kind", ["obj", "ply", "stl", "glb"])
def test_tokens_are_written_as_a_file(model, tmp_path, kind):
    result = analyses.write(WriteMeshRequest("", CONE_INPUT, kind), model, Context())
    assert result.format == kind
    path = tmp_path / f"a.{kind}"
    path.write_bytes(result.data.tobytes())
    values, faces = canonical(read_mesh(path))
    assert face_tokens(faces).tolist() == CONE_FACES
    assert np.abs(vertex_tokens(values) - np.array(CONE_VERTICES)).max() <= 1
    assert len(faces) == len(CONE.faces)


@pytest.mark.parametrize(
    ("mesh", "kind", "said"),
    [
        (CUBE_INPUT, "fbx", "Meshes are not written as 'fbx'; there are obj, ply, stl, off, glb."),
        (MeshInput(0, tuple(CUBE_VERTICES)), "obj", "The mesh has no faces yet, so there is nothing to write."),
        (MeshInput(0, (1, 2, 0)), "obj", "The vertices stop behind 2 coordinates; every vertex has 3."),
    ],
)
def test_what_makes_no_file_is_refused(model, mesh, kind, said):
    with pytest.raises(Refused) as refused:
        analyses.write(WriteMeshRequest("", mesh, kind), model, Context())
    assert str(refused.value) == said
