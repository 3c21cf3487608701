"""Sampling meshes: with and without cache, alone and in a batch, with masks and from a beginning."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.meshes.tokens import STOP, decode_faces, decode_vertices
from inference.models.polygen_sampling import Sampling, face_steps, values_of, vertex_steps
from tests.inference.polygen_by_hand import face_probabilities, vertex_probabilities
from tests.inference.solids import CONE_FACES, CONE_VERTICES, CUBE_FACES, CUBE_VERTICES
from tests.inference.tiny_polygen import build

FREE = Sampling(with_masks=False)
MASKED = Sampling()
CUBE, CONE = values_of(CUBE_VERTICES), values_of(CONE_VERTICES)


@pytest.fixture(scope="module")
def net():
    return build()


def tokens_of(steps, i=0):
    return [int(step.tokens[i]) for step in steps if step.is_active[i]]


@torch.inference_mode()
def vertices(net, seeds, drawing=MASKED, given=(), **options):
    return list(vertex_steps(net, 0, given, seeds, drawing, **options))


@torch.inference_mode()
def faces(net, values, seeds, drawing=MASKED, given=(), **options):
    return list(face_steps(net, values, given, seeds, drawing, **options))


def assert_same(steps, others):
    assert len(steps) == len(others)
    for one, other in zip(steps, others, strict=True):
        assert (one.tokens == other.tokens).all()
        assert one.bits == pytest.approx(other.bits, abs=1e-5)
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


@pytest.mark.parametrize("given", [(), (30, 1, 2, 30, 5)])
def test_a_cache_changes_nothing(net, given):
    for drawing in (MASKED, FREE):
        assert_same(vertices(net, [1, 2], drawing, given), vertices(net, [1, 2], drawing, given, use_cache=False))
        start = (2, 3, 4, 1)[: len(given)]
        assert_same(
            faces(net, [CUBE, CONE], [1, 2], drawing, start),
            faces(net, [CUBE, CONE], [1, 2], drawing, start, use_cache=False),
        )


def test_a_completion_is_the_same_alone_and_among_others(net):
    seeds = [11, 12, 13, 14]
    together = vertices(net, seeds)
    for i, seed in enumerate(seeds):
        alone = vertices(net, [seed])
        assert tokens_of(alone) == tokens_of(together, i)
        for one, other in zip(alone, together, strict=False):
            assert one.probabilities[0] == pytest.approx(other.probabilities[i], abs=1e-6)
    values = [CUBE, CONE, CUBE, CONE]
    together = faces(net, values, seeds)
    for i, seed in enumerate(seeds):
        alone = faces(net, [values[i]], [seed])
        assert tokens_of(alone) == tokens_of(together, i)
        for one, other in zip(alone, together, strict=False):
            n = len(values[i]) + 2
            assert one.probabilities[0] == pytest.approx(other.probabilities[i, :n], abs=1e-6)
            assert (one.is_forbidden[0] == other.is_forbidden[i, :n]).all()
            assert other.is_forbidden[i, n:].all()


def test_only_completions_that_go_on_are_read(net):
    n_read = []
    handle = net.vertex_model.register_forward_hook(lambda _net, args, _output: n_read.append(len(args[0])))
    steps = vertices(net, [11, 12, 13, 14])
    handle.remove()

    assert n_read == [step.is_active.sum() for step in steps]
    assert n_read[-1] < 4
    assert not steps[-1].probabilities[~steps[-1].is_active].any()


def test_seeds_differ(net):
    together = vertices(net, range(6))
    assert len({tuple(tokens_of(together, i)) for i in range(6)}) == 6


def test_steps_tell_what_the_equations_expect(net):
    steps = vertices(net, [4], FREE)
    tokens = tokens_of(steps)
    expected = vertex_probabilities(net, tokens[:-1], 0)
    for place, step in enumerate(steps):
        assert step.probabilities[0] == pytest.approx(expected[place], abs=1e-6)
        assert step.bits[0] == pytest.approx(-np.log2(expected[place][tokens[place]]), abs=1e-4)
    steps = faces(net, [CUBE], [4], FREE)
    tokens = tokens_of(steps)
    expected = face_probabilities(net, CUBE, tokens[:-1])
    for place, step in enumerate(steps):
        assert step.probabilities[0] == pytest.approx(expected[place], abs=1e-6)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 2.0])
def test_with_masks_whatever_ends_decodes(net, temperature):
    seeds = range(12)
    drawing = Sampling(temperature)
    steps = vertices(net, seeds, drawing)
    assert not any(step.is_forbidden[i, step.tokens[i]] for step in steps for i in np.flatnonzero(step.is_active))
    drawn = [tokens_of(steps, i) for i in range(len(seeds))]
    assert all(tokens[-1] == STOP for tokens in drawn)
    values = [values_of(tokens) for tokens in drawn]
    for own, tokens in zip(values, drawn, strict=True):
        assert (own[:, ::-1] == decode_vertices(tokens)).all()
    steps = faces(net, values, seeds, drawing)
    for i in range(len(seeds)):
        tokens = tokens_of(steps, i)
        if tokens[-1] == STOP:
            assert {corner for face in decode_faces(tokens, len(values[i])) for corner in face} == set(
                range(len(values[i]))
            )
        else:
            assert len(tokens) == net.config.max_face_tokens


def test_corrections_are_counted_with_masks_and_mistakes_without(net):
    """Until the first of them both draw the same."""
    masked, free = vertices(net, [3], MASKED), vertices(net, [3], FREE)
    first = next(place for place, step in enumerate(free) if step.is_corrected[0])
    assert free[first].is_forbidden[0, free[first].tokens[0]]
    assert masked[first].is_corrected[0]
    assert not masked[first].is_forbidden[0, masked[first].tokens[0]]
    assert tokens_of(masked)[:first] == tokens_of(free)[:first]


def test_what_is_given_is_kept_and_scored(net):
    for steps, given, known in (
        (vertices(net, [0], MASKED, CUBE_VERTICES), CUBE_VERTICES, vertex_probabilities(net, CUBE_VERTICES[:-1], 0)),
        (faces(net, [CUBE], [0], MASKED, CUBE_FACES), CUBE_FACES, face_probabilities(net, CUBE, CUBE_FACES[:-1])),
    ):
        assert tokens_of(steps) == given
        bits = [-np.log2(row[token]) for row, token in zip(known, given, strict=True)]
        assert [step.bits[0] for step in steps] == pytest.approx(bits, abs=1e-4)
        assert not any(step.is_corrected[0] for step in steps)
    begun = vertices(net, [0, 1], MASKED, CUBE_VERTICES[:7])
    assert tokens_of(begun, 0)[:7] == tokens_of(begun, 1)[:7] == CUBE_VERTICES[:7]
    assert tokens_of(begun, 0) != tokens_of(begun, 1)


def test_the_longest_mesh_is_scored_to_its_stop():
    net = build(max_vertices=8, max_face_tokens=len(CUBE_FACES))
    assert tokens_of(vertices(net, [0], FREE, CUBE_VERTICES)) == CUBE_VERTICES
    assert tokens_of(faces(net, [CUBE], [0], FREE, CUBE_FACES)) == CUBE_FACES


def test_it_ends_where_the_places_do():
    net = build(max_vertices=5, max_face_tokens=len(CONE_FACES))
    assert all(
        len(tokens_of(vertices(net, range(6), drawing), i)) <= 16 for drawing in (FREE, MASKED) for i in range(6)
    )
    assert len(faces(net, [CUBE], [0], FREE)) <= len(CONE_FACES)


def test_a_low_temperature_takes_the_most_probable(net):
    for step in vertices(net, [5], Sampling(1e-6, with_masks=False)):
        assert step.tokens[0] == step.probabilities[0].argmax()


def test_top_k_and_top_p_leave_the_most_probable_only(net):
    for drawing, most in ((Sampling(with_masks=False, top_k=1), 1), (Sampling(with_masks=False, top_k=3), 3)):
        for seed in range(3):
            for step in vertices(net, [seed], drawing):
                assert (step.probabilities[0] > step.probabilities[0, step.tokens[0]]).sum() < most
    n_rare = 0
    for seed in range(3):
        for step in vertices(net, [seed], Sampling(top_p=0.5, with_masks=False)):
            p = step.probabilities[0]
            before = p[p > p[step.tokens[0]]].sum()
            assert before <= 0.5 + 1e-5
            n_rare += before > 0.25
    assert n_rare > 0


def test_top_p_draws_in_proportion(net):
    """The first coordinate over many seeds, against the distribution it was drawn from."""
    with torch.inference_mode():
        first = next(vertex_steps(net, 0, (), range(3000), Sampling(top_p=0.9)))
    p = first.probabilities[0].astype(float)
    p[STOP] = 0
    order = np.argsort(-p)
    kept = order[: 1 + np.searchsorted(np.cumsum(p[order]), 0.9 * p.sum())]
    counts = np.bincount(first.tokens, minlength=257)
    assert set(np.flatnonzero(counts)) <= set(kept.tolist())
    best = kept[0]
    share = p[best] / p[kept].sum()
    assert counts[best] / 3000 == pytest.approx(share, abs=4 * (share * (1 - share) / 3000) ** 0.5)
