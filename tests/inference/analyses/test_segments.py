"""Labels at pixels: as the models' own forward passes give them, in any order of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from inference.analyses.segments import segments
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.segments import SegmentsRequest
from tests.inference.tiny_segments import BUILDERS, save

LABELS = ("red house", "a tree", "car", "meadow")
SCENE = Input(image=ImageInput(seed=5, kind="scene"))


@pytest.fixture(scope="module", params=BUILDERS)
def model(request, tmp_path_factory):
    return load(str(save(tmp_path_factory.mktemp("segments"), request.param)), Context())


@pytest.fixture(scope="module")
def lseg(tmp_path_factory):
    return load(str(save(tmp_path_factory.mktemp("lseg"), "lseg")), Context())


def ask(model, labels=LABELS, input=SCENE):
    labels = labels if model.info.compares else ()
    return segments(SegmentsRequest(model.info.checkpoint, input, labels), model, Context())


def own_scores(model, labels, input=SCENE):
    """By one call of the model's `forward`, [label, row, column]."""
    pixels = torch.from_numpy(model.prepare(input).values)[None]
    with torch.inference_mode():
        if not model.info.compares:
            logits = model.net(pixel_values=pixels).logits[0]
        else:
            ids = model.tokenizer(list(labels), padding=True, return_tensors="pt")["input_ids"]
            if model.net.config.model_type == "clipseg":
                pixels = pixels.expand(len(labels), -1, -1, -1)
            logits = model.net(input_ids=ids, pixel_values=pixels).logits
            logits = logits if model.net.config.model_type == "clipseg" else logits[0]
        shape = model.prepare(input).shape
        return F.interpolate(logits[None], size=shape, mode="bilinear", align_corners=False)[0].numpy()


def test_maps_are_those_of_the_model(model):
    result = ask(model)
    wanted = own_scores(model, LABELS)
    np.testing.assert_allclose(result.scores / result.temperature, wanted, atol=2e-4)
    assert np.array_equal(
        result.scores.max(0), np.take_along_axis(result.scores, result.winners[None].astype(int), 0)[0]
    )
    assert result.scores.shape[1:] == result.winners.shape == result.entropy.shape == result.seen.shape[:2]
    assert len(np.unique(result.winners)) > 1, "a map of one label shows nothing"


def test_entropy_is_that_of_the_shares(model):
    result = ask(model)
    logits = result.scores.astype(np.float64) / result.temperature
    if result.is_exclusive:
        p = np.exp(logits - logits.max(0))
        p /= p.sum(0)
        wanted = -(p * np.log2(np.maximum(p, 1e-300))).sum(0)
    else:
        p = 1 / (1 + np.exp(-logits.max(0)))
        wanted = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    np.testing.assert_allclose(result.entropy, wanted, atol=1e-4)
    assert result.is_exclusive == (model.net.config.model_type != "clipseg")


def test_labels_in_another_order_give_the_same_map(model):
    if not model.info.compares:
        return  # its labels are its own
    order = [2, 0, 3, 1]
    result, permuted = ask(model), ask(model, tuple(LABELS[i] for i in order))
    np.testing.assert_allclose(permuted.scores, result.scores[order], atol=1e-5)
    np.testing.assert_allclose(permuted.similarity, result.similarity[order][:, order], atol=1e-5)
    assert np.array_equal(np.array(order)[permuted.winners], result.winners)


def test_cosines_are_cosines(lseg):
    result = ask(lseg)
    assert result.is_cosine
    assert result.temperature == 0.07
    assert np.abs(result.scores).max() <= 1 + 1e-6
    np.testing.assert_allclose(result.similarity.diagonal(), 1, atol=1e-6)


def test_of_an_image_that_is_not_square_the_map_is_as_large_as_what_is_seen(lseg, tmp_path):
    Image.new("RGB", (90, 40), (200, 30, 30)).save(tmp_path / "wide.png")
    wide = Input(image=ImageInput(path=str(tmp_path / "wide.png"), side=32))
    result = ask(lseg, input=wide)
    assert result.winners.shape == result.seen.shape[:2] == (32, 72)
    np.testing.assert_allclose(result.scores / 0.07, own_scores(lseg, LABELS, wide), atol=2e-4)


def test_another_label_costs_its_own_vector_and_no_image(lseg, monkeypatch):
    ask(lseg)
    asked = []
    monkeypatch.setattr(lseg.net, "encode_pixels", lambda *_: pytest.fail("the image was encoded again"))
    encode = lseg.net.encode_texts
    monkeypatch.setattr(lseg.net, "encode_texts", lambda ids: asked.append(len(ids)) or encode(ids))
    more = ask(lseg, (*LABELS, "dog"))
    assert asked == [1]
    assert more.labels == (*LABELS, "dog")
    ask(lseg, LABELS[:2])
    ask(lseg, LABELS)
    assert asked == [1, 2], "what is asked for no longer is not kept"


def test_another_image_is_read(lseg):
    other = Input(image=ImageInput(seed=6, kind="scene"))
    assert not np.allclose(ask(lseg).scores, ask(lseg, input=other).scores)


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ((), "There is no label"),
        (("cat", " "), "A label is empty"),
        (("cat", "dog", "cat"), "The label 'cat' is there twice"),
        (tuple(f"dog {i}" for i in range(129)), "There are 129 labels; up to 128"),
        (("a " * 40,), "the model takes at most 12"),
    ],
)
def test_what_cannot_be_asked_is_refused(lseg, labels, why):
    with pytest.raises(Refused, match=why):
        ask(lseg, labels)


def test_too_many_numbers_are_refused(lseg):
    large = Input(image=ImageInput(seed=1, kind="scene", side=512))
    with pytest.raises(Refused, match="128 labels at 512 × 512 pixels are 33,554,432 numbers; up to 16,777,216"):
        ask(lseg, tuple(f"a {i}" for i in range(128)), large)


def test_both_towers_attend_in_the_shared_views(model):
    if not model.info.compares:
        return
    run = model.run(replace(SCENE, text=TextInput("a red house")), Context())
    titles = [group.title for group in model.info.groups]
    assert titles[:2] == ["Image", "Text"]
    assert titles[2:] == (["Decoder"] if model.net.config.model_type == "clipseg" else [])
    for group in model.info.groups:
        for _, call in model.each_call(run, group.name, Context()):
            pattern = call.patterns()
            torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]))
            if group.name == "text":
                assert not pattern.triu(1).any()


def test_lseg_attends_as_its_own_code_does(lseg):
    """The patterns that are caught are those that eager attention gives."""
    run = lseg.run(replace(SCENE, text=TextInput("a red house")), Context())
    block = lseg.net.pretrained.model.blocks[0]
    with torch.inference_mode():
        tower = lseg.net.pretrained.model
        pixels = run.encoded.tensors["pixel_values"]
        x = torch.cat([tower.cls_token, tower.patch_embed.proj(pixels).flatten(2).mT], 1) + tower.pos_embed
        q, k, _ = block.attn.qkv(block.norm1(x)).unflatten(-1, (3, 4, 8)).permute(2, 0, 3, 1, 4)
        wanted = (q @ k.mT / 8**0.5).softmax(-1)[0]
    torch.testing.assert_close(lseg.call(run, "image", 0, Context()).patterns(), wanted, atol=1e-5, rtol=1e-4)
