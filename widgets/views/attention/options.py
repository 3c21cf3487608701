"""Options of the map of a head: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, Scale, choice, number, scale_option, switch


@dataclass(frozen=True)
class AttentionOptions(Options):
    """How a pattern is shown: `reduce` of long texts only, all but that and `scale` of short ones."""

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
    low: float | None = number(
        None,
        0,
        1,
        "Colours from",
        "The number that has the first colour, as lower ones have; not with logarithmic colours.",
        step=0.05,
        decimals=3,
        otherwise="0",
    )
    high: float | None = number(
        None,
        0.001,
        1,
        "to",
        "The number that has the last colour, as higher ones have. Set it to compare heads by one scale. "
        "Automatic: the largest, or less where a few cells lie far beyond all others; the colour bar says so.",
        step=0.05,
        decimals=3,
        otherwise="automatic",
    )
