"""Small random models that read words and an image together, on disk as the published ones lie there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as tf

from inference.models.streams.oscar import Oscar, OscarConfig
from inference.models.streams.pixel_bert import PixelBert, PixelBertConfig
from inference.models.streams.unicoder_vl import UnicoderVl, UnicoderVlConfig
from inference.models.streams.uniter import Uniter, UniterConfig
from inference.models.streams.vilbert import VilBert, VilBertConfig
from inference.models.streams.vilt import ViltForPreTraining
from inference.models.streams.vl_bert import VlBert, VlBertConfig
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from tests.inference.tiny_pairs import VOCAB

N_NUMBERS = 12
_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
TEXT: dict[str, Any] = {**_SIZES, "vocab_size": len(VOCAB), "max_position_embeddings": 24, "pad_token_id": 0}
_IMAGE: dict[str, Any] = {**_SIZES, "image_size": 24, "patch_size": 8}
_GRID: dict[str, Any] = {"resnet_depths": (1, 1), "resnet_strides": (1, 1), "resnet_width": 8, "image_size": 24}
_GRID |= {"resnet_is_small": True}
_WIDE = {"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 64}


def _vilt(cls: Any, **more: Any) -> Any:
    return cls(tf.ViltConfig(**{**TEXT, **_IMAGE, "max_image_length": -1, **more}))


def _bridgetower(cls: Any) -> Any:
    text = {**TEXT, **_WIDE, "num_attention_heads": 4}
    vision = {**_WIDE, "image_size": 24, "patch_size": 8}
    config = tf.BridgeTowerConfig(
        text_config=text, vision_config=vision, **_WIDE, num_attention_heads=4, contrastive_hidden_size=32
    )
    return cls(config)


def _flava(cls: Any) -> Any:
    config = tf.FlavaConfig(
        text_config=TEXT, image_config=_IMAGE, multimodal_config={**_SIZES, "vocab_size": len(VOCAB)}, hidden_size=32,
        projection_dim=16, image_codebook_config={"num_groups": 4, "hidden_size": 8, "vocab_size": 16},
    )  # fmt: skip
    return cls(config)


def _blip(cls: Any) -> Any:
    text = {**TEXT, "encoder_hidden_size": 32, "bos_token_id": 2, "sep_token_id": 3, "projection_dim": 16}
    return cls(tf.BlipConfig(text_config=text, vision_config=_IMAGE, projection_dim=16, image_text_hidden_size=16))


def _visual_bert(cls: Any) -> Any:
    return cls(tf.VisualBertConfig(**TEXT, visual_embedding_dim=N_NUMBERS))


def _lxmert(cls: Any) -> Any:
    config = tf.LxmertConfig(
        vocab_size=len(VOCAB), hidden_size=32, num_attention_heads=4, intermediate_size=48, l_layers=2, x_layers=2,
        r_layers=1, visual_feat_dim=N_NUMBERS, max_position_embeddings=24, num_qa_labels=5, num_object_labels=6,
        num_attr_labels=4,
    )  # fmt: skip
    return cls(config)


def _vilbert(**more: Any) -> Any:
    regions = {"v_hidden_size": 32, "v_num_hidden_layers": 2, "v_num_attention_heads": 2, "v_intermediate_size": 32}
    connected = {"v_biattention_id": (0, 1), "t_biattention_id": (1, 2), "bi_hidden_size": 32}
    sizes: dict[str, Any] = TEXT | {"num_hidden_layers": 3} | regions | connected | {"bi_num_attention_heads": 4}
    return VilBert(VilBertConfig(v_feature_size=N_NUMBERS, v_target_size=7, **sizes | more))


BUILDERS: dict[str, Callable[[], Any]] = {
    "vilt words": lambda: _vilt(tf.ViltForMaskedLM),
    "vilt both": lambda: _vilt(ViltForPreTraining),
    "vilt pairs": lambda: _vilt(tf.ViltForImageAndTextRetrieval),
    "vilt of few": lambda: _vilt(tf.ViltModel, max_image_length=5),
    "bridgetower words": lambda: _bridgetower(tf.BridgeTowerForMaskedLM),
    "bridgetower pairs": lambda: _bridgetower(tf.BridgeTowerForImageAndTextRetrieval),
    "flava": lambda: _flava(tf.FlavaForPreTraining),
    "blip writes": lambda: _blip(tf.BlipForConditionalGeneration),
    "blip matches": lambda: _blip(tf.BlipForImageTextRetrieval),
    "visual_bert": lambda: _visual_bert(tf.VisualBertForPreTraining),
    "lxmert": lambda: _lxmert(tf.LxmertForPreTraining),
    "uniter": lambda: Uniter(UniterConfig(img_dim=N_NUMBERS, img_label_dim=7, **TEXT)),
    "oscar": lambda: Oscar(OscarConfig(img_feature_dim=N_NUMBERS + 6, num_contrast_classes=3, **TEXT)),
    "vilbert": _vilbert,
    "vilbert of tasks": lambda: _vilbert(n_tasks=20),
    "vl_bert": lambda: VlBert(VlBertConfig(visual_feature_size=N_NUMBERS, n_waves=3, visual_region_classes=7, **TEXT)),
    "unicoder_vl": lambda: UnicoderVl(UnicoderVlConfig(img_dim=N_NUMBERS, img_label_dim=7, **TEXT)),
    "pixel_bert": lambda: PixelBert(PixelBertConfig(**_GRID, n_sampled=5, **TEXT)),
}
NAMES = tuple(BUILDERS)
OF_REGIONS = ("visual_bert", "lxmert", "uniter", "oscar", "vilbert", "vilbert of tasks", "vl_bert", "unicoder_vl")


def save(folder: Path, name: str) -> Path:
    """A seeded random model with a tokenizer of a few words; its weights are large, so that no pattern is flat."""
    torch.manual_seed(0)
    net = BUILDERS[name]().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 2.5 / parameter[0].numel() ** 0.5)
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))
    net.save_pretrained(folder)
    tf.BertTokenizer(vocab=VOCAB).save_pretrained(folder)
    return folder


def save_regions(file: Path, n: int = 5, size: tuple[int, int] = (256, 256), *, n_numbers: int = N_NUMBERS) -> Path:
    """An NPZ file of seeded regions."""
    rng = np.random.default_rng(2)
    corners = rng.uniform(0, 0.6, (n, 2)) * size
    boxes = np.concatenate([corners, corners + rng.uniform(0.1, 0.4, (n, 2)) * size], 1)
    np.savez(
        file,
        boxes=boxes.astype(np.float32),
        features=rng.normal(size=(n, n_numbers)).astype(np.float32),
        labels=np.array([f"thing {i}" for i in range(n)]),
        scores=rng.uniform(0.3, 1, n).astype(np.float32),
        size=np.array(size),
    )
    return file


def given(text: str, regions: Path | None = None, seed: int = 3, **more: Any) -> Input:
    """A text, a generated scene, and regions of it."""
    return Input(
        text=TextInput(text, **more),
        image=ImageInput(seed=seed, kind="scene"),
        regions=None if regions is None else RegionsInput(str(regions)),
    )
