"""Options of the figures on the command line, in groups that several figures share."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from app.commands.attention_options import ATTENTION_OPTIONS
from app.commands.image_options import IMAGE_OPTIONS
from app.commands.option_types import between, numbers_of
from widgets.look import color_maps


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
    parser.add_argument("--query", type=int, default=0, metavar="POS", help="position of the query (default: 0)")


def _mask(parser: ArgumentParser) -> None:
    parser.add_argument("--mask", type=numbers_of, default=(), metavar="POS,...", help="positions to mask, such as 3,5")


def _table(parser: ArgumentParser) -> None:
    parser.add_argument("--table", type=int, default=0, metavar="N", help="which encoding, if there are several")
    parser.add_argument("--length", type=between(1, 4096), default=512, metavar="N", help="positions (default: 512)")


def _sinusoids(parser: ArgumentParser) -> None:
    parser.add_argument("--d-model", type=between(2, 4096), default=128, metavar="N", help="dimensions (default: 128)")
    parser.add_argument("--length", type=between(1, 4096), default=64, metavar="N", help="positions (default: 64)")
    parser.add_argument("--pair", type=int, default=0, metavar="I", help="dimensions shown as waves (default: 0)")


def _sparse(parser: ArgumentParser) -> None:
    shown = ("patterns", "cost", "complexity")
    parser.add_argument("--show", choices=shown, default="patterns", help="(default: patterns)")
    names = ("all", "full", "causal", "window", "dilated", "longformer", "bigbird")
    parser.add_argument("--pattern", choices=names, default="all", help="(default: all, side by side)")
    for option, low, high, default, about in (
        ("tokens", 1, 512, 64, "length of the text"),
        ("layers", 1, 24, 1, "layers through which information travels"),
        ("window", 0, 512, 8, "keys beside the query itself, half of them before it"),
        ("dilation", 1, 16, 2, "distance of the keys of a dilated window"),
        ("globals", 0, 64, 2, "the first so many tokens see all and are seen by all"),
        ("random", 0, 8, 2, "random blocks of each block"),
        ("block", 1, 64, 4, "tokens of a block"),
        ("seed", 0, 999, 0, "of the random blocks"),
        ("d-model", 1, 65_536, 64, "dimensions, for the cost"),
    ):
        about = f"{about} (default: {default})"
        parser.add_argument(f"--{option}", type=between(low, high), default=default, metavar="N", help=about)
    parser.add_argument("--query", type=int, metavar="POS", help="whose receptive field is shown (default: at a third)")
    parser.add_argument("--as-in-code", action="store_true", help="random blocks as the published code draws them")


def _look(parser: ArgumentParser) -> None:
    look = parser.add_argument_group("file")
    look.add_argument("--out", type=Path, required=True, metavar="FILE", help="ending .svg, .pdf, .png, .csv or .npz")
    look.add_argument(
        "--width",
        type=between(1, 20_000),
        metavar="N",
        help="pixels of a PNG, points of SVG and PDF",
    )
    look.add_argument("--dpi", type=between(10, 2400), metavar="N", help="dots per inch of a PNG (default: 192)")
    look.add_argument("--transparent", action="store_true", help="without paper behind the figure")
    look.add_argument("--theme", choices=("light", "dark"), default="light", help="(default: light)")
    look.add_argument("--color-map", choices=color_maps.NAMES, default="cividis", help="(default: cividis)")
    look.add_argument("--font-size", type=between(4, 72, float), metavar="N", help="points (default: 10)")
    look.add_argument("--caption", action="store_true", help="write checkpoint, layer, head and input under the figure")


SHARED: dict[str, Callable[[ArgumentParser], None]] = {
    "unused_text": _unused_text,
    "group": _group,
    "layer": _layer,
    "head": _head,
    "query": _query,
    "mask": _mask,
    "table": _table,
    "sinusoids": _sinusoids,
    "sparse": _sparse,
    "look": _look,
    **ATTENTION_OPTIONS,
    **IMAGE_OPTIONS,
}
