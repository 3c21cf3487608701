"""Whether an answer from another machine is what was asked for: every field is of the kind that its class says.

`wire` builds nothing but dataclasses of `inference.results`, but puts into them what the other end says. An engine of
this machine is ours; one at the end of a line may be anything, and what a view would trip over must not come so far.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from inference import results
from inference.results.events import Failure, Partial, Progress
from inference.results.job import Paused
from inference.results.request import Request
from inference.service.wire import BadMessage

_FAILURES = ("refused", "error")  # the third kind, that the engine has died, is for this end to say


def check(message: dict[str, Any], request: Request) -> None:
    """Raise `BadMessage` unless a message is one that an engine sends which answers `request`."""
    name, keys = message.get("name"), set(message)
    if not isinstance(name, str):
        raise BadMessage("a message without a name")
    if name in ("ready", "alive") and keys == {"name"}:
        return
    if name in ("report", "done") and _fits(message.get("number"), int):
        wanted = type(request).result_type()
        if name == "done" and keys == {"name", "number", "result"}:
            result = message["result"]
            if result is None or _fits(result, wanted) or (_fits(result, Failure) and result.kind in _FAILURES):
                return
        if name == "report" and keys == {"name", "number", "event"}:
            event = message["event"]
            if (
                _fits(event, Progress)
                or _fits(event, Paused)
                or (_fits(event, Partial) and _fits(event.result, wanted))
            ):
                return
    raise BadMessage(f"no answer to {type(request).__name__}")


def _fits(value: object, hint: Any) -> bool:
    """Whether a value is of an annotated type, and all that it holds too."""
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, one) for one in typing.get_args(hint))
    if origin is typing.Literal:
        return any(type(value) is type(one) and value == one for one in typing.get_args(hint))
    if origin is tuple:
        return isinstance(value, tuple) and _all_fit(value, typing.get_args(hint))
    if origin is dict:
        key, item = typing.get_args(hint)
        return isinstance(value, dict) and all(_fits(k, key) and _fits(v, item) for k, v in value.items())
    if hint is float:
        return type(value) in (float, int)
    if hint in (str, int, bool, types.NoneType):
        return type(value) is hint
    if hint is object:
        return True
    if isinstance(hint, type) and issubclass(hint, Enum):  # as text: they are `StrEnum`
        return isinstance(value, str) and value in [member.value for member in hint]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return isinstance(value, hint) and all(_fits(getattr(value, n), h) for n, h in _fields(type(value)))
    return hint is np.ndarray and isinstance(value, np.ndarray)


def _all_fit(values: tuple[object, ...], hints: tuple[Any, ...]) -> bool:
    if len(hints) == 2 and hints[1] is Ellipsis:
        return all(_fits(value, hints[0]) for value in values)
    return len(values) == len(hints) and all(map(_fits, values, hints))


@cache
def _fields(cls: type) -> tuple[tuple[str, Any], ...]:
    """Names and types of what is sent of a dataclass of ours."""
    names: dict[str, Any] = {"np": np}
    while True:
        try:
            hints = typing.get_type_hints(cls, localns=names)
            return tuple((f.name, hints[f.name]) for f in dataclasses.fields(cls))
        except NameError as error:  # imported for the type checker alone
            if error.name in names or error.name not in _homes():
                raise
            names[error.name] = getattr(import_module(_homes()[error.name]), error.name)


@cache
def _homes() -> dict[str, str]:
    """By the name of a class or of a type, the module that defines it: no two of ours have one name.

    Read from the sources: to import all of them takes a second.
    """
    return {
        name: f"{results.__name__}.{file.stem}"
        for place in results.__path__
        for file in sorted(Path(place).glob("*.py"))
        for name in re.findall(r"^(?:class )?([A-Z]\w+)(?:\(| = |:$)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
