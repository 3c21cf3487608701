"""Options of the map of a head: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, Scale, choice, scale_option, switch


@dataclass(frozen=True)
class AttentionOptions(Options):
    """How a pattern is shown: `reduce` of long texts only, `aggregate`, `hide_special`, `merge_words` of short ones."""

    aggregate: Literal["head", "mean", "max"] = choice(
        "head",
        {"head": "This head", "mean": "Mean of layer", "max": "Maximum of layer"},
        "Show",
        "one head, or the mean or maximum over all heads of its layer (after words are merged)",
    )
    scale: Scale = scale_option()
    reduce: Literal["max", "mean"] = choice(
        "max",
        {"max": "Maximum", "mean": "Mean"},
        "Several cells",
        "of the cells that share a pixel",
    )
    hide_special: bool = switch(
        False,
        "Hide special tokens",
        "Leave out [CLS], [SEP] and their like. The other numbers stay as they are.",
    )
    merge_words: bool = switch(
        False,
        "Merge word pieces",
        "Whole words: the sum over the pieces of a key, the mean over the pieces of a query.",
    )
