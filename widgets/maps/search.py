"""Finding a place in a long text: by its number, or by what stands there."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from PySide6.QtCore import QCoreApplication

from inference.results.tokens import Tokens

_PLACE = re.compile(r"\s*(\d+)\s*(?:[,;/ ]\s*(\d+)\s*)?")


class NoSuchPlace(ValueError):
    """What was typed names no place; the text is one sentence for the user."""


def place_of(text: str, n_rows: int, n_columns: int) -> tuple[int, int | None]:
    """Row and column of "row,column", or the row of a single number (None: it says nothing of a column)."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise NoSuchPlace(_tr("“{}” is no place: type a position, or a row and a column such as 120,80.").format(text))
    row, column = int(match[1]), int(match[2]) if match[2] else None
    if row >= n_rows:
        raise NoSuchPlace(_tr("There is no query {}: they are counted from 0 to {}.").format(row, n_rows - 1))
    if column is not None and column >= n_columns:
        raise NoSuchPlace(_tr("There is no key {}: they are counted from 0 to {}.").format(column, n_columns - 1))
    return row, column


def matches(tokens: Tokens, text: str) -> tuple[int, ...]:
    """Positions of the tokens at which a text begins, small and capital letters alike; it may go over several tokens.

    Words are parted by one blank, whatever stood between them.
    """
    wanted = " ".join(text.split())
    if not wanted:
        return ()
    pieces = [
        f" {word}" if starts else word
        for word, starts in zip((word.strip() for word in tokens.words), tokens.starts_word.tolist(), strict=True)
    ]
    ends = list(accumulate(map(len, pieces)))
    found = re.finditer(re.escape(wanted), "".join(pieces), re.IGNORECASE)
    return tuple(dict.fromkeys(bisect_right(ends, match.start()) for match in found))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Search", text)
