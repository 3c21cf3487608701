"""What a decoder is given that has begun to write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inference.inputs.shortening import shortened
from inference.inputs.tokens import behind_start, tokenize, vocabulary_size
from inference.results.inputs import TextInput

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

    from inference.results.tokens import Tokens


def longest(config: PreTrainedConfig) -> int:
    """Tokens that one of the two takes; 0 for no limit."""
    n_rows = getattr(config, "max_target_positions", 0) or getattr(config, "max_position_embeddings", 0) or 0
    begins_behind = config.model_type in ("roberta", "xlm-roberta", "camembert")
    return n_rows - (config.pad_token_id or 0) - 1 if begins_behind else n_rows


def target_of(given: TextInput) -> TextInput:
    """What was written so far: the second text, without one the source itself."""
    if given.text_pair is None:
        return replace(given, masked=())
    return TextInput(given.text_pair, start=given.start)


def written_so_far(given: TextInput, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """What a decoder is given: its start token, then the text without special tokens at its ends."""
    decoder = getattr(config, "decoder", config)
    n_most = longest(decoder)
    tokens = tokenize(given, decoder, tokenizer)
    known = [
        getattr(part, f"{name}_token_id", None)
        for name in ("decoder_start", "bos", "cls", "pad")
        for part in (config, decoder)
    ]
    start = next((token for token in known if token is not None and token < vocabulary_size(decoder)), 0)
    begin = int(tokens.is_special[0])
    end = max(begin, len(tokens) - int(tokens.is_special[-1]))
    words = tokens.taken(range(begin, end))
    if n_most and len(words) > n_most - 1:
        words = shortened(words, {"the target": range(len(words))}, given.start or 0, n_most - 1)
    return behind_start(start, words, tokenizer)
