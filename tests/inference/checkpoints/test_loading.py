"""An open checkpoint is whole: what transformers would fill with random numbers or pass over is refused or said."""

from __future__ import annotations

import json
import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers

from inference.checkpoints.inspection import inspect
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.results.events import Progress
from inference.results.request import Capability
from tests.inference.refusals import Evil, refusal
from tests.inference.tiny_checkpoints import (
    BYTE_VOCAB,
    SIZES,
    VOCAB,
    edit_config,
    load_weights,
    save,
    save_bert,
    save_byte_level,
    save_weights,
    save_wordpiece,
)
from tests.inputs import text_input

IDS = torch.tensor([[2, 5, 6, 7, 3]])


def load_refusal(folder: Path) -> str:
    with pytest.raises(Refused) as caught:
        load(str(folder), Context())
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_an_open_model_computes_what_transformers_does(sound):
    model = load(str(sound), Context())
    reference = transformers.BertForPreTraining.from_pretrained(sound).eval()
    with torch.inference_mode():
        torch.testing.assert_close(
            model.net(IDS.to(model.device)).prediction_logits.cpu(), reference(IDS).prediction_logits
        )
    assert not model.net.training
    assert model.info.device == (torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU")
    assert model.info.capabilities == inspect(str(sound)).capabilities
    assert len(model.tokenizer) == len(VOCAB)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_float32(tmp_path, dtype):
    net = load(str(save_bert(tmp_path, dtype=dtype)), Context()).net
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}


def test_progress_names_the_checkpoint(sound):
    reports: list[Progress] = []
    load(str(sound), Context(report=reports.append))
    assert [(step.done, step.total, step.label) for step in reports] == [
        (0, 2, "Reading tiny-bert"),
        (1, 2, "Checking weights"),
    ]


def test_loading_can_be_cancelled(sound):
    with pytest.raises(Cancelled):
        load(str(sound), Context(is_cancelled=lambda: True))


def test_an_open_model_does_not_follow_its_file(folder):
    model = load(str(folder), Context())
    before = model.net.get_input_embeddings().weight.clone()
    path = folder / "model.safetensors"
    with path.open("r+b") as file:  # in place, as a mapped file would see it
        file.write(b"\0" * path.stat().st_size)
    assert torch.equal(model.net.get_input_embeddings().weight, before)


def test_shards_are_loaded_together(sound, tmp_path):
    transformers.BertForPreTraining.from_pretrained(sound).save_pretrained(tmp_path, max_shard_size="20KB")
    model, whole = load(str(tmp_path), Context()), load(str(sound), Context())
    for name, parameter in whole.net.named_parameters():
        assert torch.equal(parameter, model.net.get_parameter(name))


@pytest.mark.parametrize(
    ("config", "cls", "opened"),
    [
        (transformers.BertConfig(**SIZES), "BertModel", "BertModel"),
        (transformers.BertConfig(**SIZES), "BertForSequenceClassification", "BertForSequenceClassification"),
        (transformers.BertConfig(**SIZES), "BertForMultipleChoice", "BertModel"),
        (transformers.RobertaConfig(**SIZES), "RobertaForMaskedLM", "RobertaForMaskedLM"),
        (transformers.AlbertConfig(**SIZES, embedding_size=16), "AlbertForPreTraining", "AlbertForPreTraining"),
        (transformers.ElectraConfig(**SIZES, embedding_size=16), "ElectraForPreTraining", "ElectraModel"),
        (
            transformers.DistilBertConfig(dim=32, n_layers=2, n_heads=4, hidden_dim=64, vocab_size=len(VOCAB)),
            "DistilBertForMaskedLM",
            "DistilBertForMaskedLM",
        ),
        (
            transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=len(VOCAB), n_positions=40),
            "GPT2LMHeadModel",
            "GPT2LMHeadModel",
        ),
        (
            transformers.LlamaConfig(**SIZES, num_key_value_heads=2, tie_word_embeddings=False),
            "LlamaForCausalLM",
            "LlamaForCausalLM",
        ),
        (
            transformers.T5Config(d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, vocab_size=len(VOCAB)),
            "T5ForConditionalGeneration",
            "T5ForConditionalGeneration",
        ),
        (
            transformers.BartConfig(
                d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
                encoder_ffn_dim=64, decoder_ffn_dim=64, vocab_size=len(VOCAB), max_position_embeddings=40,
                pad_token_id=0, bos_token_id=2, eos_token_id=3, decoder_start_token_id=3, forced_eos_token_id=3,
            ),
            "BartForConditionalGeneration",
            "BartForConditionalGeneration",
        ),
    ],
)  # fmt: skip
def test_each_kind_opens_with_the_largest_class_that_is_whole(tmp_path, config, cls, opened):
    folder = save(tmp_path, config, cls)
    model = load(str(folder), Context())
    assert type(model.net).__name__ == opened
    assert model.info.architecture == cls
    stored = load_weights(folder)
    embedding = model.net.get_input_embeddings().weight.cpu()
    assert any(tensor.shape == embedding.shape and torch.equal(tensor, embedding) for tensor in stored.values())
    assert "attention" in model.info.capabilities


