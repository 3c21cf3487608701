"""Inspecting says what a checkpoint is; it runs and reads nothing else."""

from __future__ import annotations

import os
import shutil

import pytest
import torch
import transformers

from inference.checkpoints.inspection import inspect
from inference.checkpoints.weights_header import read_weights
from inference.results.request import Capability
from resources import CHECKPOINTS
from tests.inference.tiny_checkpoints import (
    SIZES,
    VOCAB,
    edit_config,
    load_weights,
    save,
    save_bert,
    save_byte_level,
    save_weights,
    write_parts,
)

TEXT_CAPABILITIES = ("attention", "qk", "positions", "residual_stream", "unembedding", "masked_lm", "next_sentence")


def test_a_sound_checkpoint_is_described(sound):
    info = inspect(str(sound))
    net = transformers.BertForPreTraining.from_pretrained(sound)
    assert info.checkpoint == str(sound.resolve())
    assert (info.name, info.architecture, info.family) == ("tiny-bert", "BertForPreTraining", "encoder")
    assert info.n_parameters == sum(p.numel() for p in net.parameters())
    assert (info.d_model, info.d_vocab, info.n_ctx) == (32, len(VOCAB), 40)
    assert [group.n_heads for group in info.groups] == [(4, 4)]
    assert info.capabilities == TEXT_CAPABILITIES
    assert {item.capability for item in info.missing} == set(Capability) - set(TEXT_CAPABILITIES)
    assert info.why_missing(frozenset({Capability.PATCHES})) == "BertForPreTraining reads texts, not images"
    assert (info.has_tokenizer, info.mask_token, info.position_kind) == (True, "[MASK]", "learned")
    assert (info.device, info.notes) == ("", ())


@pytest.mark.skipif(not (CHECKPOINTS / "bert-mini" / "config.json").exists(), reason="comes with the release")
def test_a_bundled_name_is_enough():
    info = inspect("bert-mini")
    assert (info.checkpoint, info.name, info.capabilities) == ("bert-mini", "bert-mini", TEXT_CAPABILITIES)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_of_a_checkpoint_stands_for_its_folder(sound, name):
    assert inspect(str(sound / name)) == inspect(str(sound))


def test_a_snapshot_of_the_hub_is_named_by_its_repository(sound, tmp_path):
    snapshot = tmp_path / "models--org--tiny" / "snapshots" / "0123abcd"
    shutil.copytree(sound, snapshot)
    assert inspect(str(snapshot)).name == "org/tiny"


def test_shared_weights_that_are_stored_twice_count_once(folder):
    weights = load_weights(folder)
    expected = inspect(str(folder)).n_parameters
    weights["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"].clone()
    weights["bert.embeddings.position_ids"] = torch.arange(40)[None]
    save_weights(folder, weights)
    assert inspect(str(folder)).n_parameters == expected


def test_shards_are_read_together(sound, tmp_path):
    net = transformers.BertForPreTraining.from_pretrained(sound)
    net.save_pretrained(tmp_path, max_shard_size="20KB")
    assert not (tmp_path / "model.safetensors").exists()
    assert inspect(str(tmp_path)).n_parameters == inspect(str(sound)).n_parameters


def test_no_tokenizer_is_no_error(tmp_path):
    info = inspect(str(save_bert(tmp_path, has_tokenizer=False)))
    assert not info.has_tokenizer
    assert info.capabilities == ("attention", "qk", "positions", "residual_stream", "unembedding")
    assert (
        info.why_missing(frozenset({Capability.MASKED_LM}))
        == "the checkpoint holds no tokenizer, so there is no mask token"
    )


def test_the_mask_token_may_stand_in_the_vocabulary_alone(folder):
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        (folder / name).unlink(missing_ok=True)
    assert inspect(str(folder)).mask_token == "[MASK]"
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(VOCAB))
    assert inspect(str(folder)).mask_token == "[MASK]"


def test_what_the_file_holds_decides_not_the_named_class(folder):
    edit_config(folder, architectures=["BertForMaskedLM"])
    info = inspect(str(folder))
    assert info.architecture == "BertForMaskedLM"
    assert {"masked_lm", "next_sentence"} <= set(info.capabilities)


