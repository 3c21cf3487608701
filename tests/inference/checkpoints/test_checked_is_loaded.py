"""What was checked is what is loaded: no other file, none outside the folder, none that is no file, and no code."""

from __future__ import annotations

import json
import os
import pickle
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
import transformers

from inference.checkpoints import loading, weights_reading
from inference.checkpoints.free_memory import check_fits
from inference.checkpoints.inspection import plan
from inference.checkpoints.weights_header import StoredTensor, read_weights
from inference.checkpoints.weights_reading import read_tensors
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from tests.inference.refusals import Evil, refusal
from tests.inference.tiny_checkpoints import edit_config, load_weights, read_parts, save_bert, save_weights, write_parts

FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]


def load_refusal(folder: Path) -> str:
    with pytest.raises(Refused) as caught:
        load(str(folder), Context())
    assert str(caught.value).endswith(".")
    return str(caught.value)


def elsewhere(folder: Path, name: str = "secret.safetensors") -> Path:
    """Other weights of the same shapes, beside the folder of the checkpoint."""
    other = {key: torch.zeros_like(tensor) for key, tensor in load_weights(folder).items()}
    save_weights(folder.parent, other, name)
    return folder.parent / name


# --- other files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["other.safetensors", "../secret.safetensors", "pytorch_model.bin", "x.index.json"])
def test_other_weights_are_refused_by_name(folder, name):
    elsewhere(folder)
    edit_config(folder, transformers_weights=name)
    message = refusal(folder)
    assert "config.json" in message
    assert "transformers_weights" in message
    assert name in message
    edit_config(folder, transformers_weights="model.safetensors")
    load(str(folder), Context())  # the usual name is no other file


def test_an_index_of_weights_elsewhere_is_refused(folder):
    secret = elsewhere(folder)
    index = {"metadata": {}, "weight_map": dict.fromkeys(load_weights(folder), f"../{secret.name}")}
    (folder / "x.safetensors.index.json").write_text(json.dumps(index))
    edit_config(folder, transformers_weights="x.safetensors.index.json")
    assert "x.safetensors.index.json" in load_refusal(folder)


def test_another_configuration_is_refused(folder):
    (folder / "config.4.0.0.json").write_text((folder / "config.json").read_text())
    edit_config(folder, configuration_files=["config.4.0.0.json"])
    assert "configuration_files" in refusal(folder)


def test_what_lies_deeper_is_found_too(folder):
    edit_config(folder, text_config={"parts": [{"_attn_implementation": "someone/kernel"}]})
    assert "code from the hub (text_config.parts._attn_implementation: someone/kernel)" in refusal(folder)


def test_generation_files_adapters_and_their_code_are_left_alone(tmp_path):
    config = transformers.GPT2Config(n_embd=32, n_layer=1, n_head=4, vocab_size=26, n_positions=40)
    folder, marker = tmp_path / "gpt", tmp_path / "ran"
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    evil = f"open({str(marker)!r}, 'w').close()\n"
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(evil + "def generate(**_): ...\n")
    (folder / "generation_config.json").write_text("{")
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(tmp_path)}))
    (folder / "chat_template.jinja").write_text("{{ ''.__class__ }}")
    edit_config(folder, auto_map={"AutoModelForCausalLM": "evil.Evil"}, custom_pipelines={"x": {"impl": "evil.Evil"}})
    (folder / "evil.py").write_text(evil)
    assert type(load(str(folder), Context()).net) is transformers.GPT2LMHeadModel
    assert not marker.exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"auto_map": {"AutoTokenizer": ["evil.Evil", None]}},
        {"fast_tokenizer_files": ["tokenizer.4.json", "tokenizer./../../secret.json"]},
        {"vocab_file": "/etc/passwd", "tokenizer_file": "/etc/passwd", "init_inputs": ["/etc/passwd"]},
        {"sp_model_kwargs": {"model_file": "/etc/passwd"}},
        {"chat_template": "{{ 1 / 0 }}"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_of_a_tokenizer_lead_nowhere(folder, tmp_path, settings):
    marker = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Evil: ...\n")
    whole = load(str(folder), Context()).tokenizer
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    tokenizer = load(str(folder), Context()).tokenizer
    assert tokenizer("the cat")["input_ids"] == whole("the cat")["input_ids"]
    assert tokenizer.chat_template is None
    assert not marker.exists()


def test_a_tokenizer_made_of_several_costs_the_typed_text_alone(folder):
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({"tokenizer_class": "RagTokenizer"}))
    opened = load(str(folder), Context())
    assert opened.tokenizer is None
    assert "Token ids can be typed instead of a text." in opened.info.notes[-1]


