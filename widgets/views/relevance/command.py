"""The relevance of patches and words on the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.relevance import RelevanceRequest, RelevanceResult
from widgets.figure_command import BadOption, FigureCommand, compared_of, image_title
from widgets.views.relevance.options import RelevanceOptions

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


def _request(args: Namespace, info: CheckpointInfo) -> RelevanceRequest:
    given = compared_of(args)
    if len(given.images) > 1 or len(given.texts) > 1:
        raise BadOption(
            f"Relevance is of one image and one text; {len(given.images)} and {len(given.texts)} were given."
        )
    return RelevanceRequest(args.checkpoint, given.chosen)


def _figure(result: RelevanceResult, args: Namespace) -> Figure:
    from widgets.views.relevance.figure import RelevanceFigure

    given = compared_of(args)
    return RelevanceFigure(result, image_title(given.images[0]), given.texts[0], RelevanceOptions.of(args))


COMMANDS = {
    "relevance": FigureCommand(
        "where in an image a text is found, and which of its words find it",
        ("comparison",),
        _figure,
        _request,
        RelevanceOptions,
    )
}
