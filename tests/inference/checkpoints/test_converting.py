"""GGUF files and state dicts of TransformerLens become folders that compute the same; wrong ones are refused unread."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import torch
import transformers
from gguf import MODEL_ARCH, GGUFWriter, get_tensor_name_map

from inference.checkpoints.converting.gguf_files import n_bytes_of
from inference.checkpoints.converting.pickles import convert
from inference.checkpoints.converting.transformer_lens import as_gpt2
from inference.context import Context, Refused
from inference.files.model_card import card_text
from inference.forward.opening import load
from inference.results.conversion import ConvertRequest
from tests.inference.tiny_checkpoints import BYTES, save_gpt2

IDS = torch.tensor([[1, 5, 9, 2, 7]])
TRANSPOSED = ("attn_qkv.weight", "ffn_down.weight", "ffn_up.weight", "attn_output.weight")


@pytest.fixture
def gpt2(tmp_path):
    folder = save_gpt2(tmp_path / "gpt2")
    return transformers.GPT2LMHeadModel.from_pretrained(folder).eval()


def converted(path, tmp_path):
    return convert(ConvertRequest(str(path), str(tmp_path / "converted")), Context()).folder


def logits(net):
    with torch.inference_mode():
        return net(IDS).logits


# GGUF


@pytest.fixture
def file(gpt2, tmp_path):
    """As llama.cpp's converter would write it, in float32 and float16."""
    config, path = gpt2.config, tmp_path / "tiny-f16.gguf"
    writer = GGUFWriter(str(path), "gpt2")
    writer.add_block_count(config.n_layer)
    writer.add_context_length(config.n_positions)
    writer.add_embedding_length(config.n_embd)
    writer.add_feed_forward_length(4 * config.n_embd)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(list(BYTES))
    writer.add_token_types([1] * len(BYTES))
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)
    names = get_tensor_name_map(MODEL_ARCH.GPT2, config.n_layer)
    for name, tensor in gpt2.state_dict().items():
        stem, _, suffix = name.rpartition(".")
        known = names.get_name(stem)
        if known is None or name == "lm_head.weight":
            continue
        array = tensor.T if f"{known}.{suffix}".endswith(TRANSPOSED) else tensor
        writer.add_tensor(f"{known}.{suffix}", array.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_becomes_a_folder_that_computes_the_same(file, gpt2, tmp_path, capfd):
    assert n_bytes_of(file) == 4 * sum(one.numel() for one in gpt2.parameters())
    folder = converted(file, tmp_path)
    assert "it/s" not in capfd.readouterr().err  # no bar of another program
    model = load(folder, Context())
    assert model.info.architecture == "GPT2LMHeadModel"
    assert torch.allclose(logits(model.net), logits(gpt2), atol=1e-5)
    assert converted(file.parent / "gpt2" / ".." / file.name, tmp_path) != ""  # once more, from what is there


@pytest.mark.parametrize(
    ("at", "content", "said"),
    [
        (0, b"GGML", "is no GGUF file"),
        (4, struct.pack("<I", 9), "of version 9 of GGUF"),
        (8, struct.pack("<Q", 2**60), r"says that it holds 1,152,921,504,606,846,976 tensors; at most"),
        (16, struct.pack("<Q", 2**60), "entries; at most 10,000"),
        (24, struct.pack("<Q", 2**60), "letters in one text; at most"),
    ],
)
def test_what_a_header_cannot_say_is_refused_before_anything_is_taken(file, tmp_path, at, content, said):
    whole = bytearray(file.read_bytes())
    whole[at : at + len(content)] = content
    file.write_bytes(whole)
    with pytest.raises(Refused, match=said):
        converted(file, tmp_path)


@pytest.mark.parametrize("n_left", [30, 600, 4000, -1000])
def test_a_gguf_file_that_is_cut_off_is_refused(file, tmp_path, n_left):
    file.write_bytes(file.read_bytes()[:n_left])
    with pytest.raises(Refused, match=r"tiny-f16\.gguf is cut off"):
        converted(file, tmp_path)


def test_what_does_not_fit_into_memory_is_not_read(file, tmp_path, monkeypatch):
    monkeypatch.setattr("inference.checkpoints.converting.gguf_files.free_bytes", lambda: 1000)
    monkeypatch.setattr("inference.checkpoints.converting.pickles.write_from_gguf", None)
    with pytest.raises(Refused, match=r"Reading tiny-f16\.gguf takes 0\.0 GB of memory; 0\.0 GB are free\."):
        converted(file, tmp_path)


def test_without_the_package_it_is_named(file, tmp_path, monkeypatch):
    monkeypatch.setattr("inference.checkpoints.converting.gguf_files.find_spec", lambda _name: None)
    with pytest.raises(Refused, match="install the package gguf"):
        converted(file, tmp_path)
    assert not (tmp_path / "converted").exists()


# TransformerLens


def of_transformer_lens(net) -> dict[str, torch.Tensor]:
    """What its own converter makes of a GPT-2, with nothing folded."""
    config, old = net.config, net.state_dict()
    n_heads, d_model = config.n_head, config.n_embd
    d_head = d_model // n_heads
    made = {"embed.W_E": old["transformer.wte.weight"], "pos_embed.W_pos": old["transformer.wpe.weight"]}
    made |= {"ln_final.w": old["transformer.ln_f.weight"], "ln_final.b": old["transformer.ln_f.bias"]}
    made |= {"unembed.W_U": old["lm_head.weight"].T, "unembed.b_U": torch.zeros(config.vocab_size)}
    for layer in range(config.n_layer):
        new, at = f"blocks.{layer}", f"transformer.h.{layer}"
        for part, weight, bias in zip(
            "QKV",
            old[f"{at}.attn.c_attn.weight"].split(d_model, 1),
            old[f"{at}.attn.c_attn.bias"].split(d_model),
            strict=True,
        ):
            made[f"{new}.attn.W_{part}"] = weight.reshape(d_model, n_heads, d_head).permute(1, 0, 2)
            made[f"{new}.attn.b_{part}"] = bias.reshape(n_heads, d_head)
        made[f"{new}.attn.W_O"] = old[f"{at}.attn.c_proj.weight"].reshape(n_heads, d_head, d_model)
        made[f"{new}.attn.b_O"] = old[f"{at}.attn.c_proj.bias"]
        made[f"{new}.attn.mask"] = torch.ones(4, 4, dtype=torch.bool)
        for norm, theirs in (("ln1", "ln_1"), ("ln2", "ln_2")):
            made |= {f"{new}.{norm}.w": old[f"{at}.{theirs}.weight"], f"{new}.{norm}.b": old[f"{at}.{theirs}.bias"]}
        for one, theirs in (("in", "c_fc"), ("out", "c_proj")):
            made |= {f"{new}.mlp.W_{one}": old[f"{at}.mlp.{theirs}.weight"]}
            made |= {f"{new}.mlp.b_{one}": old[f"{at}.mlp.{theirs}.bias"]}
    return made


def test_a_state_dict_of_transformer_lens_computes_the_same(gpt2, tmp_path):
    torch.save(of_transformer_lens(gpt2), tmp_path / "hooked.pt")
    folder = converted(tmp_path / "hooked.pt", tmp_path)
    assert "These were taken for a GPT-2" in card_text(Path(folder))  # as a state dict does not say it
    model = load(folder, Context())
    assert model.info.architecture == "GPT2LMHeadModel"
    assert torch.allclose(logits(model.net), logits(gpt2), atol=1e-5)


def test_folded_layer_norms_only_centre_and_scale(gpt2):
    tensors = {name: one for name, one in of_transformer_lens(gpt2).items() if ".ln" not in name}
    made = as_gpt2(tensors)[1]
    assert torch.equal(made["transformer.h.0.ln_1.weight"], torch.ones(gpt2.config.n_embd))
    assert not made["transformer.h.1.ln_2.bias"].any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pos_embed.W_pos": None}, "lack pos_embed.W_pos: only models built like GPT-2"),
        ({"unembed.b_U": torch.ones(7)}, "its unembedding has a bias"),
        ({"blocks.0.attn.W_Q": torch.ones(4, 32, 5)}, "4 heads of 5 are not its width of 32"),
        ({"blocks.1.mlp.W_out": None}, r"do not make a GPT-2: 'blocks\.1\.mlp\.W_out'"),
    ],
)
def test_what_is_no_gpt2_is_refused(gpt2, change, said):
    tensors = {name: one for name, one in (of_transformer_lens(gpt2) | change).items() if one is not None}
    with pytest.raises(Refused, match=said):
        as_gpt2(tensors)


def test_weights_of_nothing_known_are_refused(tmp_path):
    torch.save({"a.weight": torch.ones(3)}, tmp_path / "a.pt")
    with pytest.raises(Refused, match=r"Beside a\.pt lies no config\.json, so that it is not known what"):
        converted(tmp_path / "a.pt", tmp_path)
