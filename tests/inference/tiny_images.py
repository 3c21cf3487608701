"""Small random models that read images, in memory and on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as tf

from inference.forward.model import Model
from inference.inputs.image_preparation import read_preparation
from inference.models.masked_igpt import MaskedImageGPT, MaskedImageGPTConfig
from inference.results.checkpoint import CheckpointInfo
from tests.inference.configurations import VIT
from tests.inference.tiny_models import family_of

N_TOKENS = 12  # visual ones
N_COLOURS = 8
_DINO = {key: value for key, value in VIT.items() if key != "intermediate_size"}
_SWIN = {"image_size": 16, "patch_size": 2, "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4}
_MAE = {
    "decoder_hidden_size": 48,
    "decoder_num_hidden_layers": 1,
    "decoder_num_attention_heads": 4,
    "decoder_intermediate_size": 48,
}
_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 36}
_LABELS = {"num_labels": 3}

BUILDERS: dict[str, Callable[[], tf.PreTrainedModel]] = {
    "vit": lambda: tf.ViTForImageClassification(tf.ViTConfig(**VIT, **_LABELS)),
    "deit": lambda: tf.DeiTForImageClassificationWithTeacher(tf.DeiTConfig(**VIT, **_LABELS)),
    "dinov2": lambda: tf.Dinov2ForImageClassification(tf.Dinov2Config(**_DINO, **_LABELS)),
    "dinov2_with_registers": lambda: tf.Dinov2WithRegistersForImageClassification(
        tf.Dinov2WithRegistersConfig(**_DINO, **_LABELS)
    ),
    "beit": lambda: tf.BeitForImageClassification(tf.BeitConfig(**VIT, **_LABELS, use_relative_position_bias=True)),
    "beit tokens": lambda: tf.BeitForMaskedImageModeling(
        tf.BeitConfig(**VIT, vocab_size=N_TOKENS, use_shared_relative_position_bias=True, use_mask_token=True)
    ),
    "clip": lambda: tf.CLIPVisionModel(tf.CLIPVisionConfig(**VIT)),
    "swin": lambda: tf.SwinForImageClassification(tf.SwinConfig(**_SWIN, **_LABELS)),
    "mae": lambda: tf.ViTMAEForPreTraining(tf.ViTMAEConfig(**VIT, **_MAE)),
    "imagegpt": lambda: tf.ImageGPTForCausalImageModeling(tf.ImageGPTConfig(**_GPT, vocab_size=N_COLOURS + 1)),
    "masked imagegpt": lambda: MaskedImageGPT(MaskedImageGPTConfig(**_GPT, vocab_size=N_COLOURS)),
}
CLASSIFIERS = ("vit", "deit", "dinov2", "dinov2_with_registers", "beit", "swin")
WITH_PALETTE = ("imagegpt", "masked imagegpt")


def build(name: str, dtype: torch.dtype = torch.float32) -> Any:
    """A seeded random model in eval mode; its weights are larger than usual, so that no pattern is flat."""
    torch.manual_seed(0)
    net = BUILDERS[name]()
    with torch.no_grad():
        for path, parameter in net.named_parameters():
            if "bias_table" in path or "pos_embed" in path or "position_embeddings" in path:
                parameter.normal_()
            elif parameter.ndim > 1 and parameter.requires_grad:
                parameter.mul_(5)
    return net.to(dtype).eval()


def palette() -> list[list[float]]:
    return np.random.default_rng(0).uniform(-1, 1, (N_COLOURS, 3)).round(3).tolist()


def save(folder: Path, name: str, *, with_preprocessor: bool) -> Path:
    """In the layout of transformers; `with_preprocessor` by the architecture's own processor."""
    build(name).save_pretrained(folder)
    if with_preprocessor:
        (folder / "preprocessor_config.json").write_text(json.dumps(processor_config(name)))
    return folder


def processor_config(name: str) -> dict[str, Any]:
    """What the published checkpoints of such models have beside them, in a small size."""
    half = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    shorter = {"size": {"shortest_edge": 18}, "crop_size": {"height": 16, "width": 16}, "do_center_crop": True}
    return {
        "deit": {"image_processor_type": "DeiTImageProcessor", "size": 20, "crop_size": 16, **half},
        "dinov2": {"image_processor_type": "BitImageProcessor", **shorter},
        "dinov2_with_registers": {"image_processor_type": "BitImageProcessor", **shorter},
        "clip": {"feature_extractor_type": "CLIPFeatureExtractor", "size": 16, "crop_size": 16},
        "beit": {"image_processor_type": "BeitImageProcessor", "size": 16, "do_center_crop": False, **half},
        "beit tokens": {"feature_extractor_type": "BeitFeatureExtractor", "size": 16, "do_center_crop": False},
        "imagegpt": {"image_processor_type": "ImageGPTImageProcessor", "size": 6, "clusters": palette()},
        "masked imagegpt": {"image_processor_type": "ImageGPTImageProcessor", "size": 6, "clusters": palette()},
    }.get(name, {"image_processor_type": "ViTImageProcessor", "size": {"height": 16, "width": 16}, **half})


def model_of(name: str, folder: Path, net: Any = None) -> Model:
    """The same as an open checkpoint without weights on disk; `folder` holds a preprocessor's file, or nothing."""
    net = build(name) if net is None else net
    net.config.architectures = [type(net).__name__]
    if name in WITH_PALETTE and not (folder / "preprocessor_config.json").exists():
        (folder / "preprocessor_config.json").write_text(json.dumps(processor_config(name)))
    family = family_of(net.config)
    info = CheckpointInfo(
        checkpoint="tiny",
        name=f"tiny-{name}",
        architecture=type(net).__name__,
        family=family.name,
        n_parameters=0,
        d_model=32,
        d_vocab=0,
        n_ctx=0,
        groups=family.groups(net.config),
        capabilities=(),
        missing=(),
        has_tokenizer=False,
        mask_token="",
        position_kind=family.position_kind(net.config),
        device="CPU",
        notes=(),
        reads=("image",),
    )
    preparation = read_preparation(folder, net.config, family.takes(net.config))
    return Model(info, net, None, family, torch.device("cpu"), preparation=preparation)
