"""What cannot be opened is refused in one sentence, and nothing of it is run."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers

from inference.checkpoints import weights_header
from inference.checkpoints.inspection import inspect
from tests.inference.refusals import Evil, refusal
from tests.inference.tiny_checkpoints import (
    edit_config,
    load_weights,
    read_parts,
    save_weights,
    write_parts,
)


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
    "very many of a kind": (
        config(attention_types=[[["global", "local"], 2**31]]),
        ["config.json", "attention_types is 2,147,483,648", "up to 100,000"],
    ),
    "half a layer": (config(num_hidden_layers=2.5), ["config.json", "num_hidden_layers is 2.5"]),
    "layers as text": (config(num_hidden_layers="2"), ["config.json", "num_hidden_layers is 2", "whole numbers"]),
    "layers as bool": (config(num_hidden_layers=True), ["config.json", "num_hidden_layers is True"]),
    "nested numbers": (config(encoder={"n_head": -4}), ["config.json", "encoder.n_head is -4"]),
    "huge vocabulary": (config(vocab_size=10**12), ["config.json", "vocab_size is 1000000000000"]),
    "huge width": (config(hidden_size=4_000_000), ["config.json", "hidden_size is 4000000"]),
    "heads do not divide": (config(num_attention_heads=5), ["config.json", "not a multiple"]),
    "text as rate": (config(layer_norm_eps="x" * 9), ["config.json", "layer_norm_eps"]),
    "unknown model type": (config(model_type="berd"), ["config.json", "'berd'", "does not know"]),
    "no attention": (
        config(model_type="fnet", architectures=["FNetForMaskedLM"]),
        ["config.json", "FNetForMaskedLM", "a Fourier transform in place of attention"],
    ),
    "a state-space model": (
        config(model_type="mamba", architectures=["MambaForCausalLM"]),
        ["config.json", "MambaForCausalLM", "which has no attention: it is a state-space model"],
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
}
# These cost the typed text alone.
NO_TOKENIZER = {
    "tokenizer settings": (text("tokenizer_config.json", "{"), ["tokenizer_config.json", "not valid JSON"]),
    "huge tokenizer": (no_words, ["tokenizer.json", "68,157,440", "67,108,864"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_spoiled_checkpoint_is_refused(folder, case):
    spoil, expected = REFUSED[case]
    spoil(folder)
    message = refusal(folder)
    assert [part for part in expected if part not in message] == [], message


@pytest.mark.parametrize("case", NO_TOKENIZER)
def test_a_spoiled_tokenizer_leaves_token_ids(folder, case):
    spoil, expected = NO_TOKENIZER[case]
    spoil(folder)
    info = inspect(str(folder))
    assert not info.has_tokenizer
    (note,) = (note for note in info.notes if "Token ids can be typed" in note)
    assert [part for part in expected if part not in note] == [], note


def test_a_model_type_is_told_from_the_weights(folder):
    edit_config(folder, model_type=None, architectures=None)
    info = inspect(str(folder))
    assert (info.family, info.architecture) == ("encoder", "BertForPreTraining")


def test_without_a_model_type_strange_weights_are_refused(folder):
    from safetensors.torch import save_file

    edit_config(folder, model_type=None)
    save_file({"w": torch.zeros(3)}, folder / "model.safetensors")
    assert "has no model_type, so the kind of model is not known" in refusal(folder)


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
    gone = tmp_path / "gone"
    assert refusal(gone) == f"There is no folder {str(gone)!r}; it may have been moved or deleted."
    assert "neither a folder nor a bundled checkpoint" in refusal("someone/gone")
    assert "Hugging Face hub has to be downloaded first" in refusal("google-bert/bert-base-uncased")
    assert "tiny.zip is an archive; unpack it" in refusal(archive)
    assert "cat.png is a single file" in refusal(image)
    assert r"'a\x00b' is neither" in refusal("a\0b")
    assert "xxx' is neither" in refusal("x" * 10_000)


def test_a_folder_of_gguf_alone_is_named(tmp_path):
    (tmp_path / "llama.gguf").write_bytes(b"GGUF")
    assert "llama.gguf, a GGUF file" in refusal(tmp_path)
