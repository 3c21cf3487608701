"""Options of the relevance of patches and words, and its figure on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.relevance import RelevanceRequest, RelevanceResult
from widgets.figure_command import BadOption, FigureCommand, compared_of, image_title
from widgets.options import Options, choice, share, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


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
    truth: bool = switch(False, "Truth", "Name the thing under the pointer, of generated scenes.")


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
