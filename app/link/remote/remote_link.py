"""The engine on another machine: the same program, with the user's own ssh between the two pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Any

from app import VERSION
from app.link.engine_link import ASK_AGAIN, ROOT, JobProcessLink, ProcessLink, Report, how_it_ended
from app.link.remote import ssh
from app.link.remote.address import MachineAddress, parse_address
from app.link.remote.sent_files import NotSent, SentFiles
from app.link.remote.ssh import HeardPipe, LastWords, plain
from app.link.shared_memory import Ring
from inference import IS_OFFLINE_WISHED
from inference.results.devices import WISH, is_device
from inference.results.events import Failure, Partial, Progress
from inference.results.request import Request
from inference.service import checked, hello, wire
from inference.service.hello import Hello

MOST_NOISE = 64 * 1024  # bytes that a login may print before the engine speaks


@dataclass(frozen=True)
class _NoLine:
    """Why there is none, as half a sentence without the machine before it; and whether it is of no use to try again."""

    why: str
    is_final: bool = False


class RemoteLink(ProcessLink):
    """An engine over a line that may break: that costs the result that was waited for, and the line is made again.

    Its command is the address of the machine, and arguments of the engine.

    Attributes
    ----------
    address
        Where the engine is.
    hello
        What the engine said last of itself; None before it has.
    """

    CONNECT = 45.0  # seconds until the engine must have said who it is
    # The end of what is said where it may be asked once more; empty: a line is made again when it is needed.
    AGAIN: str = ASK_AGAIN
    PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds before each further try to make a line again

    def __init__(self, command: tuple[str, ...]) -> None:
        super().__init__(command)
        self.address: MachineAddress = parse_address(command[0])
        self.hello: Hello | None = None
        self._is_greeted = False
        self._connecting_since = 0.0
        self._given_up = threading.Event()
        self._said: LastWords | None = None
        self._pipe: HeardPipe | None = None
        self._files: SentFiles | None = None
        self._asked: Request | None = None
        self._report: Report = lambda _event: None
        self._nonsense = ""

    def run(self, request: object, report: Report) -> object | None:
        assert isinstance(request, Request)
        self._given_up.clear()
        self._asked, self._report, self._nonsense = request, report, ""
        self._cancelled_at, self._heard, self._is_running = 0.0, time.monotonic(), True
        try:
            if no_line := self._connect():
                return self._unless_unread(f"{self.address.name} {no_line.why}.{self.AGAIN}")
            assert self._files
            result = super().run(self._files.take(request), report)
            return self._files.back(result)
        except NotSent as error:
            return Failure("refused", str(error))
        finally:
            self._is_running = False

    def cancel(self) -> None:
        self._given_up.set()
        super().cancel()
        if self._connecting_since and (process := self._process):
            process.kill()

    def stop(self) -> None:
        self._is_closed = True
        self._given_up.set()
        super().stop()

    def kill_if_hung(self) -> bool:
        if not self._is_greeted:
            since, process = self._connecting_since, self._process
            if since and process and time.monotonic() - since > self.CONNECT:
                self._was_hung = True
                process.kill()
            return self._was_hung
        return super().kill_if_hung()

    # The line

    def _spawn(self) -> subprocess.Popen[bytes]:
        _, *words = self._command
        command = ssh.ssh_command(self.address, tuple(words), self._wishes())
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT)
        assert process.stdout
        assert process.stderr
        self._is_greeted = False
        self._said = LastWords(process.stderr)
        self._pipe = HeardPipe(process.stdout, self._on_pipe_heard)
        return process

    def _bury(self) -> int:
        code = super()._bury()
        if self._said:
            self._said.end()
        return code

    def _wishes(self) -> dict[str, str]:
        """The device that was chosen before, and no network but where it is asked for."""
        device = os.environ.get(WISH, "")
        wishes = {WISH: device} if is_device(device) else {}
        return wishes if self._is_online and not IS_OFFLINE_WISHED else wishes | {"HF_HUB_OFFLINE": "1"}

    def _on_pipe_heard(self) -> None:
        self._heard = time.monotonic()

    def _connect(self) -> _NoLine | None:
        """A line with an engine of this very version at its end; several tries where there was one before."""
        if self._is_greeted and self._process and self._process.poll() is None:
            return None
        pauses = (0.0, *self.PAUSES) if self.hello else (0.0,)
        found: _NoLine | None = None
        for n, pause in enumerate(pauses):
            label = f"Connecting to {self.address.name}"
            self._report(Progress(n, len(self.PAUSES) if n else 0, f"{label} again, try {n}" if n else label))
            if self._given_up.wait(pause) or self._is_closed:
                break
            found = self._try()
            if found is None or found.is_final or self._given_up.is_set():
                break
        if found is not None and not found.is_final and len(pauses) > 1:
            return _NoLine(f"{found.why}, also after {len(pauses)} tries")
        return found if found is not None or self._is_greeted else _NoLine("was not reached")

    def _try(self) -> _NoLine | None:
        try:
            self.start()
        except OSError as error:
            why = error.strerror or type(error).__name__
            of = f" ({error.filename})" if error.filename else ""  # what stands for ssh
            return _NoLine(f"cannot be reached: {why[0].lower()}{why[1:]}{of}", is_final=True)
        process = self._process
        if process is None:
            return _NoLine("was not reached")
        self._connecting_since = time.monotonic()
        try:
            told, noise = self._hear_hello(process)
        except OSError:
            told, noise = None, ""
        finally:
            self._connecting_since = 0.0
        if told is None:
            # Nobody kills it yet: ssh closes its pipe a moment before it ends, and its status says why.
            was_hung, code = self._was_hung, self._bury()
            return self._why_not(was_hung, code, noise)
        if why := why_other(told):
            process.kill()
            self._bury()
            return _NoLine(why, is_final=True)
        self.hello, self._is_greeted = told, True
        self._files = SentFiles(self._send, told.inbox)
        return None

    @staticmethod
    def _hear_hello(process: subprocess.Popen[bytes]) -> tuple[Hello | None, str]:
        """What the engine says of itself, and else what came in its place."""
        assert process.stdout
        n, noise = 0, ""
        while n < MOST_NOISE and (line := process.stdout.readline(hello.LONGEST)):
            n += len(line)
            if line.startswith(hello.WORD):
                return hello.read_hello(line), ""
            noise = noise or plain(line.decode(errors="replace"))[:100]
        return None, noise

    def _why_not(self, was_hung: bool, code: int, noise: str) -> _NoLine:
        words = self._said.end() if self._said else ""
        if was_hung:
            return _NoLine(f"did not answer within {self.CONNECT:.0f} seconds")
        place = self.address.folder or "~/headlight"
        if code == ssh.NO_FOLDER:
            more = "" if self.address.folder else ", and no command headlight"
            return _NoLine(f"has no folder {place}{more}: write after a colon where Headlight lies", is_final=True)
        if code == ssh.NO_PROGRAM:
            return _NoLine(f"has a folder {place}, but no Headlight in it", is_final=True)
        if code == ssh.OF_SSH:
            return _NoLine(f"cannot be reached ({words or 'ssh did not say why'}){_advice(words)}")
        said = words or noise
        return _NoLine(f"did not answer as Headlight does{f' ({said})' if said else ''}", is_final=code >= 0)

    # Answers

    def _read(self) -> tuple[dict[str, Any], bool] | None:
        assert self._pipe
        assert self._asked
        got = wire.read(self._pipe, is_foreign=True)
        if got is not None:
            checked.check(got[0], self._asked)
            event = got[0].get("event")
            if isinstance(event, Partial) and self._files:
                got[0]["event"] = Partial(self._files.back(event.result), event.is_whole)
        return got

    def _on_nonsense(self, error: Exception) -> None:
        self._nonsense = "" if isinstance(error, wire.CutOff) else str(error)[:200]

    def _obituary(self) -> Failure | None:
        how = self._how_it_broke()
        if self._has_no_reader:
            return None
        if not self.AGAIN:
            return self._unless_unread(f"{how} before it was done.")
        if no_line := self._connect():
            return self._unless_unread(f"{how}; {self.address.name} {no_line.why}.{self.AGAIN}")
        return self._unless_unread(f"{how}, and is there again.{self.AGAIN}")

    def _how_it_broke(self) -> str:
        """Why nothing more comes, in a sentence without its end; the process is buried."""
        was_hung, code = self._was_hung, self._bury()
        words = self._said.end() if self._said else ""
        name = self.address.name
        if self._nonsense:
            return f"{name} sent what is no answer of Headlight ({self._nonsense}), and the line was cut"
        if was_hung:
            return f"The engine on {name} no longer answered, was ended"
        if code == ssh.OF_SSH or code < 0:
            return f"The line to {name} was lost ({words or 'ssh did not say why'})"
        is_signal = code - 128 in {one.value for one in signal.Signals}  # as a shell tells of it
        return f"The engine on {name} {how_it_ended(128 - code if is_signal else code)}"

    def _unless_unread(self, sentence: str) -> Failure | None:
        return None if self._has_no_reader else Failure("engine", sentence)

    @property
    def _has_no_reader(self) -> bool:
        """Whether nobody waits for an answer any more."""
        return self._is_closed or self._given_up.is_set()

    def _make_ring(self) -> Ring | None:
        return None  # two machines have no memory in common


class RemoteJobLink(JobProcessLink, RemoteLink):
    """An engine over a line of its own, for one job: where that breaks, the job has failed."""

    AGAIN = ""

    def cancel(self) -> None:
        self._given_up.set()
        super().cancel()

    def _obituary(self) -> Failure | None:
        return RemoteLink._obituary(self)


def remote_link(address: MachineAddress) -> RemoteLink:
    """For looking at things."""
    return RemoteLink((address.text,))


def remote_job_link(address: MachineAddress) -> RemoteJobLink:
    """For one job."""
    return RemoteJobLink((address.text, "--job"))


def why_other(told: Hello) -> str:
    """Why an engine is no other end of this program, as half a sentence; empty where it is one."""
    if told.version != VERSION:
        return f"has Headlight {told.version}, and here it is {VERSION}: both ends must be the same version"
    if told.protocol != hello.protocol():
        state = f"{told.protocol} there, {hello.protocol()} here"
        return f"has Headlight {VERSION} too, but in another state ({state}): bring both to the same one"
    return "" if told.torch and told.transformers else "has Headlight, but no torch and transformers to run models with"


def _advice(words: str) -> str:
    """What to do about the two things that ssh asks in a terminal, and here may not ask."""
    if "Host key verification" in words or "Permission denied" in words:
        return "; what works in a terminal without a question works here"
    return ""
