"""Reading JSON that somebody else wrote: every way it can be bad becomes one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inference.context import Refused


def read_bytes(path: Path, limit: int) -> bytes:
    """The bytes of a file of at most `limit` of them.

    Raises
    ------
    Refused
        The file is larger, or cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise Refused(f"{path.name} has {size:,} bytes; at most {limit:,} are read.")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}.") from error


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
        raise Refused(f"{where} is nested too deeply.") from error
    except ValueError as error:
        raise Refused(f"{where} is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Refused(f"{where} is not a JSON object but {type(value).__name__}.")
    return value


def read_object(path: Path, limit: int) -> dict[str, Any]:
    """The JSON object in a file.

    Raises
    ------
    Refused
        As `read_bytes` and `parse_object`.
    """
    return parse_object(read_bytes(path, limit), path.name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} is there twice")
        found[key] = value
    return found
