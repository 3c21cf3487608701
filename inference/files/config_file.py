"""A checkpoint's config.json: read and held to limits before transformers builds anything from it."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.json_file import read_object
from inference.files.own_models import import_own
from inference.files.reasons import first_line
from inference.files.regular_files import is_there

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

_ONE_NUMBER = {"vocab_size", "max_position_embeddings"}  # the others may list a value for each layer or stage
# Of whatever else is built one by one, under any name.
_COUNTS = re.compile(
    r"layer|depth|block|stage|group|head|expert|label|level|repeat|iteration|^attention_types$|^num_|_num$|^n_",
    re.IGNORECASE,
)
_MOST_COUNTED = 100_000
_LARGE = re.compile(r"vocab|token|position|length|_id$|param|flos|sample|point|max_|n_ctx|num_chan", re.IGNORECASE)

# Keys with which a configuration sends transformers to other files, code or kernels. The names of the files that the
# weights and the configuration are read from would change what is loaded, so these are refused.
_OTHER_FILES = {"transformers_weights", "configuration_files", "gguf_file"}
_ELSEWHERE = {
    *_OTHER_FILES,
    *_LEFT_ASIDE,
    "auto_map",
    "custom_pipelines",
    "fusion_config",
    "name_or_path",
    "_name_or_path",
}


def read_config(folder: Path) -> dict[str, Any]:
    """What config.json says, checked.

    Raises
    ------
    Refused
        There is none, it is no JSON object, holds numbers outside the limits, or asks for quantised weights or code
        from elsewhere.
    """
    if not is_there(folder / CONFIG):
        if gguf := next(folder.glob("*.gguf"), None):
            raise Refused(f"{folder.name} holds only {gguf.name}, a GGUF file; Headlight reads safetensors.")
        raise Refused(f"{folder.name} holds no {CONFIG}, so it is not a checkpoint.")
    config = read_object(folder / CONFIG, MAX_CONFIG)
    _check_values(config)
    if quantization := config.get("quantization_config"):
        method = quantization.get("quant_method", "") if isinstance(quantization, dict) else ""
        raise Refused(f"{CONFIG} says that the weights are quantised ({method or 'somehow'}); Headlight reads floats.")
    return config


def build_config(config: dict[str, Any]) -> PreTrainedConfig:
    """The same as transformers' object.

    Raises
    ------
    Refused
        No type of model is named, transformers does not know it, or finds a value wrong.
    """
    from transformers import CONFIG_MAPPING, __version__
    from transformers.utils import logging

    logging.set_verbosity_error()  # of a value that is wrong it is told, and others are usual: MusicGen's padding
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise Refused(f"{CONFIG} has no model_type, so the kind of model is not known.")
    import_own(model_type)
    if model_type not in CONFIG_MAPPING:
        if auto_map := config.get("auto_map"):
            file = str(next(iter(auto_map.values()), "")) if isinstance(auto_map, dict) else ""
            raise Refused(
                f"{CONFIG} asks for Python code of its own ({file or 'auto_map'}); "
                f"Headlight runs no code from checkpoints, and transformers has no {model_type[:80]!r}."
            )
        raise Refused(
            f"{CONFIG} names the model type {model_type[:80]!r}, which transformers {__version__} does not know."
        )
    values = _with_infinity(without_elsewhere(config))
    if model_type == "mistral" and "layer_types" in values:  # as AutoConfig does
        values["model_type"] = "ministral"
    try:
        # Not `from_pretrained`, which would look the file up again, and others that it names.
        return CONFIG_MAPPING[values["model_type"]].from_dict(values)
    except Exception as error:  # whatever foreign code makes of a foreign file
        raise Refused(f"{CONFIG} has a wrong value: {first_line(error)}") from error


def named_class(config: dict[str, Any]) -> str:
    """The class of transformers that config.json names, or empty."""
    architectures = config.get("architectures")
    names = architectures if isinstance(architectures, list) else []
    return next((name[:100] for name in names if isinstance(name, str)), "")


def config_of_text(config: PreTrainedConfig) -> PreTrainedConfig:
    """Of the part that reads the text; MusicGen's decoder, which writes codes, passes for one too."""
    return getattr(config, "text_encoder", None) or config.get_text_config()


def without_elsewhere(value: Any) -> Any:
    """A copy of JSON values without what makes transformers look for further files, code or kernels."""
    if isinstance(value, dict):
        return {key: without_elsewhere(item) for key, item in value.items() if key not in _ELSEWHERE}
    return [without_elsewhere(item) for item in value] if isinstance(value, list) else value


