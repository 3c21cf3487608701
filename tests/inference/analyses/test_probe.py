"""A linear classifier on the features of every layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses.probe import probe
from inference.context import Cancelled, Context, Refused
from inference.results.events import Partial
from inference.results.probe import ProbeRequest
from resources.scene_shapes import KINDS
from tests.inference.tiny_images import build, model_of


@pytest.fixture
def model(tmp_path):
    return model_of("imagegpt", tmp_path, build("imagegpt", torch.float64))


def parts_of(parts: list) -> Context:
    return Context(lambda told: parts.append(told.result) if isinstance(told, Partial) else None)


@pytest.mark.parametrize("name", ["vit", "imagegpt"])
def test_a_probe_reads_every_layer(tmp_path, name):
    model = model_of(name, tmp_path)
    parts: list = []
    request = ProbeRequest("tiny", n_train=40, n_test=20)
    result = probe(request, model, parts_of(parts))
    assert result.layers == ("Embeddings", "Layer 0", "Layer 1")
    assert [int(np.isfinite(part.accuracy).sum()) for part in parts] == [0, 1, 2, 3]
    assert ((result.accuracy >= 0) & (result.accuracy <= 1)).all()
    assert 1 / len(KINDS) <= result.chance <= 1
    again = probe(request, model, Context())
    np.testing.assert_array_equal(result.accuracy, again.accuracy)
    assert result.pixels == again.pixels


def test_the_probe_tells_apart_what_a_layer_tells_apart(tmp_path, monkeypatch):
    """Features that name the class are read without a fault."""
    kinds = iter([i % len(KINDS) for i in range(64)])

    def known(request, model, context):
        labels = np.array([next(kinds) for _ in range(64)])
        features = np.eye(len(KINDS), dtype=np.float32)[labels]
        return labels, np.stack([np.zeros_like(features), features, features]), features

    monkeypatch.setattr("inference.analyses.probe._features", known)
    result = probe(ProbeRequest("tiny", 48, 16), model_of("vit", tmp_path), Context())
    np.testing.assert_allclose(result.accuracy[1:], 1)
    assert result.pixels == 1
    assert result.accuracy[0] <= result.chance + 1e-6


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"n_train": 8}, "^8 images to learn"), ({"n_test": 0}, "^0 images to test"), ({"seed": -1}, "seed is -1")],
)
def test_probes_out_of_range_are_refused(tmp_path, changes, sentence):
    with pytest.raises(Refused, match=sentence):
        probe(replace(ProbeRequest("tiny"), **changes), model_of("vit", tmp_path), Context())


def test_a_probe_is_cancelled_between_images(tmp_path):
    calls = iter(range(100))
    with pytest.raises(Cancelled):
        probe(ProbeRequest("tiny"), model_of("vit", tmp_path), Context(is_cancelled=lambda: next(calls) > 5))
    assert next(calls) < 10
