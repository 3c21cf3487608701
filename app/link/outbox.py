"""Messages on their way into a pipe, which may be full for as long as nobody reads."""

from __future__ import annotations

import io
import queue
import threading
from contextlib import suppress
from typing import BinaryIO


class Outbox:
    """Writes to a pipe in a thread of its own: who sends never waits for who reads.

    A process that was stopped, or is hung, reads nothing. Whoever wrote to it would wait with whatever lock is held.
    """

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="inference-outbox", daemon=True)
        self._thread.start()

    def send(self, message: dict[str, object]) -> None:
        """Hand over a message of `inference.service.wire`; returns at once.

        Raises
        ------
        BadMessage
            If it cannot be sent.
        """
        from inference.service import wire

        content = io.BytesIO()
        wire.write(content, message)
        self._waiting.put(content.getvalue())

    def close(self) -> None:
        """Close the pipe; what is not written is lost. Only once its other end is gone, or this may wait for it."""
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        with suppress(OSError):  # the other end is gone, which its reader notices
            while (content := self._waiting.get()) is not None:
                self._pipe.write(content)
                self._pipe.flush()
        with suppress(OSError):
            self._pipe.close()
