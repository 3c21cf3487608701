"""Runs mutants in a process that can be ended, and says what is wrong with how they were answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 5.0  # of the processor: other work on this machine is no fault of a mutant
MOST_BYTES = 2 * 2**30
_PATIENCE = 120.0  # seconds of the clock after which one counts as hung


@dataclass
class Campaign:
    """What came of the mutants: each result is what `tests.mutator.worker` writes."""

    results: list[dict[str, Any]] = field(default_factory=list)

    def faults(self) -> list[str]:
        """One line for each rule that a mutant broke."""
        return [
            f"mutant {result['seed']} of {result['base']} ({result['what']}): {fault}"
            for result in self.results
            for fault in faults_of(result)
        ]


def faults_of(result: dict[str, Any]) -> list[str]:
    """What is wrong with how a mutant was answered."""
    found = []
    if result["outcome"] == "ended":
        return [result["message"]]
    if result["raw"]:
        found.append(f"raw: {result['message']}\n{result.get('details', '')}")
    if result.get("wrong"):
        found.append(f"wrong success: {', '.join(result['wrong'])}")
    if result["cpu"] > MOST_SECONDS:
        found.append(f"{result['cpu']:.1f} s: {result['message']}")
    if result["bytes"] > MOST_BYTES:
        found.append(f"{result['bytes'] / 2**30:.1f} GB: {result['message']}")
    if result["outside"]:
        found.append(f"opened {', '.join(result['outside'])}")
    if result["ran"]:
        found.append("code of the checkpoint ran")
    return found


def run(
    bases: Path, place: Path, seeds: Iterable[int], on_result: Callable[[dict[str, Any]], object] = lambda _: None
) -> Campaign:
    """Open these mutants; `bases` holds the checkpoints that they are made from."""
    campaign = Campaign()
    left = list(seeds)
    while left:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutator.worker", str(bases), str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        )
        try:
            _answer(process)  # ready
            while left:
                seed = left.pop(0)
                result = _ask(process, seed)
                campaign.results.append(result)
                on_result(result)
                if result["outcome"] == "ended":
                    break
        finally:
            process.kill()
            process.communicate()
    return campaign


def _ask(process: subprocess.Popen[str], seed: int) -> dict[str, Any]:
    assert process.stdin
    process.stdin.write(f"{seed}\n")
    process.stdin.flush()
    if (answer := _answer(process)) is not None:
        return answer
    message = f"the process ended or hung (exit status {process.poll()})"
    return {"seed": seed, "base": "?", "what": "?", "outcome": "ended", "message": message}


def _answer(process: subprocess.Popen[str]) -> dict[str, Any] | None:
    """The next line, or None where there is none in time."""
    assert process.stdout
    watchdog = threading.Timer(_PATIENCE, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    return json.loads(line) if line else None
