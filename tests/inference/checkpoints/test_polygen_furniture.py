"""The bundled model draws what its card says: every class, whole, closed as a rule, and seldom surprised."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.analyses.mesh import mesh, score
from inference.context import Context
from inference.forward.opening import load
from inference.meshes.mesh import Mesh
from inference.meshes.tokens import canonical, face_tokens, mesh_of, vertex_tokens
from inference.models import polygen_sampling
from inference.results.inputs import MeshInput
from inference.results.mesh import MeshRequest, ScoreMeshRequest
from resources import checkpoint_path
from resources.furniture import LABELS, make_furniture

NAME = "polygen-furniture"


@pytest.fixture(scope="module")
def model():
    return load(NAME, Context())


def test_it_knows_the_classes_of_the_generator(model):
    assert model.info.classes == LABELS
    assert model.info.name == NAME
    card = (checkpoint_path(NAME) / "README.md").read_text(encoding="utf-8")
    assert all(label in card for label in LABELS)
    assert "python -m resources.recipes.polygen_furniture" in card


@pytest.fixture
def one_of_each_class(model, monkeypatch):
    """What is drawn together is of one class and many seeds; here of all classes and one seed, in half the time."""
    labels, rng = torch.arange(len(LABELS)), np.random.default_rng

    def with_own_label(_module, given):
        tokens, _label, *rest = given
        return tokens, labels, *rest

    monkeypatch.setattr(polygen_sampling.np.random, "default_rng", lambda _seed: rng(1))
    handle = model.net.vertex_model.register_forward_pre_hook(with_own_label)
    yield
    handle.remove()


@pytest.mark.usefixtures("one_of_each_class")
def test_every_class_is_drawn_to_its_end(model):
    samples = mesh(MeshRequest(NAME, MeshInput(0), count=len(LABELS)), model, Context()).samples
    assert sum(sample.is_finished for sample in samples) >= 11
    meshes = [mesh_of(one.vertices.tokens, one.faces.tokens) for one in samples if one.is_finished]
    assert np.mean([one.is_closed for one in meshes]) > 0.4
    assert len({len(one.vertices) for one in meshes}) > 3


def test_furniture_surprises_it_less_than_noise(model):
    bits = []
    for seed in (950_000_001, 950_000_002, 950_000_003):
        piece = make_furniture(seed)
        values, faces = canonical(Mesh(np.array(piece.vertices), tuple(piece.faces)))
        start = MeshInput(
            LABELS.index(piece.label), tuple(vertex_tokens(values).tolist()), tuple(face_tokens(faces).tolist())
        )
        sample = score(ScoreMeshRequest(NAME, mesh=start), model, Context()).sample
        bits.append((sample.vertices.bits.sum() + sample.faces.bits.sum()) / len(values))
    assert np.mean(bits) < 4  # uniform: 47
