"""The engine as a child process: requests in on standard input, results out on standard output.

    python -m inference.service.server [--job] [RING_FILE]

It needs nothing but the two pipes, so the same program answers over `ssh -T host`, where `headlight engine` starts it:
then it says first who it is, and takes files that requests name. On one machine large arrays cross in a file of shared
memory (`RING_FILE`) instead. With `--job` it is one of the second lane: all others go first.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import mmap
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from inference.context import Context
from inference.results.events import Partial, Progress
from inference.results.job import Paused
from inference.results.request import Request
from inference.service import OUT_OF_MEMORY, wire
from inference.service.engine import Engine, answer
from inference.service.hello import own_hello
from inference.service.inbox import Inbox
from inference.service.lean_import import import_transformers

HEARTBEAT = 2.0  # seconds
A_LITTLE = 2**20  # bytes; an engine that cannot have them for some beats is of no use
BEATS_WITHOUT_MEMORY = 3
# The window is at 0. At 10 a job still took a look at a head a third longer on busy cores, at 19 a twelfth.
NICE_ENGINE, NICE_JOB = 5, 19


class Server:
    """Reads in one thread, so that a cancellation or a pause is heard while the main thread computes."""

    def __init__(
        self,
        requests: BinaryIO,
        results: BinaryIO,
        ring: memoryview | None,
        *,
        is_job: bool,
        inbox: Inbox | None = None,
    ) -> None:
        self._requests, self._results, self._ring, self._inbox = requests, results, ring, inbox
        self._is_job = is_job
        self._asked: queue.SimpleQueue[tuple[int, Request] | None] = queue.SimpleQueue()
        self._steered = threading.Condition()
        self._cancelled: set[int] = set()
        self._paused: set[int] = set()
        self._write_lock = threading.Lock()
        self._ring_free = threading.Event()
        self._ring_free.set()

    def serve(self) -> None:
        """Answer until the other end is gone."""
        threading.Thread(target=self._read, name="engine-reader", daemon=True).start()
        threading.Thread(target=self._beat, name="engine-heartbeat", daemon=True).start()
        engine = Engine()
        if not self._is_job:
            _warm_up()
        gc.freeze()  # what is imported stays: to look through it for what can go takes a third of a second each time
        self._send({"name": "ready"})
        while (asked := self._asked.get()) is not None:
            number, request = asked
            if self._is_job and not request.is_light:
                share_cores()
            context = Context(
                report=lambda event, number=number: self._report(number, event),
                is_cancelled=lambda number=number: number in self._cancelled,
                wait_while_paused=lambda number=number: self._wait_while_paused(number),
            )
            result = None if number in self._cancelled else answer(engine, request, context)
            self._cancelled.discard(number)
            self._send({"name": "done", "number": number, "result": result})

    def _report(self, number: int, event: Progress | Partial | Paused) -> None:
        self._send({"name": "report", "number": number, "event": event})

    def _wait_while_paused(self, number: int) -> None:
        if number in self._paused:
            self._report(number, Paused())
            with self._steered:
                self._steered.wait_for(lambda: number not in self._paused)

    def _send(self, message: dict[str, Any]) -> None:
        with self._write_lock:
            # A block in the ring must not be written over before the reader has copied it.
            self._ring_free.wait()
            self._ring_free.clear()
            try:
                in_ring = wire.write(self._results, message, self._ring)
            except BrokenPipeError:
                self._leave()
            if not in_ring:
                self._ring_free.set()

    def _read(self) -> None:
        with contextlib.suppress(wire.BadMessage, OSError, ValueError):
            while (got := wire.read(self._requests)) is not None:
                message, _ = got
                match message["name"]:
                    case "run":
                        self._asked.put((message["number"], message["request"]))
                    case "cancel" | "pause" | "resume" as action:
                        self._steer(action, message["number"])
                    case "copied":
                        self._ring_free.set()
                    case "file" if self._inbox is not None:
                        self._inbox.take(message["place"], message["content"])
        self._leave()

    def _leave(self) -> NoReturn:
        """The window is gone or talks nonsense: leave at once, whatever is being computed."""
        if self._inbox is not None:
            self._inbox.close()
        os._exit(0)

    def _steer(self, action: str, number: int) -> None:
        with self._steered:
            if action == "cancel":
                self._cancelled.add(number)
            if action == "pause" and number not in self._cancelled:
                self._paused.add(number)
            else:  # also what is cancelled must wake up, to end
                self._paused.discard(number)
            self._steered.notify_all()

    def _beat(self) -> None:
        # A thread that has no memory to begin leaves who started it waiting for ever, while the heart still beats.
        pause, n_without = threading.Event(), 0
        while not pause.wait(HEARTBEAT):
            n_without = 0 if _has_memory() else n_without + 1
            if n_without == BEATS_WITHOUT_MEMORY:
                os._exit(OUT_OF_MEMORY)
            if self._ring_free.is_set():
                self._send({"name": "alive"})


def _warm_up() -> None:
    """Import what the first request will need, behind the first window."""
    share_cores()
    import_transformers()
    import transformers.models.bert.modeling_bert  # noqa: F401

    import inference.forward.opening  # noqa: F401


def share_cores() -> None:
    """Leave a core to the window."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


def _has_memory() -> bool:
    try:
        mmap.mmap(-1, A_LITTLE).close()  # from the system: what was freed and kept is no help to a new thread
    except (OSError, MemoryError):
        return False
    return True


def _be_modest(niceness: int) -> None:
    """The window goes first: lower priority, and the first to go when memory runs out."""
    if hasattr(os, "nice"):
        os.nice(niceness)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main(arguments: Sequence[str] | None = None, version: str = "") -> None:
    """Serve on standard input and output until the other end closes them.

    Parameters
    ----------
    arguments
        Of the command line; those of this process unless given.
    version
        Of Headlight, to be said to a window on another machine; empty where it is on this one.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", action="store_true", help="serve a job: all others go first")
    parser.add_argument("ring_file", nargs="?", type=Path)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is the window's, which closes our pipe
    _be_modest(NICE_JOB if options.job else NICE_ENGINE)
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print must not end up among the results
    ring = None
    if options.ring_file:
        with options.ring_file.open("r+b") as file:
            ring = memoryview(mmap.mmap(file.fileno(), 0))
    inbox = Inbox() if version else None
    if inbox is not None:
        os.chdir(Path.home())  # names of folders are meant from there
        results.write(own_hello(version, inbox.folder))
        results.flush()
    try:
        Server(sys.stdin.buffer, results, ring, is_job=options.job, inbox=inbox).serve()
    except BaseException:  # noqa: BLE001 (leave at once: the reading thread would block an orderly exit)
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    main()
