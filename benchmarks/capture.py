"""What it costs to keep what attention is made of."""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms

KINDS = {"plain": "plain pass", "capture": "captured", "eager": "eager, output_attentions"}
BAR_TIME = 1.15
BAR_MEMORY = 1.3  # of the peak of a plain pass, weights and program included, at the longest


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
                    f"{middle(side, 'process_mb'):.0f}",
                    f"{middle(side, 'process_mb') / middle(plain, 'process_mb'):.2f}x",
                )
            )
    share = middle(captured, "process_mb") / middle(plain, "process_mb")
    what = f"peak memory of a captured pass, {n} tokens"
    goals.append(Goal(what, f"<= {BAR_MEMORY}x", f"{share:.2f}x", share <= BAR_MEMORY))
    how = (
        "BERT-base's size, random weights, one thread. `captured` is the model's fused attention with queries, keys "
        "and values kept, from which any map can be computed; "
        "`eager` is transformers' way to all maps at once. Extra memory is what the pass adds to the process at its "
        "highest, peak memory the whole of that process. Ratios of time are of CPU time, which other programs disturb "
        "less."
    )
    header = ("tokens", "", "ms", "CPU ms", "of plain", "extra MB at peak", "peak MB", "of plain")
    return Section("Capture", how, goals, [Table(header, rows)])


def _measure(setup: Setup, n: int) -> tuple[list[dict[str, float]], ...]:
    size, n_times, n_rounds = ("tiny", 1, 1) if setup.is_smoke else ("base", 3, 2)
    return alternate(n_rounds, *(lambda kind=kind: setup.ours("capture", kind, n, size, n_times) for kind in KINDS))
