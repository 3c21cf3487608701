"""One of a thing, or several: a count and its noun agree."""

from __future__ import annotations

# By the plural, as it stands behind a number.
SINGULAR = {
    "blocks": "block",
    "characters": "character",
    "classes": "class",
    "entries": "entry",
    "faces": "face",
    "figures": "figure",
    "files": "file",
    "heads": "head",
    "images": "image",
    "keys": "key",
    "labels": "label",
    "layers": "layer",
    "letters": "letter",
    "merges": "merge",
    "numbers": "number",
    "operations": "operation",
    "pairs": "pair",
    "parameters": "parameter",
    "patches": "patch",
    "pieces": "piece",
    "queries": "query",
    "scenes": "scene",
    "steps": "step",
    "symbols": "symbol",
    "templates": "template",
    "texts": "text",
    "times": "time",
    "tokens": "token",
    "vectors": "vector",
    "vertices": "vertex",
    "words": "word",
}


def noun(n: int, things: str) -> str:
    """`head` for 1, `heads` for all other numbers; `things` is a plural of `SINGULAR`."""
    return SINGULAR[things] if n == 1 else things
