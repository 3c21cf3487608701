"""Options of the figures on the command line, in groups that several figures share."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from app.commands.attention_options import ATTENTION_OPTIONS
from app.commands.option_types import between, letters_of, width_of
from inference.results.inputs import MOST_IMAGE_SIDE, ImageInput
from widgets.figure_command import numbers_of
from widgets.look import color_maps
from widgets.options import MOST_SEED


def _unused_text(parser: ArgumentParser) -> None:
    for option in ("--text", "--text-file", "--text-pair", "--token-ids"):
        parser.add_argument(option, metavar="...", help="not needed; taken so that one line serves all figures")


def _group(parser: ArgumentParser) -> None:
    parser.add_argument("--group", metavar="NAME", help="attention group, such as cross (default: the first)")


def _layer(parser: ArgumentParser) -> None:
    parser.add_argument("--layer", type=int, metavar="L", help="layer, counted from 0")


def _head(parser: ArgumentParser) -> None:
    parser.add_argument("--head", type=int, metavar="H", help="head, counted from 0")


def _query(parser: ArgumentParser) -> None:
    parser.add_argument("--query", type=int, metavar="POS", help="position of the query (default: in the middle)")


def _mask(parser: ArgumentParser) -> None:
    parser.add_argument("--mask", type=numbers_of, default=(), metavar="POS,...", help="positions to mask, such as 3,5")


def _image(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--image", metavar="FILE", help="an image: PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF")
    either.add_argument("--scene", type=between(0, MOST_SEED), metavar="SEED", help="a generated scene")
    either.add_argument("--portrait", type=between(0, MOST_SEED), metavar="SEED", help="a generated scene of one thing")
    parser.add_argument(
        "--side",
        type=between(1, MOST_IMAGE_SIDE),
        default=0,
        metavar="PIXELS",
        help="shorter side of what the model sees, where it takes other sizes than its own",
    )


def _comparison(parser: ArgumentParser) -> None:
    images = parser.add_argument_group("what is compared, in the order that it is named")
    file_about = "an image: PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF; several, or given several times"
    images.add_argument(
        "--image", dest="images", action="extend", nargs="+", type=_file, metavar="FILE", help=file_about
    )
    for kind, about in (("scene", "a generated scene"), ("portrait", "a generated scene of one thing")):
        images.add_argument(
            f"--{kind}",
            dest="images",
            action="extend",
            nargs="+",
            type=_drawn(kind),
            metavar="SEED",
            help=f"{about}; likewise",
        )
    images.add_argument("--text", dest="texts", action="extend", nargs="+", metavar="TEXT", help="a text; likewise")


def _file(path: str) -> ImageInput:
    return ImageInput(path=os.path.abspath(path))


def _drawn(kind: str) -> Callable[[str], ImageInput]:
    of = between(0, MOST_SEED)
    return lambda text: ImageInput(seed=int(of(text)), kind=kind)


def add_look(parser: ArgumentParser, endings: tuple[str, ...]) -> None:
    """Where a figure goes, a file with one of these endings, and how it looks."""
    look = parser.add_argument_group("file")
    about = f"ending {', '.join(endings[:-1])} or {endings[-1]}"
    look.add_argument("--out", type=Path, required=True, metavar="FILE", help=about)
    look.add_argument("--force", action="store_true", help="replace a file that is there")
    look.add_argument(
        "--width",
        type=width_of,
        metavar="WIDTH",
        help="such as 85mm, 3.3in or 640px; column, two-columns (of a paper), slide-third, slide-half or slide (16:9); "
        "a bare number is pixels of a PNG, points of SVG and PDF",
    )
    look.add_argument("--dpi", type=between(10, 2400), metavar="N", help="dots per inch of a PNG (default: 192)")
    look.add_argument("--transparent", action="store_true", help="without paper behind the figure")
    look.add_argument("--theme", choices=("light", "dark"), default="light", help="(default: light)")
    look.add_argument("--color-map", choices=color_maps.NAMES, default="cividis", help="(default: cividis)")
    about = "size of the letters, such as 8pt: with --width they keep it, and the figure is laid out in that width"
    look.add_argument("--font-size", type=letters_of, metavar="N", help=f"{about} (default: 10pt)")
    look.add_argument("--caption", action="store_true", help="write checkpoint, layer, head and input under the figure")


SHARED: dict[str, Callable[[ArgumentParser], None]] = {
    "unused_text": _unused_text,
    "group": _group,
    "layer": _layer,
    "head": _head,
    "query": _query,
    "mask": _mask,
    "image": _image,
    "comparison": _comparison,
    **ATTENTION_OPTIONS,
}
