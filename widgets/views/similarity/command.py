"""The similarity of images and texts on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.similarity import SimilarityRequest, SimilarityResult
from widgets.figure_command import FigureCommand, compared_of, image_title
from widgets.views.similarity.options import SimilarityOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


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
