"""The benchmarks of views still run, small and once: they call the program from outside, so nothing else finds out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xvfb

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "command",
    [
        "heads 32 1",
        "layers attention 32 1",
        "layers arcs 32 1",
        "patch_frames 8 1",
        "mesh_frames painted 100 2",
        "start_app",
        "start_maps",
        "lens 400 2 1",
        "writing captions tiny 4 4 1",
    ],
)
def test_a_benchmark_of_a_view_measures_something(command, tmp_path):
    module, *arguments = command.split()
    program = [sys.executable, "-P", "-m", f"benchmarks.ours.{module}", *arguments]
    done = subprocess.run(program, cwd=ROOT, env=_environment(tmp_path), capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr[-2000:]
    measured = json.loads(done.stdout.splitlines()[-1])
    assert measured
    assert all(value > 0 for value in measured.values() if isinstance(value, int | float) and value is not False), (
        measured
    )


def _environment(home: Path) -> dict[str, str]:
    started = repr(time.monotonic())
    return os.environ | {"PYTHONPATH": str(ROOT), "HEADLIGHT_HOME": str(home), "BENCHMARK_STARTED": started}