@pytest.mark.parametrize(
    ("cls", "masked_lm", "next_sentence"),
    [
        ("BertForMaskedLM", "", "BertForMaskedLM has no next-sentence head"),
        ("BertForNextSentencePrediction", "BertForNextSentencePrediction has no language-model head", ""),
        ("BertModel", "BertModel has no language-model head", "BertModel has no next-sentence head"),
        (
            "BertForSequenceClassification",
            "BertForSequenceClassification has no language-model head",
            "BertForSequenceClassification has no next-sentence head",
        ),
    ],
)
def test_a_missing_capability_says_why(tmp_path, cls, masked_lm, next_sentence):
    info = inspect(str(save_bert(tmp_path, cls)))
    assert info.why_missing(frozenset({Capability.MASKED_LM})) == masked_lm
    assert info.why_missing(frozenset({Capability.NEXT_SENTENCE})) == next_sentence


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        ("BertForSequenceClassification", ""),
        ("BertForTokenClassification", ""),
        ("BertForQuestionAnswering", ""),
        ("BertForMultipleChoice", "BertForMultipleChoice compares several texts, of which one at a time is read"),
        (
            "BertForPreTraining",
            "BertForPreTraining has no head that classifies texts or finds answers in them",
        ),
    ],
)
def test_what_was_fine_tuned_predicts(tmp_path, cls, why):
    info = inspect(str(save_bert(tmp_path, cls)))
    assert info.why_missing(frozenset({Capability.PREDICTION})) == why
    assert bool(info.notes) == (cls == "BertForMultipleChoice")


def test_a_head_that_the_file_lacks_is_no_capability(folder):
    weights = {name: tensor for name, tensor in load_weights(folder).items() if name.startswith("bert.")}
    save_weights(folder, weights)
    info = inspect(str(folder))
    assert info.why_missing(frozenset({Capability.MASKED_LM})) == "the checkpoint holds no language-model head"
    assert info.why_missing(frozenset({Capability.NEXT_SENTENCE})) == "the checkpoint holds no next-sentence head"
    assert "lack the head of BertForPreTraining (cls." in info.notes[0]


def test_a_lost_next_sentence_head_leaves_the_language_model(folder):
    weights = load_weights(folder)
    save_weights(folder, {name: tensor for name, tensor in weights.items() if "seq_relationship" not in name})
    info = inspect(str(folder))
    assert "masked_lm" in info.capabilities
    assert "next_sentence" not in info.capabilities


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        ("GPT2LMHeadModel", "GPT2LMHeadModel predicts the next word, it has no mask token"),
        ("GPT2ForSequenceClassification", "GPT2ForSequenceClassification has no language-model head"),
    ],
)
def test_gpt2_has_no_mask(tmp_path, cls, why):
    config = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=22, n_positions=40, pad_token_id=0)
    save(tmp_path, config, cls)
    save_byte_level(tmp_path)
    info = inspect(str(tmp_path))
    assert info.family == "decoder"
    assert info.why_missing(frozenset({Capability.MASKED_LM})) == why


@pytest.mark.parametrize(("cls", "has_head"), [("ElectraForMaskedLM", True), ("ElectraForPreTraining", False)])
def test_of_electra_only_the_generator_fills_masks(tmp_path, cls, has_head):
    save(tmp_path, transformers.ElectraConfig(**SIZES, embedding_size=16), cls)
    shutil.copy(save_bert(tmp_path / "bert") / "tokenizer.json", tmp_path)
    assert ("masked_lm" in inspect(str(tmp_path)).capabilities) == has_head


def test_no_weight_is_read(folder, monkeypatch):
    """A checkpoint of 100 GB costs its header: the data is made a hole that nobody can have read in time."""
    path = folder / "model.safetensors"
    header = {"bert.x": {"dtype": "F32", "shape": [25_000_000_000], "data_offsets": [0, 100_000_000_000]}}
    write_parts(path, header, b"")
    try:
        os.truncate(path, path.stat().st_size + 100_000_000_000)
    except OSError:
        pytest.skip("the disk has no sparse files")
    assert read_weights(folder)["bert.x"].n_elements == 25_000_000_000


@pytest.mark.parametrize(
    "name", ["AutoModel", "PreTrainedModel", "BertConfig", "BertTokenizer", "pipeline", "__file__"]
)
def test_a_class_that_is_no_model_is_passed_over(tmp_path, name):
    folder = save_bert(tmp_path / "bert", "BertModel")
    groups = inspect(str(folder)).groups
    edit_config(folder, architectures=[name])
    assert inspect(str(folder)).groups == groups


@pytest.mark.parametrize(
    ("name", "view"),
    [("uniter-scenes", "Words and image"), ("vilt-scenes", "Words and image"), ("videobert-clips", "Visual words")],
)
def test_the_view_that_fills_masks_beside_what_is_seen_is_named(name, view):
    """It was said that this is not supported, while another view does it."""
    assert inspect(name).why_missing(frozenset({Capability.MASKED_LM})).endswith(f": see {view}")
