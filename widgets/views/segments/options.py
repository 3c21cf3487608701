"""Options of labels at pixels: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, number, share, switch


@dataclass(frozen=True)
class SegmentsOptions(Options):
    """What is laid over the image, and how."""

    show: Literal["map", "labels", "entropy", "change", "similarity"] = choice(
        "map",
        {
            "map": "The label of every pixel",
            "labels": "Every label by itself",
            "entropy": "How undecided pixels are",
            "change": "Before and after the last label",
            "similarity": "How alike the labels are",
        },
        "Show",
        "the map, one relevance map a label, entropy, what the last label took, or the labels' own similarity",
    )
    scores: Literal["score", "share"] = choice(
        "score",
        {"score": "Cosines or logits", "share": "Shares (softmax or sigmoid)"},
        "Numbers",
        "of single labels: cosines of pixel and label (logits, where the model has no cosines), or shares of them",
    )
    opacity: float = share(0.6, "Opacity", "of what is laid over the image")
    outlines: bool = switch(True, "Outlines", "Lines where the label changes")
    low: float | None = number(
        None,
        -100,
        100,
        "Colours from",
        "The number of single labels that has the first colour, as lower ones have.",
        step=0.05,
        decimals=3,
        otherwise="lowest",
    )
    high: float | None = number(
        None,
        -100,
        100,
        "to",
        "The number that has the last colour, as higher ones have. Set both to compare images by one scale.",
        step=0.05,
        decimals=3,
        otherwise="largest",
    )
