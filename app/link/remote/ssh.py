"""The user's own ssh: what it is called with, what it says, and what is read from it."""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from app.link.remote.address import MachineAddress

PROGRAM = "HEADLIGHT_SSH"  # in the environment: the program that is called in place of ssh
# No questions: there is no terminal to answer them in. A line that is dead is noticed within 15 seconds. What the
# user's configuration forwards is of no use here, and would be in the way of a second line.
OPTIONS = (
    "-T", "-a", "-x", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=5",
    "-o", "ServerAliveCountMax=3", "-o", "ClearAllForwardings=yes",
)  # fmt: skip
NO_FOLDER, NO_PROGRAM = 44, 45  # exit statuses of what runs there: none that a shell, ssh or an engine has
OF_SSH = 255  # of ssh itself, where there was no line or it broke
_USUAL_FOLDER = "~/headlight"
_CHUNK = 256 * 1024
_COLORS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_SAID_LINES, _SAID_LETTERS = 12, 200


def ssh_command(address: MachineAddress, words: tuple[str, ...], wishes: dict[str, str]) -> list[str]:
    """What is called here so that an engine is started there.

    Parameters
    ----------
    words
        Arguments of the engine.
    wishes
        Its environment, beside the user's own there.

    Raises
    ------
    OSError
        If there is no ssh.
    """
    program = os.environ.get(PROGRAM) or shutil.which("ssh")
    if not program:
        raise OSError(errno.ENOENT, "no program ssh was found on this machine")
    return [program, *OPTIONS, "--", address.target, remote_command(address.folder, words, wishes)]


def remote_command(folder: str, words: tuple[str, ...], wishes: dict[str, str]) -> str:
    """What the user's shell there is told, whichever that is: to begin a plain one with a small script."""
    environment = " ".join(f"{name}={shlex.quote(value)}" for name, value in wishes.items())
    arguments = " ".join(shlex.quote(word) for word in words)
    lines = [
        f"CDPATH= cd -- {_quoted(folder or _USUAL_FOLDER)} >/dev/null 2>&1 || exit {NO_FOLDER}",
        f"[ -d inference/service ] || exit {NO_PROGRAM}",
        'p="$PWD/.venv/bin/python"',
        '[ -x "$p" ] || p=python3',
        f'exec env {environment} PYTHONPATH="$PWD" "$p" -P -m app engine {arguments}',
    ]
    if not folder:
        found = "command -v headlight >/dev/null 2>&1"
        lines.insert(0, f"if {found}; then exec env {environment} headlight engine {arguments}; fi")
    return f"exec sh -c {shlex.quote(chr(10).join(lines))}"


def _quoted(folder: str) -> str:
    """As a shell takes it: `~` is the user's folder, and nothing else in it means anything."""
    if folder == "~" or folder.startswith("~/"):
        return f'"$HOME"{shlex.quote(folder[1:])}' if folder != "~" else '"$HOME"'
    return shlex.quote(folder)


def plain(words: str) -> str:
    """What a program said, as plain text: without colours, and with spaces for what no letter is."""
    return "".join(letter if letter.isprintable() else " " for letter in _COLORS.sub("", words)).strip()


class LastWords:
    """What a process says to its user, in a thread of its own: a pipe that nobody reads would stop it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._lines: deque[bytes] = deque(maxlen=_SAID_LINES)
        self._thread = threading.Thread(target=self._read, name="inference-last-words", daemon=True)
        self._thread.start()

    def end(self) -> str:
        """The last line that is not empty, once the process has ended; plain text, and short."""
        self._thread.join(0.5)  # a process that ssh leaves behind for the next line keeps the pipe open
        said = [line.decode(errors="replace").strip() for line in tuple(self._lines)]
        words = next((line for line in reversed(said) if line), "")
        return plain(words)[:_SAID_LETTERS].rstrip(" .")

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            while line := self._pipe.readline(4096):
                self._lines.append(line)
            self._pipe.close()


class HeardPipe:
    """A pipe that says whenever anything has come: a large answer over a slow line is no silence.

    Memory is taken as bytes come, and not for what was announced.
    """

    def __init__(self, pipe: IO[bytes], on_heard: Callable[[], None]) -> None:
        self._pipe, self._on_heard = pipe, on_heard

    def read(self, n: int, /) -> bytes | bytearray:
        """So many bytes, fewer at the end."""
        content = bytearray()
        while len(content) < n:
            some = self._pipe.read1(min(_CHUNK, n - len(content)))  # type: ignore[attr-defined] - it is buffered
            if not some:
                break
            self._on_heard()
            content += some
        return content
