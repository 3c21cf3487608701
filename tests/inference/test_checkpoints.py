"""Inspecting says what a checkpoint is, or in one sentence why it cannot be opened; it runs and reads nothing else."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.checkpoints import weights_header
from inference.checkpoints.inspection import inspect
from inference.checkpoints.weights_header import read_weights
from inference.context import Refused
from inference.results.checkpoint import CheckpointInfo
from inference.results.request import Capability
from resources import CHECKPOINTS
from tests.inference.tiny_checkpoints import (
    SIZES,
    VOCAB,
    edit_config,
    load_weights,
    read_parts,
    save,
    save_bert,
    save_byte_level,
    save_weights,
    write_parts,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A sound checkpoint, copied before it is spoiled."""
    return save_bert(tmp_path_factory.mktemp("sound") / "tiny-bert")


@pytest.fixture
def folder(sound, tmp_path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "tiny-bert"))


class Evil:
    """A pickle that leaves a mark when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


TEXT_CAPABILITIES = tuple(Capability)[:5]


# --- what a sound checkpoint is ---------------------------------------------------------------------------------------


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
    assert info.capabilities == ("attention", "qk", "positions")
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


def test_gpt2_has_no_mask(tmp_path):
    save(
        tmp_path,
        transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=22, n_positions=40),
        "GPT2LMHeadModel",
    )
    save_byte_level(tmp_path)
    info = inspect(str(tmp_path))
    assert info.family == "decoder"
    assert (
        info.why_missing(frozenset({Capability.MASKED_LM}))
        == "GPT2LMHeadModel predicts the next word, it has no mask token"
    )


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


# --- what is refused --------------------------------------------------------------------------------------------------


def rewrite_header(change: Callable[[dict], object]) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        header, data = read_parts(folder / "model.safetensors")
        changed = change(header)
        write_parts(folder / "model.safetensors", header if changed is None else changed, data)

    return spoil


def config(**changes) -> Callable[[Path], object]:
    return lambda folder: edit_config(folder, **changes)


def text(name: str, content: str | bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def instead_of_weights(name: str, content: bytes = b"x") -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / name).write_bytes(content)

    return spoil


def shards(**weight_map: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder.parent / "outside.safetensors")
        index = {"metadata": {}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return spoil


def cut(n_bytes: int) -> Callable[[Path], object]:
    return lambda folder: os.truncate(folder / "model.safetensors", n_bytes)


def longer(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes() + b"tail")


def wrong_shape(folder: Path) -> None:
    weights = load_weights(folder)
    weights["bert.pooler.dense.weight"] = torch.zeros(16, 32)
    save_weights(folder, weights)


def whole_numbers(folder: Path) -> None:
    weights = load_weights(folder)
    weights["bert.pooler.dense.weight"] = weights["bert.pooler.dense.weight"].to(torch.int8)
    save_weights(folder, weights)


def many_tensors(header: dict) -> None:
    header |= {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(10_001)}


def stretched(header: dict) -> None:
    header["bert.pooler.dense.bias"]["shape"] = [33]


def overlapping(header: dict) -> None:
    header["bert.pooler.dense.bias"]["data_offsets"] = header["bert.encoder.layer.0.output.dense.bias"]["data_offsets"]


def odd_dtype(header: dict) -> None:
    header["bert.pooler.dense.bias"]["dtype"] = "F4"


def huge_offset(header: dict) -> None:
    header["bert.pooler.dense.bias"]["data_offsets"] = ["0", 1e300]


def no_words(folder: Path) -> None:
    os.truncate(folder / "tokenizer.json", 65 * 2**20)


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 438\n"
HTML = "<!DOCTYPE html><html><body>404: this model has gone, but a page has not</body></html>"

REFUSED = {
    "no config": (lambda folder: (folder / "config.json").unlink(), ["tiny-bert", "no config.json"]),
    "no JSON": (text("config.json", '{\n"a": 1,\n}'), ["config.json", "not valid JSON", "line 3"]),
    "a list": (text("config.json", "[1]"), ["config.json", "not a JSON object", "list"]),
    "not UTF-8": (text("config.json", b"\xff\xfe{}"), ["config.json", "UTF-8"]),
    "nested": (text("config.json", '{"a":' * 100_000), ["config.json", "nested too deeply"]),
    "nested in itself": (
        text("config.json", '{"a":' * 3000 + "1" + "}" * 3000),
        ["config.json"],
    ),
    "twice": (text("config.json", '{"a": 1, "a": 2}'), ["config.json", "'a' is there twice"]),
    "endless number": (text("config.json", '{"a": ' + "9" * 5000 + "}"), ["config.json", "not valid JSON"]),
    "huge": (text("config.json", " " * (5 * 2**20 + 1)), ["config.json", "5,242,881", "5,242,880"]),
    "negative layers": (config(num_hidden_layers=-1), ["config.json", "num_hidden_layers is -1", "1 to 1,000"]),
    "no layers": (config(num_hidden_layers=0), ["config.json", "num_hidden_layers is 0"]),
    "very many layers": (config(num_hidden_layers=2_000_000), ["config.json", "num_hidden_layers is 2000000"]),
    "half a layer": (config(num_hidden_layers=2.5), ["config.json", "num_hidden_layers is 2.5"]),
    "layers as text": (config(num_hidden_layers="2"), ["config.json", "num_hidden_layers is 2", "whole numbers"]),
    "layers as bool": (config(num_hidden_layers=True), ["config.json", "num_hidden_layers is True"]),
    "nested numbers": (config(encoder={"n_head": -4}), ["config.json", "encoder.n_head is -4"]),
    "huge vocabulary": (config(vocab_size=10**12), ["config.json", "vocab_size is 1000000000000"]),
    "huge width": (config(hidden_size=4_000_000), ["config.json", "hidden_size is 4000000"]),
    "heads do not divide": (config(num_attention_heads=5), ["config.json", "not a multiple"]),
    "text as rate": (config(layer_norm_eps="x" * 9), ["config.json", "layer_norm_eps"]),
    "no model type": (config(model_type=None), ["config.json", "no model_type"]),
    "unknown model type": (config(model_type="berd"), ["config.json", "'berd'", "does not know"]),
    "audio": (
        config(model_type="wav2vec2", architectures=["Wav2Vec2ForCTC"]),
        ["config.json", "Wav2Vec2ForCTC", "models of pictures and of meshes so far"],
    ),
    "quantised": (config(quantization_config={"quant_method": "gptq"}), ["config.json", "quantised (gptq)"]),
    "kernel of the hub": (config(attn_implementation="evil/kernel"), ["config.json", "evil/kernel", "does not run"]),
    "cut off": (cut(20_000), ["model.safetensors", "cut off", "bytes are missing"]),
    "cut off in the header": (cut(500), ["model.safetensors", "cut off", "whole file 500"]),
    "cut off in the length": (cut(5), ["model.safetensors", "cut off", "only 5 bytes"]),
    "empty": (cut(0), ["model.safetensors", "0 bytes"]),
    "web page": (text("model.safetensors", HTML), ["model.safetensors", "HTML"]),
    "git-lfs pointer": (text("model.safetensors", LFS), ["model.safetensors", "git-lfs pointer", "git lfs pull"]),
    "renamed pickle": (text("model.safetensors", b"PK\x03\x04" + b"0" * 99), ["model.safetensors", "pickle"]),
    "renamed GGUF": (text("model.safetensors", b"GGUF" + b"\0" * 99), ["model.safetensors", "GGUF"]),
    "huge header": (
        text("model.safetensors", (17 * 2**20).to_bytes(8, "little") + b"{" + b" " * 99),
        ["model.safetensors", "17,825,792", "16,777,216"],
    ),
    "header is no JSON": (rewrite_header(lambda _: b"{'a'}"), ["header of model.safetensors", "not valid JSON"]),
    "header is a list": (rewrite_header(lambda _: []), ["model.safetensors"]),
    "no tensors": (text("model.safetensors", (2).to_bytes(8, "little") + b"{}"), ["model.safetensors", "no tensors"]),
    "many tensors": (rewrite_header(many_tensors), ["model.safetensors", "tensors; at most 10,000"]),
    "shape and offsets": (rewrite_header(stretched), ["model.safetensors", "bert.pooler.dense.bias", "[33]"]),
    "overlap": (rewrite_header(overlapping), ["model.safetensors", "overlap"]),
    "odd dtype": (rewrite_header(odd_dtype), ["model.safetensors", "bert.pooler.dense.bias", "'F4'"]),
    "odd offsets": (rewrite_header(huge_offset), ["model.safetensors", "bert.pooler.dense.bias"]),
    "too long": (longer, ["model.safetensors", "4 bytes more"]),
    "wrong shape": (wrong_shape, ["model.safetensors", "bert.pooler.dense.weight", "[16, 32]", "[32, 32]"]),
    "another width": (config(hidden_size=64), ["model.safetensors", "embeddings", "32]", "64]"]),
    "whole numbers": (whole_numbers, ["model.safetensors", "I8", "bert.pooler.dense.weight"]),
    "more model than weights": (
        config(model_type="llama", architectures=["LlamaForCausalLM"], vocab_size=10_000_000),
        ["config.json", "parameters", "weights hold only"],
    ),
    "shard outside": (shards(a="../outside.safetensors"), ["index.json", "'../outside.safetensors'", "same folder"]),
    "shard by an absolute name": (shards(a="/etc/passwd.safetensors"), ["index.json", "/etc/passwd"]),
    "shard of Windows": (shards(a="..\\outside.safetensors"), ["index.json", "same folder"]),
    "shard is a pickle": (shards(a="pytorch_model.bin"), ["index.json", "pytorch_model.bin"]),
    "no shard": (shards(a="model-1.safetensors"), ["model-1.safetensors", "index.json", "not in the folder"]),
    "no map": (
        lambda folder: (
            (folder / "model.safetensors").unlink(),
            (folder / "model.safetensors.index.json").write_text('{"weight_map": [1]}'),
        ),
        ["index.json", "weight_map"],
    ),
    "TensorFlow": (instead_of_weights("tf_model.h5"), ["only tf_model.h5", "TensorFlow"]),
    "Flax": (instead_of_weights("flax_model.msgpack"), ["only flax_model.msgpack", "safetensors"]),
    "GGUF": (instead_of_weights("tiny.gguf"), ["only tiny.gguf", "GGUF"]),
    "ONNX": (instead_of_weights("model.onnx"), ["only model.onnx", "ONNX"]),
    "another name": (instead_of_weights("adapter_model.safetensors"), ["adapter_model.safetensors"]),
    "no weights": (instead_of_weights("training_args.bin"), ["no weights", "model.safetensors"]),
    "tokenizer settings": (text("tokenizer_config.json", "{"), ["tokenizer_config.json", "not valid JSON"]),
    "huge tokenizer": (no_words, ["tokenizer.json", "68,157,440", "67,108,864"]),
}


def refusal(checkpoint: str | Path) -> str:
    with pytest.raises(Refused) as caught:
        inspect(str(checkpoint))
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("case", REFUSED)
def test_a_spoiled_checkpoint_is_refused(folder, case):
    spoil, expected = REFUSED[case]
    spoil(folder)
    message = refusal(folder)
    assert [part for part in expected if part not in message] == [], message


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt"])
def test_a_pickle_is_named_and_not_read(folder, tmp_path, name):
    marker = tmp_path / "ran"
    instead_of_weights(name, pickle.dumps(Evil(marker)))(folder)
    message = refusal(folder)
    assert f"holds only {name}, a pickle that can run code; convert it to safetensors" in message
    assert "pickle that can run code" in refusal(folder / name)
    assert not marker.exists()
    pickle.loads(pickle.dumps(Evil(marker)))  # the marker does mark
    assert marker.exists()


def test_code_of_a_checkpoint_is_not_run(folder, tmp_path):
    marker = tmp_path / "ran"
    (folder / "modeling_evil.py").write_text(
        f"open({str(marker)!r}, 'w')\nclass EvilConfig: ...\nclass EvilModel: ...\n"
    )
    auto_map = {"AutoConfig": "modeling_evil.EvilConfig", "AutoModel": "modeling_evil.EvilModel"}
    edit_config(folder, auto_map=auto_map)
    assert inspect(str(folder)).architecture == "BertForPreTraining"  # a known type needs no code
    edit_config(folder, model_type="evil")
    message = refusal(folder)
    assert "config.json" in message
    assert "modeling_evil.EvilConfig" in message
    assert "runs no code" in message
    assert not marker.exists()


def test_nothing_outside_the_folder_is_opened(folder, monkeypatch):
    opened = []
    monkeypatch.setattr(weights_header, "read_header", lambda path: opened.append(path))
    shards(a="../outside.safetensors", b="model.safetensors")(folder)
    assert (folder.parent / "outside.safetensors").exists()
    refusal(folder)
    assert opened == []


def test_a_shard_without_its_tensor_is_refused(sound, tmp_path):
    transformers.BertForPreTraining.from_pretrained(sound).save_pretrained(tmp_path, max_shard_size="20KB")
    path = tmp_path / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    first, *_, second = index["weight_map"]
    assert index["weight_map"][first] != index["weight_map"][second]
    index["weight_map"][first] = index["weight_map"][second]
    path.write_text(json.dumps(index))
    message = refusal(tmp_path)
    assert index["weight_map"][second] in message
    assert first in message


def test_what_is_no_folder_is_refused(folder, tmp_path):
    archive = tmp_path / "tiny.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(folder / "config.json")
    image = tmp_path / "cat.png"
    image.write_bytes(b"png")
    assert "neither a folder nor a bundled checkpoint" in refusal(tmp_path / "gone")
    assert "Hugging Face hub has to be downloaded first" in refusal("google-bert/bert-base-uncased")
    assert "tiny.zip is an archive; unpack it" in refusal(archive)
    assert "cat.png is a single file" in refusal(image)
    assert r"'a\x00b' is neither" in refusal("a\0b")
    assert "xxx' is neither" in refusal("x" * 10_000)


def test_a_folder_of_gguf_alone_is_named(tmp_path):
    (tmp_path / "llama.gguf").write_bytes(b"GGUF")
    assert "llama.gguf, a GGUF file" in refusal(tmp_path)


# --- whatever the bytes are, there is an answer -----------------------------------------------------------------------

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


def answers(folder: Path) -> None:
    """An info or a refusal; anything else passes through and fails the test."""
    try:
        answer = inspect(str(folder))
    except Refused as refused:
        answer = str(refused)
    assert isinstance(answer, CheckpointInfo) or answer.endswith(".")


@pytest.fixture(scope="module")
def fuzzed(sound, tmp_path_factory) -> Path:
    return Path(shutil.copytree(sound, tmp_path_factory.mktemp("fuzzed") / "tiny-bert"))


@FUZZ
@given(data=st.data())
def test_any_change_of_the_header_is_answered(sound, fuzzed, data):
    original = (sound / "model.safetensors").read_bytes()
    start = data.draw(st.integers(0, 1200))
    stop = data.draw(st.integers(start, start + 40))
    (fuzzed / "config.json").write_bytes((sound / "config.json").read_bytes())
    (fuzzed / "model.safetensors").write_bytes(original[:start] + data.draw(st.binary(max_size=40)) + original[stop:])
    answers(fuzzed)


@FUZZ
@given(data=st.data())
def test_any_entry_of_the_header_is_answered(sound, fuzzed, data):
    header, rest = read_parts(sound / "model.safetensors")
    name = data.draw(st.sampled_from(sorted(header)))
    if data.draw(st.booleans()) and isinstance(header[name], dict) and header[name]:
        header[name][data.draw(st.sampled_from(sorted(header[name])))] = data.draw(JSON)
    else:
        header[name] = data.draw(JSON)
    write_parts(fuzzed / "model.safetensors", header, rest)
    answers(fuzzed)


@settings(FUZZ, max_examples=200)
@given(data=st.data())
def test_any_value_of_the_configuration_is_answered(sound, fuzzed, data):
    values = json.loads((sound / "config.json").read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        key = data.draw(st.sampled_from(sorted(values)) | st.text(max_size=6))
        values[key] = data.draw(JSON)
    shutil.copy(sound / "model.safetensors", fuzzed)
    (fuzzed / "config.json").write_text(json.dumps(values))
    answers(fuzzed)
