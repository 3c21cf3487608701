"""Families are whole, and say truly where their models keep their parts."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

from inference.context import Context
from inference.families.decoder import MODEL_TYPES as DECODERS
from inference.families.encoder import MODEL_TYPES as ENCODERS
from inference.families.encoder import EncoderFamily
from inference.families.encoder_decoder import MODEL_TYPES as ENCODER_DECODERS
from inference.family.base import Family
from inference.forward.layer_outputs import layer_outputs
from inference.registry import FAMILIES
from tests.inference import tiny_images
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_polygen import build as build_polygen
from tests.inference.tiny_types import build_type
from tests.inputs import image_input, text_input

TYPES = [*sorted(DECODERS), *sorted(ENCODERS), *sorted(ENCODER_DECODERS), "xlnet", "funnel", "longformer", "big_bird"]
# Of these no block is a module.
WITHOUT_BLOCKS = {"flaubert", "xlm"}
# These make vectors of texts, not words.
WITHOUT_HEAD = {"dpr"}
PARTS = ("fits", "encode", "n_ctx", "position_kind", "groups", "units", "forward", "sort_calls", "components", "lacks")


@pytest.mark.parametrize("part", PARTS)
def test_a_family_that_forgets_a_part_cannot_be_built(part):
    forgetful = type("Forgetful", (EncoderFamily,), {part: getattr(Family, part)})
    with pytest.raises(TypeError, match=part):
        forgetful()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_in_the_table_is_whole(name):
    module, _, cls = FAMILIES[name].partition(":")
    family = getattr(import_module(module), cls)()
    assert (family.name, bool(family.reads)) == (name, True)


def assert_parts_are_there(model):
    components = model.components
    paths = [components.embedding, *components.unembedding]
    for stack in components.stacks.values():
        paths.append(stack.final_norm)
        for block in stack.blocks:
            paths += [block.path, block.attention, block.cross_attention, block.feature_norm, *block.mlp]
    for path in filter(None, paths):
        model.net.get_submodule(path)
    assert bool(components.unembedding) is not ("unembedding" in components.lacking)
    assert "" not in components.lacking.values()
    axes = {axis for group in model.info.groups for axis in (group.query_axis, group.key_axis)}
    assert axes <= model.family.units(model.net.config).keys()


def assert_stacks_are_those_of_the_groups(model):
    """As many blocks as layers, and what attends in them lies where captured attentions come from."""
    components = model.components
    for group in model.info.groups:
        stack = components.stacks.get(group.name)
        if stack is not None:
            assert len(stack.blocks) == group.n_layers


@pytest.mark.parametrize("model_type", TYPES)
def test_the_last_block_through_norm_and_unembedding_is_the_models_answer(model_type):
    net = build_type(model_type)
    model = build_model(model_type, net)
    assert_parts_are_there(model)
    assert_stacks_are_those_of_the_groups(model)
    components = model.components
    if model_type in WITHOUT_HEAD:
        assert "has no head for tokens" in components.lacking["unembedding"]
        return
    assert components.unembedding
    last = components.stacks[components.of_head].blocks[-1]
    if last.path is None:
        assert model_type in WITHOUT_BLOCKS
        return
    tensors = {
        name: tensor
        for name, tensor in model.encode(text_input(token_ids=ids_of(9))).tensors.items()
        if name in ("input_ids", "decoder_input_ids")
    }
    states = []
    handle = net.get_submodule(last.path).register_forward_hook(lambda _, __, output: states.append(output))
    with torch.inference_mode():
        expected = net(**tensors).logits
        handle.remove()
        state = states[-1][0] if isinstance(states[-1], (tuple, list)) else states[-1]
        state = state.movedim(components.batch_axis, 0)
        logits = components.unembed(net, components.norm(net, state))
    torch.testing.assert_close(logits[:, : expected.shape[1]], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("model_type", TYPES)
def test_attentions_are_captured_where_they_are_said_to_be(model_type):
    model = build_model(model_type, build_type(model_type))
    # Short texts are read by BigBird with modules that it makes on the way.
    run = model.run(text_input(token_ids=ids_of(40 if model_type == "big_bird" else 13)), Context())
    for group in model.info.groups:
        stack = model.components.stacks.get("decoder" if group.name == "cross" else group.name)
        if stack is None:
            continue
        for call, layer in zip(run.calls[group.name], group.layers, strict=True):
            block = stack.blocks[layer]
            place = block.cross_attention if group.name == "cross" else block.attention
            assert place is not None
            assert f"{call.path}.".startswith(f"{place}."), (call.path, place)


@pytest.mark.parametrize("name", tiny_images.BUILDERS)
def test_images_go_through_the_last_block_norm_and_unembedding(tmp_path, name):
    model = tiny_images.model_of(name, tmp_path)
    assert_parts_are_there(model)
    assert_stacks_are_those_of_the_groups(model)
    components = model.components
    tensors = model.encode(image_input(seed=4)).tensors
    run = model.run(image_input(seed=4), Context())
    for group in model.info.groups:
        for call, block in zip(run.calls[group.name], components.stacks[group.name].blocks, strict=True):
            assert f"{call.path}.".startswith(f"{block.attention}."), (call.path, block.attention)
    states = layer_outputs(model, tensors, Context())
    assert len(states) == 1 + len(components.stacks[components.of_features].blocks)
    if not components.unembedding:
        assert name not in ("beit tokens", "imagegpt", "masked imagegpt")
        return
    with torch.inference_mode():
        expected = model.family.output(model.net, tensors).logits
        logits = components.unembed(model.net, components.norm(model.net, states[-1]))
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)


def test_parts_of_meshes_are_there():
    model = build_model("polygen", build_polygen())
    assert_parts_are_there(model)
    assert_stacks_are_those_of_the_groups(model)


def test_a_head_that_is_not_there_is_told():
    model = build_model("bert", build_type("bert").bert)
    assert_parts_are_there(model)
    assert model.components.lacking["unembedding"] == "BertModel has no head for tokens"
    with pytest.raises(ValueError, match="BertModel has no head for tokens"):
        model.components.unembed(model.net, torch.zeros(1, 2, 32))
