"""Is looking at a head as quick while a job runs?"""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table, ms

KINDS = {"layer": "another layer of a text that was run", "text": "another text"}
BAR = 1.25  # times as long as with the same job paused


def run(setup: Setup) -> Section:
    checkpoint = setup.folder / "bert-base-size"
    setup.ours("make_checkpoint", checkpoint, "tiny" if setup.is_smoke else "base")
    n_tokens, n_rounds, n_looks = (16, 1, 2) if setup.is_smoke else (128, 6, 5)
    found = [setup.ours("job_lookups", checkpoint, n_tokens, n_rounds, n_looks)]
    goals, rows = [], []
    for kind, title in KINDS.items():
        without, paused, running = (middle(found, f"{kind}_{state}_s") for state in ("without", "paused", "running"))
        goals.append(Goal(title, f"<= {BAR}x", f"{running / paused:.2f}x", running <= BAR * paused))
        rows.append((title, ms(without), ms(paused), ms(running)))
    how = (
        f"BERT-base's size, random weights, {n_tokens} tokens, all heads of one layer: from the request to its answer. "
        f"The job times layers ({found[0]['n_steps']} numbers meanwhile) in a process of lower priority; it is paused "
        "and resumed in turn, and the goal compares the two."
    )
    return Section("Looking beside a job", how, goals, [Table(("", "no job, ms", "job paused", "job runs"), rows)])
