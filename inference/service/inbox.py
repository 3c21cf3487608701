"""Files of the user's, such as images, that a window on another machine sends for the engine to read."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path, PurePosixPath

import numpy as np


class Inbox:
    """A folder that nobody else can read, made for the first file and there as long as the engine lives."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir(), f"headlight-inbox-{secrets.token_hex(8)}")
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
