"""What a configuration says of positions, without the model: which kind of encoding, and how long an input may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

_SINUSOIDAL = {"ctrl", "marian", "m2m_100", "nllb-moe", "pegasus", "xglm"}
_UNLIMITED = {"mt5", "switch_transformers", "t5", "umt5", "xlnet"}
_RELATIVE = {*_UNLIMITED, "deberta", "deberta-v2", "funnel", "mpnet"}
_ROTARY = {"gptj", "codegen", "roformer"}  # the others say so by `rope_parameters`
# They read patches.
_IMAGES = {"beit", "clip_vision_model", "deit", "dinov2", "dinov2_with_registers", "swin", "swinv2", "vit", "vit_mae"}
# Their position tables start behind the number of the padding token.
_STARTS_BEHIND_PADDING = {
    "roberta",
    "xlm-roberta",
    "xlm-roberta-xl",
    "camembert",
    "roberta-prelayernorm",
    "longformer",
    "luke",
    "data2vec-text",
    "esm",
    "mpnet",
}


def position_kind(config: PreTrainedConfig) -> str:
    """`learned`, `sinusoidal`, `rotary`, `relative`, `alibi` or `none`: the one that matters of several."""
    config = config.get_text_config()
    if config.model_type in _IMAGES:
        return _image_kind(config)
    if has_alibi(config):
        return "alibi"
    if config.model_type in _RELATIVE:
        return "relative"
    if config.model_type in _SINUSOIDAL or getattr(config, "sinusoidal_embeddings", False):
        return "sinusoidal"
    is_rotary = getattr(config, "position_embedding_type", None) == "rotary"  # ESM
    if config.model_type in _ROTARY or getattr(config, "rope_parameters", None) or is_rotary:
        return "rotary"
    return "learned" if n_ctx(config) else "none"


def reads_images(config: PreTrainedConfig) -> bool:
    """Whether positions are places in a picture."""
    return config.model_type in _IMAGES or config.model_type in ("imagegpt", "masked_imagegpt")


def _image_kind(config: PreTrainedConfig) -> str:
    """As `position_kind`."""
    if config.model_type in ("swin", "swinv2"):
        return "relative"
    if config.model_type == "vit_mae":
        return "sinusoidal"
    if config.model_type != "beit":
        return "learned"
    if config.use_relative_position_bias or config.use_shared_relative_position_bias:
        return "relative"
    return "learned" if config.use_absolute_position_embeddings else "none"


def has_alibi(config: PreTrainedConfig) -> bool:
    """Whether the scores fall with the distance by fixed slopes (Press et al. 2022)."""
    if config.model_type == "mpt":
        return config.attn_config.alibi
    return config.model_type == "bloom" or (config.model_type == "falcon" and config.alibi)


def n_ctx(config: PreTrainedConfig) -> int:
    """Longest input in tokens; 0 where there is no limit, or where the input is a picture in patches."""
    config = config.get_text_config()
    if config.model_type in _IMAGES:
        return 0
    if config.model_type == "mpt":
        return config.max_seq_len
    if has_alibi(config) or config.model_type in _UNLIMITED:
        return 0
    if config.model_type == "led":
        return config.max_encoder_position_embeddings
    n_rows = getattr(config, "max_position_embeddings", 0) or 0
    if config.model_type in _STARTS_BEHIND_PADDING:
        return n_rows - (config.pad_token_id or 0) - 1
    return n_rows
