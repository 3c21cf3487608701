"""Options of completions, of masked pixels and of the linear probe, and their figures on the command line."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.complete_image import CompleteImageRequest, CompleteImageResult
from inference.results.growing import MOST_AT_ONCE
from inference.results.image import ImageRequest, ImageResult
from inference.results.probe import MOST_IMAGES, ProbeRequest, ProbeResult
from widgets.figure_command import FigureCommand, Requests, image_of
from widgets.options import MOST_SEED, Options, number, share, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class CompleteImageOptions(Options):
    """How an image is gone on with, and what is shown of it."""

    keep: int | None = number(
        None, 0, 2**20, "Keep", "Pixels that are kept, row by row", otherwise="those of the upper half"
    )
    count: int = number(4, 1, MOST_AT_ONCE, "Completions", "Completions of the image")
    temperature: float = number(1.0, 0.01, 2, "Temperature", "Of the sampling", step=0.1, decimals=2)
    top_p: float = number(
        1.0,
        0.01,
        1,
        "Top-p",
        "Only the likeliest colours that together reach this probability are sampled",
        step=0.05,
        decimals=2,
        flag="top-p",
    )
    seed: int = number(0, 0, MOST_SEED, "Seed", "Of the first completion; the next ones have the next seeds")
    surprisal: bool = switch(
        False, "Completions as surprisal", "Show how surprising the sampled pixels were, instead of their colours"
    )


@dataclass(frozen=True)
class CompletionPageOptions(CompleteImageOptions):
    """The same, and what is shown on screen only."""

    attention: bool = switch(
        False, "Attention", "What the token of the chosen pixel attends to, in the selected layer and head"
    )


@dataclass(frozen=True)
class MaskedPixelsOptions(Options):
    """Which pixels are masked where the user masks none."""

    share: float = share(0.15, "Masked", "Share of the pixels that is masked", low=0.01)
    seed: int = number(0, 0, MOST_SEED, "Seed", "Which pixels are masked")


@dataclass(frozen=True)
class ProbeOptions(Options):
    """From how many generated images a linear classifier learns, and with how many others it is tested."""

    train: int = number(1_200, 10, MOST_IMAGES, "Images to learn", "Generated images to learn from", step=100)
    test: int = number(400, 10, MOST_IMAGES, "to test", "Generated images to test with", step=100)
    seed: int = number(0, 0, MOST_SEED, "Seed", "Of the images")


def _complete_image_requests(args: Namespace, info: CheckpointInfo) -> Requests:
    image, options = image_of(args), CompleteImageOptions.of(args)
    n_given = options.keep
    if n_given is None:
        seen: ImageResult = yield ImageRequest(args.checkpoint, image)
        n_rows, n_columns = seen.grid
        n_given = n_rows // 2 * n_columns
    result: CompleteImageResult = yield CompleteImageRequest(
        args.checkpoint, image, n_given, options.count, options.seed, options.temperature, options.top_p
    )
    return result


def _complete_image_figure(result: CompleteImageResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.figure import CompleteImageFigure

    return CompleteImageFigure(result, result.samples[0].n_given, shows_surprisal=args.surprisal)


def _probe_request(args: Namespace, info: CheckpointInfo) -> ProbeRequest:
    return ProbeRequest(args.checkpoint, args.train, args.test, args.seed)


def _probe_figure(result: ProbeResult, args: Namespace) -> Figure:
    from widgets.views.complete_image.probe import ProbeFigure

    return ProbeFigure(result)


COMMANDS = {
    "complete-image": FigureCommand(
        "how an Image GPT goes on with an image; GIF, WebP and MP4 show it grow",
        ("image",),
        _complete_image_figure,
        _complete_image_requests,
        CompleteImageOptions,
        has_film=True,
    ),
    "probe": FigureCommand(
        "how much a linear classifier reads from each layer of an Image GPT",
        (),
        _probe_figure,
        _probe_request,
        ProbeOptions,
    ),
}
