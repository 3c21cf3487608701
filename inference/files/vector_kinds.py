"""Which files hold word vectors, as far as their first bytes tell: to know what a file is that was dropped."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from inference.context import Refused
from inference.files.regular_files import open_regular

OF_VECTORS = (".vec", ".kv", ".wordvectors")  # endings that nothing else has
MAY_BE_VECTORS = (".npz", ".txt", ".bin", ".model", ".gz")
_AHEAD = 1 << 14  # bytes
_LEAST = 10  # numbers behind a word, where no line before it says how many: a sentence has hardly so many
_PARTS = {"told.npy", "inputs.npy"}  # of an NPZ of Headlight's own


def holds_vectors(path: Path) -> bool:
    """Whether a file looks like one of word vectors; whether it is sound, reading it will tell.

    It is asked of endings in `OF_VECTORS` and `MAY_BE_VECTORS`; of others the answer is no.
    """
    ending = path.suffix.lower()
    if ending in OF_VECTORS:
        return True
    if ending not in MAY_BE_VECTORS:
        return False
    try:
        with open_regular(path) as file:
            if ending == ".npz":
                with zipfile.ZipFile(file) as archive:
                    return set(archive.namelist()) >= _PARTS
            start = file.read(_AHEAD)
    except (Refused, OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return False
    if ending == ".model":
        return start[:1] == b"\x80"  # a pickle; SentencePiece's are none
    if ending == ".gz":
        start = _unpacked(start)
    return _begins_as_a_table(start)


def _unpacked(start: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(start, _AHEAD)
    except zlib.error:
        return b""


def _begins_as_a_table(start: bytes) -> bool:
    """Two whole numbers and a line break, as word2vec writes; or a word and many numbers, as GloVe does."""
    first, end, _ = start.partition(b"\n")
    parts = first.split()
    if len(parts) == 2 and end:
        return all(part.isdigit() for part in parts)
    numbers = parts[1 : None if end else -1]  # the last one may be cut off
    return len(numbers) >= _LEAST and all(is_number(part) for part in numbers)


def is_number(part: bytes) -> bool:
    """Whether Python reads it as a number with or without a point."""
    try:
        float(part)
    except ValueError:
        return False
    return True
