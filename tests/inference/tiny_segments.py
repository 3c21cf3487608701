"""Small random models that give pixels labels, on disk as published ones lie there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf

from inference.models.lseg.model import LSeg
from inference.models.lseg.towers import LSegConfig
from tests.inference.tiny_pairs import VOCAB

_SIZES = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 48}
_IDS = {"vocab_size": len(VOCAB), "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
_NECK = {"neck_hidden_sizes": (8, 12, 16, 16), "fusion_hidden_size": 8}


def lseg(**more: Any) -> LSeg:
    """Image and text are 32 wide, labels and pixels 16."""
    text = {f"text_{name}": value for name, value in (_SIZES | {"num_hidden_layers": 2}).items()}
    sizes = _SIZES | text | _IDS | _NECK
    return LSeg(
        LSegConfig(
            **sizes | {"image_size": 32, "patch_size": 8, "hooks": (0, 1, 2, 3), "projection_dim": 16}
            | {"max_position_embeddings": 12, "output_scale": 1} | more
        )
    )  # fmt: skip


def _clipseg() -> tf.CLIPSegForImageSegmentation:
    config = tf.CLIPSegConfig(
        text_config={**_SIZES, **_IDS, "num_hidden_layers": 2, "max_position_embeddings": 12},
        vision_config={**_SIZES, "image_size": 32, "patch_size": 8},
        projection_dim=16,
        extract_layers=[1, 2, 3],
        reduce_dim=16,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
    )
    return tf.CLIPSegForImageSegmentation(config)


def _dpt() -> tf.DPTForSemanticSegmentation:
    names = dict(enumerate(["wall", "sky", "tree", "road", "person"]))
    config = tf.DPTConfig(
        **_SIZES,
        **_NECK,
        image_size=32,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        id2label=names,
        label2id={name: i for i, name in names.items()},
        use_batch_norm_in_fusion_residual=True,
        use_auxiliary_head=False,
    )
    return tf.DPTForSemanticSegmentation(config)


BUILDERS: dict[str, Callable[[], Any]] = {
    "lseg": lseg,
    "smoothed lseg": lambda: lseg(head_block="bottleneck", block_depth=2),
    "clipseg": _clipseg,
    "dpt": _dpt,
}


def save(folder: Path, name: str) -> Path:
    """A seeded random model with a tokenizer of a few words; its weights are large, so that no map is flat."""
    torch.manual_seed(0)
    net = BUILDERS[name]()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim == 2:
                parameter.mul_(3)
    net.save_pretrained(folder)
    if name != "dpt":
        tf.BertTokenizer(vocab=dict(VOCAB)).save_pretrained(folder)
    processor = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
    processor |= {"resample": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder
