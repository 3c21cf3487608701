"""Splits the input into tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.results.tokenize import TokenizeRequest, TokenizeResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def tokenize(request: TokenizeRequest, model: Model, context: Context) -> TokenizeResult:
    """The tokens as the model would receive them; `Family.encode` says what is refused."""
    context.checkpoint()
    encoded = model.encode(request.input)
    return TokenizeResult(encoded.tokens, (*model.info.notes, *encoded.notes))
