"""The figures about pictures that the command line can make."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

from inference.results.checkpoint import CheckpointInfo
from inference.results.complete_image import CompleteImageRequest, CompleteImageResult
from inference.results.image import ImageRequest, ImageResult
from inference.results.masked_image import MaskedImageRequest, MaskedImageResult
from inference.results.probe import ProbeRequest, ProbeResult
from widgets.figure_command import BadOption, FigureCommand, Requests, image_of

if TYPE_CHECKING:
    from widgets.figures.figure import Figure


def image_name(args: Namespace) -> str:
    """The same for a caption."""
    if args.image is not None:
        return os.path.basename(args.image)
    return f"scene {args.scene}" if args.scene is not None else f"portrait {args.portrait}"


# Requests


def _masked_image_request(args: Namespace, info: CheckpointInfo) -> MaskedImageRequest:
    return MaskedImageRequest(args.checkpoint, image_of(args), args.mask, args.share, args.seed, args.top_k)


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


def _masked_image_figure(result: MaskedImageResult, args: Namespace) -> Figure:
    from widgets.views.masked_image.figure import MaskedImageFigure

    patch = None
    if args.patch is not None:
        row, column = args.patch
        patch = row * result.grid[1] + column
        if not (0 <= column < result.grid[1] and patch in result.masked):
            raise BadOption(f"Patch {row},{column} is not masked, so nothing is expected there.")
    return MaskedImageFigure.of(result, patch)


def _complete_image_figure(result: CompleteImageResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.figure import CompleteImageFigure

    return CompleteImageFigure(result, args.keep, shows_surprisal=args.surprise)


def _probe_figure(result: ProbeResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.probe import ProbeFigure

    return ProbeFigure(result)


# Arrays


IMAGE_FIGURES: dict[str, FigureCommand] = {
    "masked-image": FigureCommand(
        "what a model expects behind masked patches",
        ("image", "masked_image"),
        _masked_image_figure,
        _masked_image_request,
    ),
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
