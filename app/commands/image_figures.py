"""The figures about pictures that the command line can make."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.checkpoint import CheckpointInfo
from inference.results.complete_image import CompleteImageRequest, CompleteImageResult
from inference.results.image import ImageRequest, ImageResult
from inference.results.probe import ProbeRequest, ProbeResult
from widgets.figure_command import FigureCommand, Requests, image_of

if TYPE_CHECKING:
    from widgets.kit.figure import Figure


def image_name(args: Namespace) -> str:
    """The same for a caption."""
    if args.image is not None:
        return os.path.basename(args.image)
    return f"scene {args.scene}" if args.scene is not None else f"portrait {args.portrait}"


# Requests


def _complete_image_requests(args: Namespace, info: CheckpointInfo) -> Requests:
    picture = image_of(args)
    if args.keep is None:
        seen: ImageResult = yield ImageRequest(args.checkpoint, picture)
        n_rows, n_columns = seen.grid
        args.keep = n_rows // 2 * n_columns
    result: CompleteImageResult = yield CompleteImageRequest(
        args.checkpoint, picture, args.keep, args.count, args.seed, args.temperature, args.top_p
    )
    return result


def _probe_request(args: Namespace, info: CheckpointInfo) -> ProbeRequest:
    return ProbeRequest(args.checkpoint, args.train, args.test, args.seed)


# Figures; each imports its own module, so that one command waits for no other


def _complete_image_figure(result: CompleteImageResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.figure import CompleteImageFigure

    return CompleteImageFigure(result, args.keep, shows_surprisal=args.surprise)


def _probe_figure(result: ProbeResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.probe import ProbeFigure

    return ProbeFigure(result)


# Arrays


IMAGE_FIGURES: dict[str, FigureCommand] = {
    "complete-image": FigureCommand(
        "how an Image GPT goes on with a picture; GIF, WebP and MP4 show it grow",
        ("image", "complete_image"),
        _complete_image_figure,
        _complete_image_requests,
        has_film=True,
    ),
    "probe": FigureCommand(
        "how much a linear classifier reads from each layer of an Image GPT",
        ("probe",),
        _probe_figure,
        _probe_request,
    ),
}
