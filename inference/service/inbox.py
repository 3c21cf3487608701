"""Files of the user's, such as images, that a window on another machine sends for the engine to read."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath

import numpy as np

_PREFIX = "headlight-inbox-"


class Inbox:
    """A folder that nobody else can read, made for the first file and there as long as the engine lives.

    What engines left that were killed is deleted when a new one is made.
    """

    def __init__(self) -> None:
        _sweep()
        self._folder = Path(tempfile.gettempdir(), f"{_PREFIX}{os.getpid()}-{secrets.token_hex(8)}")
        self._is_made = False

    @property
    def folder(self) -> str:
        return str(self._folder)

    def take(self, place: str, content: np.ndarray) -> None:
        """Write bytes, uint8, to a place below the folder.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError
            If the place is not below the folder.
        """
        parts = PurePosixPath(place).parts
        if not parts or ".." in parts or PurePosixPath(place).is_absolute() or content.dtype != np.uint8:
            raise ValueError(f"{place!r} is no place for a file")
        if not self._is_made:
            self._folder.mkdir(mode=0o700)  # of another's making it is not
            self._is_made = True
        path = self._folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        content.tofile(path)

    def close(self) -> None:
        """Delete all of it."""
        if self._is_made:
            shutil.rmtree(self._folder, ignore_errors=True)


def _sweep() -> None:
    """Delete folders of ours whose process is no more. A process that has its number now keeps one a while longer."""
    if not hasattr(os, "getuid"):
        return  # where it is not told whose a folder is, and a signal would end the process that it asks for
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
            pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
            if pid.isdecimal() and not folder.is_symlink() and folder.lstat().st_uid == os.getuid():
                try:
                    os.kill(int(pid), 0)
                except ProcessLookupError:
                    shutil.rmtree(folder, ignore_errors=True)
                except (OverflowError, OSError):
                    continue