def test_a_head_that_is_not_used_is_said(tmp_path):
    info = load(str(save_bert(tmp_path, "BertForMultipleChoice")), Context()).info
    assert info.notes[0] == "config.json names BertForMultipleChoice; it is opened as BertModel."
    assert "classifier.bias" in info.notes[1]


def test_a_missing_head_leaves_the_base(folder):
    weights = load_weights(folder)
    save_weights(folder, {name: tensor for name, tensor in weights.items() if name.startswith("bert.")})
    model = load(str(folder), Context())
    assert type(model.net) is transformers.BertModel
    assert set(model.info.capabilities) == {"attention", "qk", "positions", "residual_stream"}
    assert torch.equal(model.net.pooler.dense.weight.cpu(), weights["bert.pooler.dense.weight"])


def test_a_missing_pooler_is_no_fault(folder):
    weights = {n: t for n, t in load_weights(folder).items() if n.startswith("bert.") and "pooler" not in n}
    save_weights(folder, weights)
    assert "attention" in load(str(folder), Context()).info.capabilities


def test_a_next_sentence_head_without_its_pooler_is_not_offered(folder):
    save_weights(folder, {name: tensor for name, tensor in load_weights(folder).items() if "pooler" not in name})
    model = load(str(folder), Context())
    assert type(model.net) is transformers.BertForMaskedLM
    assert "next_sentence" not in model.info.capabilities


def test_a_class_of_another_kind_is_passed_over(folder):
    edit_config(folder, architectures=["GPT2LMHeadModel"])
    assert type(load(str(folder), Context()).net) is transformers.BertForPreTraining
    edit_config(folder, architectures=["os", 5, {}])
    assert type(load(str(folder), Context()).net) is transformers.BertForPreTraining


def test_layer_norms_with_the_names_of_tensorflow_are_read(folder):
    weights = load_weights(folder)
    old = {n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t
           for n, t in weights.items()}  # fmt: skip
    assert old.keys() != weights.keys()
    save_weights(folder, old)
    model = load(str(folder), Context())
    assert set(model.info.capabilities) >= {"masked_lm", "next_sentence"}
    name = "cls.predictions.transform.LayerNorm.weight"
    assert torch.equal(model.net.get_parameter(name).cpu(), weights[name])


def test_nothing_asks_a_network(sound, monkeypatch):
    asked = []

    def refuse(*args, **_):
        asked.append(args)
        raise OSError("no network in this test")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    load(str(sound), Context())
    load_refusal(Path("google-bert/bert-base-uncased"))
    assert asked == []


# --- what is refused --------------------------------------------------------------------------------------------------


def change_weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Callable[[Path], object]:
    return lambda folder: save_weights(folder, change(load_weights(folder)))


def one_number(value: float) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    def change(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        weights["bert.encoder.layer.1.output.dense.weight"][3, 4] = value
        return weights

    return change


def tokenizer(**changes) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        values = json.loads((folder / "tokenizer.json").read_text())
        (folder / "tokenizer.json").write_text(json.dumps({**values, **changes}))

    return spoil


def another_tokenizer(folder: Path) -> None:
    vocab = {word: i for i, word in enumerate([*VOCAB, *(f"word{i}" for i in range(100))])}
    transformers.BertTokenizer(vocab=vocab).save_pretrained(folder)


def only_specials(folder: Path) -> None:
    transformers.BertTokenizer(vocab=dict(list(VOCAB.items())[:5])).save_pretrained(folder)


# Makes tokenizers panic, which is not an Exception in Python.
PANIC = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}

