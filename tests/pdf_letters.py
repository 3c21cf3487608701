"""How large the letters of a PDF are on paper, read from what draws the page."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from math import hypot

import numpy as np

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_WORD = re.compile(rb"\([^)]*\)|<[^>]*>|[^\s<>()]+")
_OPERATOR = re.compile(rb"[A-Za-z'\"*]+")


def letter_sizes(content: bytes) -> Counter[float]:
    """How many runs of letters there are of each size: in points, to a tenth, whichever way they are turned."""
    sizes: Counter[float] = Counter()
    for stream in _STREAM.findall(content):
        try:
            drawn = zlib.decompress(stream)
        except zlib.error:
            continue
        if b" Tf" in drawn:
            sizes += _sizes(drawn)
    return sizes


def _sizes(drawn: bytes) -> Counter[float]:
    """As a reader of PDF goes through it: `cm` and `Tm` are matrices, `q` and `Q` keep and restore the first."""
    sizes: Counter[float] = Counter()
    seen, kept, text, points = np.eye(3), [], np.eye(3), 0.0
    before: list[bytes] = []
    for word in _WORD.findall(drawn):
        if not _OPERATOR.fullmatch(word):
            before.append(word)
            continue
        if word == b"q":
            kept.append(seen)
        elif word == b"Q":
            seen = kept.pop()
        elif word == b"cm":
            seen = _matrix(before) @ seen
        elif word == b"Tm":
            text = _matrix(before)
        elif word == b"Tf":
            points = float(before[-1])
        elif word in (b"Tj", b"TJ"):
            sizes[round(points * hypot(*(text @ seen)[1, :2]), 1)] += 1  # of what goes up
        before = []
    return sizes


def _matrix(words: list[bytes]) -> np.ndarray:
    a, b, c, d, e, f = map(float, words[-6:])
    return np.array([[a, b, 0], [c, d, 0], [e, f, 1]])
