"""Fetching a checkpoint into the hub's cache: file by file, going on where it stopped, and checked before it is there.

The library sends all of a file again after it was stopped, and believes what arrives. So each file comes through its
`http_get` into a file beside where it will lie, which is kept when the download is stopped. What has arrived is
compared with the checksum that the hub gives, and only then gets the name by which the library knows it. The library
itself then makes the version of these files.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from filelock import Timeout
from huggingface_hub import HfApi, constants, hf_hub_url, snapshot_download
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import WeakFileLock, build_hf_headers

from inference.checkpoints.hub.address import MAIN, Address, check_revision, read_address
from inference.checkpoints.hub.cache import UNFINISHED
from inference.checkpoints.hub.choosing import choose_files
from inference.checkpoints.hub.client import (
    TooManyError,
    cache_folder,
    endpoint,
    host,
    online,
    repo_folder,
    token,
    told,
)
from inference.checkpoints.hub.look import checksum, look_up, n_free, sizes_of
from inference.context import Context, Refused
from inference.results.hub import DownloadRequest, DownloadResult

CHUNK = 2**18  # bytes between two looks whether the download is wanted: a tenth of a second of a slow line
SPARE = 64 * 2**20  # bytes that a disk keeps free
_N_WAITS = 5  # times that a hub may ask to wait before it is given up
_N_DROPS = 5  # times that a line may break without anything having come
_TICK = 0.1  # seconds
_SHA256, _SHA1 = 64, 40  # letters
_MB = 1_000_000


@dataclass(frozen=True)
class _File:
    """A file of the repository; its checksum is what the cache calls it."""

    name: str
    size: int
    checksum: str


class _Speed:
    """Bytes a second over the last seconds."""

    WINDOW = 5.0

    def __init__(self) -> None:
        self._came: list[tuple[float, int]] = []

    def told(self, n_bytes: int) -> str:
        """Having so many bytes now, in words; empty before it can be told."""
        now = time.monotonic()
        self._came = [(at, n) for at, n in self._came if now - at < self.WINDOW]
        self._came.append((now, n_bytes))
        (first, before) = self._came[0]
        return f", {(n_bytes - before) / (now - first) / _MB:.1f} MB/s" if now - first > 0.5 else ""


class _Arrived:
    """How much is there, told at every chunk."""

    def __init__(self, total: int, context: Context) -> None:
        self._total, self._context = total, context
        self._speed = _Speed()
        self.n_there = self.n_came = 0

    def add(self, n_bytes: int, name: str) -> None:
        """So many more came. Raises `Cancelled`, and waits while the download is paused."""
        self.n_came += n_bytes
        self.n_there += n_bytes
        self.tell(f"{name}{self._speed.told(self.n_came)}")

    def tell(self, label: str) -> None:
        """What is being done."""
        told = f"{self.n_there / _MB:,.1f} of {self._total / _MB:,.1f} MB: {label}"
        self._context.checkpoint(self.n_there, max(self._total, 1), told)


def download(request: DownloadRequest, context: Context) -> DownloadResult:
    """Fetch what is missing of a checkpoint; what is there already is not asked for again.

    Raises
    ------
    Refused
        It cannot be fetched, or is not what the hub says it is; what has come so far is kept.
    """
    address = Address(read_address(request.repo).repo, check_revision(request.commit))
    context.checkpoint(0, 0, f"Asking {host()} for {address.repo}")
    with online() as hub:
        return _download(hub, address, request, context)


def _download(hub: HfApi, address: Address, request: DownloadRequest, context: Context) -> DownloadResult:
    said = _patient(lambda: look_up(hub, address), context)
    choice = choose_files(address.repo, sizes_of(said), request.file)
    if request.file and request.file not in choice.of_weights:
        raise Refused(f"{address.repo} has no file of weights {request.file[:200]!r} that could be chosen.")
    if choice.why_not and not (request.takes_pickles and choice.can_convert):
        raise Refused(choice.why_not)
    by_name = {file.rfilename: file for file in said.siblings or ()}
    files = [_File(name, by_name[name].size or 0, checksum(by_name[name])) for name in choice.files]
    commit = str(said.sha)
    blobs = repo_folder(address.repo) / "blobs"
    arrived = _Arrived(sum(file.size for file in files), context)
    with _told_of_disk(address.repo):
        _check_space(files, blobs)
        blobs.mkdir(parents=True, exist_ok=True)
        for file in files:
            _patient(lambda file=file: _bring(file, address.repo, commit, blobs, arrived), context)
        arrived.tell("putting it together")
        folder = _patient(lambda: _put_together(address.repo, commit, files), context)
        _name(address.repo, commit, request.revision)
    to_convert = "" if choice.weights == "safetensors" else folder
    if choice.choices:
        to_convert = str(Path(folder) / choice.of_weights[0])
    return DownloadResult(address.repo, folder, arrived.n_came, to_convert)


def _patient(ask: Callable[[], Any], context: Context) -> Any:
    """Ask, and again after the time that the hub wants, as often as it is patient; the user can stop that."""
    for _ in range(_N_WAITS):
        try:
            return ask()
        except TooManyError as busy:
            end, pause = time.monotonic() + busy.seconds, threading.Event()
            while (left := end - time.monotonic()) > 0:
                context.checkpoint(0, 0, f"{host()} gets too many questions and asks to wait {left:.0f} s")
                pause.wait(min(left, _TICK))
    return ask()


@contextmanager
def _told_of_disk(repo: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Refused(
                f"The disk with {cache_folder()} is full; what came of {repo} is kept, make room and go on."
            ) from error
        why = (error.strerror or type(error).__name__).lower()
        raise Refused(f"The hub's cache at {cache_folder()} cannot be written: {why}.") from error


def _check_space(files: list[_File], blobs: Path) -> None:
    missing = [file for file in files if not (blobs / file.checksum).is_file()]
    n_bytes = sum(file.size - _n_there(_unfinished(blobs, file)) for file in missing)
    free = n_free(cache_folder())
    if n_bytes + SPARE > free:
        raise Refused(
            f"{n_bytes / _MB:,.0f} MB are missing, and the disk with {cache_folder()} has {free / _MB:,.0f} MB free; "
            "delete a checkpoint, or set HF_HOME to another disk."
        )
    for file in files:
        if len(file.checksum) not in (_SHA1, _SHA256) or not file.checksum.isalnum():
            raise Refused(f"The hub gives no checksum of {file.name}, so what comes could not be checked.")
        if file.size > constants.MAX_HTTP_DOWNLOAD_SIZE:
            raise Refused(f"{file.name} has {file.size / 1e9:,.0f} GB in one file; at most 50 are fetched.")


def _unfinished(blobs: Path, file: _File) -> Path:
    return blobs / f"{file.checksum}.headlight{UNFINISHED}"


def _n_there(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _bring(file: _File, repo: str, commit: str, blobs: Path, arrived: _Arrived) -> None:
    """One file into the cache, unless it is there; another window or program that fetches it is waited for."""
    place = blobs / file.checksum
    locks = cache_folder() / ".locks" / repo_folder(repo).name
    locks.mkdir(parents=True, exist_ok=True)
    before = arrived.n_there
    while not place.is_file():
        arrived.n_there = before
        arrived.tell(file.name)
        try:
            with WeakFileLock(locks / f"{file.checksum}.lock", timeout=_TICK):
                if not place.is_file():
                    _fetch(file, repo, commit, blobs, arrived)
        except Timeout:
            arrived.tell(f"waits for another program that fetches {file.name}")
    arrived.n_there = before + file.size


def _fetch(file: _File, repo: str, commit: str, blobs: Path, arrived: _Arrived) -> None:
    unfinished = _unfinished(blobs, file)
    before = arrived.n_there
    is_resumed = _n_there(unfinished) > 0
    with told(repo, commit):
        _receive(file, repo, commit, unfinished, arrived)
    arrived.tell(f"checking {file.name}")
    if _checksum_of(unfinished, file, arrived) == file.checksum:
        os.replace(unfinished, blobs / file.checksum)
        return
    unfinished.unlink(missing_ok=True)
    if not is_resumed:
        raise Refused(
            f"{file.name} of {repo} arrived damaged: its checksum is not the one that the hub gives. It is not kept; "
            "fetch it again."
        )
    arrived.n_there = before  # what was there may have been another's: once more from the beginning
    _fetch(file, repo, commit, blobs, arrived)


def _receive(file: _File, repo: str, commit: str, unfinished: Path, arrived: _Arrived) -> None:
    """The bytes of a file that are missing; a line that breaks is taken up again."""
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    url = hf_hub_url(repo, file.name, revision=commit, endpoint=endpoint())
    headers = build_hf_headers(token=token() or False, library_name="headlight")
    headers["Accept-Encoding"] = "identity"
    n_start = min(_n_there(unfinished), file.size)
    arrived.n_there += n_start
    n_drops = 0
    while True:
        n_there = _n_there(unfinished)
        if n_there > file.size:
            unfinished.unlink()
            n_there = 0
        try:
            with unfinished.open("ab") as target:
                http_get(
                    url,
                    target,
                    resume_size=n_there,
                    headers=headers,
                    expected_size=file.size,
                    displayed_filename=file.name,
                    tqdm_class=_bar_of(arrived, file.name),
                    _nb_retries=0,  # seconds, deaf to whoever cancels; it is tried again below
                )
                target.flush()
                os.fsync(target.fileno())
                return
        except httpx2.TransportError:
            n_drops = 0 if _n_there(unfinished) > n_there else n_drops + 1
            if n_drops > _N_DROPS or not arrived.n_came:
                raise
            arrived.tell(f"the line broke, going on with {file.name}")


def _bar_of(arrived: _Arrived, name: str) -> Any:
    """The class of a progress bar that draws nothing, as `http_get` wants one."""

    class QuietBar:
        """Hands on what comes."""

        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def __enter__(self) -> QuietBar:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, n: int) -> None:
            """So many bytes came; fewer than none where they were sent once more from the beginning."""
            arrived.add(n, name)

    return QuietBar


def _checksum_of(path: Path, file: _File, arrived: _Arrived) -> str:
    """Of what lies on the disk: SHA-256 where the hub gives that, else git's SHA-1."""
    found = hashlib.sha256()
    if len(file.checksum) == _SHA1:
        found = hashlib.sha1(f"blob {_n_there(path)}\0".encode(), usedforsecurity=False)
    with path.open("rb") as content:
        while chunk := content.read(16 * CHUNK):
            found.update(chunk)
            arrived.tell(f"checking {file.name}")
    return found.hexdigest()


def _put_together(repo: str, commit: str, files: list[_File]) -> str:
    """The version as the library makes it: links to the files, which it finds in the cache already."""
    with told(repo, commit):
        folder = snapshot_download(
            repo,
            revision=commit,
            endpoint=endpoint(),
            token=token() or False,
            allow_patterns=[glob.escape(file.name) for file in files],
            max_workers=2,
        )
    for file in files:
        if not (Path(folder) / file.name).is_file():
            raise Refused(f"{file.name} of {repo} is not in the cache although it was fetched; fetch it again.")
    return folder


def _name(repo: str, commit: str, revision: str) -> None:
    """Let a branch or tag stand for the version, as the library does."""
    named = check_revision(revision) or MAIN
    if commit.startswith(named):
        return
    ref = repo_folder(repo) / "refs" / named
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text(commit, encoding="ascii")
