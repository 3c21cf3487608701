"""Options of the relevance of patches and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, number, share, switch


@dataclass(frozen=True)
class RelevanceOptions(Options):
    """What is laid over the image, and how."""

    show: Literal["both", "relevance", "patches"] = choice(
        "both",
        {"both": "Both", "relevance": "Relevance", "patches": "Patches against the text"},
        "Show",
        "the relevance by gradients, the cosine of each patch alone with the text, or both",
    )
    opacity: float = share(0.6, "Opacity", "Of the colours over the image.")
    smooth: bool = switch(False, "Smooth", "Blend the colours between the centres of patches.")
    grid: bool = switch(True, "Grid", "Draw lines between the patches.")
    spotlight: bool = switch(False, "Spotlight", "Darken what has low numbers instead of colouring everything.")
    high: float | None = number(
        None,
        0.001,
        10,
        "Colours to",
        "The relevance that has the last colour, as higher ones have. Set it to compare texts or images by one scale.",
        step=0.05,
        decimals=3,
        otherwise="largest",
    )
    truth: bool = switch(False, "Names", "Name the thing under the pointer, of generated scenes.")
