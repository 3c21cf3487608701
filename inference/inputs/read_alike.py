"""What a checkpoint reads as one and the same: all words that it has no token for, and texts of the same tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_MOST_TOLD = 3
_MOST_LETTERS = 30


def notes_of_compared(name: str, tokenizer: Any, texts: Sequence[str]) -> tuple[str, ...]:
    """What is to be said of texts that are compared: words that are not known, and texts that are read alike.

    Parameters
    ----------
    name
        Of the checkpoint.
    tokenizer
        Of transformers; None where there is none.
    """
    return (*notes_of_unknown_words(name, tokenizer, texts), *_notes_of_same_tokens(name, tokenizer, texts))


def _notes_of_same_tokens(name: str, tokenizer: Any, texts: Sequence[str]) -> tuple[str, ...]:
    """One sentence for the first texts between which it cannot choose, such as `Red cup` and `red cup`."""
    if tokenizer is None:
        return ()
    alike: dict[tuple[int, ...], list[str]] = {}
    for text in texts:
        alike.setdefault(tuple(tokenizer(text, add_special_tokens=False)["input_ids"]), []).append(text)
    found = [same for same in alike.values() if len(same) > 1]
    if not found:
        return ()
    told = " and ".join(f"“{text[:_MOST_LETTERS]}”" for text in found[0][:2])
    n_more = sum(map(len, found)) - 2
    more = f"; the same is true of {n_more:,} more" if n_more else ""
    return (f"{name} reads {told} as the same tokens, and cannot tell them apart{more}.",)


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