def test_only_files_of_the_folder_are_opened(folder):
    opened: list[str] = []
    hooked = True

    def note(event: str, arguments: tuple) -> None:
        if hooked and event == "open" and isinstance(arguments[0], str):
            opened.append(os.path.realpath(arguments[0]))

    load(str(folder), Context())  # all modules are imported
    outside = folder.parent / "outside"
    outside.mkdir()
    for link in ("vocab.txt", "merges.txt"):
        (outside / link).write_text("secret")
    sys.addaudithook(note)
    for link in ("vocab.txt", "merges.txt"):
        (folder / link).symlink_to(outside / link)
        assert f"{link} is a link to" in load_refusal(folder)
        (folder / link).unlink()
    load(str(folder), Context())
    hooked = False
    assert [name for name in opened if str(outside) in name] == []
    assert [name for name in opened if str(folder) in name]


# --- links and what is no file ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_a_link_out_of_the_folder_is_refused(folder, name):
    (folder / name).rename(folder.parent / name)
    (folder / name).symlink_to(folder.parent / name)
    message = load_refusal(folder)
    assert f"{name} is a link to" in message
    assert "outside the folder" in message


@pytest.mark.parametrize("name", FILES)
def test_links_of_the_hub_s_cache_are_followed(folder, tmp_path, name):
    cache = tmp_path / "models--someone--tiny"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots").mkdir()
    snapshot = folder.rename(cache / "snapshots" / "0123abc")
    (snapshot / name).rename(cache / "blobs" / "f00")
    (snapshot / name).symlink_to(Path("../../blobs/f00"))
    assert load(str(snapshot), Context()).info.name == "someone/tiny"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without FIFOs; back when it has them")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["FIFO", "socket", "device", "folder", "circle"])
def test_what_is_no_file_is_refused_at_once(folder, name, kind, monkeypatch):
    (folder / name).unlink()
    if kind == "FIFO":
        os.mkfifo(folder / name)
    elif kind == "socket":
        monkeypatch.chdir(folder)  # the names of sockets are short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(name)
    elif kind == "device":
        (folder / name).symlink_to("/dev/zero")
    elif kind == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to(folder / name)
    start = time.process_time()
    message = load_refusal(folder)
    assert name in message
    assert {"circle": "cannot be read", "device": "is a link to /dev/zero"}.get(kind, f"is a {kind}") in message
    assert time.process_time() - start < 5


# --- what is read is what was checked ---------------------------------------------------------------------------------


def test_every_tensor_is_what_safetensors_reads(folder):
    path = folder / "model.safetensors"
    expected = load_weights(folder) | {
        "half": torch.randn(3, 5).half(), "brain": torch.randn(2, 2).bfloat16(), "none": torch.zeros(0, 4),
        "scalar": torch.tensor(7, dtype=torch.int64), "truth": torch.tensor([True, False]),
    }  # fmt: skip
    save_weights(folder, expected)
    found = read_tensors(folder, read_weights(folder))
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)
    path.write_bytes(b"\0" * path.stat().st_size)
    assert torch.equal(found["half"], expected["half"])


UNREAL = {
    "the last of many": torch.cat([torch.zeros(3_000_000), torch.tensor([float("nan")])]),
    "half": torch.tensor([1.0, float("inf")]).half(),
    "brain": torch.tensor([float("nan"), 2.0]).bfloat16(),
    "too large for float32": torch.tensor([1e300, -1e300], dtype=torch.float64),
    "eight bits": torch.tensor([1.0, float("nan")]).to(torch.float8_e4m3fn),
}
REAL = {
    "a sum that is none": torch.tensor([60_000.0, 60_000.0]).half(),
    "a sum beyond float32": torch.full((2,), 3e38),
    "whole": torch.tensor([2**62]),
    "none": torch.zeros(0, 4),
}


@pytest.mark.parametrize("name", [*UNREAL, *REAL])
def test_every_number_is_looked_at_while_it_is_read(tmp_path, name):
    save_weights(tmp_path, {name: (UNREAL | REAL)[name]})
    with weights_reading.WeightsReading(tmp_path, read_weights(tmp_path)) as reading:
        reading.result()
    assert reading.are_finite is (name in REAL)


def test_a_file_that_cannot_be_read_ends_the_loading_with_its_own_reason(folder, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(weights_reading._CheckedFile, "read_into", fail)
    assert load_refusal(folder) == "model.safetensors cannot be read: Input/output error."


def test_a_cancelled_reading_ends_at_once(folder):
    begun = []

    def cancelled() -> bool:
        begun.append(None)
        return len(begun) > 3  # in the middle of the weights

    with pytest.raises(Cancelled):
        load(str(folder), Context(is_cancelled=cancelled))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("weights")]


def test_files_are_read_alike_where_the_system_has_no_preadv(folder, monkeypatch):
    monkeypatch.setattr(weights_reading, "_PREADV", None)
    found = read_tensors(folder, read_weights(folder))
    for name, tensor in load_weights(folder).items():
        assert torch.equal(found[name], tensor)


