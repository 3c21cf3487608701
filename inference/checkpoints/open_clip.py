"""open_clip's folders in Hugging Face's layout, read as transformers' CLIP: the same numbers under other names.

open_clip keeps the three projections of an attention in one tensor, the projections into the common space transposed,
and its wishes about images in its own configuration. Of its many models that of the paper is read: two plain
Transformers, one for patches, one for tokens. All others are refused by what they have more.

References
----------
https://github.com/mlfoundations/open_clip: `model.py` and `transformer.py`, for names and defaults.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.checkpoints.weights_header import StoredTensor, read_header
from inference.context import Refused
from inference.files.config_file import CONFIG, MAX_CONFIG
from inference.files.json_file import read_object
from inference.files.regular_files import is_there

if TYPE_CHECKING:
    from torch import Tensor

OPEN_CLIP_CONFIG = "open_clip_config.json"
OPEN_CLIP_WEIGHTS = "open_clip_model.safetensors"
_PICKLE = "open_clip_pytorch_model.bin"

_HEAD_WIDTH = 64  # of the image tower, where it is not said
_LEGACY_END = 2  # tells transformers to take the text's vector at its highest id, as open_clip does
# What may be said, and what it has to be where it is: anything else makes another model.
_MODEL = {"embed_dim": None, "vision_cfg": None, "text_cfg": None, "quick_gelu": None, "custom_text": None,
          "init_logit_scale": None, "init_logit_bias": (None,), "nonscalar_logit_scale": (False,),
          "cast_dtype": None, "output_dict": None}  # fmt: skip
_VISION = {"image_size": None, "layers": None, "width": None, "patch_size": None, "head_width": None,
           "mlp_ratio": None, "patch_dropout": None, "output_tokens": None, "ls_init_value": (None,),
           "attentional_pool": (False,), "no_ln_pre": (False,), "pos_embed_type": ("learnable",),
           "final_ln_after_pool": (False,), "pool_type": ("tok",), "input_patchnorm": (False,),
           "global_average_pool": (False,), "timm_model_name": (None,), "act_kwargs": (None, {}),
           "norm_kwargs": (None, {})}  # fmt: skip
_TEXT = {"context_length": None, "vocab_size": None, "width": None, "heads": None, "layers": None, "mlp_ratio": None,
         "hf_tokenizer_name": None, "tokenizer_kwargs": None, "output_tokens": None, "ls_init_value": (None,),
         "embed_cls": (False,), "no_causal_mask": (False,), "final_ln_after_pool": (False,), "pool_type": ("argmax",),
         "proj_bias": (False,), "proj_type": ("linear",), "hf_model_name": (None,), "act_kwargs": (None, {}),
         "norm_kwargs": (None, {}), "pad_id": None}  # fmt: skip
_RESAMPLES = {"bicubic": 3, "bilinear": 2}

_BLOCK = re.compile(r"^(visual\.)?transformer\.resblocks\.(\d+)\.(.+)$")
_IN_BLOCK = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
             "attn.out_proj": "self_attn.out_proj"}  # fmt: skip
_NAMES = {
    "logit_scale": "logit_scale",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    **{f"visual.ln_pre.{end}": f"vision_model.pre_layrnorm.{end}" for end in ("weight", "bias")},
    **{f"visual.ln_post.{end}": f"vision_model.post_layernorm.{end}" for end in ("weight", "bias")},
}
_TRANSPOSED = {"text_projection": "text_projection.weight", "visual.proj": "visual_projection.weight"}


@dataclass(frozen=True)
class OpenClipFolder:
    """What such a folder says, in transformers' words.

    Attributes
    ----------
    config
        As config.json would say it.
    images
        As preprocessor_config.json would.
    stored
        Its tensors, under open_clip's names.
    """

    config: dict[str, Any]
    images: dict[str, Any]
    stored: dict[str, StoredTensor]

    @property
    def renamed(self) -> dict[str, StoredTensor]:
        """The same under transformers' names and in its shapes."""
        found: dict[str, StoredTensor] = {}
        for name, tensor in self.stored.items():
            targets = _targets(name)
            for target in targets:
                shape = tensor.shape[::-1] if target in _TRANSPOSED.values() else tensor.shape
                n = len(targets)
                found[target] = replace(tensor, shape=(shape[0] // n, *shape[1:]) if n > 1 and shape else shape)
        return found

    def renamed_tensors(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tensors of its file as transformers names and lays them."""
        found: dict[str, Tensor] = {}
        for name, tensor in tensors.items():
            targets = _targets(name)
            parts = tensor.chunk(len(targets)) if len(targets) > 1 else (tensor,)
            for target, part in zip(targets, parts, strict=True):
                found[target] = part.T.contiguous() if target in _TRANSPOSED.values() else part
        return found


def find_open_clip(folder: Path) -> OpenClipFolder | None:
    """What an open_clip folder says; None where it is none, or holds a checkpoint of transformers too.

    Raises
    ------
    Refused
        It is of a model that is not the plain one, has wrong values, or its weights are missing or a pickle.
    """
    if not is_there(folder / OPEN_CLIP_CONFIG) or is_there(folder / CONFIG):
        return None
    says = read_object(folder / OPEN_CLIP_CONFIG, MAX_CONFIG)
    model = _part(says, "model_cfg", _MODEL)
    vision, text = _part(model, "vision_cfg", _VISION), _part(model, "text_cfg", _TEXT)
    if not is_there(folder / OPEN_CLIP_WEIGHTS):
        what = f"only {_PICKLE}, a pickle that can run code; convert it to" if is_there(folder / _PICKLE) else "no"
        raise Refused(f"{folder.name} holds {what} {OPEN_CLIP_WEIGHTS}.")
    side = _whole(vision, "image_size", 224, 4_096)
    return OpenClipFolder(
        _config(model, vision, text, side), _images(says, side), read_header(folder / OPEN_CLIP_WEIGHTS)
    )


def _targets(name: str) -> tuple[str, ...]:
    """What a tensor is called in transformers; the three parts of a fused projection, one after the other."""
    name = name.removeprefix("text.")  # in front of all of the text tower, where it was built as a part of its own
    if name in _TRANSPOSED:
        return (_TRANSPOSED[name],)
    if not (match := _BLOCK.match(name)):
        return (_NAMES.get(name, name),)
    layer = f"{'vision' if match[1] else 'text'}_model.encoder.layers.{match[2]}"
    part, _, end = match[3].rpartition(".")
    if part == "attn" and end in ("in_proj_weight", "in_proj_bias"):
        return tuple(f"{layer}.self_attn.{which}_proj.{end.removeprefix('in_proj_')}" for which in "qkv")
    return (f"{layer}.{_IN_BLOCK[part]}.{end}",) if part in _IN_BLOCK else (name,)


def _part(says: dict[str, Any], name: str, known: dict[str, Any]) -> dict[str, Any]:
    """An object of the configuration, all of whose entries make the plain model."""
    part = says.get(name)
    if not isinstance(part, dict):
        raise Refused(f"{OPEN_CLIP_CONFIG} has no {name}, so the kind of model is not known.")
    for key, value in part.items():
        wanted = known.get(key, ()) if key in known else (None, False)
        if wanted is not None and not any(value == one and type(value) is type(one) for one in wanted):
            raise Refused(
                f"{OPEN_CLIP_CONFIG} says {name}.{key[:40]} is {str(value)[:60]}; of open_clip's models the plain CLIP "
                "is opened, with a ViT and a text Transformer that have nothing more."
            )
    return part


def _config(model: dict[str, Any], vision: dict[str, Any], text: dict[str, Any], side: int) -> dict[str, Any]:
    joint = _whole(model, "embed_dim", None, 1_000_000)
    act = "quick_gelu" if model.get("quick_gelu") else "gelu"
    width, d_text = _whole(vision, "width", 768, 1_000_000), _whole(text, "width", 512, 1_000_000)
    d_head = _whole(vision, "head_width", _HEAD_WIDTH, 1_000_000)
    if width % d_head:
        raise Refused(
            f"{OPEN_CLIP_CONFIG} says vision_cfg.width is {width:,}, which heads of {d_head:,} do not divide."
        )
    common = {"hidden_act": act, "layer_norm_eps": 1e-5, "projection_dim": joint}
    return {
        "model_type": "clip",
        "architectures": ["CLIPModel"],
        "projection_dim": joint,
        "vision_config": {
            **common,
            "image_size": side,
            "patch_size": _whole(vision, "patch_size", 16, side),
            "hidden_size": width,
            "num_hidden_layers": _whole(vision, "layers", 12, 1_000),
            "num_attention_heads": width // d_head,
            "intermediate_size": int(width * _ratio(vision)),
        },
        "text_config": {
            **common,
            "vocab_size": _whole(text, "vocab_size", 49_408, 100_000_000),
            "max_position_embeddings": _whole(text, "context_length", 77, 100_000),
            "hidden_size": d_text,
            "num_hidden_layers": _whole(text, "layers", 12, 1_000),
            "num_attention_heads": _whole(text, "heads", 8, 10_000),
            "intermediate_size": int(d_text * _ratio(text)),
            "bos_token_id": 0,
            "pad_token_id": 1,
            "eos_token_id": _LEGACY_END,
        },
    }


def _images(says: dict[str, Any], side: int) -> dict[str, Any]:
    """See `OpenClipFolder.images`."""
    wishes = says.get("preprocess_cfg") or {}
    if not isinstance(wishes, dict):
        raise Refused(f"{OPEN_CLIP_CONFIG} says preprocess_cfg is {str(wishes)[:40]}; an object is needed.")
    mode, filter_name = wishes.get("resize_mode", "shortest"), wishes.get("interpolation", "bicubic")
    if mode not in ("shortest", "squash") or filter_name not in _RESAMPLES:
        raise Refused(
            f"{OPEN_CLIP_CONFIG} says that images are resized by {str(mode)[:40]} and {str(filter_name)[:40]}; "
            "shortest and squash, bicubic and bilinear are known."
        )
    is_cut = mode == "shortest"
    found = {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": side} if is_cut else {"height": side, "width": side},
        "do_center_crop": is_cut,
        "crop_size": {"height": side, "width": side},
        "resample": _RESAMPLES[filter_name],
    }
    return found | {f"image_{key}": wishes[key] for key in ("mean", "std") if wishes.get(key) is not None}


def _whole(part: dict[str, Any], key: str, usual: int | None, most: int) -> int:
    value = part.get(key, usual)
    if type(value) is not int or not 1 <= value <= most:
        more = (
            " A ResNet, whose layers are a list, is not opened." if key == "layers" and isinstance(value, list) else ""
        )
        raise Refused(
            f"{OPEN_CLIP_CONFIG} says {key} is {str(value)[:40]}; whole numbers from 1 to {most:,} are possible.{more}"
        )
    return value


def _ratio(part: dict[str, Any]) -> float:
    value = part.get("mlp_ratio", 4.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 100:
        raise Refused(f"{OPEN_CLIP_CONFIG} says mlp_ratio is {str(value)[:40]}; a number from 0 to 100 is needed.")
    return float(value)
