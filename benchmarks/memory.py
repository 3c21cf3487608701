"""A text so long that not all of it can be held."""

from __future__ import annotations

from benchmarks.measure import Setup
from benchmarks.report import Goal, Section, Table, ms

BAR_MB = 2048


def run(setup: Setup) -> Section:
    n, n_layers = (256, 2) if setup.is_smoke else (4096, 24)
    found = setup.ours("long_run", n, n_layers, timeout=1800)
    peak = found["peak_mb"]
    goal = Goal(
        f"peak memory above the weights, {n_layers} layers of 16 heads, {n:,} tokens, and looks at their heads",
        f"<= {BAR_MB} MB",
        f"{peak:.0f} MB",
        peak <= BAR_MB,
    )
    how = (
        "BERT-large's size, random weights, one thread, the memory budget as it is by default "
        f"({found['budget_mb']:.0f} MB). The maps alone would take {found['maps_mb']:,.0f} MB. A look is a tile of "
        "256 x 256 cells from the middle of one head's map; for a layer that is not held the model runs again as far "
        "as that layer, and what is nearest to it is then held."
    )
    rows = [
        ("forward pass", ms(found["pass_s"]), f"{found['pass_peak_mb']:.0f}"),
        (f"held afterwards: {found['n_held']:.0f} of {n_layers} layers", "", f"{found['holding_mb']:.0f}"),
        ("a look at a layer that is held", ms(found["held_s"]), ""),
        ("a look at one that is not", ms(found["recomputed_s"]), f"{peak:.0f}"),
    ]
    return Section("Memory", how, [goal], [Table(("", "ms", "MB above the weights, at most"), rows)])