def _with_infinity(value: Any) -> Any:
    """A copy in which numbers without end, which JSON does not know and transformers writes as objects, are numbers."""
    if isinstance(value, dict):
        if value.keys() == {"__float__"} and value["__float__"] in ("Infinity", "-Infinity"):
            return float(value["__float__"])
        return {key: _with_infinity(item) for key, item in value.items()}
    return [_with_infinity(item) for item in value] if isinstance(value, list) else value


def _check_values(config: dict[str, Any]) -> None:
    parts: list[tuple[str, Any]] = [("", config)]  # instead of recursion: JSON may be nested deeper than Python calls
    while parts:
        where, part = parts.pop()
        for key, value in part.items() if isinstance(part, dict) else ((where, item) for item in part):
            name = where + key if isinstance(part, dict) else where
            _check_elsewhere(name, key, value)
            if key.endswith("_config") and not isinstance(value, dict | None):
                raise Refused(f"{CONFIG} says {name} is {str(value)[:40]}; an object is needed.")
            if key.endswith("_token_id") and not _is_id(value):
                raise Refused(f"{CONFIG} says {name} is {str(value)[:40]}; a whole number is needed.")
            if key == "id2label":
                _check_labels(name, value)
            elif isinstance(value, float):
                _check_float(name, key, value)
            if isinstance(value, dict):
                parts.append((f"{name[-80:]}.", value))
            elif key in _MOST_BY_KEY and value is not None:
                for number in value if isinstance(value, list) and key not in _ONE_NUMBER else [value]:
                    _check_number(name, number, _MOST_BY_KEY[key])
            elif isinstance(value, list):
                parts.append((name[-80:], value))
            elif type(value) is int:
                _check_size(name, key, value)


def _is_id(value: Any) -> bool:
    """Token ids: one, several or none."""
    return all(isinstance(one, int) for one in value) if isinstance(value, list) else isinstance(value, int | None)


def _check_elsewhere(name: str, key: str, value: Any) -> None:
    """What is checked is what is loaded, so nothing else may be named."""
    # transformers would fetch such a kernel from the hub and run it.
    if key.endswith("_implementation") and "/" in str(value):
        raise Refused(f"{CONFIG} asks for code from the hub ({name}: {str(value)[:80]}), which Headlight does not run.")
    if key in _OTHER_FILES and value and value != "model.safetensors":
        raise Refused(
            f"{CONFIG} names another file ({name}: {str(value)[:80]!r}); Headlight opens no others than those that "
            "are usual in a checkpoint."
        )


def _check_labels(name: str, labels: Any) -> None:
    if labels is None:
        return
    if not isinstance(labels, dict):
        raise Refused(f"{CONFIG} says {name} is {str(labels)[:40]}; an object of numbers and names is needed.")
    for number, label in labels.items():
        if not isinstance(label, str) or not number.isdecimal():
            raise Refused(f"{CONFIG} says {name}.{number[:40]} is {str(label)[:40]}; a name under a number is needed.")


def _check_float(name: str, key: str, number: float) -> None:
    is_share = "drop" in key.lower()
    if math.isnan(number) or (is_share and not 0 <= number <= 1):
        raise Refused(
            f"{CONFIG} says {name} is {number}; a {'number from 0 to 1' if is_share else 'number'} is needed."
        )


def _check_size(name: str, key: str, number: int) -> None:
    """Numbers of things that are built one by one, under whatever name, and numbers that no computer can hold."""
    if _COUNTS.search(key) and not _LARGE.search(key) and number > _MOST_COUNTED:
        raise Refused(f"{CONFIG} says {name} is {number:,}; up to {_MOST_COUNTED:,} are allowed.")
    if key.endswith("group_num") and number < 1:
        raise Refused(f"{CONFIG} says {name} is {number:,}; whole numbers from 1 on are allowed.")
    if abs(number) >= 2**63:
        raise Refused(f"{CONFIG} says {name} is {str(number)[:40]}…, a whole number of more than 63 bits.")


def _check_number(name: str, number: Any, most: int) -> None:
    least = 0 if name.rpartition(".")[2] in _MAY_BE_ZERO else 1
    if type(number) is not int or not least <= number <= most:
        raise Refused(
            f"{CONFIG} says {name} is {str(number)[:40]}; whole numbers from {least} to {most:,} are allowed."
        )
