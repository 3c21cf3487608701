"""Files of others, opened so that what is opened is what was meant: a regular file, and of a checkpoint one inside it.

A FIFO or a device in place of a file waits or reads for ever; a link can lead to any file of this machine.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from inference.context import Refused


class UnsafeFileError(Refused):
    """What has the name of a file is none, or lies elsewhere: what it is beside is not to be trusted either."""


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# Nothing may wait for the other end of a FIFO, and the last part of a path that was followed already is no link.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))


def is_there(path: Path) -> bool:
    """Whether anything has that name, be it a file, a FIFO or a link to nowhere."""
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False


def open_regular(path: Path) -> BinaryIO:
    """A file, open for reading.

    Raises
    ------
    UnsafeFileError
        It is not there, or is no file but a folder, a FIFO, a socket or a device.
    Refused
        It may not be read.
    """
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise UnsafeFileError(f"{path.name} cannot be read: {_reason(error)}.") from error
    return _open(real, path.name)


def open_inside(path: Path) -> BinaryIO:
    """A file of a checkpoint, open for reading: it lies in the folder that it is looked for in.

    The hub's cache keeps the files of all versions in one folder, `blobs`, and links to them from `snapshots`.

    Raises
    ------
    Refused
        As `open_regular`; `UnsafeFileError` also where the name is a link to a file elsewhere.
    """
    try:
        real = path.resolve(strict=True)
        folder = path.parent.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise UnsafeFileError(f"{path.name} cannot be read: {_reason(error)}.") from error
    if not is_inside(real, folder):
        raise UnsafeFileError(f"{path.name} is a link to {real}, outside the folder; put the file itself there.")
    return _open(real, path.name)


def is_inside(real: Path, folder: Path) -> bool:
    """Whether a path without links lies in a folder without links, or in the hub's cache where that folder does."""
    places = [folder]
    cache = next((parent.parent for parent in (folder, *folder.parents) if parent.parent.name == "snapshots"), None)
    if cache is not None:
        places.append(cache.parent / "blobs")
    return any(real.is_relative_to(place) for place in places)


def _open(real: Path, name: str) -> BinaryIO:
    try:
        _check_kind(os.stat(real, follow_symlinks=False).st_mode, name)  # opening a device may already do something
        descriptor = os.open(real, _FLAGS)
    except OSError as error:
        raise Refused(f"{name} cannot be read: {_reason(error)}.") from error
    file = os.fdopen(descriptor, "rb")
    try:
        _check_kind(os.fstat(descriptor).st_mode, name)
    except Refused:
        file.close()
        raise
    return file


def _check_kind(mode: int, name: str) -> None:
    if not stat.S_ISREG(mode):
        kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "something else")
        raise UnsafeFileError(f"{name} is {kind}, not a file.")


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or "its links lead in a circle"
