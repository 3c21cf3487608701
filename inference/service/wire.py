"""Requests and results as bytes: a JSON header and raw arrays, never pickle.

A message is `{"name": ..., ...}` with dataclasses of `inference.results` in it. On the wire it is an 8-byte length of
the header, the header, and the arrays one after another. Nothing that arrives can make the reader run code: only
dataclasses of `inference.results` and arrays of plain numbers are built, and every size is checked first.
"""

from __future__ import annotations

import dataclasses
import json
import pkgutil
import struct
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any, BinaryIO, Protocol

import numpy as np

from inference import results

MODULES = frozenset(module.name for module in pkgutil.iter_modules(results.__path__))
DTYPES = frozenset({"bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"})
MAX_HEADER = 64 * 2**20
MAX_ARRAY = 8 * 2**30
MOST_FOREIGN_HEADER, MOST_FOREIGN_ARRAYS = 16 * 2**20, 2**30  # bytes of a message from another machine
WORTH_THE_RING = 65_536
_PLAIN = frozenset({str, int, float, bool, type(None)})  # the same in JSON; words come by thousands
_LENGTH = struct.Struct("<Q")


class BadMessage(ValueError):
    """What arrived is not a message of ours."""


class CutOff(BadMessage):
    """What arrived is the beginning of a message, and no more comes."""


def pack(value: Any, arrays: list[np.ndarray]) -> Any:
    """A JSON value for `value`; its arrays are appended to `arrays`."""
    if isinstance(value, np.ndarray):
        if value.dtype.name not in DTYPES:
            raise BadMessage(f"an array of {value.dtype} cannot be sent")
        arrays.append(np.ascontiguousarray(value))
        return {"#": len(arrays) - 1, "dtype": value.dtype.name, "shape": value.shape}
    if dataclasses.is_dataclass(value) and (name := _name_of(type(value))):
        fields = {f.name: pack(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"$": name, "fields": fields}
    if isinstance(value, tuple | list):
        return list(value) if _is_plain(value) else [pack(item, arrays) for item in value]
    if isinstance(value, dict):
        return {"{}": {key: pack(item, arrays) for key, item in value.items()}}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise BadMessage(f"a {type(value).__name__} cannot be sent")


def unpack(value: Any, arrays: list[np.ndarray]) -> Any:
    """The reverse of `pack`; lists come back as tuples, arrays read-only."""
    if isinstance(value, list):
        return tuple(value) if _is_plain(value) else tuple(unpack(item, arrays) for item in value)
    if not isinstance(value, dict):
        return value
    if "#" in value:
        return arrays[value["#"]]
    if "$" in value:
        return _class_of(value["$"])(**{name: unpack(item, arrays) for name, item in value["fields"].items()})
    return {key: unpack(item, arrays) for key, item in value["{}"].items()}


def _is_plain(items: Iterable[object]) -> bool:
    return _PLAIN.issuperset(map(type, items))


def _name_of(cls: type) -> str:
    """Module and class, such as `rollout.RolloutRequest`; empty for what is not of `inference.results`."""
    package, _, module = cls.__module__.rpartition(".")
    return f"{module}.{cls.__name__}" if package == results.__name__ and module in MODULES else ""


@cache
def _class_of(name: str) -> Any:
    """The reverse: a dataclass that its module defines itself. Nothing else is imported, and nothing else is built."""
    module, _, cls_name = name.partition(".")
    cls = getattr(import_module(f"{results.__name__}.{module}"), cls_name, None) if module in MODULES else None
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls) and _name_of(cls) == name):
        raise BadMessage(f"unknown kind of message {name!r}")
    return cls


def _sizes(header: Any, found: dict[int, tuple[np.dtype, tuple[int, ...]]]) -> None:
    if isinstance(header, list):
        for item in header if not _is_plain(header) else ():
            _sizes(item, found)
    elif isinstance(header, dict):
        if "#" in header:
            shape = tuple(int(n) for n in header["shape"])
            if header["dtype"] not in DTYPES or min(shape, default=0) < 0:
                raise BadMessage(f"an array of {header['dtype']} {shape} cannot be read")
            found[int(header["#"])] = (np.dtype(header["dtype"]), shape)
        else:
            for item in header.values():
                _sizes(item, found)


