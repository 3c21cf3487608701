"""Options of the similarity of images and texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from widgets.options import Options, choice, switch

ShownScores = Literal["cosine", "texts", "images", "pair"]


@dataclass(frozen=True)
class SimilarityOptions(Options):
    """What is shown of the similarity of images and texts."""

    show: ShownScores = choice(
        "cosine",
        {
            "cosine": "Cosine",
            "texts": "Softmax over the texts",
            "images": "Softmax over the images",
            "pair": "Sigmoid of each pair",
        },
        "Show",
        "the cosine of both vectors, or what the model makes of it",
    )
    has_numbers: bool = switch(True, "Numbers", "Write the number into each cell that has room.", flag="numbers")
    has_diagonal: bool = switch(
        True, "Diagonal", "Mark the cells in which image and text have the same place.", flag="diagonal"
    )
