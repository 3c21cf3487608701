"""Processes that are measured, one after the other, and what is made of their numbers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Setup:
    """What every benchmark is given.

    Attributes
    ----------
    is_smoke
        Small sizes and one repetition: does it still run?
    peers
        Folder with the peers' `venv` and `node_modules`.
    folder
        Scratch, gone afterwards.
    environment
        Of the processes that open windows.
    """

    is_smoke: bool
    peers: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def ours(self, module: str, *arguments: object, timeout: float = 600, home: str = "") -> dict[str, Any]:
        """Run a module of `benchmarks.ours`; with the settings in `home`, else with none yet."""
        return self._child(sys.executable, f"benchmarks.ours.{module}", arguments, timeout, home)

    def peer(self, module: str, *arguments: object, timeout: float = 900) -> dict[str, Any]:
        """Run a module of `benchmarks.peers`."""
        return self._child(
            str(self.peers / "venv" / "bin" / "python"), f"benchmarks.peers.{module}", arguments, timeout
        )

    def _child(
        self, python: str, module: str, arguments: tuple[object, ...], timeout: float, home: str = ""
    ) -> dict[str, Any]:
        # Settings of its own: a window opens as the last one was closed.
        home = home or tempfile.mkdtemp(dir=self.folder)
        # The clock is the system's (CLOCK_MONOTONIC), so that a child can tell how long ago it was started.
        environment = (
            os.environ
            | self.environment
            | {"BENCHMARK_PEERS": str(self.peers), "HEADLIGHT_HOME": home}
            | {"BENCHMARK_STARTED": repr(time.monotonic())}
        )
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # only a first start has to compile what it imports
        command = [python, "-m", module, *map(str, arguments)]
        # In a session of its own, so that a browser ends with it.
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            said, complained = child.communicate(timeout=timeout)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        if child.returncode:
            raise RuntimeError(f"{module} {' '.join(map(str, arguments))} failed:\n{complained[-3000:]}")
        return json.loads(said.splitlines()[-1])


def alternate(n: int, *sides: Callable[[], dict[str, Any]]) -> tuple[list[dict[str, Any]], ...]:
    """Measure all sides in turn, `n` times, so that whatever else the machine does hits all alike."""
    rounds = [[side() for side in sides] for _ in range(n)]
    return tuple(list(results) for results in zip(*rounds, strict=True))


def middle(results: list[dict[str, Any]], name: str) -> float:
    """Median of one number."""
    return median(result[name] for result in results)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def x_server(width: int = 1600, height: int = 1200) -> Iterator[dict[str, str]]:
    """An empty X server; gives the environment in which Qt opens real windows on it."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as file:
            number = file.readline().strip()
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


def memory_mb(pid: int | str = "self", field_name: str = "VmRSS") -> float:
    """Resident memory of a process; `VmHWM` is the highest since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field_name}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"{field_name} is not among what the kernel says of a process")


def forget_peak() -> None:
    """Let `VmHWM` of this process begin anew."""
    Path("/proc/self/clear_refs").write_text("5")
