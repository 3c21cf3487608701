"""The benchmarks of views still run, small and once: they call the program from outside, so nothing else finds out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xvfb

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "command",
    ["heads 32 1", "layers attention 32 1", "layers arcs 32 1", "patch_frames 8 1", "mesh_frames painted 100 2"],
)
def test_a_benchmark_of_a_view_measures_something(command):
    module, *arguments = command.split()
    program = [sys.executable, "-P", "-m", f"benchmarks.ours.{module}", *arguments]
    done = subprocess.run(program, cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr[-2000:]
    measured = json.loads(done.stdout.splitlines()[-1])
    assert measured
    assert all(value > 0 for value in measured.values() if isinstance(value, int | float)), measured


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}