def test_weights_that_change_between_check_and_load_are_refused(folder, monkeypatch):
    before = loading.check_fits

    def swap(stored: dict[str, StoredTensor]) -> None:
        before(stored)
        header, data = read_parts(folder / "model.safetensors")
        first, second = "bert.encoder.layer.0.output.dense.bias", "bert.encoder.layer.1.output.dense.bias"
        header[first], header[second] = header[second], header[first]
        write_parts(folder / "model.safetensors", header, data)

    monkeypatch.setattr(loading, "check_fits", swap)
    assert load_refusal(folder) == "model.safetensors was changed while it was opened; open it again."


def test_weights_that_become_a_link_between_check_and_load_are_refused(folder, monkeypatch):
    secret = elsewhere(folder)
    header_of = weights_reading.header_of

    def swap(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / "model.safetensors").symlink_to(secret)

    monkeypatch.setattr(loading, "check_fits", lambda _: swap(folder))
    assert "is a link to" in load_refusal(folder)
    assert weights_reading.header_of is header_of


def test_a_pickle_is_never_read(folder, tmp_path):
    marker = tmp_path / "ran"
    for name in ("pytorch_model.bin", "adapter_model.bin", "model.safetensors.bin"):
        (folder / name).write_bytes(pickle.dumps(Evil(marker)))
    edit_config(folder, transformers_weights="pytorch_model.bin")
    load_refusal(folder)
    assert not marker.exists()


# --- what a configuration would allocate ------------------------------------------------------------------------------

TOO_LARGE = {
    "labels": ("bert", {"num_labels": 30_000_000}),
    "layers under another name": ("bert", {"num_hidden_layers": 900}),
    "positions": ("bert", {"max_position_embeddings": 90_000_000}),
    "words": ("bert", {"vocab_size": 90_000_000}),
    "width": ("bert", {"intermediate_size": 1_000_000}),
    "nested": ("bert", {"sub": {"num_labels": 10**9}}),
    "inner groups": ("albert", {"inner_group_num": 10_000}),
    "more inner groups": ("albert", {"inner_group_num": 10**8}),
    "groups": ("albert", {"num_hidden_groups": 90_000}),
    "patches": ("vit", {"image_size": 2_000_000, "patch_size": 1}),
    "depths": ("swin", {"depths": [1, 10**6]}),
    "experts": ("mixtral", {"num_local_experts": 9_999, "num_hidden_layers": 999}),
    "decoder layers": ("t5", {"num_decoder_layers": 1_000}),
    "endless": ("bert", {"initializer_range": 10**400}),
}


def tiny(folder: Path, kind: str) -> Path:
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    configs = {
        "bert": lambda: transformers.BertConfig(**sizes, vocab_size=26, max_position_embeddings=40),
        "albert": lambda: transformers.AlbertConfig(**sizes, embedding_size=16, vocab_size=26),
        "vit": lambda: transformers.ViTConfig(**sizes, image_size=8, patch_size=4),
        "swin": lambda: transformers.SwinConfig(
            image_size=16, patch_size=4, embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=2
        ),
        "mixtral": lambda: transformers.MixtralConfig(
            **sizes, vocab_size=26, num_key_value_heads=2, num_local_experts=2, num_experts_per_tok=1
        ),
        "t5": lambda: transformers.T5Config(d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4, vocab_size=26),
    }
    transformers.AutoModel.from_config(configs[kind]()).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("case", TOO_LARGE)
def test_what_would_exhaust_the_machine_is_refused_before_it_is_built(tmp_path, case):
    kind, changes = TOO_LARGE[case]
    folder = tiny(tmp_path / kind, kind)
    plan(str(folder))  # all modules are imported
    edit_config(folder, **changes)
    start = time.process_time()
    message = refusal(folder)
    assert "config.json" in message
    assert time.process_time() - start < 1, message


def test_what_does_not_fit_into_memory_is_refused(monkeypatch):
    monkeypatch.setattr("inference.checkpoints.free_memory.free_bytes", lambda: 2**30)
    check_fits({"a": StoredTensor("F32", (2**28,), "f", 8, 8 + 2**30)})
    with pytest.raises(Refused, match=r"takes 1\.5 GB of memory; 1\.0 GB are free"):
        check_fits({"a": StoredTensor("F16", (2**28,), "f", 8, 8 + 2**29)})


def test_a_tensor_s_endless_name_costs_nothing(folder):
    plan(str(folder))
    header, data = read_parts(folder / "model.safetensors")
    header["layer." * 175_000] = header.pop("bert.pooler.dense.bias")
    write_parts(folder / "model.safetensors", header, data)
    start = time.process_time()
    message = refusal(folder)
    assert "1,050,000 letters" in message
    assert len(message) < 300
    assert time.process_time() - start < 0.5


def test_a_whole_checkpoint_still_opens(tmp_path):
    assert load(str(save_bert(tmp_path / "tiny")), Context()).info.n_parameters
