"""Options of translations: how tokens are chosen, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice
from widgets.writing.options import DecodingOptions, WhoseAttention, attention_option

_ABOUT = "of the decoder to the source: the mean of all heads, of the heads of a layer, or one head"


@dataclass(frozen=True)
class AlignmentOptions(Options):
    """Whose attention to the source is shown."""

    attention: WhoseAttention = attention_option(_ABOUT)


@dataclass(frozen=True)
class TranslationOptions(DecodingOptions):
    """How a text is written, and what is shown of it."""

    show: Literal["lines", "map", "tree"] = choice(
        "lines",
        {"lines": "Lines", "map": "Map", "tree": "Beams"},
        "Show",
        "what the decoder attends to as lines or as a map, or the texts that a beam search has weighed",
    )
    attention: WhoseAttention = attention_option(_ABOUT)
