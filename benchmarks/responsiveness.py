"""How late the window is while the engine works."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Setup, alternate, percentile
from benchmarks.report import Goal, Section, Table

BAR_P99, BAR_WORST = 16.0, 50.0  # ms
IDLE = "nothing to do"


def run(setup: Setup) -> Section:
    """The engine in its process, as shipped, and in a thread of the window."""
    checkpoint = setup.folder / "bert-base-size"
    setup.ours("make_checkpoint", checkpoint, "tiny" if setup.is_smoke else "base")
    n_tokens = 64 if setup.is_smoke else 512
    process, thread = alternate(
        1 if setup.is_smoke else 3,
        lambda: setup.ours("lateness", checkpoint, n_tokens, "process"),
        lambda: setup.ours("lateness", checkpoint, n_tokens, "thread"),
    )
    working = [late for phases in process for phase, ticks in phases.items() if phase != IDLE for late in ticks]
    p99, worst = percentile(working, 0.99), max(working)
    goals = [
        Goal("lateness of the event loop, 99 of 100 turns", f"<= {BAR_P99:.0f} ms", f"{p99:.1f} ms", p99 <= BAR_P99),
        Goal("the worst turn", f"<= {BAR_WORST:.0f} ms", f"{worst:.1f} ms", worst <= BAR_WORST),
    ]
    how = (
        "The whole program with a random checkpoint of BERT-base's size. A precise 5 ms timer in the window's thread "
        "notes how much later than asked it was called, while the engine imports torch, loads, tokenizes, runs, and "
        "the results are shown. The same with the engine in a thread of the window says what the process is for."
    )
    header = ("phase", "turns", "process: p50", "p99", "worst ms", "thread: p50", "p99", "worst ms")
    rows = [(phase, str(len(_pool(process, phase))), *_row(process, phase), *_row(thread, phase)) for phase in process[0]]
    return Section("Responsiveness", how, goals, [Table(header, rows)])


def _pool(runs: list[dict[str, Any]], phase: str) -> list[float]:
    return [late for phases in runs for late in phases[phase]]


def _row(runs: list[dict[str, Any]], phase: str) -> tuple[str, str, str]:
    ticks = _pool(runs, phase)
    return f"{percentile(ticks, 0.5):.2f}", f"{percentile(ticks, 0.99):.1f}", f"{max(ticks):.1f}"
