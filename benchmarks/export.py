"""One labelled map as SVG and PDF: ours against matplotlib."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms, ratio

BAR = 8.0
MOST_LABELS = 60  # more of them, and ours writes every second: so must the other side
MEMORY = Path("/dev/shm")


def run(setup: Setup) -> Section:
    goals, rows = [], []
    n_times = 1 if setup.is_smoke else 5
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        for n in (16,) if setup.is_smoke else (32, 128):
            every = 2 if n > MOST_LABELS else 1
            ours, theirs = alternate(
                1 if setup.is_smoke else 3,
                lambda n=n: setup.ours("export_map", n, n_times, folder),
                lambda n=n, every=every: setup.peer("matplotlib_map", n, every, n_times, folder),
            )
            assert middle(ours, "n_texts") >= 2 * n / every, "labels are missing"
            for ending in ("svg", "pdf"):
                mine, yours = middle(ours, f"{ending}_s"), middle(theirs, f"{ending}_s")
                is_held = yours >= BAR * mine
                goals.append(Goal(f"{ending.upper()}, {n} tokens", f">= {BAR:.0f}x", ratio(yours, mine), is_held))
                row = (ms(mine), ms(middle(ours, f"{ending}_cpu_s")), f"{middle(ours, f'{ending}_kb'):,.0f}")
                row += (ms(yours), ms(middle(theirs, f"{ending}_cpu_s")), f"{middle(theirs, f'{ending}_kb'):,.0f}")
                rows.append((f"{ending.upper()}, {n} tokens", *row, ratio(yours, mine)))
    how = (
        "An attention map with its labels (of 128 every second, on both sides) and a colour bar, into a file in "
        "memory: `app.export.save` against matplotlib's `savefig` with `svg.fonttype` none and `pdf.fonttype` 42, "
        "so that text stays text on both sides. "
        "The first file of each process, which loads fonts, does not count."
    )
    header = ("", "ours ms", "CPU", "kB", "matplotlib ms", "CPU", "kB", "ratio")
    return Section("Export", how, goals, [Table(header, rows)])
