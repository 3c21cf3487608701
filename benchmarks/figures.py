"""How long a figure of the command line takes, by itself and in a batch."""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table

N_FIGURES = 100
BAR = 10  # times as many a second as one after the other, each with a start of its own


def run(setup: Setup) -> Section:
    n_figures, n_rounds = (5, 1) if setup.is_smoke else (N_FIGURES, 3)
    alone, together = alternate(
        n_rounds, lambda: setup.ours("figure_files", 1), lambda: setup.ours("figure_files", n_figures)
    )
    one, batch = middle(alone, "seconds"), middle(together, "seconds") / n_figures
    goal = Goal("a batch, against one after the other", f">= {BAR}x", f"{one / batch:.1f}x", one >= BAR * batch)
    how = (
        f"`headlight figure` with bert-mini, five kinds of figures as SVG; the whole command, Python's start and the "
        f"imports of torch and transformers included: one figure, and {n_figures} of them with `--batch`, which has "
        "one start, one engine, and opens the checkpoint once."
    )
    rows = [(name, f"{s:.2f}", f"{1 / s:.2f}") for name, s in (("one by itself", one), ("in a batch", batch))]
    return Section("Figures of the command line", how, [goal], [Table(("", "seconds each", "a second"), rows)])
