"""Stands for ssh: starts the other end on this machine, or does what a bad line, or a bad other end, does."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from app import VERSION
from tests.house_rules import ROOT

# The process, the wire and the server are real; of the engine only what it computes is made up.
_PROGRAM = f"""#!{sys.executable} -P
import io, os, struct, sys, threading
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
here = Path(__file__).parent
with (here / "calls").open("a") as file:
    file.write(repr(sys.argv[1:]) + chr(10))
modes = (here / "modes").read_text().split()
(here / "modes").write_text(" ".join(modes[1:]))
mode = modes[0] if modes else "ok"
if mode == "real":
    os.execvp("sh", ["sh", "-c", sys.argv[-1]])
if mode == "ends-later":  # as ssh itself: nothing more comes, and a moment behind that it says how it ended
    code = os.spawnlp(os.P_WAIT, "sh", "sh", "-c", sys.argv[-1])
    os.close(1)
    threading.Event().wait(0.1)
    os._exit(code)
if mode == "refused":
    sys.stderr.write("ssh: connect to host gpu1 port 22: Connection refused\\r\\n")
    sys.exit(255)
if mode == "denied":
    sys.stderr.write("lab@gpu1: Permission denied (publickey).\\n")
    sys.exit(255)
if mode == "garbage":
    sys.stdout.write("\\x1b[31mWelcome to gpu1\\n" + "x" * 100_000)
    sys.exit(0)
if mode == "silent":
    threading.Event().wait()
if mode == "noise":
    sys.stdout.write("Last login: today\\n")
    sys.stdout.flush()
import numpy as np
from inference.results.events import Failure
from inference.results.embedding import OpenedVectors, OpenVectorsRequest
from inference.results.positions import PositionsResult, PositionTable
from inference.service import OUT_OF_MEMORY, server, wire

write = wire.write
class FakeEngine:
    def run(self, request, context):
        if isinstance(request, OpenVectorsRequest):
            return OpenedVectors(request.path, len(Path(request.path).read_bytes()), 1)
        wish = request.checkpoint
        if wish == "die":
            os._exit(OUT_OF_MEMORY)
        while wish == "forever":
            context.checkpoint(1, 2, "for ever")
        values = np.arange(4, dtype=np.float32)
        return PositionsResult((PositionTable(wish, "learned", values, "", "", os.getpid(), values, ""),), wish)

def bad_write(stream, message, ring=None):
    wish = getattr(message.get("result"), "note", "")
    whole = io.BytesIO()
    write(whole, message)
    if wish == "cut":
        stream.write(whole.getvalue()[:-9])
        stream.flush()
        sys.stderr.write("client_loop: send disconnect: Broken pipe\\r\\n")
        sys.stderr.flush()
        os._exit(255)
    if wish == "huge":
        body = whole.getvalue()[8:].replace(b'"shape": [4]', b'"shape": [4000000000]')
        stream.write(struct.pack("<Q", body.rindex(b"}}") + 1) + body)
        stream.flush()
        threading.Event().wait()
    if wish == "wrong":
        message["result"] = Failure("engine", "what only this end may say")
    return write(stream, message, ring)

wire.write = bad_write
server.Engine = FakeEngine
server._warm_up = lambda: None
server.HEARTBEAT = 0.1
server.main([], "0.0.9" if mode == "version" else {VERSION!r})
"""


class FakeSsh:
    """A program in place of ssh; each call is told in `calls`, and does what the next of `modes` says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.program = folder / "ssh"
        self.program.write_text(textwrap.dedent(_PROGRAM), encoding="utf-8")
        self.program.chmod(0o755)
        (folder / "calls").touch()
        self.does("")

    def does(self, modes: str) -> None:
        """What the next calls do: `ok` after the last of them."""
        (self._folder / "modes").write_text(modes, encoding="utf-8")

    @property
    def calls(self) -> list[str]:
        return (self._folder / "calls").read_text(encoding="utf-8").splitlines()