def write(stream: BinaryIO, message: dict[str, Any], ring: memoryview | None = None) -> bool:
    """Write one message; True if its arrays went through `ring`.

    `ring` is a block of memory that both ends see; after True it is taken until the reader has copied from it.
    """
    arrays: list[np.ndarray] = []
    body = pack(message, arrays)
    total = sum(array.nbytes for array in arrays)
    in_ring = ring is not None and WORTH_THE_RING <= total <= len(ring)
    header = json.dumps({"body": body, "ring": in_ring}).encode()
    if in_ring:
        shared = np.frombuffer(ring, np.uint8)  # type: ignore[arg-type]
        start = 0
        for array in arrays:
            shared[start : start + array.nbytes] = array.reshape(-1).view(np.uint8)
            start += array.nbytes
    stream.write(_LENGTH.pack(len(header)) + header)
    if not in_ring:
        for array in arrays:
            stream.write(array.reshape(-1).view(np.uint8).data)
    stream.flush()
    return in_ring


class Readable(Protocol):
    """What messages are read from."""

    def read(self, n: int, /) -> bytes | bytearray:
        """So many bytes, fewer at the end."""
        ...


def read(
    stream: Readable, ring: memoryview | None = None, *, is_foreign: bool = False
) -> tuple[dict[str, Any], bool] | None:
    """Read one message, and whether it used the ring; None at the end of the stream.

    One that `is_foreign` comes from another machine: its header and all its arrays together are held to what answers
    may be, before any memory is taken for them.

    Raises
    ------
    BadMessage
        If it is not a message of ours, or cut off.
    """
    start = stream.read(_LENGTH.size)
    if not start:
        return None
    if len(start) < _LENGTH.size:
        raise CutOff("cut off in its length")
    (length,) = _LENGTH.unpack(start)
    most = MOST_FOREIGN_HEADER if is_foreign else MAX_HEADER
    if length > most:
        raise BadMessage(f"a header of {length} bytes; at most {most} are read")
    try:
        header = json.loads(_exactly(stream, length))
        body, in_ring = header["body"], header["ring"]
        sizes: dict[int, tuple[np.dtype, tuple[int, ...]]] = {}
        _sizes(body, sizes)
        if is_foreign and (total := sum(_n_bytes(*size) for size in sizes.values())) > MOST_FOREIGN_ARRAYS:
            raise BadMessage(f"arrays of {total} bytes; at most {MOST_FOREIGN_ARRAYS} are read")
        arrays = _read_arrays(stream, ring if in_ring else None, sizes)
        message = unpack(body, arrays)
    except (LookupError, TypeError, ArithmeticError, AttributeError, RecursionError, ValueError) as error:
        raise error if isinstance(error, BadMessage) else BadMessage(f"not a message: {error}") from error
    if not isinstance(message, dict):
        raise BadMessage("not a message")
    return message, bool(in_ring)


def _n_bytes(dtype: np.dtype, shape: tuple[int, ...]) -> int:
    n_bytes = dtype.itemsize
    for n in shape:
        n_bytes *= n
    return n_bytes


def _read_arrays(
    stream: Readable, ring: memoryview | None, sizes: dict[int, tuple[np.dtype, tuple[int, ...]]]
) -> list[np.ndarray]:
    arrays, start = [], 0
    for index in range(len(sizes)):
        dtype, shape = sizes[index]
        n_bytes = _n_bytes(dtype, shape)
        if n_bytes > MAX_ARRAY:
            raise BadMessage(f"an array of {n_bytes} bytes; at most {MAX_ARRAY} are read")
        if ring is None:
            flat = np.frombuffer(_exactly(stream, n_bytes), dtype)
        else:
            # Copied by NumPy, which lets other threads run meanwhile.
            flat = np.frombuffer(ring, np.uint8)[start : start + n_bytes].copy().view(dtype)
            start += n_bytes
        array = flat.reshape(shape)
        array.flags.writeable = False
        arrays.append(array)
    return arrays


def _exactly(stream: Readable, n_bytes: int) -> bytes | bytearray:
    data = stream.read(n_bytes)
    if len(data) < n_bytes:
        raise CutOff(f"cut off after {len(data)} of {n_bytes} bytes")
    return data
