"""Languages of translation models: which there are, and the code that stands before or behind the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inference.context import Refused

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MOST_NAMED = 12
_CODE = re.compile("[a-z]{2,3}_[A-Z][A-Za-z]{1,3}")  # of NLLB, whose tokenizer lists them nowhere else


def languages_of(tokenizer: PreTrainedTokenizerBase | None) -> tuple[str, ...]:
    """Codes such as `en_XX`, `eng_Latn`, `en`, as the tokenizer calls them; empty where no language is chosen."""
    if tokenizer is None or not hasattr(tokenizer, "src_lang"):
        return ()
    for name in ("lang_code_to_token", "lang_code_to_id"):
        codes = getattr(tokenizer, name, None)
        if isinstance(codes, dict) and codes:
            return tuple(sorted(code for code in codes if not code.startswith("<")))
    return tuple(sorted(filter(_CODE.fullmatch, tokenizer.get_vocab())))


def language_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Numbers of the tokens that say a language."""
    names = getattr(tokenizer, "lang_code_to_token", {})
    ids = (tokenizer.convert_tokens_to_ids(names.get(code, code)) for code in languages_of(tokenizer))
    return [token for token in ids if isinstance(token, int) and token != tokenizer.unk_token_id]


@contextmanager
def spoken(tokenizer: PreTrainedTokenizerBase, source: str, target: str) -> Iterator[list[str]]:
    """Let the tokenizer write in these languages; yields notes on what was assumed.

    Raises
    ------
    Refused
        It knows no such language, or none at all.
    """
    codes, held, notes = languages_of(tokenizer), tokenizer, []
    for code in filter(None, (source, target)):
        if not codes:
            raise Refused(f"The language {code!r} was chosen; this checkpoint's tokenizer knows no languages.")
        if code not in codes:
            named = ", ".join(codes[:_MOST_NAMED]) + (" …" if len(codes) > _MOST_NAMED else "")
            raise Refused(f"The language {code!r} was chosen; there are {named}.")
    if not codes:
        named = getattr(held, "src_lang", None)
        if isinstance(named, str) and named not in tokenizer.get_vocab():
            unknown = tokenizer.unk_token
            notes.append(f"The tokenizer has no tokens for languages; {unknown} stands where {named} should.")
        yield notes
        return
    before = held.src_lang, held.tgt_lang  # pyright: ignore[reportAttributeAccessIssue]
    try:
        held.src_lang = source or before[0]  # pyright: ignore[reportAttributeAccessIssue]
        # Nothing but a choice tells what to translate into; without one the code of the source is written.
        held.tgt_lang = target or before[1] or source or before[0]  # pyright: ignore[reportAttributeAccessIssue]
        if not source:
            notes.append(f"No source language was chosen; {before[0]} is assumed.")
        if not target:
            notes.append(f"No target language was chosen; {before[1] or source or before[0]} is assumed.")
        yield notes
    finally:
        held.src_lang, held.tgt_lang = before  # pyright: ignore[reportAttributeAccessIssue]
