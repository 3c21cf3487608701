"""Small random models that read films, on disk as the published ones lie there, and films to show them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as tf
from PIL import Image

from inference.results.inputs import ClipInput, Input, TextInput
from tests.inference.tiny_pairs import VOCAB

SIDE, PATCH = 24, 8
_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_FILM: dict[str, Any] = {**_SIZES, "image_size": SIDE, "patch_size": PATCH}


def _videomae(cls: Any) -> Any:
    config = tf.VideoMAEConfig(
        **_FILM, num_frames=6, tubelet_size=2, decoder_hidden_size=16, decoder_num_hidden_layers=1,
        decoder_num_attention_heads=2, decoder_intermediate_size=32,
    )  # fmt: skip
    return cls(config)


def _vivit() -> Any:
    sizes = {name: size for name, size in _FILM.items() if name != "patch_size"}
    return tf.VivitForVideoClassification(tf.VivitConfig(**sizes, num_frames=4, tubelet_size=[2, PATCH, PATCH]))


def _timesformer(attention_type: str) -> Any:
    config = tf.TimesformerConfig(**_FILM, num_frames=4, attention_type=attention_type)
    return tf.TimesformerForVideoClassification(config)


def _x_clip() -> Any:
    mit = {"mit_hidden_size": 32, "mit_intermediate_size": 48, "mit_num_hidden_layers": 1, "mit_num_attention_heads": 4}
    text = {**_SIZES, "vocab_size": len(VOCAB), "max_position_embeddings": 24, "eos_token_id": 3}
    config = tf.XCLIPConfig(
        text_config=text, vision_config={**_FILM, **mit, "num_frames": 3}, projection_dim=32, prompt_layers=2,
        prompt_num_attention_heads=4,
    )  # fmt: skip
    return tf.XCLIPModel(config)


BUILDERS: dict[str, Callable[[], Any]] = {
    "videomae": lambda: _videomae(tf.VideoMAEForVideoClassification),
    "videomae fills in": lambda: _videomae(tf.VideoMAEForPreTraining),
    "vivit": _vivit,
    "timesformer": lambda: _timesformer("divided_space_time"),
    "timesformer joint": lambda: _timesformer("joint_space_time"),
    "timesformer space": lambda: _timesformer("space_only"),
    "x-clip": _x_clip,
}
NAMES = tuple(BUILDERS)


def save(folder: Path, name: str) -> Path:
    """A seeded random model, with a tokenizer of a few words if it reads texts; no pattern of it is flat."""
    torch.manual_seed(0)
    net = BUILDERS[name]().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.15 * torch.randn_like(parameter))
    net.save_pretrained(folder)
    if name == "x-clip":
        tf.BertTokenizer(vocab=VOCAB).save_pretrained(folder)
    return folder


def given(clip: ClipInput | None = None) -> Input:
    """A film, and a text for those that read one."""
    return Input(text=TextInput("a small red house"), clip=clip or ClipInput(seed=2))


def frames_of(n: int, width: int = 32, height: int = 24) -> list[Image.Image]:
    """Images whose colours tell their number: red is 4 times it, and the rest noise."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 255, (n, height, width, 3), np.uint8)
    noise[..., 0] = (4 * np.arange(n) % 256)[:, None, None]
    return [Image.fromarray(frame) for frame in noise]


def save_webp(file: Path, frames: list[Image.Image]) -> Path:
    """A lossless animation, ten frames a second."""
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    return file
