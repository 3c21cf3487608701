"""Splitting an input into tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Request

if TYPE_CHECKING:
    from inference.results.inputs import Input
    from inference.results.tokens import Tokens


@dataclass(frozen=True, slots=True)
class TokenizeRequest(Request["TokenizeResult"]):
    """Split the input into tokens; runs no model."""

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class TokenizeResult:
    """An input as the model receives it.

    Attributes
    ----------
    tokens
        The sequence that is looked at first (an encoder-decoder's source).
    notes
        What of the checkpoint and of the input was left aside or assumed, as sentences: it belongs to every figure of
        the two.
    """

    tokens: Tokens
    notes: tuple[str, ...] = ()
