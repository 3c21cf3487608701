"""The header of a GGUF file, read with every size checked before anything is allocated for it.

The `gguf` package maps a file and believes what it says; it is given none that was not looked at here.

References
----------
github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from inference.checkpoints.weights_header import MAX_NAME, MAX_TENSORS
from inference.context import Refused
from inference.files.regular_files import open_inside

_MOST_ENTRIES, _MOST_ITEMS, _MOST_LETTERS, _MOST_AXES = 10_000, 5_000_000, 2**20, 4
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of the types of numbers
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True)
class GgufHeader:
    """What a file says of itself.

    Attributes
    ----------
    architecture
        Such as `llama`; empty where it says none.
    n_elements
        Numbers of all tensors.
    """

    architecture: str
    n_elements: int


class _HeaderBytes:
    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self.name = file, name
        self.size = os.fstat(file.fileno()).st_size

    def take(self, n: int) -> bytes:
        if n > self.size - self._file.tell() or len(content := self._file.read(n)) != n:
            raise Refused(f"{self.name} is cut off, or its header is wrong.")
        return content

    def skip(self, n: int) -> None:
        if n > self.size - self._file.tell():
            raise Refused(f"{self.name} is cut off, or its header is wrong.")
        self._file.seek(n, os.SEEK_CUR)

    def number(self, form: str) -> int:
        return int(struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0])

    def count(self, form: str, most: int, what: str) -> int:
        n = self.number(form)
        if n > most:
            raise Refused(f"{self.name} says that it holds {n:,} {what}; at most {most:,} are read.")
        return n

    @property
    def at(self) -> int:
        return self._file.tell()


def read_gguf_header(path: Path, blocks: Mapping[int, tuple[int, int]]) -> GgufHeader:
    """Look at a file without reading its tensors.

    Parameters
    ----------
    blocks
        By the number of a format: numbers in a block, and bytes of it.

    Raises
    ------
    Refused
        It is no such file, of a version that is not read, cut off, or says what cannot be; names the file.
    """
    with open_inside(path) as file:
        reader = _HeaderBytes(file, path.name)
        if reader.size < 24 or reader.take(4) != b"GGUF":
            raise Refused(f"{path.name} is no GGUF file.")
        version = reader.number("I")
        if version not in (2, 3):
            raise Refused(f"{path.name} is of version {version} of GGUF; 2 and 3 are read.")
        n_tensors = reader.count("Q", MAX_TENSORS, "tensors")
        n_entries = reader.count("Q", _MOST_ENTRIES, "entries")
        architecture = ""
        for _ in range(n_entries):
            key = _text(reader)
            kind = reader.number("I")
            if key == "general.architecture" and kind == _STRING:
                architecture = _text(reader)
            else:
                _skip_value(reader, kind)
        tensors = [_tensor(reader, blocks) for _ in range(n_tensors)]
        if tensors and reader.at + max(end for _, end in tensors) > reader.size:
            raise Refused(f"{path.name} is cut off: its tensors would end behind it.")
        return GgufHeader(architecture, sum(n for n, _ in tensors))


def _text(reader: _HeaderBytes) -> str:
    return reader.take(reader.count("Q", _MOST_LETTERS, "letters in one text")).decode("utf-8", "replace")


def _skip_value(reader: _HeaderBytes, kind: int, *, may_nest: bool = True) -> None:
    if kind in _SIZES:
        reader.skip(_SIZES[kind])
    elif kind == _STRING:
        reader.skip(reader.count("Q", _MOST_LETTERS, "letters in one text"))
    elif kind == _ARRAY and may_nest:
        of = reader.number("I")
        n = reader.count("Q", _MOST_ITEMS, "items in one list")
        if of in _SIZES:
            reader.skip(n * _SIZES[of])
        else:
            for _ in range(n):
                _skip_value(reader, of, may_nest=False)
    else:
        raise Refused(f"{reader.name} holds an entry of the unknown type {kind}.")


def _tensor(reader: _HeaderBytes, blocks: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    """Numbers of the next tensor, and where it ends, counted from the end of the header."""
    name = reader.take(reader.count("Q", MAX_NAME, "letters in the name of a tensor")).decode("utf-8", "replace")
    n = prod(reader.number("Q") for _ in range(reader.count("I", _MOST_AXES, f"axes of {name[:80]!r}")))
    kind = reader.number("I")
    if kind not in blocks:
        raise Refused(f"{reader.name} holds {name[:80]!r} in the unknown format {kind}.")
    n_numbers, n_bytes = blocks[kind]
    return n, reader.number("Q") + n // n_numbers * n_bytes
