"""Options of masked patches, and their figure on the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.masked_image import MaskedImageRequest, MaskedImageResult
from widgets.figure_command import BadOption, FigureCommand, image_of, row_and_column
from widgets.options import MOST_SEED, Options, number, share, switch

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure


@dataclass(frozen=True)
class MaskedImageOptions(Options):
    """Which patches are masked where the user masks none, and what is shown of the visual tokens."""

    share: float = share(0.4, "Share", "Masked in blocks")
    seed: int = number(0, 0, MOST_SEED, "Seed", "Which blocks")
    by_number: bool = switch(
        False, "Tokens by number", "Show visual tokens in colours by their number, instead of what they look like"
    )
    top_k: int = number(5, 1, 100, "Candidates", "Candidates for a patch")


def _add_patch(parser: ArgumentParser) -> None:
    parser.add_argument("--patch", type=row_and_column, metavar="ROW,COL", help="whose candidates are listed")


def _request(args: Namespace, info: CheckpointInfo) -> MaskedImageRequest:
    return MaskedImageRequest(args.checkpoint, image_of(args), args.mask, args.share, args.seed, args.top_k)


def _figure(result: MaskedImageResult, args: Namespace) -> Figure:
    from widgets.views.masked_image.figure import MaskedImageFigure

    patch = None
    if args.patch is not None:
        row, column = args.patch
        patch = row * result.grid[1] + column
        if not (0 <= column < result.grid[1] and patch in result.masked):
            raise BadOption(f"Patch {row},{column} is not masked, so nothing is expected there.")
    return MaskedImageFigure.of(result, patch, by_number=args.by_number)


COMMANDS = {
    "masked-image": FigureCommand(
        "what a model expects behind masked patches",
        ("image", "mask"),
        _figure,
        _request,
        MaskedImageOptions,
        _add_patch,
    )
}
