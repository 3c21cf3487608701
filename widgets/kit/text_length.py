"""How long an input can be, before it is tokenized."""

from __future__ import annotations

from inference.results import TextInput

# Up to so many tokens whole patterns are fetched; beyond, what is on screen.
WHOLE = 512


def most_tokens(input: object) -> int:
    """As many tokens as there can be: hardly any tokenizer makes more than one of a byte, and some special ones.

    Of what is no text nothing is known: it may be long.
    """
    if not isinstance(input, TextInput):
        return WHOLE + 1
    if input.token_ids is not None:
        return len(input.token_ids)
    return len((input.text + (input.text_pair or "")).encode()) + 8


def unmasked(input: object) -> object:
    """The same text without masks; what is no text as it is."""
    return input.unmasked() if isinstance(input, TextInput) else input
