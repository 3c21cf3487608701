"""Options of answers: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import choice, number, share, switch
from widgets.writing.options import DecodingOptions

WhoseLooks = Literal["mean", "layer", "head", "relevance"]
GridScale = Literal["sum", "whole", "details"]


@dataclass(frozen=True)
class AnswerOptions(DecodingOptions):
    """How an answer is written, and what is shown of it."""

    show: Literal["image", "words", "tree"] = choice(
        "image",
        {"image": "One image", "words": "Every word", "tree": "Beams"},
        "Show",
        "where words look in the image, where each of them looks, or the answers that a beam search has weighed",
    )
    words: Literal["chosen", "all"] = choice(
        "chosen",
        {"chosen": "Chosen words", "all": "Whole answer"},
        "Of",
        "the word that is clicked on, several with Ctrl, or the sum of all",
    )
    attention: WhoseLooks = choice(
        "mean",
        {"mean": "Mean of all heads", "layer": "Mean of a layer", "head": "One head", "relevance": "Relevance"},
        "Looks",
        "attention to the image tokens: the mean of all heads, of a layer's, or one head; or what raised the words",
    )
    scale: GridScale = choice(
        "sum",
        {"sum": "Summed", "whole": "Whole image", "details": "Tiles"},
        "Scale",
        "of an image that is read whole and in tiles: both summed where they overlap, or one of them",
    )
    opacity: float = share(0.6, "Opacity", "Of the colours over the image")
    smooth: bool = switch(False, "Smooth", "Blend the colours between the centres of patches")
    high: float | None = number(
        None,
        0.001,
        10,
        "Colours to",
        "The number that has the last colour, as higher ones have. Set it to compare words or heads by one scale.",
        step=0.05,
        decimals=3,
        otherwise="largest",
    )
