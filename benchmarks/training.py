"""Is a model trained as quickly in the lab, with all its plots open, as in a plain loop?"""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table

BAR = 0.95  # steps a second of the plain loop


def run(setup: Setup) -> Section:
    n_steps, n_rounds = (6, 1) if setup.is_smoke else (200, 3)
    lab, plain = alternate(
        n_rounds, lambda: setup.ours("lab_training", n_steps), lambda: setup.ours("plain_training", n_steps)
    )
    ours, theirs = middle(lab, "steps_per_s"), middle(plain, "steps_per_s")
    goal = Goal("steps a second", f">= {BAR}x", f"{ours / theirs:.2f}x", ours >= BAR * theirs)
    how = (
        f"The string reversal of the lab as it is offered, its first {n_steps} steps, validated and looked at on the "
        "way at the same steps; from the first step to the last. In the lab's job process with its window open, curves "
        "redrawn twice a second, everything saved; and in a plain PyTorch loop of the same priority and threads that "
        "neither logs, saves nor shows anything."
    )
    rows = [("plain loop", f"{theirs:.2f}"), ("lab", f"{ours:.2f}")]
    return Section("Training in the lab", how, [goal], [Table(("", "steps a second"), rows)])
