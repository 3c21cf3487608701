"""How late the window is while the engine works."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Setup, alternate, percentile
from benchmarks.report import Goal, Section, Table

BAR_P99, BAR_WORST = 16.0, 50.0  # ms
IDLE = "nothing to do"
WRITES = "a text is written, token by token"


def run(setup: Setup) -> Section:
    """The program as shipped: the engine in a process of its own."""
    checkpoint = setup.folder / "bert-base-size"
    writer = setup.folder / "gpt2-size"
    size, n_tokens, n_written = ("tiny", 64, 24) if setup.is_smoke else ("base", 512, 100)
    setup.ours("make_checkpoint", checkpoint, size)
    setup.ours("make_checkpoint", writer, size, "gpt2")
    (process,) = alternate(
        1 if setup.is_smoke else 3, lambda: setup.ours("lateness", checkpoint, n_tokens, writer, n_written)
    )
    working = [tick for phases in process for phase, ticks in phases.items() if phase != IDLE for tick in ticks]
    p99 = percentile([late for late, _ in working], 0.99)
    writing = percentile([late for late, _ in _pool(process, WRITES)], 0.99)
    worst, own = (max(values) for values in zip(*working, strict=True))
    goals = [
        Goal("lateness of the event loop, 99 of 100 turns", f"<= {BAR_P99:.0f} ms", f"{p99:.1f} ms", p99 <= BAR_P99),
        Goal("the same while a text is written", f"<= {BAR_P99:.0f} ms", f"{writing:.1f} ms", writing <= BAR_P99),
        Goal("the worst turn, by the program's own work", f"<= {BAR_WORST:.0f} ms", f"{own:.1f} ms", own <= BAR_WORST),
    ]
    how = (
        "The whole program with random checkpoints of BERT-base's and GPT-2's size. A precise 5 ms timer in the "
        "window's thread notes how much later than asked it was called, while the engine imports torch, loads, "
        "tokenizes, runs, and the results are shown. `own` is the part of the lateness in which the window's process "
        "itself worked; the "
        f"rest is others' (the worst turn came {worst:.0f} ms late with them, and {_worst_idle(process):.0f} ms late "
        "where nothing was to be done at all)."
    )
    header = ("phase", "turns", "p50 ms", "p99", "worst", "worst own")
    rows = [(phase, *_row(process, phase)) for phase in process[0]]
    return Section("Responsiveness", how, goals, [Table(header, rows)])


def _pool(runs: list[dict[str, Any]], phase: str) -> list[tuple[float, float]]:
    return [tick for phases in runs for tick in phases.get(phase, ())]


def _row(runs: list[dict[str, Any]], phase: str) -> tuple[str, ...]:
    ticks = _pool(runs, phase)
    late = [late for late, _ in ticks]
    own = max(own for _, own in ticks)
    return (
        str(len(ticks)),
        f"{percentile(late, 0.5):.2f}",
        f"{percentile(late, 0.99):.1f}",
        f"{max(late):.1f}",
        f"{own:.1f}",
    )


def _worst_idle(runs: list[dict[str, Any]]) -> float:
    return max(late for late, _ in _pool(runs, IDLE))
