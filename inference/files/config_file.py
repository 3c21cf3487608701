"""A checkpoint's config.json: read and held to limits before transformers builds anything from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.json_file import read_object
from inference.files.own_models import import_own

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

CONFIG = "config.json"
MAX_CONFIG = 5 * 2**20

# Whole numbers from 1 to the limit, under the names that the text models of transformers use. The limits are far
# above every published model and low enough that building the empty model takes seconds, not hours.
_MOST_BY_KEY = {
    key: most
    for most, keys in (
        (1_000, "num_hidden_layers num_layers n_layer n_layers encoder_layers decoder_layers num_decoder_layers"),
        (
            10_000,
            "num_attention_heads num_heads n_head n_heads encoder_attention_heads decoder_attention_heads "
            "num_key_value_heads num_experts num_local_experts n_routed_experts type_vocab_size",
        ),
        (
            1_000_000,
            "hidden_size d_model n_embd dim emb_dim embedding_size intermediate_size hidden_dim d_ff d_kv n_inner "
            "head_dim ffn_dim encoder_ffn_dim decoder_ffn_dim embed_dim decoder_hidden_size decoder_intermediate_size",
        ),
        (100_000_000, "vocab_size max_position_embeddings n_positions n_ctx max_seq_len"),
    )
    for key in keys.split()
}
# DeBERTa says so where its sentences are not told apart.
_MAY_BE_ZERO = {"type_vocab_size"}
# How transformers should work out attention is not the file's to say: it may name what is not installed.
_LEFT_ASIDE = {"_attn_implementation", "attn_implementation", "_attn_implementation_internal"}


def read_config(folder: Path) -> dict[str, Any]:
    """What config.json says, checked.

    Raises
    ------
    Refused
        There is none, it is no JSON object, holds numbers outside the limits, or asks for quantised weights or code
        from elsewhere.
    """
    if not (folder / CONFIG).is_file():
        if gguf := next(folder.glob("*.gguf"), None):
            raise Refused(f"{folder.name} holds only {gguf.name}, a GGUF file; Headlight reads safetensors.")
        raise Refused(f"{folder.name} holds no {CONFIG}, so it is not a checkpoint.")
    config = read_object(folder / CONFIG, MAX_CONFIG)
    _check_numbers(config)
    if quantization := config.get("quantization_config"):
        method = quantization.get("quant_method", "") if isinstance(quantization, dict) else ""
        raise Refused(f"{CONFIG} says that the weights are quantised ({method or 'somehow'}); Headlight reads floats.")
    for key, value in config.items():
        # transformers would fetch such a kernel from the hub and run it.
        if key.endswith("_implementation") and "/" in str(value):
            raise Refused(f"{CONFIG} asks for code from the hub ({key}: {value}), which Headlight does not run.")
    return config


def build_config(config: dict[str, Any]) -> PreTrainedConfig:
    """The same as transformers' object.

    Raises
    ------
    Refused
        No type of model is named, transformers does not know it, or finds a value wrong.
    """
    from transformers import CONFIG_MAPPING, __version__

    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise Refused(f"{CONFIG} has no model_type, so the kind of model is not known.")
    import_own(model_type)
    if model_type not in CONFIG_MAPPING:
        if auto_map := config.get("auto_map"):
            file = str(next(iter(auto_map.values()), "")) if isinstance(auto_map, dict) else ""
            raise Refused(
                f"{CONFIG} asks for Python code of its own ({file or 'auto_map'}); "
                f"Headlight runs no code from checkpoints, and transformers has no {model_type!r}."
            )
        raise Refused(f"{CONFIG} names the model type {model_type!r}, which transformers {__version__} does not know.")
    try:
        return CONFIG_MAPPING[model_type].from_dict(_without(config, _LEFT_ASIDE))
    except Exception as error:  # whatever foreign code makes of a foreign file
        raise Refused(f"{CONFIG} has a wrong value: {first_line(error)}") from error


def named_class(config: dict[str, Any]) -> str:
    """The class of transformers that config.json names, or empty."""
    architectures = config.get("architectures")
    names = architectures if isinstance(architectures, list) else []
    return next((name[:100] for name in names if isinstance(name, str)), "")


def first_line(error: BaseException) -> str:
    """The first line of what an error says that says something, as the end of a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if text.endswith(":") and len(lines) > 1:
        text += " " + lines[1]
    return text[:300].rstrip(".") + "."


def _check_numbers(config: dict[str, Any]) -> None:
    parts = [("", config)]  # a list instead of recursion: JSON may be nested deeper than Python calls
    while parts:
        where, part = parts.pop()
        for key, value in part.items():
            if isinstance(value, dict):
                parts.append((f"{where[-80:]}{key}.", value))
            elif key in _MOST_BY_KEY and value is not None:
                # Some models list a value for each layer.
                for number in value if isinstance(value, list) else [value]:
                    _check_number(where + key, number, _MOST_BY_KEY[key])


def _check_number(name: str, number: Any, most: int) -> None:
    least = 0 if name.rpartition(".")[2] in _MAY_BE_ZERO else 1
    if type(number) is not int or not least <= number <= most:
        raise Refused(
            f"{CONFIG} says {name} is {str(number)[:40]}; whole numbers from {least} to {most:,} are allowed."
        )


def _without(config: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    """A copy without these keys, also not in parts of it."""
    return {
        key: _without(value, keys) if isinstance(value, dict) else value
        for key, value in config.items()
        if key not in keys
    }
