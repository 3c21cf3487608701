"""What transformers would leave aside of the body of a model is refused; a head is said."""

from __future__ import annotations

import pytest
import torch
import transformers

from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.forward.opening import load
from tests.inference.tiny_checkpoints import (
    SIZES,
    VOCAB,
    edit_config,
    load_weights,
    save,
    save_bert,
    save_weights,
)
from tests.inference.tiny_types import config_of


def refusal(folder) -> str:
    """Inspecting and opening say the same."""
    said = []
    for act in (inspect, lambda path: load(path, Context())):
        with pytest.raises(Refused) as refused:
            act(str(folder))
        said.append(str(refused.value))
    assert said[0] == said[1]
    assert said[0].endswith(".")
    return said[0]


def with_tensor(folder, name, shape=(4, 8)):
    save_weights(folder, {**load_weights(folder), name: torch.ones(shape)})
    return folder


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("bert.encoder.layer.0.attention.self.distance_embedding.weight", "weights of the model's body"),
        ("encoder.layer.1.attention.self.distance_embedding.weight", "weights of the model's body"),
        ("bert.encoder.layer.2.output.dense.weight", "weights of the model's body"),
        ("bert.embeddings.more_embeddings.weight", "weights of the model's body"),
        ("bert.encoder.layer.0.output.adapters.task.adapter_down.0.weight", "an adapter"),
        ("prompt_embeddings.weight", "an adapter"),
    ],
)
def test_weights_of_the_body_that_find_no_place_are_refused(tmp_path, name, what):
    said = refusal(with_tensor(save_bert(tmp_path), name))
    assert f"model.safetensors holds {what}" in said
    assert name in said


@pytest.mark.parametrize(
    ("model_type", "cls", "lost", "place"),
    [
        ("bert", "BertForMaskedLM", ".layer.1.output.dense.bias", "bert.encoder.layer.1.output.dense.bias"),
        ("gpt2", "GPT2LMHeadModel", "wte.weight", "lm_head.weight"),  # which are one
        ("mixtral", "MixtralForCausalLM", ".1.block_sparse_moe.experts.3.w1.weight", ".1.mlp.experts.gate_up_proj"),
        ("qwen3_moe", "Qwen3MoeForCausalLM", ".1.mlp.experts.2.down_proj.weight", ".1.mlp.experts.down_proj"),
    ],
)
def test_weights_that_are_not_there_are_refused_before_any_is_read(tmp_path, model_type, cls, lost, place):
    """Whatever the file is called."""
    folder = save(tmp_path, config_of(model_type, pad_token_id=1), cls)
    weights = load_weights(folder)
    (folder / "model.safetensors").rename(folder / "all.safetensors")
    assert inspect(str(folder)).architecture == cls
    save_weights(
        folder, {name: tensor for name, tensor in weights.items() if not name.endswith(lost)}, "all.safetensors"
    )
    said = refusal(folder)
    assert said.startswith("all.safetensors lacks ")
    assert place in said


@pytest.mark.parametrize(
    "name",
    [
        "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.default.weight",
        "bert.encoder.layer.0.attention.self.query.base_layer.weight",
    ],
)
def test_lora_that_is_not_merged_is_named(tmp_path, name):
    assert "an adapter (LoRA) that is not merged" in refusal(with_tensor(save_bert(tmp_path), name))


@pytest.mark.parametrize("name", ["classifier.weight", "qa_outputs.bias", "cls.more.weight", "bert.sentiment.weight"])
def test_a_head_is_left_aside_and_said(tmp_path, name):
    folder = with_tensor(save_bert(tmp_path), name)
    note = f"1 tensor of the file is not used, the first is {name}."
    assert inspect(str(folder)).notes == (note,)
    assert load(str(folder), Context()).info.notes == (note,)


def test_what_is_computed_is_nothing_to_say(tmp_path):
    folder = save_bert(tmp_path)
    more = {"bert.embeddings.position_ids": torch.arange(40)[None]}
    save_weights(folder, {**load_weights(folder), **more})
    assert inspect(str(folder)).notes == load(str(folder), Context()).info.notes == ()
    gpt = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=len(VOCAB), n_positions=40)
    folder = save(tmp_path / "gpt", gpt, "GPT2LMHeadModel")
    mask = torch.ones(1, 1, 40, 40)
    more = {"transformer.h.0.attn.bias": mask, "transformer.h.0.attn.masked_bias": torch.tensor(-1e4)}
    save_weights(folder, {**load_weights(folder), **more})
    assert inspect(str(folder)).notes == ()


@pytest.mark.parametrize("kind", ["relative_key", "relative_key_query"])
def test_positions_that_transformers_no_longer_follows_are_refused(tmp_path, kind):
    folder = save_bert(tmp_path)
    edit_config(folder, position_embedding_type=kind)
    assert f"position_embedding_type is '{kind}', which transformers" in refusal(folder)
    edit_config(folder, position_embedding_type="absolute")
    assert inspect(str(folder)).notes == ()


def test_values_under_a_name_that_is_not_read_are_refused(tmp_path):
    folder = save(tmp_path, transformers.LlamaConfig(**SIZES, num_key_value_heads=2), "LlamaForCausalLM")
    edit_config(folder, rotary_emb_base=500)
    assert "rotary_emb_base is 500" in refusal(folder)
    edit_config(folder, rotary_emb_base=None, n_layer=9)
    assert "n_layer is 9" in refusal(folder)
    edit_config(folder, n_layer=2, rotary_emb_base=10_000)
    assert inspect(str(folder)).capabilities


def test_nomic_under_its_publishers_names(tmp_path):
    published = {"n_layer": 2, "n_head": 4, "n_embd": 32, "n_inner": 64, "rotary_emb_base": 1000}
    config = transformers.NomicBertConfig(**SIZES)
    config.rope_parameters["rope_theta"] = 1000
    folder = save(tmp_path, config, "NomicBertForMaskedLM")
    edit_config(folder, **published)
    assert inspect(str(folder)).groups[0].n_layers == 2
    for key in ("n_layer", "n_head", "rotary_emb_base"):
        edit_config(folder, **{**published, key: 8})
        assert f"{key} is 8" in refusal(folder)
