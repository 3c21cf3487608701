"""Splits the input into tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inference.results.counts import count_of, verb
from inference.results.tokenize import TokenizeRequest, TokenizeResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.tokens import Tokens


def tokenize(request: TokenizeRequest, model: Model, context: Context) -> TokenizeResult:
    """The tokens as the model would receive them; `Family.encode` says what is refused."""
    context.checkpoint()
    encoded = model.encode(request.input)
    notes = *model.info.notes, *encoded.notes, *_about_written(request, model, encoded.tokens)
    return TokenizeResult(encoded.tokens, notes)


def _about_written(request: TokenizeRequest, model: Model, tokens: Tokens) -> tuple[str, ...]:
    """That there is more than was typed, and how to be rid of it: all views read what a model wrote behind a text."""
    given = request.input.text
    if given is None or given.target_ids is None:
        return ()
    typed = model.encode(replace(request.input, text=replace(given, target_ids=None))).tokens
    n = len(tokens) - len(typed)
    if n <= 0 or (tokens.ids[: len(typed)] != typed.ids).any():
        return ()
    last, them = ("token", "it") if n == 1 else (count_of(n, "tokens"), "them")
    written = f"The last {last} {verb(n, past=True)} written by the model, not typed"
    return (f"{written}; all views read {them}, until the text is edited.",)