REFUSED = {
    "missing keys": (
        change_weights(lambda weights: {n: t for n, t in weights.items() if "layer.1.attention.self" not in n}),
        ["model.safetensors lacks 6 ", "encoder.layer.1.attention.self.key.bias"],
    ),
    "foreign prefix": (
        change_weights(lambda weights: {f"foreign.{n}": t for n, t in weights.items()}),
        ["model.safetensors lacks ", "it holds others, such as foreign.bert"],
    ),
    "more layers than weights": (
        lambda folder: edit_config(folder, num_hidden_layers=20),
        ["model.safetensors lacks 288 ", "config.json", "encoder.layer.10."],
    ),
    "NaN": (
        change_weights(one_number(float("nan"))),
        ["model.safetensors is damaged: 1 of", "bert.encoder.layer.1.output.dense.weight", "NaN"],
    ),
    "infinity": (change_weights(one_number(float("-inf"))), ["bert.encoder.layer.1.output.dense.weight", "infinite"]),
    "wrong shape": (
        lambda folder: edit_config(folder, intermediate_size=128),
        ["model.safetensors", "intermediate.dense.weight", "[64, 32]", "[128, 32]"],
    ),
    "tokenizer of another model": (another_tokenizer, ["tokenizer.json", "126 tokens", "only 26", "another model"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_spoiled_checkpoint_is_refused(folder, case):
    spoil, expected = REFUSED[case]
    spoil(folder)
    message = load_refusal(folder)
    assert [part for part in expected if part not in message] == [], message


NO_TOKENIZER = {
    "tokenizer without words": (only_specials, ["tokenizer.json", "knows no words"]),
    "tokenizer cut off": (
        lambda folder: os.truncate(folder / "tokenizer.json", 300),
        ["tokenizer.json", "cannot be read"],
    ),
    "tokenizer that panics": (tokenizer(normalizer=PANIC), ["tokenizer.json", "Cannot parse precompiled_charsmap"]),
    "tokenizer with a bad pattern": (
        tokenizer(normalizer={"type": "Replace", "pattern": {"Regex": "(a+"}, "content": ""}),
        ["tokenizer.json", "unmatched parenthesis"],
    ),
}


@pytest.mark.parametrize("case", NO_TOKENIZER)
def test_a_spoiled_tokenizer_costs_the_typed_text_alone(folder, case):
    spoil, expected = NO_TOKENIZER[case]
    spoil(folder)
    model = load(str(folder), Context())
    assert model.tokenizer is None
    assert not model.info.has_tokenizer
    assert model.info.why_missing(frozenset({Capability.MASKED_LM})) == "the tokenizer cannot be read"
    assert [part for part in expected if part not in model.info.notes[-1]] == [], model.info.notes
    with pytest.raises(Refused, match="has no tokenizer that can be read; type token ids"):
        model.run(text_input("the cat"), Context())
    assert model.run(text_input(token_ids=(5, 6, 7)), Context()).n_tokens == 3


def test_what_inspecting_refuses_is_not_loaded(folder, tmp_path):
    marker = tmp_path / "ran"
    (folder / "model.safetensors").rename(tmp_path / "outside.safetensors")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(marker)))
    assert load_refusal(folder) == refusal(folder)
    index = {"weight_map": dict.fromkeys(load_names(tmp_path / "outside.safetensors"), "../outside.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "'../outside.safetensors'" in load_refusal(folder)
    assert not marker.exists()


def load_names(path: Path) -> list[str]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return list(file.keys())


def test_a_pickle_beside_the_weights_is_left_alone(folder, tmp_path):
    marker = tmp_path / "ran"
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(marker)))
    load(str(folder), Context())
    assert not marker.exists()


def test_a_tokenizer_may_have_a_few_tokens_more_than_the_model(folder):
    vocab = {**VOCAB, "[PAD2]": len(VOCAB)}
    transformers.BertTokenizer(vocab=vocab).save_pretrained(folder)
    assert len(load(str(folder), Context()).tokenizer) == len(VOCAB) + 1


def test_without_tokenizer_files_there_is_no_tokenizer(tmp_path):
    model = load(str(save_bert(tmp_path, has_tokenizer=False)), Context())
    assert model.tokenizer is None
    assert not model.info.has_tokenizer


def test_a_byte_level_tokenizer_is_read(tmp_path):
    config = transformers.RobertaConfig(**{**SIZES, "vocab_size": len(BYTE_VOCAB)})
    folder = save(tmp_path, config, "RobertaForMaskedLM")
    save_byte_level(folder)
    model = load(str(folder), Context())
    assert model.info.mask_token == "<mask>"
    assert "masked_lm" in model.info.capabilities


def test_files_are_read_again_each_time(folder):
    load(str(folder), Context())
    save_wordpiece(folder)
    change_weights(one_number(float("nan")))(folder)
    assert "NaN" in load_refusal(folder)
