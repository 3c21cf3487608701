"""Word vectors as gensim saves them: a pickle, and beside it the larger arrays as .npy.

A pickle is a program, which can call anything that it can import. Here it can import nothing: every name it asks for
becomes an empty shell that keeps what it is given, so that running the program builds texts, numbers, lists, dicts and
shells, and nothing else. Of these only a list of words and a table of numbers are taken, and both are checked.

References
----------
https://docs.python.org/3/library/pickle.html#restricting-globals, whose example lets some names through; here none is.
gensim 3.8 to 4.4: `gensim/utils.py`, `SaveLoad`, for the names of the files.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from inference.context import Refused
from inference.files.regular_files import open_regular
from inference.results.counts import count_of

_MOST_BYTES = 2**28  # as many as the numbers that are read take
_TABLES = ("f2", "f4", "f8")
_NONE = "{} is a pickle, but none in which gensim keeps the vectors of words"


class _Shell:
    """In place of whatever a pickle names: keeps what it is called with and what it is filled with."""

    def __new__(cls, *args: object, **_named: object) -> _Shell:
        shell = super().__new__(cls)
        shell.args, shell.state = args, {}
        return shell

    args: tuple[Any, ...]
    state: Any

    def __init__(self, *args: object, **named: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, item: object) -> None:
        """A list of some class: nothing of it is wanted."""

    def extend(self, items: object) -> None:
        """The same."""


# The unpickler in Python, not the one in C, which makes room for as many objects as a number in the file says.
class _Shells(pickle._Unpickler):
    """Imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        return type(name[:100], (_Shell,), {})


def read_gensim(path: Path, most_numbers: int) -> tuple[tuple[str, ...], NDArray[np.float32], int]:
    """Words, their vectors, float32 [word, d], and how many there are in all, of which those are the first.

    Raises
    ------
    Refused
        It holds no such vectors, is damaged or too large, or the file of its numbers is missing.
    """
    why = _NONE.format(path.name)
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > _MOST_BYTES:
            raise Refused(f"{path.name} has more than {_MOST_BYTES:,} bytes; that much of a pickle is not read.")
        try:
            found = _Shells(file).load()
        except Exception as error:  # a damaged program fails in any way
            raise Refused(
                f"{path.name} is a pickle that is damaged, or holds something else than gensim's vectors."
            ) from error
    prefix, vectors = path.name, found
    if isinstance(_entry(found, "wv"), _Shell):  # a whole model, whose words lie inside
        prefix, vectors = f"{path.name}.wv", _entry(found, "wv")
    words = _entry(vectors, "index_to_key") or _entry(vectors, "index2word")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise Refused(f"{why}: no list of words is in it.")
    kept = _entry(vectors, "vectors")
    table = _inside(kept) if kept is not None else _beside(path.with_name(f"{prefix}.vectors.npy"), path.name)
    if table is None or table.ndim != 2 or len(table) != len(words) or not table.shape[1]:
        raise Refused(f"{why}: the numbers in it are not one row for each of its {count_of(len(words), 'words')}.")
    if len(set(words)) < len(words):
        raise Refused(f"{why}: a word is in it twice.")
    n = max(1, min(len(words), most_numbers // table.shape[1]))
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused with what is not finite
        numbers = table[:n].astype(np.float32)
    if not np.isfinite(numbers).all():
        raise Refused(f"{path.name} holds a number that is not finite; only finite ones are read.")
    return tuple(words[:n]), numbers, len(words)


def _entry(shell: object, name: str) -> Any:
    state = shell.state if isinstance(shell, _Shell) else None
    return state.get(name) if isinstance(state, dict) else None


def _inside(kept: object) -> np.ndarray | None:
    """An array as NumPy pickles it: its shape, type and bytes; None where it is none of numbers with a point."""
    match kept.state if isinstance(kept, _Shell) else None:
        case (_, (int(rows), int(columns)), _Shell() as described, False, bytes(data)):
            pass
        case _:
            return None
    match described.args, described.state:
        case [str(kind), *_], [_, "<" | "=" as order, *_]:
            pass
        case _:
            return None
    dtype = np.dtype(order + kind) if kind in _TABLES else None
    if dtype is None or min(rows, columns) < 1 or rows * columns * dtype.itemsize != len(data):
        return None
    return np.frombuffer(data, dtype).reshape(rows, columns)


def _beside(file: Path, name: str) -> np.ndarray:
    if not file.exists():
        raise Refused(f"The numbers of {name} lie in {file.name}, which is not beside it; copy both.")
    with open_regular(file) as stream:
        return _array(stream, file.name)


def _array(stream: BinaryIO, name: str) -> np.ndarray:
    try:
        if os.fstat(stream.fileno()).st_size > 4 * _MOST_BYTES:
            raise ValueError("too large")
        table = np.load(stream, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise Refused(f"{name} is no array of NumPy's, is damaged, or is too large.") from error
    if not isinstance(table, np.ndarray) or table.dtype.kind != "f":
        raise Refused(f"{name} holds no numbers with a point.")
    return table
