"""What tables of small random models are made of: sizes, inputs, and how many attentions a forward pass must show.

Calls are counted from the architecture: layers, times what attends in each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

Inputs = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Configuration:
    """A model, what it is given, and what is known of it.

    Attributes
    ----------
    groups
        Attentions of one forward pass, by title.
    has_own_maps
        Whether transformers returns maps of the same shape as what is captured; other layouts are tested apart.
    """

    build: Callable[[], Any]
    inputs: Inputs
    groups: dict[str, int]
    has_own_maps: bool = True


ENCODER = {"Encoder": 2}
DECODER = {"Decoder": 2}
ENCODER_DECODER = {"Encoder": 2, "Decoder": 3, "Decoder to encoder": 3}
VISION_AND_TEXT = {"Vision": 2, "Text": 2}


D_VOCAB = 50
BERT: dict[str, Any] = {
    "vocab_size": D_VOCAB,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}
LLAMA: dict[str, Any] = {**BERT, "num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0}
GPT: dict[str, Any] = {"vocab_size": D_VOCAB, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
BART: dict[str, Any] = {
    "vocab_size": D_VOCAB,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 64,
    "pad_token_id": 1,
    "decoder_start_token_id": 2,
}
T5: dict[str, Any] = {
    "vocab_size": D_VOCAB,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
VIT: dict[str, Any] = {
    "image_size": 16,
    "patch_size": 4,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
CLIP_TEXT: dict[str, Any] = {**BERT, "projection_dim": 16, "eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 0}
CLIP_VISION: dict[str, Any] = {**VIT, "projection_dim": 16}


def ids(n: int = 11) -> torch.Tensor:
    return torch.randint(5, D_VOCAB, (1, n), generator=torch.Generator().manual_seed(n))


def text(n: int = 11) -> Inputs:
    return lambda: {"input_ids": ids(n)}


def pair(n: int = 9, m: int = 5) -> Inputs:
    return lambda: {"input_ids": ids(n), "decoder_input_ids": ids(m)}


def image(side: int = 16) -> Inputs:
    return lambda: {"pixel_values": noise(1, 3, side, side)}


def film(n_frames: int, side: int = 16) -> Inputs:
    return lambda: {"pixel_values": noise(1, n_frames, 3, side, side)}


def both(n: int = 11, side: int = 16) -> Inputs:
    return lambda: {"input_ids": ids(n), "pixel_values": noise(1, 3, side, side)}


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))
