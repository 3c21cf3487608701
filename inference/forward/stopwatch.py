"""How long a small piece of work takes."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

import torch

# A repetition runs a quick piece so often that it lasts so long: else it would measure the clock and the call.
SECONDS_A_REPETITION = 0.005


def median_seconds(
    run: Callable[[], object],
    n_repeats: int,
    check: Callable[[], None],
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
    least: float = SECONDS_A_REPETITION,
) -> float:
    """Seconds that a piece takes; the first run, which warms up, does not count.

    Parameters
    ----------
    check
        Called before every repetition; raises to end it.
    least
        Seconds that a repetition lasts at least.
    """

    def timed(n_runs: int) -> float:
        check()
        start = clock()
        for _ in range(n_runs):
            run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return (clock() - start) / n_runs

    timed(1)
    n_runs = max(1, math.ceil(least / max(timed(1), 1e-6)))
    return statistics.median(timed(n_runs) for _ in range(n_repeats))
