"""What it costs to keep what attention is made of."""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms

KINDS = {"plain": "plain pass", "capture": "captured", "eager": "eager, output_attentions"}
BAR_TIME = 1.1
BAR_MEMORY = 0.5  # of the memory that all maps take, at the longest


def run(setup: Setup) -> Section:
    goals, rows = [], []
    sizes = (64,) if setup.is_smoke else (128, 512, 1024)
    for n in sizes:
        plain, captured, eager = _measure(setup, n)
        slower = middle(captured, "cpu_s") / middle(plain, "cpu_s")
        goals.append(
            Goal(f"time of a captured pass, {n} tokens", f"<= {BAR_TIME}x", f"{slower:.2f}x", slower <= BAR_TIME)
        )
        for kind, side in zip(KINDS.values(), (plain, captured, eager), strict=True):
            rows.append(
                (
                    str(n),
                    kind,
                    ms(middle(side, "seconds")),
                    ms(middle(side, "cpu_s")),
                    f"{middle(side, 'cpu_s') / middle(plain, 'cpu_s'):.2f}x",
                    f"{middle(side, 'peak_mb'):.0f}",
                    f"{middle(side, 'peak_mb') / middle(eager, 'peak_mb'):.2f}",
                )
            )
    share = middle(captured, "peak_mb") / middle(eager, "peak_mb")
    measured = f"{share:.2f} of eager's"
    goals.append(Goal(f"extra memory, {n} tokens", f"<= {BAR_MEMORY} of eager's", measured, share <= BAR_MEMORY))
    how = (
        "BERT-base's size, random weights, one thread. `captured` is the model's fused attention with queries, keys "
        "and values kept, from which any map can be computed; "
        "`eager` is transformers' way to all maps at once. Memory is "
        "what the pass adds to the process at its highest. Ratios are of CPU time, which other programs disturb less."
    )
    header = ("tokens", "", "ms", "CPU ms", "of plain", "extra MB at peak", "of eager's")
    return Section("Capture", how, goals, [Table(header, rows)])


def _measure(setup: Setup, n: int) -> tuple[list[dict[str, float]], ...]:
    size, n_times, n_rounds = ("tiny", 1, 1) if setup.is_smoke else ("base", 3, 2)
    return alternate(n_rounds, *(lambda kind=kind: setup.ours("capture", kind, n, size, n_times) for kind in KINDS))
