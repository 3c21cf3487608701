"""ViT and its like: they open in every layout, and their attention is transformers' own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from inference.analyses.image import image
from inference.analyses.patches import patches
from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.families.vision import VisionFamily
from inference.forward.opening import load
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import OpenRequest
from inference.results.classes import ClassesRequest
from inference.results.complete_image import CompleteImageRequest
from inference.results.heads import HeadsRequest
from inference.results.image import ImageRequest
from inference.results.masked_image import MaskedImageRequest
from inference.results.masked_pixels import MaskedPixelsRequest
from inference.results.patches import PatchesRequest
from inference.results.request import Capability
from inference.results.tokenize import TokenizeRequest
from inference.service.engine import Engine
from tests.inference.configurations import VIT
from tests.inference.tiny_checkpoints import edit_config, load_weights, save_weights
from tests.inference.tiny_images import BUILDERS, WITH_PALETTE, build, model_of, save
from tests.inference.tiny_models import build_model
from tests.inputs import image_input, text_input

IMAGE = image_input(seed=4)


SPECIAL = {"deit": ("[CLS]", "[DIST]"), "swin": (), "dinov2_with_registers": ("[CLS]", "[R1]", "[R2]", "[R3]", "[R4]")}


# Those that give maps of all layers themselves, where queries and keys are those of the image.
OWN_MAPS = ("vit", "deit", "dinov2", "dinov2_with_registers", "beit", "beit tokens", "clip")


@pytest.mark.parametrize("with_preprocessor", [True, False])
@pytest.mark.parametrize("name", BUILDERS)
def test_checkpoints_open_and_answer(tmp_path, name, with_preprocessor):
    folder = str(save(tmp_path, name, with_preprocessor=with_preprocessor))
    engine, context = Engine(), Context()
    info = engine.run(OpenRequest(folder), context)
    assert info.architecture == type(build(name)).__name__
    assert info.reads == ("image",)
    assert not info.has_tokenizer
    if name in WITH_PALETTE and not with_preprocessor:
        assert "patches" not in info.capabilities
        with pytest.raises(Refused, match="no palette of colours"):
            engine.run(ImageRequest(folder, IMAGE), context)
        return
    assert {"attention", "qk", "positions", "patches"} <= {*info.capabilities}
    assert bool(info.notes and "no preprocessor_config.json" in info.notes[-1]) is not with_preprocessor
    seen = engine.run(ImageRequest(folder, IMAGE), context)
    assert seen.seen.shape == (6, 6, 3) if name in WITH_PALETTE else (16, 16, 3)
    for group in info.groups:
        found = engine.run(PatchesRequest(folder, IMAGE, group.name, 2), context)
        n = found.n_special + found.grid[0] * found.grid[1]
        assert found.pattern.shape == found.weighted.shape == (group.n_layers, group.n_heads[0], n)
        assert found.rollout.shape == (group.n_layers, n)
        assert len(found.tokens) == n
        for rows in (found.pattern, found.weighted, found.rollout):
            np.testing.assert_allclose(rows.sum(-1), 1, atol=1e-5)
        heads = engine.run(HeadsRequest(folder, IMAGE, group.name), context)
        maps = engine.run(AttentionRequest(folder, IMAGE, group.name, (0,)), context)
        if "[CLS]" in heads.key_tokens.words:
            place = heads.key_tokens.words.index("[CLS]")
            np.testing.assert_allclose(heads.measures["cls"][0], maps.pattern[0, :, :, place].mean(-1), atol=1e-6)
        else:
            assert np.isnan(heads.measures["cls"]).all()
    others = {
        "classes": ClassesRequest(folder, IMAGE),
        "masked_image": MaskedImageRequest(folder, IMAGE),
        "next_pixel": CompleteImageRequest(folder, IMAGE, 30, count=1),
        "masked_pixels": MaskedPixelsRequest(folder, IMAGE),
    }
    for capability, request in others.items():
        if capability in info.capabilities:
            engine.run(request, context)
        else:
            with pytest.raises(Refused, match=r"cannot show this: .*\.$"):
                engine.run(request, context)
    with pytest.raises(Refused, match=r"reads images, not texts\.$"):
        engine.run(TokenizeRequest(folder, text_input("a house")), context)


def test_a_model_without_a_mask_says_so(tmp_path):
    save(tmp_path, "beit tokens", with_preprocessor=True)
    weights = load_weights(tmp_path)
    del weights["beit.embeddings.mask_token"]
    save_weights(tmp_path, weights)
    edit_config(tmp_path, use_mask_token=False)
    info = inspect(str(tmp_path))
    assert "patches" in info.capabilities
    assert "no vector for masked patches" in info.why_missing(frozenset({Capability.MASKED_IMAGE}))


def test_a_model_of_grey_images_says_so(tmp_path):
    import transformers

    config = transformers.ViTConfig(**VIT, num_channels=1)
    transformers.ViTForImageClassification(config).save_pretrained(tmp_path)
    info = inspect(str(tmp_path))
    assert "positions" in info.capabilities
    assert "images of 1 channels" in info.why_missing(frozenset({Capability.PATCHES}))
    assert "images of 1 channels" in info.why_missing(frozenset({Capability.ATTENTION}))


def test_windows_of_nothing_are_refused(tmp_path):
    edit_config(save(tmp_path, "swin", with_preprocessor=True), window_size=0)
    with pytest.raises(Refused, match="does not fit SwinForImageClassification"):
        load(str(tmp_path), Context())


def test_a_lost_head_is_told(tmp_path):
    save(tmp_path, "vit", with_preprocessor=True)
    weights = load_weights(tmp_path)
    save_weights(tmp_path, {name: tensor for name, tensor in weights.items() if "classifier" not in name})
    info = inspect(str(tmp_path))
    assert info.classes == ()
    assert "lacks the head that names classes" in info.why_missing(frozenset({Capability.CLASSES}))
    assert any("so ViTModel is opened" in note for note in info.notes)


def test_a_lost_decoder_leaves_the_encoder(tmp_path):
    save(tmp_path, "mae", with_preprocessor=True)
    weights = load_weights(tmp_path)
    save_weights(tmp_path, {name: tensor for name, tensor in weights.items() if not name.startswith("decoder.")})
    engine = Engine()
    info = engine.run(OpenRequest(str(tmp_path)), Context())
    assert [group.name for group in info.groups] == ["encoder"]
    assert engine.run(PatchesRequest(str(tmp_path), IMAGE, "encoder", 0), Context()).pattern.shape == (2, 4, 17)


@pytest.fixture
def eager(monkeypatch):
    """Runs transformers' eager attention, which takes its softmax in float32, in the model's own precision."""
    softmax = torch.nn.functional.softmax
    monkeypatch.setattr("torch.nn.functional.softmax", lambda scores, dim, dtype=None: softmax(scores, dim))

    def run(net, tensors, **more):
        net.set_attn_implementation("eager")
        with torch.inference_mode():
            return VisionFamily().output(net, tensors, output_attentions=True, **more).attentions

    return run


@pytest.mark.parametrize("name", OWN_MAPS)
def test_attention_is_that_of_transformers(tmp_path, name, eager):
    net = build(name, torch.float64)
    model = model_of(name, tmp_path, net)
    run = model.run(IMAGE, Context())
    tensors = model.encode(IMAGE).tensors
    expected = eager(net, tensors)
    assert len(expected) == len(run.calls["encoder"]) == 2
    for call, pattern in zip(run.calls["encoder"], expected, strict=True):
        torch.testing.assert_close(call.patterns(), pattern[0], atol=1e-10, rtol=0)


def test_swins_last_blocks_are_those_of_transformers(tmp_path, eager):
    net = build("swin", torch.float64)
    model = model_of("swin", tmp_path, net)
    run = model.run(IMAGE, Context())
    tensors = model.encode(IMAGE).tensors
    expected = eager(net, tensors)[-1]  # [window, head, slot, slot]
    call = run.calls["stage_2"][-1]
    assert expected.shape[0] == 1  # the last stage is one window
    torch.testing.assert_close(call.patterns(), expected[0], atol=1e-10, rtol=0)


def test_mae_is_shown_all_patches_in_their_order(tmp_path):
    model = model_of("mae", tmp_path, build("mae", torch.float64))
    tensors = model.encode(IMAGE).tensors
    output = model.family.output(model.net, tensors)
    assert output.ids_restore.tolist() == [list(range(16))]
    assert output.mask.sum() == 0
    assert model.net.config.mask_ratio == 0.75
    names = [group.name for group in model.info.groups]
    assert names == ["encoder", "decoder"]
    calls = model.run(IMAGE, Context()).calls
    assert [len(calls[name]) for name in names] == [2, 1]


@pytest.mark.parametrize("name", [name for name in BUILDERS if name not in WITH_PALETTE])
def test_tokens_are_named_by_their_place(tmp_path, name):
    model = model_of(name, tmp_path)
    for group in model.info.groups:
        tokens = model.encode(IMAGE).sequences[group.query_axis]
        n_special = len(SPECIAL.get(name, ("[CLS]",)))
        assert tokens.words[:n_special] == SPECIAL.get(name, ("[CLS]",))
        assert tokens.words[n_special : n_special + 2] == ("0,0", "0,1")
        assert tokens.is_special.sum() == n_special
    assert image(ImageRequest("tiny", IMAGE), model, Context()).n_special == n_special


@pytest.mark.parametrize("name", ["vit", "deit", "dinov2", "dinov2_with_registers", "clip"])
def test_other_sizes_are_read_with_interpolated_positions(tmp_path, name):
    (tmp_path / "preprocessor_config.json").write_text('{"size": {"height": 24, "width": 32}, "do_center_crop": false}')
    model = model_of(name, tmp_path, build(name, torch.float64))
    found = patches(PatchesRequest("tiny", IMAGE, "encoder", 0), model, Context())
    assert found.grid == (6, 8)
    more = {} if name.startswith("dinov2") else {"interpolate_pos_encoding": True}
    model.net.set_attn_implementation("eager")
    with torch.inference_mode():
        expected = model.net(**model.encode(IMAGE).tensors, output_attentions=True, **more).attentions
    np.testing.assert_allclose(found.pattern, torch.cat(expected)[:, :, 0].numpy(), atol=1e-6)


def test_a_size_that_is_asked_for_keeps_the_shape_of_the_image(tmp_path):
    Image.fromarray(np.zeros((30, 50, 3), np.uint8)).save(tmp_path / "wide.png")
    model = model_of("vit", tmp_path)
    wide = image_input(path=str(tmp_path / "wide.png"), side=24)
    assert patches(PatchesRequest("tiny", wide, "encoder", 0), model, Context()).grid == (6, 10)


@pytest.mark.parametrize(
    ("name", "side", "sentence"),
    [
        ("swin", 32, "Images of 32 pixels a side were asked for; this checkpoint takes one size only"),
        ("vit", 3, "The side of the image is 3 pixels; it is 4 to 1,024"),
        ("vit", 1000, "At 1000 pixels a side the image has 62,500 patches; at most 4,096 are shown"),
    ],
)
def test_a_size_that_a_model_does_not_take_is_refused(tmp_path, name, side, sentence):
    with pytest.raises(Refused, match=sentence):
        image(ImageRequest("tiny", image_input(side=side)), model_of(name, tmp_path), Context())


def test_windows_that_do_not_fit_are_told(tmp_path):
    import transformers

    config = transformers.SwinConfig(
        image_size=24, patch_size=2, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4
    )
    model = model_of("swin", tmp_path, transformers.SwinForImageClassification(config).eval())
    found = patches(PatchesRequest("tiny", IMAGE, "stage_2", 0), model, Context())
    assert (found.grid, found.seen.shape) == ((8, 8), (32, 32, 3))
    assert not found.seen[24:].any()
    assert "pads the image of 24 × 24 to 32 × 32" in found.notes[0]
    assert patches(PatchesRequest("tiny", IMAGE, "stage_1", 0), model, Context()).seen.shape == (24, 24, 3)


def test_files_that_are_no_images_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG broken")
    model = model_of("vit", tmp_path)
    with pytest.raises(Refused, match=r"^a\.png is no image that can be read"):
        model.run(image_input(str(tmp_path / "a.png")), Context())


def test_a_model_of_texts_reads_no_images():
    with pytest.raises(Refused, match=r"^tiny-bert reads texts, not images\.$"):
        build_model("bert").run(IMAGE, Context())
