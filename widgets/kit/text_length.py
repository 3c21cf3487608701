"""How long an input can be, before it is tokenized."""

from __future__ import annotations

from inference.results.inputs import Input

# Up to so many tokens whole patterns are fetched; beyond, what is on screen.
WHOLE = 512


def most_tokens(input: Input) -> int:
    """As many tokens as there can be: hardly any tokenizer makes more than one of a byte, and some special ones.

    Of what is no text nothing is known: it may be long.
    """
    text = input.text
    if text is None or input.sound is not None:
        return WHOLE + 1
    if text.token_ids is not None:
        return len(text.token_ids)
    return len((text.text + (text.text_pair or "")).encode()) + 8
