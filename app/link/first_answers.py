"""What comes with Headlight so that the very first window has something to show before its engine is up."""

from __future__ import annotations

import io
from pathlib import Path

from inference.results.request import Request
from resources import checkpoint_path
from resources.first_answers import FILE, content_hash


class FirstAnswers:
    """Requests of the first window with their answers, computed when the bundled checkpoint was made.

    An answer is given only if the files of the checkpoint are, byte for byte, those that it was computed from.
    """

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        # By request: the answer, and the checkpoint with the content that it was computed from.
        self._kept: dict[Request, tuple[object, str, str]] | None = None
        self._hashes: dict[str, str] = {}

    def answer(self, request: Request) -> object | None:
        """What an engine will answer, as far as it is known; None if it is not."""
        if self._kept is None:
            self._kept = self._read()
        if request not in self._kept:  # most are not, and cost no reading of a checkpoint
            return None
        answer, checkpoint, content = self._kept[request]
        return answer if self._hash_of(checkpoint) == content else None

    def _hash_of(self, checkpoint: str) -> str:
        """Of its files as they are; empty if they cannot be read."""
        if checkpoint not in self._hashes:
            try:
                self._hashes[checkpoint] = content_hash(checkpoint_path(checkpoint))
            except OSError:
                self._hashes[checkpoint] = ""
        return self._hashes[checkpoint]

    def _read(self) -> dict[Request, tuple[object, str, str]]:
        from inference.service import wire  # with NumPy, which nobody needs before the window is on screen

        kept: dict[Request, tuple[object, str, str]] = {}
        try:
            stream = io.BytesIO(self._file.read_bytes())
            while (read := wire.read(stream)) is not None:
                message, _ = read
                request = message["request"]
                kept[request] = message["answer"], request.checkpoint, message["signature"]
        except (OSError, KeyError, AttributeError, wire.BadMessage):
            return {}
        return kept
