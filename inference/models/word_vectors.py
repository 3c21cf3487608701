"""A vector for each word of a vocabulary: whose directions are alike, what a : b :: c asks for, and files of them."""

from __future__ import annotations

import io
import json
import math
import os
import secrets
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.context import Refused
from inference.files.regular_files import open_regular
from inference.files.vector_files import MOST_NUMBERS, TellRows, read_vectors
from inference.models.word2vec import noise_probability
from inference.results.train_word2vec import Word2VecSettings

_MARKS = ("", "␣")  # how a token is written that begins a word
_MOST_TOLD = 64_000_000  # bytes of words
_DAMAGE = (
    KeyError, ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError, OSError, EOFError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_PARTS = ("told", "inputs", "outputs", "counts")


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Vectors of words.

    Attributes
    ----------
    words
        Each once; the most frequent first, where `is_ranked`.
    inputs
        float32 [word, d], what is known as the vector of a word.
    outputs
        float32 [word, d], vectors of words as contexts; None where they were not kept.
    counts
        int64 [word], how often each was in the text; None where that is not known.
    kind
        Where they are from, in a word or two, for the user.
    settings
        How they were trained; None where that is not known.
    is_ranked
        Whether the order is that of frequency, as in files of word2vec, GloVe and fastText.
    notes
        Sentences about what was left out.
    """

    words: tuple[str, ...]
    inputs: NDArray[np.float32]
    outputs: NDArray[np.float32] | None = None
    counts: NDArray[np.int64] | None = None
    kind: str = "word2vec"
    settings: Word2VecSettings | None = None
    is_ranked: bool = True
    notes: tuple[str, ...] = ()

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """The vectors of words, each of length 1; a vector of zeros stays one."""
        lengths = np.linalg.norm(self.inputs, axis=1, keepdims=True)
        return (self.inputs / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    def find(self, word: str) -> int | None:
        """Place of a word as it is typed, in lower case, or as a tokenizer writes it; None where there is none."""
        for form in dict.fromkeys((word, word.lower(), word.capitalize(), word.upper())):
            for mark in _MARKS[::-1] if not self.is_ranked else _MARKS:
                if (place := self._places.get(mark + form)) is not None:
                    return place
        return None

    def nearest(
        self, vector: NDArray[np.floating], n: int, leave_out: tuple[int, ...] = ()
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Places of the words whose vectors have the most similar direction, and the cosines."""
        length = float(np.linalg.norm(vector))
        cosines = (self.unit @ (vector / (length or 1)).astype(np.float32)).astype(np.float64)
        cosines = np.clip(cosines, -1, 1)
        wanted = cosines.copy()
        wanted[list(leave_out)] = -np.inf
        n = min(n, len(self.words) - len(set(leave_out)))
        best = np.argpartition(-wanted, max(n - 1, 0))[:n]
        best = best[np.lexsort((best, -wanted[best]))]
        return best.tolist(), cosines[best]

    def analogy(self, a: int, b: int, c: int) -> NDArray[np.float32]:
        """Where the word should be that is to c as b is to a: b - a + c of vectors of length 1 (3CosAdd)."""
        return self.unit[b] - self.unit[a] + self.unit[c]

    def between(self, context: Sequence[int]) -> NDArray[np.float64]:
        """Probability of every word where these stand around it, [word]: what CBOW has learned, its last step undone.

        Negative sampling teaches u·h to be the logarithm of p(word | context) over that with which noise is drawn, but
        for a constant (Levy and Goldberg 2014, section 3.1); h is the mean of the vectors of the context.

        Parameters
        ----------
        context
            Places of words, at least one.
        """
        assert self.outputs is not None
        assert self.counts is not None
        scores = (self.outputs @ self.inputs[list(context)].mean(0)).astype(np.float64)
        scores += np.log(noise_probability(self.counts))
        found = np.exp(scores - scores.max())
        return found / found.sum()

    def save(self, file: Path, *, half: bool = False) -> None:
        """Write an NPZ with everything; or, ending in .txt, .vec or .bin, the words' vectors as word2vec does.

        The file is there as a whole or not at all.
        """
        unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            with unfinished.open("xb") as stream:
                if file.suffix in (".txt", ".vec", ".bin"):
                    self._write_word2vec(stream, is_binary=file.suffix == ".bin")
                else:
                    self._write_npz(stream, half=half)
            os.replace(unfinished, file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def _write_word2vec(self, stream: Any, *, is_binary: bool) -> None:
        stream.write(f"{len(self.words)} {self.inputs.shape[1]}\n".encode())
        for word, vector in zip(self.words, self.inputs, strict=True):
            if is_binary:
                stream.write(word.encode() + b" " + vector.astype("<f4").tobytes() + b"\n")
            else:
                stream.write(f"{word} {' '.join(format(x, '.6g') for x in vector.tolist())}\n".encode())

    def _write_npz(self, stream: Any, *, half: bool) -> None:
        told = {
            "words": self.words,
            "kind": self.kind,
            "settings": None if self.settings is None else asdict(self.settings),
        }
        text = np.frombuffer(json.dumps(told, ensure_ascii=False).encode(), np.uint8)
        kind = np.float16 if half else np.float32
        arrays = {"told": text, "inputs": self.inputs.astype(kind)}
        if self.outputs is not None:
            arrays["outputs"] = self.outputs.astype(kind)
        if self.counts is not None:
            arrays["counts"] = self.counts
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def open_vectors(path: Path, tick: TellRows = lambda _done, _total: None) -> WordVectors:
    """Open a file of Headlight's own, or of word2vec, GloVe or fastText.

    Raises
    ------
    Refused
        It is none of these, or broken.
    """
    with open_regular(path) as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if is_zip:
        return _open_npz(path)
    table = read_vectors(path, tick)
    return WordVectors(table.words, table.vectors, kind=table.kind, notes=table.notes)


def _open_npz(path: Path) -> WordVectors:
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            parts = {name: _array(archive, name) for name in _PARTS if f"{name}.npy" in archive.namelist()}
        told = json.loads(parts["told"].tobytes())
        settings = told["settings"]
        vectors = WordVectors(
            tuple(map(str, told["words"])),
            _as_table(parts["inputs"]),
            _as_table(parts["outputs"]) if "outputs" in parts else None,
            parts["counts"].astype(np.int64) if "counts" in parts else None,
            str(told["kind"])[:100],
            None if settings is None else Word2VecSettings(**settings),
        )
        n, d = vectors.inputs.shape
        tables = (vectors.inputs, vectors.outputs)
        is_whole = len(set(vectors.words)) == n > 0 and d > 0
        is_whole &= all(one is None or (one.shape == (n, d) and bool(np.isfinite(one).all())) for one in tables)
        is_whole &= vectors.counts is None or (vectors.counts.shape == (n,) and bool((vectors.counts > 0).all()))
        if not is_whole:
            raise ValueError("parts that do not fit together")
    except Refused:
        raise
    except _DAMAGE as error:
        raise Refused(f"{path.name} holds no word vectors of Headlight's, or is damaged.") from error
    return vectors


def _as_table(array: np.ndarray) -> NDArray[np.float32]:
    if array.ndim != 2 or array.dtype.kind != "f":
        raise ValueError("no table of numbers")
    return array.astype(np.float32)


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """An array whose size is what its header says, and not too large."""
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(member)
        n_bytes = math.prod(shape) * dtype.itemsize
        most = _MOST_TOLD if name == "told" else 4 * MOST_NUMBERS
        if dtype.hasobject or is_fortran or n_bytes > most:
            raise ValueError("an array that is not read")
        data = member.read(n_bytes + 1)
    if len(data) != n_bytes:
        raise ValueError("cut off")
    return np.frombuffer(io.BytesIO(data).getbuffer(), dtype).reshape(shape)
