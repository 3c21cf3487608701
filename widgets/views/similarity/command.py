"""Options of the similarity of images and texts, and its figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.similarity import SimilarityRequest, SimilarityResult
from widgets.figure_command import FigureCommand, compared_of, image_title
from widgets.options import Options, choice, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

Shown = Literal["cosine", "texts", "images", "pair"]


@dataclass(frozen=True)
class SimilarityOptions(Options):
    """What is shown of the similarity of images and texts."""

    show: Shown = choice(
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


def _request(args: Namespace, info: CheckpointInfo) -> SimilarityRequest:
    given = compared_of(args)
    return SimilarityRequest(args.checkpoint, given.images, given.texts)


def _figure(result: SimilarityResult, args: Namespace) -> Figure:
    from widgets.views.similarity.figure import SimilarityFigure

    given = compared_of(args)
    return SimilarityFigure(result, tuple(map(image_title, given.images)), given.texts, SimilarityOptions.of(args))


COMMANDS = {
    "similarity": FigureCommand(
        "how alike images and texts are, every one with every one",
        ("comparison",),
        _figure,
        _request,
        SimilarityOptions,
    )
}
