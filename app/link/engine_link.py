"""Ways to reach the engine: a child process, or this process where none can be started; and a process for one job."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from inference.context import Context
from inference.results.events import Failure, Partial, Progress
from inference.results.job import Paused

RING_BYTES = 64 * 2**20
ROOT = Path(__file__).parents[2]

# -P: the working folder is no place to import from.
SERVER = (sys.executable, "-P", "-m", "inference.service.server")

Report = Callable[[Progress | Partial | Paused], None]


def _environment() -> dict[str, str]:
    """What the engine is started with: it finds this program, and nothing in a folder that others can write."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [str(ROOT), *(place for place in others if os.path.isabs(place))]  # "" and "." are the working folder
    own = {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(path)}
    return os.environ | own


class EngineLink(Protocol):
    """Used by the runner's one worker thread; `cancel`, `kill_if_hung` and `stop` by the window's."""

    def start(self) -> None:
        """Begin to warm up; returns before it is ready."""
        ...

    def run(self, request: object, report: Report) -> object | None:
        """Result, `Failure`, or None if cancelled; blocks."""
        ...

    def cancel(self) -> None:
        """End the current run early."""
        ...

    def kill_if_hung(self) -> bool:
        """Kill an engine that neither answers nor heeds a cancel."""
        ...

    def stop(self) -> None:
        """End whatever runs, for good."""
        ...

    def close(self) -> None:
        """Give back what the engine held, after `stop`."""
        ...


class ThreadLink:
    """The engine in the worker thread itself."""

    def __init__(self, engine_factory: Callable[[], object] | None = None) -> None:
        self._engine_factory = engine_factory
        self._engine: object | None = None
        self._cancelled = threading.Event()

    def start(self) -> None:
        if self._engine is None:
            from inference.service.engine import Engine

            self._engine = self._engine_factory() if self._engine_factory else Engine()

    def run(self, request: object, report: Report) -> object | None:
        from inference.service.engine import answer

        self._cancelled.clear()
        self.start()
        return answer(self._engine, request, Context(report, self._cancelled.is_set))  # type: ignore[arg-type]

    def cancel(self) -> None:
        self._cancelled.set()

    def kill_if_hung(self) -> bool:
        return False

    def stop(self) -> None:
        self.cancel()

    def close(self) -> None:
        self._engine = None


class ProcessLink:
    """The engine in a child process that is started anew when it has died."""

    SILENCE = 30.0  # seconds without a heartbeat after which it counts as hung
    PATIENCE = 10.0  # seconds that a cancelled computation may go on

    def __init__(self, command: tuple[str, ...] = SERVER) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._ring: memoryview | None = None
        self._ring_file: Path | None = None
        self._write_lock = threading.Lock()
        self._number = 0
        self._heard = self._cancelled_at = 0.0
        self._is_running = self._is_closed = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        if self._is_closed or (self._process and self._process.poll() is None):
            return
        self._bury()
        self._drop_ring()
        self._make_ring()
        command = [*self._command, *([str(self._ring_file)] if self._ring_file else [])]
        environment = _environment()
        self._heard = time.monotonic()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT
        )
        if self._is_closed:  # `stop` came before there was anything to kill
            self._process.kill()

    def run(self, request: object, report: Report) -> object | None:
        self.start()
        if self._process is None:
            return None
        self._number += 1
        self._cancelled_at, self._heard, self._is_running = 0.0, time.monotonic(), True
        from inference.service import wire

        try:
            self._send({"name": "run", "number": self._number, "request": request})
            return self._await(self._number, report)
        except (OSError, wire.BadMessage):
            return self._obituary()
        finally:
            self._is_running = False

    def _on_ready(self) -> None:
        """The engine has warmed up, and reads whatever it is sent at once."""

    def _await(self, number: int, report: Report) -> object | None:
        from inference.service import wire

        assert self._process
        assert self._process.stdout
        while (got := wire.read(self._process.stdout, self._ring)) is not None:  # type: ignore[arg-type]
            message, in_ring = got
            self._heard = time.monotonic()
            if in_ring:
                self._send({"name": "copied"})
            if message["name"] == "ready":
                self._on_ready()
            if message.get("number") != number:
                continue
            if message["name"] == "report":
                report(message["event"])
            elif message["name"] == "done":
                return message["result"]
        return self._obituary()

    def _obituary(self) -> Failure | None:
        code = self._bury()
        if self._is_closed:
            return None
        cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        self.start()
        return Failure("engine", f"The engine stopped ({cause}) and was started again. Press F5 to ask once more.")

    def _send(self, message: dict[str, object]) -> None:
        from inference.service import wire

        with self._write_lock:
            if self._process and self._process.stdin:
                wire.write(self._process.stdin, message)  # type: ignore[arg-type]

    def cancel(self) -> None:
        if self._is_running and not self._cancelled_at:
            self._cancelled_at = time.monotonic()
            with contextlib.suppress(OSError):
                self._send({"name": "cancel", "number": self._number})

    def kill_if_hung(self) -> bool:
        now, process = time.monotonic(), self._process
        is_deaf = self._cancelled_at and now - self._cancelled_at > self.PATIENCE
        if self._is_running and process and (is_deaf or now - self._heard > self.SILENCE):
            process.kill()
            return True
        return False

    def stop(self) -> None:
        self._is_closed = True
        if process := self._process:
            process.kill()

    def close(self) -> None:
        self.stop()
        self._bury()
        self._drop_ring()

    def _bury(self) -> int:
        """Wait for the end of the process, if there is one, and close its pipes; its exit status."""
        if not self._process:
            return 0
        code = self._process.wait()
        with self._write_lock:  # the window's thread may be about to send a cancel
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with contextlib.suppress(OSError):  # what it was never sent is lost
                        pipe.close()
            self._process = None
        return code

    def _make_ring(self) -> None:
        folder = Path("/dev/shm")
        if not folder.is_dir():
            return  # other systems use the pipe
        try:
            descriptor, name = tempfile.mkstemp(prefix="headlight-", dir=folder)
            self._ring_file = Path(name)
            with os.fdopen(descriptor, "r+b") as file:
                # Reserve it now: writing into a full /dev/shm later would end the process with SIGBUS.
                os.posix_fallocate(file.fileno(), 0, RING_BYTES)
                self._ring = memoryview(mmap.mmap(file.fileno(), RING_BYTES))
        except OSError:
            self._drop_ring()

    def _drop_ring(self) -> None:
        self._ring = None
        if self._ring_file:
            self._ring_file.unlink(missing_ok=True)
            self._ring_file = None


