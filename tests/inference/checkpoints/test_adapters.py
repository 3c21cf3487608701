"""A LoRA adapter is merged into its base exactly, or named together with what is missing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import transformers

from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.forward.opening import load
from tests.inference.tiny_checkpoints import VOCAB, load_weights, save, save_bert, save_weights

QUERY = "bert.encoder.layer.0.attention.self.query"
VALUE = "bert.encoder.layer.1.attention.self.value"


def save_adapter(folder, tensors, **says):
    folder.mkdir(exist_ok=True)
    config = {"peft_type": "LORA", "base_model_name_or_path": "someone/base", "r": 2, "lora_alpha": 6, **says}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    save_weights(folder, tensors, "adapter_model.safetensors")
    return folder


def matrices(*paths, rank=2, shape=(32, 32), seed=1):
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for path in paths:
        tensors[f"base_model.model.{path}.lora_A.weight"] = torch.randn(rank, shape[1], generator=generator)
        tensors[f"base_model.model.{path}.lora_B.weight"] = torch.randn(shape[0], rank, generator=generator)
    return tensors


@pytest.fixture
def base(tmp_path):
    return save_bert(tmp_path / "base")


def by_hand(tensors, path, scale):
    a, b = (tensors[f"base_model.model.{path}.lora_{part}.weight"].double().numpy() for part in "AB")
    return scale * np.einsum("or,ri->oi", b, a)


@pytest.mark.parametrize(
    ("says", "scales"),
    [
        ({}, (3.0, 3.0)),
        ({"use_rslora": True}, (6 / 2**0.5, 6 / 2**0.5)),
        ({"alpha_pattern": {"query": 1}}, (0.5, 3.0)),
        ({"alpha_pattern": {"layer.1.attention.self.value": 8}}, (3.0, 4.0)),
    ],
)
def test_the_merge_is_what_a_hand_computes(tmp_path, base, says, scales):
    tensors = matrices(QUERY, VALUE)
    model = load(str(save_adapter(tmp_path / "adapter", tensors, **says)), Context())
    stored, net = load_weights(base), dict(model.net.named_parameters())
    for path, scale in zip((QUERY, VALUE), scales, strict=True):
        expected = stored[f"{path}.weight"].double().numpy() + by_hand(tensors, path, scale)
        np.testing.assert_allclose(net[f"{path}.weight"].detach().cpu().numpy(), expected, rtol=1e-5, atol=1e-5)
    others = [name for name in stored if name in net and not name.startswith((QUERY + ".w", VALUE + ".w"))]
    assert all(torch.equal(net[name].cpu(), stored[name]) for name in others)
    assert (model.info.name, model.info.checkpoint) == ("adapter", str(tmp_path / "adapter"))
    assert model.info.notes == (
        "It is an adapter (LoRA); it is merged into base when it is opened.",
        "2 matrices of weights are changed by the adapter.",
    )


def test_gpt2_keeps_its_weights_turned(tmp_path):
    config = transformers.GPT2Config(n_embd=32, n_layer=1, n_head=4, vocab_size=len(VOCAB), n_positions=40)
    base = save(tmp_path / "base", config, "GPT2LMHeadModel")
    path = "transformer.h.0.attn.c_attn"
    tensors = matrices(path, shape=(96, 32))
    net = load(str(save_adapter(tmp_path / "adapter", tensors, fan_in_fan_out=True)), Context()).net
    expected = load_weights(base)[f"{path}.weight"].double().numpy() + by_hand(tensors, path, 3.0).T
    np.testing.assert_allclose(
        net.get_parameter(f"{path}.weight").detach().cpu().numpy(), expected, rtol=1e-5, atol=1e-5
    )


def test_a_base_is_found_by_its_place_too(tmp_path, base):
    for named in (str(base), "../base", "base"):
        folder = save_adapter(tmp_path / "adapter", matrices(QUERY), base_model_name_or_path=named)
        assert inspect(str(folder)).name == "adapter"


def test_a_head_that_was_trained_too_is_put_in_its_place_or_said(tmp_path, base):
    tensors = matrices(QUERY) | {
        "base_model.model.bert.pooler.dense.weight": torch.full((32, 32), 0.25),
        "base_model.model.classifier.modules_to_save.weight": torch.ones(2, 32),
    }
    model = load(str(save_adapter(tmp_path / "adapter", tensors)), Context())
    assert (model.net.get_parameter("bert.pooler.dense.weight") == 0.25).all()
    assert model.info.cautions[-1] == "1 tensor of the adapter is not used, the first is classifier.weight."


HEADS = {
    "SEQ_CLS": ("BertForSequenceClassification", "classifier", 3),
    "TOKEN_CLS": ("BertForTokenClassification", "classifier", 5),
    "QUESTION_ANS": ("BertForQuestionAnswering", "qa_outputs", 2),
}


@pytest.mark.parametrize("task", HEADS)
def test_a_head_that_the_base_does_not_have_makes_its_class(tmp_path, base, task):
    named, place, n = HEADS[task]
    weight, bias = torch.randn(n, 32, generator=torch.Generator().manual_seed(2)), torch.arange(float(n))
    for spelled in (f"{place}.modules_to_save", place):  # old and new PEFT
        head = {f"base_model.model.{spelled}.weight": weight, f"base_model.model.{spelled}.bias": bias}
        folder = save_adapter(tmp_path / "adapter", matrices(QUERY) | head, task_type=task)
        model = load(str(folder), Context())
        assert type(model.net).__name__ == model.info.architecture == named
        assert torch.equal(model.net.get_parameter(f"{place}.weight").cpu(), weight)
        assert torch.equal(model.net.get_parameter(f"{place}.bias").cpu(), bias)
        assert "prediction" in model.info.capabilities
        assert not any("of the adapter are not used" in note for note in model.info.notes)
        stored = load_weights(base)[f"{QUERY}.weight"].double().numpy()
        changed = model.net.get_parameter(f"{QUERY}.weight").detach().cpu().numpy()
        np.testing.assert_allclose(changed, stored + by_hand(matrices(QUERY), QUERY, 3.0), rtol=1e-5, atol=1e-5)


def sequence_head(n=2):
    return {
        f"base_model.model.classifier.{part}": torch.ones(n, *more) for part, more in (("weight", (32,)), ("bias", ()))
    }


def test_its_classes_have_the_names_that_it_gives_them(tmp_path, base):
    tensors = matrices(QUERY) | sequence_head()
    folder = save_adapter(tmp_path / "adapter", tensors, task_type="SEQ_CLS", id2label={"0": "bad", "1": "good"})
    assert inspect(str(folder)).classes == ("bad", "good")
    (tmp_path / "adapter" / "adapter_config.json").unlink()
    save_adapter(tmp_path / "adapter", tensors, task_type="SEQ_CLS")
    assert inspect(str(folder)).classes == ("LABEL_0", "LABEL_1")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"0": "bad"}, "adapter names 1 class, but the head in adapter_model.safetensors tells 2"),
        (["bad", "good"], "adapter_config.json says id2label is ['bad', 'good']; a text for each number"),
        ({"0": "bad", "2": "good"}, "adapter_config.json says id2label is"),
        (7, "adapter_config.json says id2label is 7; a text for each number"),
        ({"0": "bad", "1": 1}, "adapter_config.json says id2label is"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path, base, labels, said):
    folder = save_adapter(tmp_path / "adapter", matrices(QUERY) | sequence_head(), task_type="SEQ_CLS", id2label=labels)
    with pytest.raises(Refused) as refused:
        inspect(str(folder))
    assert str(refused.value).startswith(said)


def test_a_head_of_another_size_than_its_base_is_left_aside_and_said(tmp_path, base):
    tensors = matrices(QUERY) | sequence_head() | {"base_model.model.classifier.weight": torch.ones(2, 31)}
    model = load(str(save_adapter(tmp_path / "adapter", tensors, task_type="SEQ_CLS")), Context())
    assert type(model.net).__name__ == "BertForPreTraining"
    assert any("adapter_model.safetensors holds one of [2, 31]" in note for note in model.info.notes)


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ({"base_model_name_or_path": "someone/far"}, "adapter is an adapter (LoRA) for someone/far, which is not on"),
        ({"base_model_name_or_path": None}, "adapter is an adapter (LoRA) for a base that it does not name, which"),
        ({"peft_type": "IA3"}, "adapter is an adapter (IA3) for someone/base, not a checkpoint of its own"),
        ({"use_dora": True}, "adapter is an adapter with use_dora, which cannot be merged here"),
        ({"bias": "all"}, "adapter is an adapter that changes biases too"),
        ({"r": 0}, "adapter_config.json says r is 0; numbers to"),
        ({"lora_alpha": "x"}, "adapter_config.json says lora_alpha is x; numbers to"),
        ({"alpha_pattern": [1]}, "adapter_config.json says alpha_pattern is [1]; an object is needed."),
    ],
)
def test_what_cannot_be_merged_is_named(tmp_path, base, says, said):
    with pytest.raises(Refused) as refused:
        inspect(str(save_adapter(tmp_path / "adapter", matrices(QUERY), **says)))
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        (matrices("bert.encoder.layer.7.attention.self.query"), "for which base has no place"),
        (matrices(QUERY, shape=(32, 16)), "does not fit base: it changes"),
        ({name: tensor for name, tensor in matrices(QUERY).items() if "lora_A" in name}, "for which base has no place"),
        ({"x": torch.ones(1)}, "holds no matrices of LoRA"),
        ({name: tensor * torch.inf for name, tensor in matrices(QUERY).items()}, "does not fit base"),
    ],
)
def test_an_adapter_of_another_base_is_refused(tmp_path, base, tensors, said):
    with pytest.raises(Refused, match=said):
        load(str(save_adapter(tmp_path / "adapter", tensors)), Context())


def test_a_whole_matrix_of_the_adapter_stands_in_place_of_that_of_the_base(tmp_path, base):
    pooler = {
        f"base_model.model.bert.pooler.dense.{part}": torch.full(shape, 0.5)
        for part, shape in (("weight", (32, 32)), ("bias", (32,)))
    }
    tensors = matrices(QUERY) | sequence_head() | pooler
    model = load(str(save_adapter(tmp_path / "adapter", tensors, task_type="SEQ_CLS")), Context())
    assert (model.net.bert.pooler.dense.weight == 0.5).all()
