"""Seconds that the processor works, which others on the machine lengthen less than those of the clock."""

from __future__ import annotations

import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object], n_times: int) -> float:
    """CPU seconds of the quickest of several times."""
    work()
    times = []
    for _ in range(n_times):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)
