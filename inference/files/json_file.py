"""Reading JSON that somebody else wrote: every way it can be bad becomes one sentence."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from inference.context import Refused
from inference.files.regular_files import open_inside, open_regular

_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}


_TOO_DEEP = "{} is nested too deeply."
_MOST_LEVELS = 50  # what is nested less can be copied by code that calls itself


class _Twice(ValueError):
    """A key stands in an object twice."""


def read_bytes(path: Path, limit: int) -> bytes:
    """The bytes of a file of at most `limit` of them.

    Raises
    ------
    Refused
        The file is larger, or cannot be read.
    """
    with open_regular(path) as file:
        return _bytes(file, path.name, limit)


def read_inside(path: Path, limit: int) -> bytes:
    """The same of a file of a checkpoint, which must lie in its folder.

    Raises
    ------
    Refused
        As `read_bytes`; or it is a link to a file elsewhere.
    """
    with open_inside(path) as file:
        return _bytes(file, path.name, limit)


def _bytes(file: BinaryIO, name: str, limit: int) -> bytes:
    try:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise Refused(f"{name} has {size:,} bytes; at most {limit:,} are read.")
        content = file.read(limit + 1)
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror}.") from error
    if len(content) > limit:  # it has grown, or tells no size
        raise Refused(f"{name} has more than {limit:,} bytes; at most {limit:,} are read.")
    return content


def utf8_text(content: bytes, name: str) -> str:
    """A text in UTF-8, with or without a mark at its beginning.

    Raises
    ------
    Refused
        It is none.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{name} is no text in UTF-8: byte {error.start:,} is none.") from error


def parse_object(text: bytes, where: str) -> dict[str, Any]:
    """The JSON object in `text`; `where` begins the sentence of a refusal, such as "config.json".

    Raises
    ------
    Refused
        It is no JSON, not an object, nested too deeply, or names a key twice.
    """
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise Refused(f"{where} is not UTF-8 text (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise Refused(f"{where} is not valid JSON: {error.msg} in line {error.lineno}.") from error
    except RecursionError as error:
        raise Refused(_TOO_DEEP.format(where)) from error
    except _Twice as error:
        raise Refused(f"{where} is not valid JSON: {error}.") from error
    except ValueError as error:  # Python's own limit
        most = sys.get_int_max_str_digits()
        raise Refused(f"{where} is not valid JSON: a whole number has more than {most:,} digits.") from error
    if _depth(value) > _MOST_LEVELS:
        raise Refused(_TOO_DEEP.format(where))
    if not isinstance(value, dict):
        raise Refused(f"{where} is not a JSON object but {_KINDS.get(type(value), 'null')}.")
    if b"\\ud" in text.lower() and _has_half_pair(value):
        raise Refused(f"{where} holds half of a surrogate pair, which is no letter.")
    return value


def read_object(path: Path, limit: int) -> dict[str, Any]:
    """The JSON object in a file of a checkpoint.

    Raises
    ------
    Refused
        As `read_inside` and `parse_object`.
    """
    return parse_object(read_inside(path, limit), path.name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(f"{key[:80]!r} is there twice")
        found[key] = value
    return found


def _depth(value: Any) -> int:
    """Levels of lists and objects, up to one more than are allowed."""
    level, depth = [value], 0
    while level and depth <= _MOST_LEVELS:
        parts = [part for part in level if isinstance(part, dict | list)]
        level = [item for part in parts for item in (part.values() if isinstance(part, dict) else part)]
        depth += bool(parts)
    return depth


def _has_half_pair(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
