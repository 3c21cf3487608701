"""What a configuration says of positions, without the model: which kind of encoding, and how long an input may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

_SINUSOIDAL = {"marian", "m2m_100", "pegasus"}
_RELATIVE = {"t5", "mt5", "mpnet", "deberta", "deberta-v2"}
_ROTARY = {"gptj", "codegen"}  # the others say so by `rope_parameters`
# Their position tables start behind the number of the padding token.
_STARTS_BEHIND_PADDING = {
    "roberta",
    "xlm-roberta",
    "xlm-roberta-xl",
    "camembert",
    "roberta-prelayernorm",
    "data2vec-text",
    "xmod",
    "mpnet",
}


def position_kind(config: PreTrainedConfig) -> str:
    """`learned`, `sinusoidal`, `rotary`, `relative`, `alibi` or `none`: the one that matters of several."""
    config = config.get_text_config()
    if has_alibi(config):
        return "alibi"
    if config.model_type in _RELATIVE:
        return "relative"
    if config.model_type in _SINUSOIDAL or getattr(config, "sinusoidal_embeddings", False):
        return "sinusoidal"
    if config.model_type in _ROTARY or getattr(config, "rope_parameters", None):
        return "rotary"
    return "learned" if getattr(config, "max_position_embeddings", 0) else "none"


def has_alibi(config: PreTrainedConfig) -> bool:
    """Whether the scores fall with the distance by fixed slopes (Press et al. 2022)."""
    if config.model_type == "mpt":
        return config.attn_config.alibi
    return config.model_type == "bloom" or (config.model_type == "falcon" and config.alibi)


def n_ctx(config: PreTrainedConfig) -> int:
    """Longest input in tokens; 0 where there is no limit."""
    config = config.get_text_config()
    if config.model_type == "mpt":
        return config.max_seq_len
    if has_alibi(config) or config.model_type in ("t5", "mt5"):
        return 0
    n_rows = getattr(config, "max_position_embeddings", 0) or 0
    if config.model_type in _STARTS_BEHIND_PADDING:
        return n_rows - (config.pad_token_id or 0) - 1
    return n_rows
