"""What a model calls an image after each layer, by its own head."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.analyses.classes import classes
from inference.context import Cancelled, Context
from inference.forward.opening import load
from inference.results.classes import ClassesRequest
from resources.scene_shapes import KINDS
from tests.inference.tiny_images import CLASSIFIERS, build, model_of
from tests.inputs import image_input

IMAGE = image_input(seed=4)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_last_row_is_the_models_own_answer(tmp_path, name):
    model = model_of(name, tmp_path)
    result = classes(ClassesRequest("tiny", IMAGE), model, Context())
    with torch.inference_mode():
        logits = model.net(**model.encode(IMAGE).tensors).logits[0]
    np.testing.assert_allclose(result.probabilities[-1], logits.softmax(-1).numpy(), atol=1e-6)
    np.testing.assert_allclose(result.probabilities.sum(-1), 1, atol=1e-5)
    assert result.probabilities.shape == (3, 3)
    assert result.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert not result.is_multi_label
    expected = ("Into stage 2", "Layer 2", "Layer 3") if name == "swin" else ("Embeddings", "Layer 0", "Layer 1")
    assert result.layers == expected
    assert bool(result.notes) is (name == "swin")
    assert "forward" not in vars(model.net.base_model)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("vit", "[CLS]"),
        ("deit", "[DIST]"),
        ("dinov2", "and the mean"),
        ("beit", "mean of the patches"),
        ("swin", "mean"),
    ],
)
def test_what_the_head_reads_is_said(tmp_path, name, read):
    assert read in classes(ClassesRequest("tiny", IMAGE), model_of(name, tmp_path), Context()).read_from


def test_earlier_rows_are_the_head_on_earlier_layers(tmp_path):
    """A model that ends after the first layer says the same."""
    model = model_of("vit", tmp_path)
    result = classes(ClassesRequest("tiny", IMAGE), model, Context())
    net = build("vit")
    del net.vit.layers[1]
    with torch.inference_mode():
        logits = net(**model.encode(IMAGE).tensors).logits[0]
    np.testing.assert_allclose(result.probabilities[1], logits.softmax(-1).numpy(), atol=1e-6)


def test_independent_classes_and_what_is_known_to_be_there(tmp_path):
    net = build("vit")
    net.config.problem_type = "multi_label_classification"
    model = model_of("vit", tmp_path, net)
    result = classes(ClassesRequest("tiny", IMAGE), model, Context())
    with torch.inference_mode():
        logits = net(**model.encode(IMAGE).tensors).logits[0]
    assert result.is_multi_label
    np.testing.assert_allclose(result.probabilities[-1], logits.sigmoid().numpy(), atol=1e-6)
    assert result.truth == ()  # these labels are not what is drawn
    net.config.id2label = dict(enumerate(KINDS))
    scene = model.prepare(IMAGE).scene
    truth = classes(ClassesRequest("tiny", IMAGE), model, Context()).truth
    assert {*truth} == {thing.kind for thing in scene.things}


def test_classes_can_be_cancelled(tmp_path):
    with pytest.raises(Cancelled):
        classes(ClassesRequest("tiny", IMAGE), model_of("vit", tmp_path), Context(is_cancelled=lambda: True))


def test_vit_scenes_names_what_is_drawn():
    """The bundled checkpoint, on images that no training has seen."""
    model = load("vit-scenes", Context())
    n_right = n_first = 0
    for seed in range(10):
        result = classes(ClassesRequest("vit-scenes", image_input(seed=seed)), model, Context())
        assert result.truth
        best = np.argsort(-result.probabilities, 1)[:, : len(result.truth)]
        n_right += len({result.labels[i] for i in best[-1]} & {*result.truth})
        n_first += len({result.labels[i] for i in best[0]} & {*result.truth})
    n_all = sum(len({thing.kind for thing in _scene(seed, model).things}) for seed in range(10))
    assert n_right > 0.9 * n_all
    assert n_first < 0.6 * n_all  # the embedding of [CLS] knows nothing yet


def _scene(seed: int, model):
    scene = model.prepare(image_input(seed=seed)).scene
    assert scene is not None
    return scene
