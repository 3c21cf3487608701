"""Words that a checkpoint has no token for: it reads all of them as one and the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_MOST_TOLD = 3
_MOST_LETTERS = 30


def notes_of_unknown_words(name: str, tokenizer: Any, texts: Iterable[str]) -> tuple[str, ...]:
    """One sentence that names them, or none where the tokenizer has tokens for all words of these texts.

    Parameters
    ----------
    name
        Of the checkpoint.
    tokenizer
        Of transformers; None where there is none.
    """
    unknown = getattr(tokenizer, "unk_token_id", None)
    if unknown is None:
        return ()
    words = dict.fromkeys(word for text in texts for word in text.split())
    found = [word for word in words if unknown in tokenizer(word, add_special_tokens=False)["input_ids"]]
    if not found:
        return ()
    told = ", ".join(f"“{word[:_MOST_LETTERS]}”" for word in found[:_MOST_TOLD])
    more = f" and {len(found) - _MOST_TOLD:,} more" if len(found) > _MOST_TOLD else ""
    kind = "word" if len(found) == 1 else "words"
    return (f"{name} does not know the {kind} {told}{more}: all that it does not know are one word to it.",)
