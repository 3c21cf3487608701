"""Small random checkpoints on disk, and ways to spoil them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import pre_tokenizers

from inference.files.own_models import import_own

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "dog",
    "ran",
    "to",
    "house",
    "and",
    "she",
    "he",
    "it",
    "was",
    "big",
    "red",
    "play",
    "##ing",
    "##s",
    ".",
]
VOCAB = {word: i for i, word in enumerate(SPECIALS + WORDS)}
BYTE_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
BYTE_WORDS = ["Ġthe", "Ġcat", "Ġsat", "Ġ", "t", "h", "e", "c", "a", "s", "Ġt", "he", "Ġc", "at", "Ġs", "Ã", "©"]
BYTE_MERGES = [("Ġ", "t"), ("h", "e"), ("Ġt", "he"), ("Ġ", "c"), ("a", "t"), ("Ġc", "at"), ("Ġ", "s"), ("Ġs", "at")]
BYTE_VOCAB = {word: i for i, word in enumerate(BYTE_SPECIALS + BYTE_WORDS)}
# GPT-2's letters for all bytes, so that any text can be read.
BYTES = {
    letter: number for number, letter in enumerate(["<|endoftext|>", *sorted(pre_tokenizers.ByteLevel.alphabet())])
}

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "vocab_size": len(VOCAB),
    "max_position_embeddings": 40,
}


def save_wordpiece(folder: Path) -> None:
    transformers.BertTokenizer(vocab=VOCAB).save_pretrained(folder)


def save_byte_level(folder: Path) -> None:
    transformers.RobertaTokenizer(vocab=BYTE_VOCAB, merges=BYTE_MERGES).save_pretrained(folder)


def save(folder: Path, config: transformers.PreTrainedConfig, cls: str, dtype: torch.dtype = torch.float32) -> Path:
    """A seeded random model; its weights are larger than usual, so that its predictions differ from each other."""
    torch.manual_seed(0)
    net = getattr(transformers, cls)(config).to(dtype)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(8)
    net.save_pretrained(folder)
    return folder


def save_bert(
    folder: Path, cls: str = "BertForPreTraining", *, has_tokenizer: bool = True, dtype=torch.float32, **overrides: Any
) -> Path:
    save(folder, transformers.BertConfig(**{**SIZES, **overrides}), cls, dtype)
    if has_tokenizer:
        save_wordpiece(folder)
    return folder


def save_gpt2(folder: Path) -> Path:
    """A model that predicts the next token, with a tokenizer for any text."""
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "vocab_size": len(BYTES)}
    sizes |= {"bos_token_id": 0, "eos_token_id": 0}
    save(folder, transformers.GPT2Config(**sizes), "GPT2LMHeadModel")
    transformers.GPT2Tokenizer(vocab=BYTES, merges=[]).save_pretrained(folder)
    return folder


def save_transformer(folder: Path) -> Path:
    """The Transformer of 2017, which translates; its tokenizer ends every text with `</s>`."""
    import_own("transformer")
    sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "vocab_size": len(BYTE_VOCAB)}
    sizes |= {"encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "max_position_embeddings": 40}
    ends = {"bos_token_id": 0, "decoder_start_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    torch.manual_seed(0)
    net: Any = transformers.AutoModelForSeq2SeqLM.from_config(
        transformers.AutoConfig.for_model("transformer", **sizes, **ends)
    )
    net.save_pretrained(folder)
    save_byte_level(folder)
    return folder


def edit_config(folder: Path, **changes: Any) -> None:
    """Change values of config.json; None removes a key."""
    config = {**json.loads((folder / "config.json").read_text()), **changes}
    kept = {key: value for key, value in config.items() if key not in changes or value is not None}
    (folder / "config.json").write_text(json.dumps(kept))


def load_weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load

    return load((folder / "model.safetensors").read_bytes())


def save_weights(folder: Path, weights: dict[str, torch.Tensor], name: str = "model.safetensors") -> None:
    from safetensors.torch import save

    (folder / name).write_bytes(save(weights, {"format": "pt"}))


def read_parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """Header and data of a safetensors file."""
    data = path.read_bytes()
    (n_header,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + n_header]), data[8 + n_header :]


def write_parts(path: Path, header: Any, data: bytes) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
