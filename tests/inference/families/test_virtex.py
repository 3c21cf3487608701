"""VirTex opens as any checkpoint, and both of its captions attend as torch's own attention says."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from inference.context import Context
from inference.forward.opening import load
from inference.models.virtex.layers import CaptionAttention, VirTexConfig
from inference.models.virtex.model import VirTex
from inference.results.inputs import ImageInput, Input, TextInput
from resources.recipes.virtex_scenes.data import END, START, make_tokenizer

CAPTION = "a small red house left of a blue tree"
GROUPS = ("caption", "caption_to_image", "caption_from_its_end", "caption_from_its_end_to_image")


def save_virtex(folder, **sizes):
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    config = VirTexConfig(
        **{
            "vocab_size": len(tokenizer), "hidden_size": 32, "decoder_layers": 2, "decoder_attention_heads": 4,
            "decoder_ffn_dim": 32, "max_position_embeddings": 16, "image_size": 32, "resnet_depths": (1, 1),
            "resnet_strides": (1, 2), "resnet_width": 4, "resnet_is_small": True,
        } | sizes,
    )  # fmt: skip
    VirTex(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    says = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
    says |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(says), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load(str(save_virtex(tmp_path_factory.mktemp("virtex"))), Context())


def run(model, text):
    return model.run(Input(text=TextInput(text), image=ImageInput(seed=1, kind="scene")), Context())


def test_it_opens_with_both_directions(model):
    info = model.info
    assert (info.family, info.reads) == ("virtex", ("text", "image"))
    assert tuple(group.name for group in info.groups) == GROUPS
    assert [(group.query_axis, group.key_axis) for group in info.groups] == [
        ("target", "target"), ("target", "patches"), ("turned", "turned"), ("turned", "patches"),
    ]  # fmt: skip


def test_the_second_decoder_has_the_caption_from_its_end(model):
    encoded = model.encode(Input(text=TextInput("a red house"), image=ImageInput(seed=1, kind="scene")))
    target, turned = (encoded.sequences[axis] for axis in ("target", "turned"))
    assert encoded.tokens is target  # what stands above the views is what the first group's queries are
    assert (target.ids[0], turned.ids[0]) == (START, END)
    assert [word.strip() for word in target.words[1:]] == ["a", "red", "house"]
    assert [word.strip() for word in turned.words[1:]] == ["house", "red", "a"]
    assert len(encoded.sequences["patches"]) == 8 * 8


@pytest.mark.parametrize("group", GROUPS)
def test_patterns_are_those_of_torchs_attention(model, group):
    heard = []
    side = "backward_textual" if "from_its_end" in group else "textual"
    name = "multihead_attn" if group.endswith("image") else "self_attn"
    hooks = [
        layer.get_submodule(name).register_forward_hook(lambda module, args, _: heard.append((module, args)))
        for layer in model.net.get_submodule(side).transformer.layers
    ]
    found = run(model, " ".join([CAPTION, *["red"] * GROUPS.index(group)]))  # the last run is kept
    for hook in hooks:
        hook.remove()
    for layer, (module, args) in enumerate(heard):
        assert isinstance(module, CaptionAttention)
        plain = nn.MultiheadAttention(32, 4, batch_first=True)
        plain.load_state_dict(module.state_dict())
        x = args[0]
        memory = args[3] if group.endswith("image") else x
        n = x.shape[1]
        mask = None if memory is not x else torch.ones(n, n, dtype=torch.bool).triu(1)
        with torch.no_grad():
            _, wanted = plain(x, memory, memory, attn_mask=mask, average_attn_weights=False)
        pattern = model.call(found, group, layer, Context()).patterns()
        torch.testing.assert_close(pattern, wanted[0], atol=1e-5, rtol=1e-5)
    assert len(heard) == 2


def test_one_direction_has_two_groups(tmp_path):
    model = load(str(save_virtex(tmp_path, has_backward=False)), Context())
    assert tuple(group.name for group in model.info.groups) == GROUPS[:2]
    assert run(model, CAPTION) is not None
