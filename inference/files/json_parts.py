"""JSON that somebody else wrote, as frozen dataclasses: every entry is what its field says, or the whole is refused."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Misfit(ValueError):
    """An entry is not what its field says; one sentence without a full stop."""


def read_part(kind: type[T], given: object, **known: Any) -> T:
    """A dataclass from a JSON object. Entries that are not there have the defaults of their fields.

    Fields are texts, whole or finite numbers, `bool`, `Literal`, tuples, and dataclasses of these.

    Parameters
    ----------
    known
        Fields whose values do not come from the object.

    Raises
    ------
    Misfit
        An entry is missing, is unknown, or is not what its field says.
    """
    if not isinstance(given, dict):
        raise Misfit(f"{_shown(given)} is not an object")
    kinds, values = get_type_hints(kind), dict(known)
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in known:
            continue
        if field.name in given:
            values[field.name] = _read(kinds[field.name], given[field.name], field.name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise Misfit(f"{field.name!r} is missing")
    if unknown := [name for name in given if name not in values or name in known]:
        raise Misfit(f"{_shown(unknown[0])} is unknown")
    return kind(**values)


def _read(kind: Any, value: object, name: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return read_part(kind, value)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, list):
        kinds = inner[:1] * len(value) if inner[1:] == (...,) else inner
        if len(kinds) == len(value):
            return tuple(_read(one, part, name) for one, part in zip(kinds, value, strict=True))
    elif origin is Literal:
        if any(value == one and type(value) is type(one) for one in inner):
            return value
    elif kind is float:
        if type(value) in (int, float) and math.isfinite(value):  # type: ignore[arg-type]
            return float(value)  # type: ignore[arg-type]
    elif type(value) is kind:
        return value
    raise Misfit(f"{name!r} is {_shown(value)}, which it cannot be")


def _shown(value: object) -> str:
    return repr(value)[:80]
