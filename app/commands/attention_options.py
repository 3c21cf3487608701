"""Options of the figures of attention on the command line."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

from widgets.figure_command import numbers_of


def span_of(text: str) -> slice:
    """`A:B` as positions from A to before B; either may be left out."""
    match = re.fullmatch(r"(\d*):(\d*)", text)
    start, stop = (int(part) if part else None for part in match.groups()) if match else (0, 0)
    if stop is not None and stop <= (start or 0):
        raise ArgumentTypeError(f"{text!r} is not a span such as 100:200 (from 100 to before 200)")
    return slice(start, stop)


def _part_of(text: str) -> int:
    """Where a part begins; -1 for the last tokens."""
    start = {"first": 0, "last": -1}.get(text, int(text) if text.isdecimal() else None)
    if start is None:
        raise ArgumentTypeError(f"{text!r} is neither first, last nor the number of a token")
    return start


def _text(parser: ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--text", help="the sentence; for encoder-decoder models the source")
    either.add_argument("--text-file", type=Path, metavar="FILE", help="a UTF-8 file with the text, of up to 4 MB")
    either.add_argument("--token-ids", type=numbers_of, metavar="IDS", help="token ids instead of text, such as 2,15,3")
    parser.add_argument("--source-language", default="", metavar="CODE", help="of translation models, such as en_XX")
    parser.add_argument("--target-language", default="", metavar="CODE", help="the same of the target")
    parser.add_argument(
        "--part",
        type=_part_of,
        metavar="PART",
        help="of a text that is too long: first, last, or the token that the part begins with",
    )
    parser.add_argument("--sound", metavar="FILE", help="a WAV file, for checkpoints that read sounds")
    parser.add_argument("--text-pair", metavar="TEXT", help="sentence B; for encoder-decoder models the target")


def _rows(parser: ArgumentParser) -> None:
    parser.add_argument("--rows", type=span_of, metavar="A:B", help="queries from A to before B")


def _columns(parser: ArgumentParser) -> None:
    parser.add_argument("--columns", type=span_of, metavar="A:B", help="keys from A to before B")


ATTENTION_OPTIONS: dict[str, Callable[[ArgumentParser], None]] = {
    "text": _text,
    "rows": _rows,
    "columns": _columns,
}
