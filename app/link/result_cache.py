"""The last answers of the engine, kept on disk: the next window has something to show before its engine is up."""

from __future__ import annotations

import io
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from inference.results.checkpoint import split_precision
from inference.results.request import Request
from resources import checkpoint_path

FILE_NAME = "last_results.bin"  # beside the settings
MOST_BYTES = 8 * 2**20  # of the file
MOST_BYTES_EACH = 2 * 2**20
MOST_ANSWERS = 24


@dataclass(frozen=True)
class _Kept:
    """An answer and what it is to; `told` is its signature as it lies on disk, empty for one that came just now."""

    channel: str
    request: Request
    answer: object
    version: str
    told: str = ""

    @cached_property
    def signature(self) -> str:
        """Of all that it was computed from beside the request; for the writing thread, since a disk may be slow."""
        return self.told or _signature(self.request, self.version)

    @cached_property
    def packed(self) -> bytes:
        """What lies on disk; empty where it is too large. Made once: in whatever thread, the window waits for it."""
        from inference.service import wire

        stream = io.BytesIO()
        told = {"channel": self.channel, "signature": self.signature, "request": self.request, "answer": self.answer}
        try:
            wire.write(stream, told)
        except wire.BadMessage:
            return b""  # what cannot be sent is not kept
        return stream.getvalue() if stream.tell() <= MOST_BYTES_EACH else b""


class ResultCache:
    """A few requests with their answers, of which a later one for the same channel replaces the earlier.

    An answer is given only as long as nothing that it was computed from has changed: the files of the checkpoint and
    of an image (names, sizes, times), the request with its input and options, and the version of the program.
    What lies on disk are messages of `inference.service.wire`: no file can make the reader run anything.

    Parameters
    ----------
    file
        Read when first asked; a damaged one counts as empty.
    version
        Of the program.
    """

    def __init__(self, file: Path, version: str) -> None:
        self._file, self._version = file, version
        self._kept: dict[str, _Kept] | None = None  # by channel
        self._is_changed = False
        self._writer: threading.Thread | None = None

    def answer(self, request: Request) -> object | None:
        """What the engine of an earlier session answered; None if that is not known, or may be another now."""
        if self._kept is None:
            self._kept = self._read()
        for kept in self._kept.values():
            if kept.request == request:
                return kept.answer if kept.signature == _signature(request, self._version) else None
        return None

    def keep(self, channel: str, request: Request, answer: object) -> None:
        """Remember an answer that came just now; `write` puts it on disk."""
        if self._kept is None:
            self._kept = self._read()
        self._kept.pop(channel, None)
        self._kept[channel] = _Kept(channel, request, answer, self._version)
        for oldest in tuple(self._kept)[:-MOST_ANSWERS]:
            del self._kept[oldest]
        self._is_changed = True

    def write(self) -> None:
        """Put on disk what came since the last time, the latest first, as far as it fits; never raises."""
        if self._writer is not None:
            self._writer.join()
        if self._is_changed and self._kept is not None:
            self._is_changed = False
            _write(self._file, tuple(self._kept.values()))

    def write_beside(self) -> None:
        """The same, in a thread: packing takes some frames, a disk more. While one writes, what came since waits."""
        if self._is_changed and self._kept is not None and not (self._writer and self._writer.is_alive()):
            self._is_changed = False
            kept = tuple(self._kept.values())  # answers never change
            self._writer = threading.Thread(target=_write, args=(self._file, kept), name="last-results")
            self._writer.start()

    def _read(self) -> dict[str, _Kept]:
        from inference.service import wire  # with NumPy, which nobody needs before the window is on screen

        kept: dict[str, _Kept] = {}
        try:
            if self._file.stat().st_size > MOST_BYTES:
                return {}
            stream = io.BytesIO(self._file.read_bytes())
            while (read := wire.read(stream)) is not None:
                message, _ = read
                if not isinstance(message["request"], Request):
                    return {}
                channel, signature = str(message["channel"]), str(message["signature"])
                kept[channel] = _Kept(channel, message["request"], message["answer"], self._version, signature)
        except (OSError, KeyError, wire.BadMessage, MemoryError):
            return {}
        return kept


def _write(file: Path, kept: tuple[_Kept, ...]) -> None:
    import secrets

    parts: list[bytes] = []
    for one in reversed(kept):
        part = one.packed
        if part and sum(map(len, parts)) + len(part) <= MOST_BYTES:
            parts.append(part)
    temporary = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(b"".join(reversed(parts)))
        temporary.replace(file)
    except OSError:  # a full disk, or one that is read only: the next start takes a little longer
        with suppress(OSError):
            temporary.unlink()


def _signature(request: Request, version: str) -> str:
    """Of all that an answer depends on beside the request itself; equal to nothing where it cannot be read."""
    import hashlib  # with OpenSSL, which nobody needs before the window is on screen
    import secrets

    told = hashlib.sha256(version.encode())
    checkpoint = getattr(request, "checkpoint", "")
    given = getattr(request, "input", None)
    files = [getattr(getattr(given, kind, None), "path", "") for kind in ("image", "sound", "clip")]
    try:
        folder = checkpoint_path(split_precision(checkpoint)[0])
        places = sorted([*folder.iterdir(), *folder.glob("*/*")]) if checkpoint else []
        given_files = [Path(file) for file in files if file]
        places += [*given_files, *(file for place in given_files if place.is_dir() for file in place.iterdir())]
        for place in places:
            stat = place.stat()
            told.update(f"{place}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode(errors="replace"))
    except (OSError, ValueError, RuntimeError):
        return f"unreadable {secrets.token_hex(8)}"
    return told.hexdigest()
