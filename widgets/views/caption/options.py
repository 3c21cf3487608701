"""Options of captions: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import choice, number, share, switch
from widgets.writing.options import DecodingOptions, WhoseAttention, attention_option


@dataclass(frozen=True)
class CaptionOptions(DecodingOptions):
    """How a caption is written, and what is shown of it."""

    show: Literal["image", "words", "tree"] = choice(
        "image",
        {"image": "One word", "words": "Every word", "tree": "Beams"},
        "Show",
        "where one word looks in the image, where each of them looks, or the captions that a beam search has weighed",
    )
    direction: Literal["beginning", "end"] = choice(
        "beginning",
        {"beginning": "From the start", "end": "From the end"},
        "Written",
        "from the first word to the last, or by the second decoder of a VirTex from the last word to the first",
    )
    attention: WhoseAttention = attention_option("to the image: the mean of all heads, of a layer's, or one head")
    blind: bool = switch(
        False, "No image", "Set all that was read of the image to zero: what is written of no image at all"
    )
    opacity: float = share(0.6, "Opacity", "Of the colours over the image")
    smooth: bool = switch(False, "Smooth", "Blend the colours between the centres of patches")
    high: float | None = number(
        None,
        0.001,
        1,
        "Colours to",
        "The weight that has the last colour, as higher ones have. Set it to compare words or heads by one scale.",
        step=0.05,
        decimals=3,
        otherwise="largest",
    )
