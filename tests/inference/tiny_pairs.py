"""Small random models of an image tower and a text tower, on disk as the published ones lie there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf

_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_COLOURS_AND_THINGS = ["red", "blue", "green", "house", "tree", "car", "cat", "dog"]
_WORDS = [*_COLOURS_AND_THINGS, "a", "the", "small", "large", "in", "on", "at", "photo", "of", "meadow", "night", "and"]
VOCAB = {word: i for i, word in enumerate(_SPECIALS + _WORDS)}
_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
TEXT = {
    **_SIZES,
    "vocab_size": len(VOCAB),
    "max_position_embeddings": 18,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "pad_token_id": 0,
}
_IMAGE = {**_SIZES, "image_size": 24, "patch_size": 8}
_BOTH = {"projection_dim": 16}
_CLIP_TEXT, _CLIP_IMAGE = {**TEXT, **_BOTH}, {**_IMAGE, **_BOTH}

BUILDERS: dict[str, Callable[[], Any]] = {
    "clip": lambda: tf.CLIPModel(tf.CLIPConfig(text_config=_CLIP_TEXT, vision_config=_CLIP_IMAGE, **_BOTH)),
    # Its end is told as the highest id, as in all that was published before 2023.
    "old clip": lambda: tf.CLIPModel(
        tf.CLIPConfig(text_config={**_CLIP_TEXT, "eos_token_id": 2}, vision_config=_CLIP_IMAGE, **_BOTH)
    ),
    "siglip": lambda: tf.SiglipModel(tf.SiglipConfig(text_config=TEXT, vision_config=_IMAGE)),
    "altclip": lambda: tf.AltCLIPModel(
        tf.AltCLIPConfig(
            text_config={**TEXT, "project_dim": 16, "max_position_embeddings": 20}, vision_config=_CLIP_IMAGE, **_BOTH
        )
    ),
    "chinese clip": lambda: tf.ChineseCLIPModel(tf.ChineseCLIPConfig(text_config=TEXT, vision_config=_IMAGE, **_BOTH)),
    "metaclip 2": lambda: tf.MetaClip2Model(
        tf.MetaClip2Config(text_config=_CLIP_TEXT, vision_config=_CLIP_IMAGE, **_BOTH)
    ),
}
NAMES = tuple(BUILDERS)


def save(folder: Path, name: str) -> Path:
    """A seeded random model with a tokenizer of a few words; its weights are large, so that no pattern is flat."""
    torch.manual_seed(0)
    net = BUILDERS[name]()
    with torch.no_grad():
        for path, parameter in net.named_parameters():
            if parameter.ndim > 1:
                parameter.mul_(4)
            elif path == "logit_bias":
                parameter.fill_(-3.0)
    net.save_pretrained(folder)
    vocab = dict(VOCAB)
    if name == "old clip":  # the last one is the end
        vocab |= {"[SEP]": VOCAB["and"], "and": VOCAB["[SEP]"]}
    tf.BertTokenizer(vocab=vocab).save_pretrained(folder)
    is_square = name == "siglip"
    processor = {
        "image_processor_type": "SiglipImageProcessor" if is_square else "CLIPImageProcessor",
        "size": {"height": 24, "width": 24} if is_square else {"shortest_edge": 24},
        "do_center_crop": not is_square,
        **({} if is_square else {"crop_size": {"height": 24, "width": 24}}),
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder
