"""Options of the logit lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, switch

Shade = Literal["top", "true", "rank", "entropy"]


@dataclass(frozen=True)
class LensOptions(Options):
    """What is shown of the logit lens."""

    shade: Shade = choice(
        "top",
        {
            "top": "Probability of its word",
            "true": "Probability of the true word",
            "rank": "Rank of the true word",
            "entropy": "Uncertainty (entropy)",
        },
        "Colour",
        "what the colour of a cell says: how probable the layer's best word or the true word is, the rank of the true "
        "word (as 1/rank), or the entropy in bits",
    )
    has_words: bool = switch(
        True, "Words", "Write the layer's best word into each cell, else the number.", flag="words"
    )
