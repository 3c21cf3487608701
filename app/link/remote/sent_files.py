"""Files that a request names on this machine, sent before it: the engine on another one has none of them."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inference.results.embedding import OpenedVectors, OpenVectorsRequest, VectorSource
from inference.results.few_shot import FewShotRequest
from inference.results.inputs import ClipInput, ImageInput, RegionsInput, SoundInput
from inference.results.mesh import ScoreMeshRequest
from inference.results.ngrams import NgramsRequest
from inference.results.train_word2vec import TrainWord2VecRequest
from inference.results.training import TrainingData
from inference.results.zero_shot import ZeroShotTestRequest

MOST_BYTES = 256 * 2**20
MOST_FILES = 5_000  # of a folder
# Fields that name a file or folder of the user's which the engine reads, also where an answer names it again.
READ: dict[type, str] = {
    ClipInput: "path",
    FewShotRequest: "path",
    ImageInput: "path",
    NgramsRequest: "corpus",
    OpenVectorsRequest: "path",
    OpenedVectors: "path",
    RegionsInput: "path",
    ScoreMeshRequest: "path",
    SoundInput: "path",
    TrainingData: "path",
    VectorSource: "path",
    ZeroShotTestRequest: "folder",
}


class NotSent(ValueError):
    """Something cannot be asked of another machine; why, in one sentence."""


class SentFiles:
    """Sends each file once as long as a line holds."""

    def __init__(self, send: Callable[[dict[str, object]], None], inbox: str) -> None:
        self._send, self._inbox = send, inbox
        self._sent: dict[tuple[object, ...], str] = {}
        self._here: dict[str, str] = {}  # by the path there

    def take(self, request: Any) -> Any:
        """The same request, naming files there. Raises `NotSent`."""
        if isinstance(request, TrainWord2VecRequest):
            raise NotSent("Word vectors are written on this machine; train them in a window that computes here.")
        return _with_paths(request, self._there)

    def back(self, answer: Any) -> Any:
        """The same answer, naming those files here."""
        return _with_paths(answer, lambda path: self._here.get(path, path)) if self._here else answer

    def _there(self, path: str) -> str:
        """Where a file or folder lies once it was sent; as it is where there is none here."""
        place = Path(path).expanduser()
        try:
            files = list(_files(place))
            traces = tuple((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in files)
        except FileNotFoundError:
            return path  # what the engine says of that is said of a name that is shown
        except OSError as error:
            raise NotSent(f"{place.name} cannot be read ({(error.strerror or 'no reason').lower()}).") from error
        if len(files) > MOST_FILES:
            raise NotSent(f"{place.name} holds more than {MOST_FILES:,} files; copy it to the other machine.")
        if (total := sum(stat.st_size for _, stat in files)) > MOST_BYTES:
            raise NotSent(
                f"{place.name} is {total / 2**20:,.0f} MB, and at most {MOST_BYTES / 2**20:,.0f} MB are sent to another"
                " machine with a request; copy it there, or use a window that computes here."
            )
        if traces not in self._sent:
            folder = hashlib.sha256(repr(traces).encode(errors="surrogatepass")).hexdigest()[:16]
            for file, _ in files:
                below = "/".join((place.name, *file.relative_to(place).parts))
                self._send({"name": "file", "place": f"{folder}/{below}", "content": _content(file, place)})
            self._sent[traces] = f"{self._inbox}/{folder}/{place.name}"
        self._here[self._sent[traces]] = path
        return self._sent[traces]


def _with_paths(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with other paths of such files in it."""
    if isinstance(value, tuple):
        items = tuple(_with_paths(item, change) for item in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changed = {}
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        is_path = READ.get(type(value)) == field.name and old
        new = change(old) if is_path else _with_paths(old, change)
        if new is not old:
            changed[field.name] = new
    return dataclasses.replace(value, **changed) if changed else value


def _files(place: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The file itself, or all that a folder holds; one too many is enough to know."""
    if not place.is_dir():
        yield place, place.stat()
        return
    found = (file for file in sorted(place.rglob("*")) if file.is_file())
    for _, file in zip(range(MOST_FILES + 1), found, strict=False):
        yield file, file.stat()


def _content(file: Path, place: Path) -> np.ndarray:
    try:
        return np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise NotSent(f"{place.name} cannot be read ({(error.strerror or 'no reason').lower()}).") from error
