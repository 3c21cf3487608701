"""Options of the figures about pictures."""

from __future__ import annotations

from argparse import ArgumentParser

from app.commands.option_types import between
from inference.results.inputs import MOST_IMAGE_SIDE

MOST_SEED = 2**31 - 1


def _image(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--image", metavar="FILE", help="a picture: PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF")
    either.add_argument("--scene", type=between(0, MOST_SEED), metavar="SEED", help="a generated scene")
    either.add_argument("--portrait", type=between(0, MOST_SEED), metavar="SEED", help="a generated scene of one thing")
    parser.add_argument(
        "--side",
        type=between(1, MOST_IMAGE_SIDE),
        default=0,
        metavar="PIXELS",
        help="shorter side of what the model sees, where it takes other sizes than its own",
    )


def _complete_image(parser: ArgumentParser) -> None:
    parser.add_argument("--keep", type=between(0, 2**20), metavar="N", help="pixels, row by row (default: upper half)")
    parser.add_argument("--count", type=between(1, 16), default=4, metavar="N", help="completions (default: 4)")
    parser.add_argument("--seed", type=between(0, MOST_SEED), default=0, metavar="N", help="of the first (default: 0)")
    parser.add_argument("--temperature", type=between(0.01, 2, float), default=1.0, metavar="T", help="(default: 1)")
    parser.add_argument("--top-p", type=between(0.01, 1, float), default=1.0, metavar="P", help="(default: 1)")
    parser.add_argument("--surprise", action="store_true", help="of the drawn pixels, instead of their colours")


def _probe(parser: ArgumentParser) -> None:
    for option, low, high, default, about in (
        ("train", 10, 100_000, 1_200, "generated pictures to learn from"),
        ("test", 10, 100_000, 400, "generated pictures to test with"),
        ("seed", 0, MOST_SEED, 0, "of the pictures"),
    ):
        about = f"{about} (default: {default:,})"
        parser.add_argument(f"--{option}", type=between(low, high), default=default, metavar="N", help=about)


IMAGE_OPTIONS = {
    "image": _image,
    "complete_image": _complete_image,
    "probe": _probe,
}
