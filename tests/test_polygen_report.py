"""What measures polygen-furniture: the baselines by hand, the judgement of samples, and the card's words."""

from __future__ import annotations

import numpy as np
import pytest

from inference.meshes.tokens import STOP
from resources.recipes import furniture_data
from resources.recipes.baselines.context_model import ORDERS, ContextModel
from resources.recipes.furniture_data import face_batch, is_held_out, make_piece, vertex_batch
from resources.recipes.polygen_furniture import build_model
from resources.recipes.polygen_furniture_card import card
from resources.recipes.polygen_furniture_report import (
    Sample,
    _judged,
    about_data,
    exact_share,
    measure,
    summary,
    surprisal,
    uniform_bits,
)

PIECES = [make_piece(seed) for seed in range(40)]


# Baselines


def test_a_context_model_learns_what_repeats():
    sequences = [np.array([5, 6, 7, 8, 0]) for _ in range(50)]
    bits = ContextModel(sequences).bits(sequences[:1], np.array([10]))
    assert bits.shape == (len(ORDERS), 5)
    assert bits[0] == pytest.approx(np.log2(5), abs=0.15)  # without a context all five are alike
    assert bits[-1].sum() < 0.5


def test_a_context_model_is_a_distribution():
    rng = np.random.default_rng(0)
    model = ContextModel([rng.integers(0, 6, 40) for _ in range(20)])
    given = rng.integers(0, 6, 12)
    rows = [model.bits([np.append(given, token)], np.array([6]))[:, -1] for token in range(6)]
    assert (2.0 ** -np.array(rows)).sum(0) == pytest.approx(1.0, abs=1e-9)


def test_an_unknown_context_falls_back():
    model = ContextModel([np.array([1, 2, 3])])
    bits = model.bits([np.array([7])], np.array([16]))
    assert bits[0, 0] > np.log2(4)
    assert np.isfinite(bits).all()


def test_uniform_bits_by_hand():
    piece = PIECES[0]
    n_vertices, found = len(piece.values), uniform_bits(PIECES[:1], 100)
    assert found["vertex_uniform"] == pytest.approx((3 * n_vertices + 1) * np.log2(257) / n_vertices)
    assert found["face_uniform"] == pytest.approx(len(piece.faces) * np.log2(n_vertices + 2) / n_vertices)
    assert 0 < found["vertex_valid"] < found["vertex_uniform"]
    assert 0 < found["face_valid"] < found["face_uniform"]


# The split


def test_no_topology_of_the_unseen_is_trained_on():
    train = [piece for piece in (make_piece(seed) for seed in range(1_000_000, 1_000_250)) if not is_held_out(piece)]
    known, unseen = furniture_data.test_pieces(3, train)
    topologies, keys = {piece.faces.tobytes() for piece in train}, {piece.key for piece in train}
    assert all(piece.faces.tobytes() in topologies for piece in known)
    assert not any(piece.faces.tobytes() in topologies for piece in unseen)
    assert not any(piece.key in keys for piece in (*known, *unseen))
    with pytest.raises(RuntimeError, match="occurs in training"):
        about_data([*train, unseen[0]], {"known": known, "unseen": unseen}, 100)


# The network


def test_a_new_model_is_as_surprised_as_a_uniform_one():
    net = build_model(0).eval()
    found, uniform = surprisal(net, PIECES[:6]), uniform_bits(PIECES[:6], 100)
    assert found["vertex_bits"] == pytest.approx(uniform["vertex_uniform"], rel=1e-4)
    assert found["face_bits"] == pytest.approx(uniform["face_uniform"], rel=1e-4)


def test_filled_up_batches_hold_the_pieces():
    given, wanted, labels = vertex_batch(PIECES[:3])
    _, is_vertex, _, wanted_faces = face_batch(PIECES[:3])
    for i, piece in enumerate(PIECES[:3]):
        assert wanted[i][wanted[i] >= 0].tolist() == piece.vertices.tolist()
        assert given[i, : len(piece.vertices) - 1].tolist() == piece.vertices[:-1].tolist()
        assert int(is_vertex[i].sum()) == len(piece.values)
        assert wanted_faces[i][wanted_faces[i] >= 0].tolist() == piece.faces.tolist()
        assert labels[i] == piece.label


def test_true_meshes_are_judged_closed_plane_and_known():
    samples = [_judged(piece.vertices.tolist(), piece.faces.tolist(), (0, 1)) for piece in PIECES[:5]]
    row = summary(samples, {PIECES[0].key})
    assert row["closed"] == row["planar"] == row["is_mesh"] == 1
    assert row["duplicates"] == pytest.approx(1 / 5)
    assert row["invalid"] == pytest.approx(5 / sum(len(p.vertices) + len(p.faces) for p in PIECES[:5]))
    assert exact_share(samples, PIECES[:5]) == 1
    assert exact_share(samples, PIECES[1:6]) < 1


def test_what_is_no_mesh_counts_against_it():
    piece = PIECES[0]
    broken = _judged(piece.vertices.tolist(), piece.faces.tolist()[:-1], (2, 0))
    assert broken.faces is None
    assert _judged([1, 1, STOP], [STOP], (1, 1)).faces is None
    row = summary([broken, _judged(piece.vertices.tolist(), piece.faces.tolist(), (0, 0))], set())
    assert row["is_mesh"] == row["closed"] == 0.5
    assert row["invalid_vertex"] == pytest.approx(1 / len(piece.vertices))


# The card


def _report(net, monkeypatch):
    drawn = [_judged(piece.vertices.tolist(), piece.faces.tolist(), (1, 0)) for piece in PIECES[:4]]

    def samples(*_, **__) -> list[Sample]:
        return drawn

    for name in ("own_samples", "given_samples"):
        monkeypatch.setattr(f"resources.recipes.polygen_furniture_report.{name}", samples)
    monkeypatch.setattr("resources.recipes.polygen_furniture_report.exact_share", lambda *_: 0.75)
    tests = {"known": PIECES[4:6], "unseen": PIECES[6:8]}
    monkeypatch.setattr("resources.recipes.polygen_furniture_report.TRAIN_SEEDS", 7)
    topologies = {piece.faces.tobytes() for piece in tests["unseen"]}
    train = [piece for piece in PIECES[8:] if piece.faces.tobytes() not in topologies]
    report = about_data(train, tests, 100)
    run = {"steps": 9, "batch": 2, "seed": 0, "n_pieces": 32, "stages": ["--steps 5", "--steps 9"]}
    report["runs"] = dict.fromkeys(("vertices", "faces"), run)
    measure(net, {PIECES[0].key}, tests, report, 1)
    return report


def test_the_card_says_what_was_measured_and_what_was_missed(monkeypatch):
    net = build_model(0).eval()
    report = _report(net, monkeypatch)
    text = card(report, net, n_each=1, top_p=0.9)
    assert text.startswith("---\nlicense: apache-2.0")
    assert f"**{report['known']['vertex_bits']:.3f}**" in text
    assert "| vertices of known topologies, <= 1.1 bits | 2" in text
    assert "| **no** |" in text
    assert "Not reached: vertices of known topologies" in text
    assert "| closed meshes with masks, >= 60% | 100.0% (without masks 100.0%) | yes |" in text
    assert "--part vertices --steps 5" in text
    assert "--part vertices --steps 9" in text
    report["known"] |= {"vertex_bits": 1.0, "face_bits": 0.1}
    report["own_free"] |= {"invalid": 0.01}
    report["unseen"] |= {"vertex_bits": 0.1, "face_bits": 0.1}
    assert "All aims are reached." in card(report, net, n_each=1, top_p=0.9)
