"""Similarities are those of transformers, and what is known already is not computed again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from inference.analyses.similarity import similarity
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.similarity import SimilarityRequest
from tests.inference.tiny_pairs import NAMES, save

IMAGES = tuple(ImageInput(seed=seed) for seed in range(3))
TEXTS = ("a red house", "a dog", "the small green tree in a meadow", "a cat")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    models = {}

    def of(name):
        if name not in models:
            models[name] = load(str(save(tmp_path_factory.mktemp("pairs"), name)), Context())
        return models[name]

    return of


def told_by_transformers(model):
    """Logits and vectors of every pair by itself: nothing is padded but what SigLIP pads."""
    logits = np.zeros((len(IMAGES), len(TEXTS)))
    rows = []
    for i, image in enumerate(IMAGES):
        for j, text in enumerate(TEXTS):
            encoded = model.encode(Input(text=TextInput(text), image=image))
            with torch.no_grad():
                output = model.net(**encoded.tensors)
            logits[i, j] = float(output.logits_per_image[0, 0])
            rows.append(float(output.image_embeds[0] @ output.text_embeds[0]))
    return logits, np.reshape(rows, logits.shape)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_those_of_transformers(opened, name):
    model = opened(name)
    found = similarity(SimilarityRequest("", IMAGES, TEXTS), model, Context())
    logits, cosines = told_by_transformers(model)
    np.testing.assert_allclose(found.cosines, cosines, atol=2e-6)
    np.testing.assert_allclose(found.logits, logits, atol=5e-5)
    assert found.scale == pytest.approx(float(model.net.logit_scale.detach().exp()))
    assert found.is_each_pair_judged == (name == "siglip")


@pytest.mark.parametrize("name", NAMES)
def test_the_vector_of_a_text_is_read_from_the_row_that_is_told(opened, name):
    """Another state there, and in no other row, changes the vector."""
    model = opened(name)
    ids = torch.from_numpy(model.pairs.text_tokens(TextInput(TEXTS[2]), model.net.config, model.tokenizer).ids)
    row = model.pairs.pooled_text_row(model.net.config, ids)
    tower = model.net.text_model
    states = []

    def watch(_module, _inputs, output):
        hidden = output[0] if isinstance(output, tuple) else output
        if isinstance(hidden, torch.Tensor) and hidden.ndim == 3 and hidden.requires_grad:
            hidden.retain_grad()
            states.append(hidden)

    layers = [part for path, part in tower.named_modules() if path.rpartition(".")[2].isdigit()]
    handle = layers[-1].register_forward_hook(watch)
    try:
        model.pairs.text_vectors(model.net, ids[None])[0, 0].backward()
    finally:
        handle.remove()
        model.net.zero_grad()
    reached = states[-1].grad[0].abs().sum(-1) > 0
    assert reached.nonzero().ravel().tolist() == [row]


def test_siglip_reads_every_text_padded_as_it_was_trained(opened):
    model = opened("siglip")
    tokens = model.encode(Input(text=TextInput("a dog"), image=IMAGES[0])).sequences["text"]
    assert len(tokens) == model.family.n_ctx(model.net.config)
    assert tokens.words[-1] == "[PAD]"
    assert tokens.is_special[-1]


def test_another_text_costs_its_own_pass_alone(opened, monkeypatch):
    model = opened("clip")
    similarity(SimilarityRequest("", IMAGES, TEXTS), model, Context())
    passes = []
    for tower in ("image", "text"):
        whole = getattr(model.net, f"get_{tower}_features")

        def counted(whole=whole, tower=tower, **tensors):
            passes.append((tower, len(next(iter(tensors.values())))))
            return whole(**tensors)

        monkeypatch.setattr(model.net, f"get_{tower}_features", counted)
    found = similarity(SimilarityRequest("", IMAGES, (*TEXTS, "a blue car")), model, Context())
    assert found.cosines.shape == (3, 5)
    assert passes == [("text", 1)]


def test_a_file_that_changes_is_read_again(opened, tmp_path):
    model, path = opened("clip"), tmp_path / "a.png"
    request = SimilarityRequest("", (ImageInput(path=str(path)),), ("a dog",))
    cosines = []
    for width, color in ((40, (250, 20, 20)), (50, (10, 20, 250))):
        Image.new("RGB", (width, 30), color).save(path)
        cosines.append(float(similarity(request, model, Context()).cosines[0, 0]))
    assert cosines[0] != pytest.approx(cosines[1], abs=1e-4)


def test_softmax_and_sigmoid_are_told_of_the_logits(opened):
    found = similarity(SimilarityRequest("", IMAGES, TEXTS), opened("clip"), Context())
    logits = torch.from_numpy(found.logits.astype(np.float64))
    np.testing.assert_allclose(found.probabilities("texts"), logits.softmax(1), rtol=1e-5)
    np.testing.assert_allclose(found.probabilities("images"), logits.softmax(0), rtol=1e-5)
    np.testing.assert_allclose(found.probabilities("pair"), logits.sigmoid(), rtol=1e-5)


def test_it_can_be_cancelled_and_refuses_what_cannot_be_read(opened):
    model = opened("old clip")
    with pytest.raises(Cancelled):
        similarity(SimilarityRequest("", IMAGES, TEXTS), model, Context(is_cancelled=lambda: True))
    with pytest.raises(Refused, match="one image and one text are needed"):
        similarity(SimilarityRequest("", IMAGES, ()), model, Context())
    with pytest.raises(Refused, match=r"none\.png is no file"):
        similarity(SimilarityRequest("", (ImageInput(path="/none.png"),), TEXTS), model, Context())
    with pytest.raises(Refused, match=r"“a dog a dog .* …” cannot be compared: .*takes at most"):
        similarity(SimilarityRequest("", IMAGES, ("a dog " * 30,)), model, Context())
