"""Every model type that a family claims to read is read right."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from inference.context import Context, Refused
from inference.families.decoder import MODEL_TYPES as DECODERS
from inference.families.encoder import MODEL_TYPES as ENCODERS
from inference.families.encoder_decoder import MODEL_TYPES as ENCODER_DECODERS
from inference.forward.opening import load
from inference.positions.tables import tables
from tests.inference.captured import CLOSE, state_of
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input

SPARSE = ["big_bird", "longformer"]
TYPES = [*sorted(DECODERS), *sorted(ENCODERS), *sorted(ENCODER_DECODERS), "xlnet", "funnel", *SPARSE]
# Transformers' own have another shape, or are lost where the text is too short for blocks; see test_layouts.
NO_MAPS = {"big_bird", "led", "longformer"}
# Their vectors for distances are shown as learned ones, or as the sines that they are.
OTHER_KIND = {"deberta": "learned", "deberta-v2": "learned", "xlnet": "sinusoidal", "funnel": "sinusoidal"}
N = 13


def written_out(net: Any, tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """[head, query_pos, key_pos] of each map that transformers returns."""
    net = copy.deepcopy(net)
    for part in net.modules():
        if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    with torch.inference_mode():
        output = net(**tensors, output_attentions=True)
    layers = [layer for name, maps in output.items() if "attentions" in name and maps for layer in maps]
    return [each[0] for layer in layers for each in (layer if isinstance(layer, (list, tuple)) else [layer])]


@pytest.fixture(scope="module", params=TYPES)
def model(request):
    return build_model(request.param, build_type(request.param))


def test_what_is_captured_is_what_the_configuration_says(model):
    run = model.run(text_input(token_ids=ids_of(N)), Context())
    assert list(run.calls) == [group.name for group in model.info.groups]
    patterns = []
    for group in model.info.groups:
        n_queries, n_keys = map(len, run.tokens(group))
        for layer, call in model.each_call(run, group.name, Context()):
            assert (call.n_heads, call.n_queries, call.n_keys) == (group.n_heads[layer], n_queries, n_keys)
            assert call.has_qk or not group.has_qk
            assert call.is_cross == (group.name == "cross")
            pattern = call.patterns()
            torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]), atol=CLOSE, rtol=0)
            if group.is_causal:
                n_sinks = n_keys - n_queries  # behind the tokens, and seen by all
                pattern = pattern[..., : n_keys - n_sinks]
                assert torch.equal(pattern, pattern.tril())
            patterns.append(pattern)
    if model.net.config.model_type not in NO_MAPS:
        maps = written_out(model.net, run.encoded.tensors)
        assert len(maps) == len(patterns)
        for own in maps:
            alike = [pattern for pattern in patterns if pattern.shape == own.shape]
            assert min(float((pattern - own).abs().max()) for pattern in alike) <= CLOSE


def test_the_model_is_left_as_it_was(model):
    input = text_input(token_ids=ids_of(11, seed=2))
    model.run(text_input(token_ids=ids_of(10)), Context())
    before = state_of(model.net)
    model.run(input, Context())
    after = state_of(model.net)
    for name in ("attention", "hooks", "modes", "training", "attributes"):
        assert before[name] == after[name], name
    assert all(torch.equal(tensor, after["weights"][name]) for name, tensor in before["weights"].items())


def test_the_longest_text_is_read(model):
    longest = model.family.n_ctx(model.net.config)
    model.run(text_input(token_ids=ids_of(longest or 60)), Context())
    if longest:
        with pytest.raises(Refused, match=f"takes at most {longest}"):
            model.run(text_input(token_ids=ids_of(longest + 1)), Context())


def test_positions_are_those_of_the_kind(model):
    model_type, kind = model.net.config.model_type, model.family.position_kind(model.net.config)
    kinds = {table.kind for table in tables(model.net, 20, Context(), model.family.alibi_slopes(model.net.config))}
    assert OTHER_KIND.get(model_type, kind) in (kinds or {"none"})


@pytest.mark.parametrize("model_type", ["longformer", "big_bird", "led", "bigbird_pegasus", "xlnet", "funnel"])
def test_checkpoints_open(tmp_path, model_type):
    net = build_type(model_type)
    net.save_pretrained(tmp_path)
    model = load(str(tmp_path), Context())
    assert model.info.groups == model.family.groups(net.config)
    assert model.info.architecture == type(net).__name__
    assert model.info.notes == model.family.notes(net.config)
    assert all(note.endswith(".") for note in model.info.notes)
    run = model.run(text_input(token_ids=ids_of(N)), Context())
    assert [run.n_layers(group.name) for group in model.info.groups] == [
        len(group.layers) for group in model.info.groups
    ]
