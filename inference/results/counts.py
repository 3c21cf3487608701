"""One of a thing, or several: a count and its noun agree."""

from __future__ import annotations

from collections.abc import Iterable

# By the plural, as it stands behind a number.
SINGULAR = {
    "blocks": "block",
    "boxes": "box",
    "bytes": "byte",
    "channels": "channel",
    "characters": "character",
    "checkpoints": "checkpoint",
    "classes": "class",
    "columns": "column",
    "coordinates": "coordinate",
    "entries": "entry",
    "examples": "example",
    "faces": "face",
    "figures": "figure",
    "files": "file",
    "folders": "folder",
    "frames": "frame",
    "heads": "head",
    "images": "image",
    "keys": "key",
    "labels": "label",
    "layers": "layer",
    "letters": "letter",
    "lines": "line",
    "lists": "list",
    "matrices": "matrix",
    "merges": "merge",
    "numbers": "number",
    "operations": "operation",
    "pairs": "pair",
    "parameters": "parameter",
    "parts": "part",
    "patches": "patch",
    "pieces": "piece",
    "places": "place",
    "points": "point",
    "portraits": "portrait",
    "queries": "query",
    "regions": "region",
    "rows": "row",
    "scenes": "scene",
    "seconds": "second",
    "sentences": "sentence",
    "special tokens": "special token",
    "steps": "step",
    "strings": "string",
    "symbols": "symbol",
    "templates": "template",
    "tensors": "tensor",
    "texts": "text",
    "times": "time",
    "tokens": "token",
    "triangles": "triangle",
    "values": "value",
    "vectors": "vector",
    "versions": "version",
    "vertices": "vertex",
    "words": "word",
}


def noun(n: int, things: str) -> str:
    """`head` for 1, `heads` for all other numbers; `things` is a plural of `SINGULAR`."""
    singular = SINGULAR[things]  # of no other words, whatever the number
    return singular if n == 1 else things


def count_of(n: int, things: str) -> str:
    """`1 head`, `1,024 heads`."""
    return f"{n:,} {noun(n, things)}"


def listed(names: Iterable[str]) -> str:
    """`texts`, `texts and images`, `texts, images and regions`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def verb(n: int, *, past: bool = False) -> str:
    """`is` of 1, `are` of all other numbers; with `past` `was` and `were`."""
    if past:
        return "was" if n == 1 else "were"
    return "is" if n == 1 else "are"
