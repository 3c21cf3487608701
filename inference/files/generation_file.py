"""What a checkpoint says of how its texts are to be written; see transformers' `GenerationConfig`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from inference.context import Refused
from inference.files.json_file import read_object
from inference.files.regular_files import is_there

if TYPE_CHECKING:
    from pathlib import Path

GENERATION = "generation_config.json"
_MOST_BYTES = 2**20
_MOST_ENTRIES = 10_000  # of a list
_MOST_NUMBER = 2**31 - 1


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_NUMBER


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_list(value: Any, is_good: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and 0 < len(value) <= _MOST_ENTRIES and all(map(is_good, value))


def _is_penalty(value: Any) -> bool:
    return _is_number(value) and value > 0


def _are_ids(value: Any) -> bool:
    return _is_list(value, _is_count)


def _is_id_or_ids(value: Any) -> bool:
    return _is_count(value) or _are_ids(value)


def _are_words(value: Any) -> bool:
    return _is_list(value, _are_ids)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("bos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id"), _is_count),
    **dict.fromkeys(("eos_token_id", "forced_eos_token_id"), _is_id_or_ids),
    **dict.fromkeys(("no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "min_length"), _is_count),
    **dict.fromkeys(("repetition_penalty", "encoder_repetition_penalty"), _is_penalty),
    **dict.fromkeys(("suppress_tokens", "begin_suppress_tokens"), _are_ids),
    "num_beams": lambda value: _is_count(value) and value > 0,
    "length_penalty": _is_number,
    "early_stopping": lambda value: isinstance(value, bool) or value == "never",
    "bad_words_ids": _are_words,
}


def checked(given: dict[str, Any]) -> dict[str, Any]:
    """What of it is used here, as far as it is what it should be."""
    return {name: given[name] for name, is_good in _CHECKS.items() if name in given and is_good(given[name])}


def read_generation(folder: Path) -> dict[str, Any]:
    """The same of a checkpoint's file; nothing where there is none, or where it cannot be read."""
    if not is_there(folder / GENERATION):
        return {}
    try:
        return checked(read_object(folder / GENERATION, _MOST_BYTES))
    except Refused:
        return {}
