"""What a decoder is given that has begun to write, or is to begin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inference.context import Refused
from inference.inputs.shortening import shortened
from inference.inputs.tokens import behind_start, tokenize, vocabulary_size
from inference.results.inputs import TextInput

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

    from inference.results.tokens import Tokens


def longest(config: PreTrainedConfig) -> int:
    """Tokens that one of the two takes; 0 for no limit."""
    n_rows = getattr(config, "max_target_positions", 0) or getattr(config, "max_position_embeddings", 0) or 0
    if config.model_type == "prophetnet":  # its first rows are no place's, and its streams stand one place further
        return n_rows - config.pad_token_id - 2
    begins_behind = config.model_type in ("roberta", "xlm-roberta", "camembert")
    return n_rows - (config.pad_token_id or 0) - 1 if begins_behind else n_rows


def written_so_far(given: TextInput, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """What a decoder is given: its start token, then the text without special tokens at its ends."""
    decoder = getattr(config, "decoder", config)
    n_most = longest(decoder)
    tokens = tokenize(given, decoder, tokenizer)
    begin = int(tokens.is_special[0])
    end = max(begin, len(tokens) - int(tokens.is_special[-1]))
    words = tokens.taken(range(begin, end))
    if n_most and len(words) > n_most - 1:
        words = shortened(words, {"the target": range(len(words))}, given.start or 0, n_most - 1)
    return behind_start(start_token(config), words, tokenizer)


def start_token(config: PreTrainedConfig) -> int:
    """The token that a decoder is given before it has written anything."""
    decoder = getattr(config, "decoder", config)
    known = [
        getattr(part, f"{name}_token_id", None)
        for name in ("decoder_start", "bos", "cls", "pad")
        for part in (config, decoder)
    ]
    return next((token for token in known if token is not None and token < vocabulary_size(decoder)), 0)


def source_of(given: TextInput) -> TextInput:
    """What an encoder-decoder reads."""
    return replace(given, text_pair=None, target_ids=None)


def target_of(given: TextInput, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """What its decoder is given: the target of the input; without one the source itself."""
    if given.target_ids is not None:
        return exact_target(given.target_ids, config, tokenizer)
    if given.text_pair is None:
        return written_so_far(replace(given, masked=()), config, tokenizer)
    return written_so_far(TextInput(given.text_pair, start=given.start), config, tokenizer)


def exact_target(ids: tuple[int, ...], config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None) -> Tokens:
    """The very ids that a decoder is given.

    Raises
    ------
    Refused
        There is none, one is outside the vocabulary, or there are more than it takes.
    """
    if not ids:
        raise Refused("The target has no token; a decoder is given its start token at least.")
    decoder = getattr(config, "decoder", config)
    return tokenize(TextInput(token_ids=ids), decoder, tokenizer, longest_target(config))


def text_and_written(
    given: TextInput, config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase | None, longest: int
) -> Tokens:
    """What a decoder without an encoder is given: a text, or the very ids of one that it went on with.

    An empty text is the token that begins one.

    Raises
    ------
    Refused
        The text is empty, and no token begins one; else as `tokenize`.
    """
    if given.target_ids is not None:
        return tokenize(TextInput(token_ids=given.target_ids), config, tokenizer, longest)
    is_empty = not given.text and not given.text_pair and given.token_ids is None
    if is_empty and tokenizer is not None and not tokenizer("")["input_ids"]:
        begin = tokenizer.bos_token_id
        if not isinstance(begin, int):
            raise Refused("The text is empty, and this tokenizer has no token that begins one; type a word.")
        given = TextInput(token_ids=(begin,))
    return tokenize(given, config, tokenizer, longest)


def longest_target(config: PreTrainedConfig) -> int:
    """Tokens that a decoder takes, its start token included; 0 for no limit."""
    decoder = getattr(config, "decoder", config)
    return getattr(decoder, "max_decoder_position_embeddings", 0) or longest(decoder)
