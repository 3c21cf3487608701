"""What is learned from: a text file, sentences of our own, or a table of texts and labels. Split by what is said."""

from __future__ import annotations

import csv
import io
import textwrap
import zlib
from collections import Counter
from pathlib import Path

from inference.context import Refused
from inference.files.json_file import read_bytes
from inference.results.counts import noun
from inference.results.training import MOST_TEXT_BYTES
from resources.scenes import make_scene

N_SCENES = 1_500  # whose captions are sentences of our own
LEAST_LINES = 20
MOST_LINES = 100_000
LEAST_ROWS, MOST_ROWS, MOST_CLASSES = 10, 20_000, 50
_ONE_IN = 10


def own_lines() -> list[str]:
    """Sentences about scenes, such as "a small red house left of a large blue tree"; they are true of drawn ones."""
    return [f"{line}." for seed in range(N_SCENES) for line in make_scene(seed).captions()[:6]]


def read_lines(path: str) -> list[str]:
    """Lines of a text file that are not empty.

    Raises
    ------
    Refused
        It cannot be read, is no UTF-8, too large, or too short to be split.
    """
    text = _text(path)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) == 1 or (lines and max(map(len, lines)) > 20_000):  # a text without line breaks
        lines = [sentence for line in lines for sentence in _sentences(line)]
    if (n := len(set(lines))) < LEAST_LINES:
        raise Refused(
            f"{Path(path).name} has {n} different {noun(n, 'lines')}; at least {LEAST_LINES} are needed, a tenth of "
            "which is kept for validation."
        )
    return lines[:MOST_LINES]


def split_lines(lines: list[str]) -> tuple[list[str], list[str]]:
    """Training and validation: about a tenth. Which side a line is on follows from its letters: none is on both."""
    held_out = [line for line in lines if zlib.crc32(line.encode()) % _ONE_IN == 0]
    rest = [line for line in lines if zlib.crc32(line.encode()) % _ONE_IN]
    if not held_out or not rest:  # few lines, and chance: the smallest sum it is
        first = min(lines, key=lambda line: zlib.crc32(line.encode()))
        held_out, rest = [first], [line for line in lines if line != first]
    return rest, held_out


def read_table(path: str) -> tuple[list[str], list[str]]:
    """Texts and labels of a CSV whose first line names the columns `text` and `label`.

    Raises
    ------
    Refused
        It cannot be read, has no such columns, or too few or too many rows or labels.
    """
    name = Path(path).name
    try:
        rows = csv.DictReader(io.StringIO(_text(path)), strict=True)
        columns = {column.strip().lower(): column for column in rows.fieldnames or () if column}
        if not {"text", "label"} <= columns.keys():
            named = textwrap.shorten(", ".join(columns), 80, placeholder=" …")
            there = f"“{named}”" if named else "none"
            raise Refused(f"{name} needs the columns text and label in its first line; it has {there}.")
        pairs = [
            (" ".join((row[columns["text"]] or "").split()), (row[columns["label"]] or "").strip()) for row in rows
        ]
    except csv.Error as error:
        raise Refused(f"{name} is no table of comma-separated values: {error}.") from error
    pairs = list(dict.fromkeys(pair for pair in pairs if all(pair)))
    if not LEAST_ROWS <= len(pairs) <= MOST_ROWS:
        allowed = f"{LEAST_ROWS} to {MOST_ROWS:,} can be learned from"
        raise Refused(f"{name} has {len(pairs):,} different {noun(len(pairs), 'rows')}; {allowed}.")
    counts = Counter(label for _, label in pairs)
    if not 2 <= len(counts) <= MOST_CLASSES:
        n = len(counts)
        raise Refused(f"{name} has {n} different {noun(n, 'labels')}; 2 to {MOST_CLASSES} can be told apart.")
    return [text for text, _ in pairs], [label for _, label in pairs]


def held_out_fifth(texts: list[str]) -> list[bool]:
    """Whether each text is kept for validation: a fifth of the different ones, chosen by their letters."""
    different = sorted(set(texts), key=lambda text: (zlib.crc32(text.encode()), text))
    chosen = set(different[: max(1, len(different) // 5)])
    return [text in chosen for text in texts]


def _text(path: str) -> str:
    content = read_bytes(Path(path), MOST_TEXT_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{Path(path).name} is not in UTF-8: byte {error.start:,} is no part of a letter.") from error


def _sentences(line: str) -> list[str]:
    """Pieces that end where a sentence does, or after some hundred letters."""
    pieces, now = [], ""
    for word in line.split():
        now = f"{now} {word}".strip()
        if word[-1] in ".!?;:" or len(now) > 300:
            pieces.append(now)
            now = ""
    return [*pieces, now] if now else pieces