class JobLink(EngineLink, Protocol):
    """Used by the thread of one job; the window's may also pause and resume it, at any time."""

    def pause(self) -> None:
        """Hold it at its next checkpoint; it reports `Paused` when it is there."""
        ...

    def resume(self) -> None:
        """Let it go on."""
        ...


class JobProcessLink(ProcessLink):
    """A process for one job: of lowest priority, and not started again when it has died."""

    LAST_WORDS = 5.0  # seconds that a process may take to end after it closed its pipe

    def __init__(self, command: tuple[str, ...] = (*SERVER, "--job")) -> None:
        super().__init__(command)
        # Under it nothing is written before the process reads at once: the window's thread takes it too.
        self._steer_lock = threading.Lock()
        self._is_ready = self._is_paused = self._is_unwanted = self._was_hung = False

    def run(self, request: object, report: Report) -> object | None:
        if self._is_unwanted:
            return None
        try:
            return super().run(request, report)
        except OSError as error:
            return Failure("engine", f"No process could be started for this job: {error.strerror}.")

    def pause(self) -> None:
        with self._steer_lock:
            self._is_paused = True
            self._tell("pause")

    def resume(self) -> None:
        with self._steer_lock:
            self._is_paused = False
            self._tell("resume")

    def cancel(self) -> None:
        with self._steer_lock:
            self._is_unwanted = True
            self._cancelled_at = self._cancelled_at or time.monotonic()
            self._tell("cancel")
            if (process := self._process) and not self._is_ready:
                process.kill()  # it has begun nothing that it would have to leave in order

    def kill_if_hung(self) -> bool:
        self._was_hung = super().kill_if_hung() or self._was_hung
        return self._was_hung

    def _on_ready(self) -> None:
        with self._steer_lock:
            self._is_ready = True
            if self._is_unwanted:
                self._cancelled_at = time.monotonic()
                self._tell("cancel")
            elif self._is_paused:
                self._tell("pause")

    def _tell(self, action: str) -> None:
        if self._is_ready:
            with contextlib.suppress(OSError):
                self._send({"name": action, "number": self._number})

    def _obituary(self) -> Failure | None:
        assert self._process
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self.LAST_WORDS)
        self._process.kill()  # what closed its pipe but did not end
        code = self._bury()
        if self._is_closed or self._is_unwanted:
            return None
        if self._was_hung:
            return Failure("engine", "Its process no longer answered and was ended.")
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        return Failure("engine", f"Its process {how} before it was done.")

    def _make_ring(self) -> None:
        """None: what a job sends is small, and the pipe does."""
