"""Word vectors that others saved: word2vec's text and binary files, GloVe's and fastText's texts, packed or not.

Nothing is believed before it was checked: numbers of rows and columns, lengths of lines, and that numbers are finite.
gensim's own files are pickles, which are read by `inference.files.gensim_file` without running what they ask for.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from inference.context import Refused
from inference.files.gensim_file import read_gensim
from inference.files.regular_files import open_regular
from inference.files.vector_kinds import is_number
from inference.results.counts import count_of, verb

MOST_NUMBERS = 60_000_000  # that are kept: 240 MB
MOST_ROWS = 400_000
MOST_COLUMNS = 10_000
_MOST_HEADER = 64  # bytes of a line with two numbers
_MOST_WORD = 2_000  # bytes
_MOST_NUMBER = 40  # bytes that a number in a text takes
_EVERY = 2_000  # rows after which progress is told

TellRows = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class VectorTable:
    """What was read.

    Attributes
    ----------
    words
        Each once, in the order of the file.
    vectors
        float32 [word, d].
    kind
        What kind of file it is, for the user.
    notes
        What was left out or differs from what the file says of itself: sentences.
    """

    words: tuple[str, ...]
    vectors: NDArray[np.float32]
    kind: str
    notes: tuple[str, ...] = ()


@dataclass
class _VectorRows:
    """Rows as they come."""

    name: str
    d: int
    most: int
    words: dict[str, None] = field(default_factory=dict)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    n_twice: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.words) >= self.most

    def add(self, word: bytes, vector: NDArray[np.float32], place: str) -> None:
        if not np.isfinite(vector).all():
            raise Refused(f"{self.name} holds a number that is not finite in {place}; only finite ones are read.")
        text = word.decode("utf-8", "replace")
        if text in self.words:
            self.n_twice += 1
        else:
            self.words[text] = None
            self.vectors.append(vector)


def read_vectors(
    path: Path, tick: TellRows = lambda _done, _total: None, most_numbers: int = MOST_NUMBERS
) -> VectorTable:
    """Read a file of word vectors, as many of its first rows as there is room for.

    Parameters
    ----------
    tick
        Told every now and then how many rows are there, of how many.

    Raises
    ------
    Refused
        It is no such file, or broken.
    """
    name = path.name
    with open_regular(path) as file:
        start = file.read(8)
        file.seek(0)
        if path.suffix in (".kv", ".model") or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
            words, vectors, n = read_gensim(path, most_numbers)
            first = f"Of the vectors of {name} the first {len(words):,} of {n:,} {verb(len(words))} read"
            more = f"{first}: there is room for no more."
            return VectorTable(words, vectors, "gensim", (more,) if len(words) < n else ())
        if start.startswith(b"\x93NUMPY"):
            raise Refused(
                f"{name} is the bare matrix that gensim puts beside its own file, without words; open that file, "
                f"{name.removesuffix('.vectors.npy')}."
            )
        try:
            if start.startswith(b"\x1f\x8b"):
                with gzip.open(file) as unpacked:
                    return _read(io.BufferedReader(cast(io.RawIOBase, unpacked), 1 << 20), name, tick, most_numbers)
            return _read(cast(io.BufferedReader, file), name, tick, most_numbers)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Refused(f"{name} is packed with gzip, but cut off or damaged.") from error
        except OSError as error:
            raise Refused(f"{name} cannot be read: {error.strerror or 'it is damaged'}.") from error


def _read(file: io.BufferedReader, name: str, tick: TellRows, most_numbers: int) -> VectorTable:
    ahead = file.peek(_MOST_HEADER)[:_MOST_HEADER]
    header = ahead.partition(b"\n")[0].split()
    if len(header) == 2 and all(part.isdigit() for part in header) and b"\n" in ahead:
        file.readline(_MOST_HEADER)
        n_rows, d = (int(part) for part in header)
        if not 1 <= d <= MOST_COLUMNS or n_rows < 1:
            raise Refused(
                f"{name} says that it holds {n_rows:,} vectors of {d:,} numbers; at least one, and 1 to "
                f"{MOST_COLUMNS:,} numbers are read."
            )
        rows = _VectorRows(name, d, _room(d, most_numbers, n_rows))
        if _is_text(file, d):
            return _finished(rows, n_rows, _text_rows(file, rows, n_rows, 2, tick), "word2vec, text")
        return _finished(rows, n_rows, _binary_rows(file, rows, n_rows, tick), "word2vec, binary")
    line = file.readline(MOST_COLUMNS * _MOST_NUMBER + _MOST_WORD)
    d = len(line.split()) - 1
    if d < 2 or d > MOST_COLUMNS or _numbers(line, d) is None:
        raise Refused(
            f"{name} is no file of word vectors: it begins neither with two numbers (word2vec, fastText) nor with a "
            "word and its numbers (GloVe)."
        )
    rows = _VectorRows(name, d, _room(d, most_numbers, MOST_ROWS))
    _add_line(rows, line, 1)
    return _finished(rows, 0, _text_rows(file, rows, 0, 2, tick), "GloVe, text")


def _room(d: int, most_numbers: int, n_rows: int) -> int:
    return max(1, min(n_rows, MOST_ROWS, most_numbers // d))


def _is_text(file: io.BufferedReader, d: int) -> bool:
    """Whether what follows is a line of a word and numbers, as far as it can be seen."""
    ahead = bytes(file.peek(1 << 16)[: 1 << 16])
    line, end, _ = ahead.partition(b"\n")
    fields = line.split()
    if end:
        return _numbers(line, d) is not None
    return len(fields) > 2 and all(is_number(part) for part in fields[1:-1])


def _numbers(line: bytes, d: int) -> tuple[bytes, NDArray[np.float32]] | None:
    """A word, which may have spaces in it, and its numbers; None where the line is none such."""
    parts = line.strip(b"\r\n ").rsplit(b" ", d)
    if len(parts) != d + 1:
        parts = line.split()
        if len(parts) != d + 1:
            return None
    try:
        numbers = np.array([float(part) for part in parts[1:]])
    except ValueError:
        return None
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused with what is not finite
        return parts[0], numbers.astype(np.float32)


def _add_line(rows: _VectorRows, line: bytes, number: int) -> None:
    found = _numbers(line, rows.d)
    if found is None:
        have = len(line.split()) - 1
        what = f"{have:,} numbers" if have != rows.d else "something that is no number"
        wanted = f"a word and {count_of(rows.d, 'numbers')}"
        raise Refused(f"{rows.name} has {what} in line {number:,}; {wanted} are expected.")
    rows.add(*found, f"line {number:,}")


def _text_rows(file: BinaryIO, rows: _VectorRows, n_rows: int, number: int, tick: TellRows) -> bool:
    """Read lines until there is no more room; whether the file goes on behind them."""
    most = rows.d * _MOST_NUMBER + _MOST_WORD
    while not rows.is_full:
        line = file.readline(most + 1)
        if not line:
            return False
        if len(line) > most:
            raise Refused(f"{rows.name} has a line of more than {most:,} bytes, line {number:,}; no vector has.")
        if line.strip():
            _add_line(rows, line, number)
        number += 1
        if number % _EVERY == 0:
            tick(len(rows.words), rows.most)
    return bool(file.read(1)) if not n_rows else len(rows.words) + rows.n_twice < n_rows


def _binary_rows(file: io.BufferedReader, rows: _VectorRows, n_rows: int, tick: TellRows) -> bool:
    """Read words, each with its numbers in bytes; whether the file goes on behind them."""
    for number in range(1, n_rows + 1):
        if rows.is_full:
            return True
        word = _binary_word(file, rows.name, number)
        data = file.read(4 * rows.d) if word is not None else b""
        if word is None or len(data) < 4 * rows.d:
            return False
        rows.add(word, np.frombuffer(data, "<f4").astype(np.float32), f"vector {number:,}")
        if number % _EVERY == 0:
            tick(len(rows.words), rows.most)
    return False


def _binary_word(file: io.BufferedReader, name: str, number: int) -> bytes | None:
    """Up to the next space; None where the file ends."""
    word = bytearray()
    while True:
        ahead = file.peek(1)
        if not ahead:
            return None
        part, space, _ = bytes(ahead[: _MOST_WORD + 1]).partition(b" ")
        word += part
        if len(word) > _MOST_WORD:
            raise Refused(
                f"{name} has a word of more than {_MOST_WORD:,} bytes, number {number:,}; it is not in word2vec's "
                "binary format, or damaged."
            )
        file.read(len(part) + len(space))
        if space:
            return bytes(word).lstrip(b"\n")


def _finished(rows: _VectorRows, n_rows: int, goes_on: bool, kind: str) -> VectorTable:
    n = len(rows.words)
    if not n:
        raise Refused(f"{rows.name} holds no vector.")
    notes = []
    if goes_on:
        of = f" of {n_rows:,}" if n_rows else ""
        notes.append(f"Of the vectors of {rows.name} the first {n:,}{of} {verb(n)} read: there is room for no more.")
    elif n + rows.n_twice < n_rows:
        there = n + rows.n_twice
        notes.append(f"{rows.name} says that it holds {count_of(n_rows, 'vectors')}, but ends behind {there:,}.")
    if rows.n_twice:
        twice = f"{count_of(rows.n_twice, 'words')} of {rows.name} {verb(rows.n_twice)} there twice"
        notes.append(f"{twice}; the first vector of each is taken.")
    return VectorTable(tuple(rows.words), np.stack(rows.vectors), kind, tuple(notes))
