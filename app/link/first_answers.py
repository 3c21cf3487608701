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
        self._kept: list[tuple[Request, object]] | None = None

    def answer(self, request: Request) -> object | None:
        """What an engine will answer, as far as it is known; None if it is not."""
        if self._kept is None:
            self._kept = self._read()
        return next((answer for asked, answer in self._kept if asked == request), None)

    def _read(self) -> list[tuple[Request, object]]:
        from inference.service import wire  # with NumPy, which nobody needs before the window is on screen

        kept: list[tuple[Request, object]] = []
        hashes: dict[str, str] = {}
        try:
            stream = io.BytesIO(self._file.read_bytes())
            while (read := wire.read(stream)) is not None:
                message, _ = read
                request = message["request"]
                checkpoint = request.checkpoint
                if checkpoint not in hashes:
                    hashes[checkpoint] = content_hash(checkpoint_path(checkpoint))
                if hashes[checkpoint] == message["signature"]:
                    kept.append((request, message["answer"]))
        except (OSError, KeyError, AttributeError, wire.BadMessage):
            return []
        return kept
