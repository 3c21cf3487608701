"""A small random model of any text architecture of transformers, by its type alone."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import torch
import transformers
from transformers.models.auto import modeling_auto as auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from inference.files.own_models import import_own, own_class
from inference.registry import OWN_MODELS
from tests.inference.tiny_models import D_VOCAB

# One size in all spellings.
_SIZES: dict[str, Any] = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "emb_dim", "dim", "word_embed_proj_dim"), 32),
    **dict.fromkeys(("num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers"), 2),
    **dict.fromkeys(("decoder_layers", "num_decoder_layers"), 3),
    **dict.fromkeys(("num_attention_heads", "num_heads", "n_head", "n_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("head_dim", "d_kv", "d_head", "attention_head_size", "query_pre_attn_scalar"), 8),
    **dict.fromkeys(("intermediate_size", "d_ff", "ffn_dim", "n_inner", "hidden_dim", "d_inner"), 48),
    **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim", "moe_intermediate_size"), 24),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_seq_len"), 40),
    **dict.fromkeys(("max_encoder_position_embeddings", "max_decoder_position_embeddings"), 40),
    **dict.fromkeys(("vocab_size", "shape_vocab_size", "pronunciation_vocab_size", "entity_vocab_size"), D_VOCAB),
    **dict.fromkeys(("embedding_size", "entity_emb_size", "shared_expert_intermediate_size"), 16),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("rotary_dim", "attention_window", "sliding_window", "block_size"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_experts_per_tok", "num_random_blocks", "type_vocab_size"), 2),
    **dict.fromkeys(("n_group", "topk_group", "pad_token_id"), 1),
    **dict.fromkeys(("kv_lora_rank", "q_lora_rank"), 16),
    "qk_nope_head_dim": 4,
    "qk_rope_head_dim": 8,
    "v_head_dim": 6,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "attention_types": [[["global", "local"], 1]],
    "block_sizes": [2, 2],
    "bos_token_id": 0,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
}
# Of two layers one attends, for those where not all do.
_OF_TYPE: dict[str, dict[str, Any]] = {
    **{key: {"num_key_value_heads": 4} for key in ("deepseek_v2", "deepseek_v3")},
    "bamba": {
        "attn_layer_indices": [1],
        "mamba_n_heads": 8,
        "mamba_d_state": 8,
        "mamba_d_head": 8,
        "mamba_n_groups": 1,
    },
    "granitemoehybrid": {
        "layer_types": ["mamba", "attention"],
        "mamba_n_heads": 8,
        "mamba_d_state": 8,
        "mamba_d_head": 8,
        "mamba_n_groups": 1,
    },
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "mamba_d_state": 4, "use_mamba_kernels": False},
    "olmo_hybrid": {"layer_types": ["linear_attention", "full_attention"]},
    "qwen3_5_text": {"layer_types": ["linear_attention", "full_attention"]},
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "qwen3_next": {"layer_types": ["linear_attention", "full_attention"]},
}


def config_of(model_type: str, **more: Any) -> transformers.PreTrainedConfig:
    """Small, and with all else as the type has it, but for `more`."""
    import_own(model_type)
    cls = CONFIG_MAPPING[model_type]
    spelled = {field.name for field in dataclasses.fields(cls)} | {*inspect.signature(cls).parameters}
    known = spelled | {*cls.attribute_map}
    # Of two names for one thing the type's own.
    known -= {name for name, own in cls.attribute_map.items() if own in _SIZES}
    sizes = {name: size for name, size in _SIZES.items() if name in known}
    return cls(**sizes | _OF_TYPE.get(model_type, {}) | more)


def build_type(model_type: str, **more: Any) -> Any:
    """A seeded random model with the largest head, in eval mode."""
    tables: Any = (
        auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
        auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        auto.MODEL_MAPPING_NAMES,
    )
    config = config_of(model_type, **more)
    own = OWN_MODELS.get(model_type, "").rpartition(":")[2]
    name = own or next(table[model_type] for table in tables if model_type in table)
    torch.manual_seed(0)
    net = ((own_class(model_type, own) if own else None) or getattr(transformers, name))(config).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2)
    return net
