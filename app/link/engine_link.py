"""Ways to reach the engine: a child process, or this process where none can be started; and a process for one job."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.link.shared_memory import Ring, make_ring, sweep
from app.quick_start import BLAS_THREADS
from inference import IS_OFFLINE_WISHED
from inference.context import Context
from inference.results.events import Failure, Partial, Progress
from inference.results.job import Paused
from inference.results.request import Request
from inference.service import OUT_OF_MEMORY

if TYPE_CHECKING:  # imported when there is an engine: the first picture does without
    import subprocess

    from app.link.outbox import Outbox

ROOT = Path(__file__).parents[2]

# -P: the working folder is no place to import from.
SERVER = (sys.executable, "-P", "-m", "inference.service.server")

ASK_AGAIN = " Press F5 to ask once more."  # the end of what is said of an engine that died under a request

Report = Callable[[Progress | Partial | Paused], None]


def _environment(*, is_online: bool = False) -> dict[str, str]:
    """What the engine is started with: it finds this program, and nothing in a folder that others can write.

    Without `is_online` the hub's library refuses to ask the network; with it the user's own wish is kept.
    """
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [str(ROOT), *(place for place in others if os.path.isabs(place))]  # "" and "." are the working folder
    own = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(path)}
    if not is_online or IS_OFFLINE_WISHED:
        own["HF_HUB_OFFLINE"] = "1"
    left_out = (BLAS_THREADS, "HF_HUB_OFFLINE")  # that one this program sets for itself
    return {name: value for name, value in os.environ.items() if name not in left_out} | own


class EngineLink(Protocol):
    """Used by the runner's one worker thread; `cancel` and `stop` by the window's, which they never keep waiting.

    `kill_if_hung` is called from a thread that does nothing else.
    """

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
    STARTING = 120.0  # instead of both until it is ready: where others take all cores, its imports alone take a minute
    LAST_WORDS = 5.0  # seconds that a process may take to end after it closed its pipe

    def __init__(self, command: tuple[str, ...] = SERVER) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: Outbox | None = None
        self._ring: Ring | None = None
        self._number = 0
        self._heard = self._cancelled_at = 0.0
        self._is_running = self._is_closed = self._was_hung = self._is_online = self._is_ready = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        if self._is_closed or (self._process and self._process.poll() is None):
            return
        self._bury()
        self._ring = self._make_ring()
        self._heard, self._was_hung, self._is_ready = time.monotonic(), False, False
        try:
            process = self._spawn()
        finally:
            if self._ring:
                self._ring.close_descriptor()
        from app.link.outbox import Outbox

        assert process.stdin
        self._outbox = Outbox(process.stdin)  # type: ignore[arg-type]
        self._process = process
        if self._is_closed:  # `stop` came before there was anything to kill
            self._process.kill()

    def _spawn(self) -> subprocess.Popen[bytes]:
        """A new process, with pipes to it; raises OSError."""
        import subprocess

        return subprocess.Popen(
            [*self._command, *([self._ring.path] if self._ring else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(is_online=self._is_online),
            cwd=ROOT,
            pass_fds=[self._ring.descriptor] if self._ring else [],
        )

    def run(self, request: object, report: Report) -> object | None:
        try:
            self.start()
        except OSError as error:
            return self._not_started(error)
        if self._process is None:
            return None
        self._number += 1
        self._cancelled_at, self._heard, self._is_running = 0.0, time.monotonic(), True
        from inference.service import wire

        try:
            self._send({"name": "run", "number": self._number, "request": request})
            return self._await(self._number, report)
        except OSError:
            return self._obituary()
        except (wire.BadMessage, MemoryError) as error:  # what follows in the pipe cannot be told apart any more
            self._on_nonsense(error)
            if not isinstance(error, wire.CutOff):  # whose process is about to say how it ends
                self._process.kill()
            if isinstance(error, wire.BadMessage):
                return self._obituary()
            self._bury()
            return Failure("error", "There is not enough memory to take the answer; try a shorter text.")
        finally:
            self._is_running = False

    def _not_started(self, error: OSError) -> Failure:
        why = (error.strerror or type(error).__name__).lower()
        return Failure("engine", f"The engine could not be started ({why}).{ASK_AGAIN}")

    def _on_ready(self) -> None:
        """The engine has warmed up, and reads whatever it is sent at once."""
        if self._cancelled_at:  # it could not heed that before
            self._cancelled_at = time.monotonic()
        self._is_ready = True

    def _on_nonsense(self, error: Exception) -> None:
        """What came cannot be read."""

    def _read(self) -> tuple[dict[str, Any], bool] | None:
        """The next message of the engine, and whether it used the ring; None where there is none to come."""
        from inference.service import wire

        assert self._process
        assert self._process.stdout
        ring = self._ring.memory if self._ring else None
        return wire.read(self._process.stdout, ring)  # type: ignore[arg-type]

    def _await(self, number: int, report: Report) -> object | None:
        while (got := self._read()) is not None:
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
        was_hung, code = self._was_hung, self._bury()
        if self._is_closed:
            return None
        how = "no longer answered, was ended" if was_hung else how_it_ended(code)
        try:
            self.start()
        except OSError as error:
            return self._not_started(error)
        return Failure("engine", f"The engine {how} and was started again.{ASK_AGAIN}")

    def _send(self, message: dict[str, object]) -> None:
        """From any thread; returns at once."""
        if outbox := self._outbox:
            outbox.send(message)

    def cancel(self) -> None:
        if self._is_running and not self._cancelled_at:
            self._cancelled_at = time.monotonic()
            self._send({"name": "cancel", "number": self._number})

    def kill_if_hung(self) -> bool:
        now, process = time.monotonic(), self._process
        silence, patience = (self.SILENCE, self.PATIENCE) if self._is_ready else (self.STARTING, self.STARTING)
        is_deaf = self._cancelled_at and now - self._cancelled_at > patience
        if self._is_running and process and (is_deaf or now - self._heard > silence):
            self._was_hung = True
            process.kill()
        return self._was_hung

    def stop(self) -> None:
        self._is_closed = True
        if process := self._process:
            process.kill()

    def close(self) -> None:
        self.stop()
        self._bury()
        self._ring = None

    def _bury(self) -> int:
        """Wait for the end of the process, if there is one, and close its pipes; its exit status."""
        if not self._process:
            return 0
        from subprocess import TimeoutExpired

        try:
            code = self._process.wait(self.LAST_WORDS)
        except TimeoutExpired:  # it closed its pipe and did not end
            self._process.kill()
            code = self._process.wait()
        if self._outbox:
            self._outbox.close()
        if self._process.stdout:
            with contextlib.suppress(OSError):
                self._process.stdout.close()
        self._process = self._outbox = None
        return code

    def _make_ring(self) -> Ring | None:
        sweep()
        return make_ring()


def how_it_ended(code: int) -> str:
    """What became of a process, for somebody who knows no signals, from its exit status: "crashed"."""
    if code == OUT_OF_MEMORY:
        return "ran out of memory, ended"
    if code >= 0:
        return f"ended unexpectedly (exit status {code})"
    name = signal.Signals(-code).name
    if name == "SIGKILL":  # by somebody, or by a system that is short of memory: it cannot be told which
        return "was ended from outside (often because memory is short)"
    return "was ended from outside" if name in ("SIGTERM", "SIGINT", "SIGHUP") else "crashed"


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

    # Where other programs take all cores, one of lowest priority waits for minutes, and is not hung.
    SILENCE = STARTING = 300.0

    def __init__(self, command: tuple[str, ...] = (*SERVER, "--job")) -> None:
        super().__init__(command)
        # The window's thread takes it too: under it nothing is done that could wait.
        self._steer_lock = threading.Lock()
        self._is_paused = self._is_unwanted = False

    def run(self, request: object, report: Report) -> object | None:
        if self._is_unwanted:
            return None
        self._is_online = isinstance(request, Request) and request.is_online
        return super().run(request, report)

    def _not_started(self, error: OSError) -> Failure:
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
            self._send({"name": action, "number": self._number})

    def _obituary(self) -> Failure | None:
        code = self._bury()
        if self._is_closed or self._is_unwanted:
            return None
        if self._was_hung:
            return Failure("engine", "Its process no longer answered and was ended.")
        return Failure("engine", f"Its process {how_it_ended(code)} before it was done.")

    def _make_ring(self) -> Ring | None:
        return None  # what a job sends is small, and the pipe does
