"""What every layer would say, and of what a logit is made, against one forward pass."""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table, ms, ratio

MOST = 1.5
SIZES = (4_000, 50_257)


def run(setup: Setup) -> Section:
    goals, rows = [], []
    for d_vocab in SIZES[:1] if setup.is_smoke else SIZES:
        repeats = (2, 1) if setup.is_smoke else (12, 3)
        found = [setup.ours("lens", d_vocab, *repeats) for _ in range(1 if setup.is_smoke else 3)]
        forward, lens, parts, bound = (middle(found, key) for key in ("forward_s", "lens_s", "attribution_s", "bound"))
        goals += [
            Goal(
                f"lens, {d_vocab:,} words", f"<= {MOST:g}x a forward pass", ratio(lens, forward), lens <= MOST * forward
            ),
            Goal(
                f"logit attribution, {d_vocab:,} words",
                "<= 2x a forward pass",
                ratio(parts, forward),
                parts <= 2 * forward,
            ),
        ]
        rows.append((f"{d_vocab:,}", ms(forward), ms(lens), f"{bound:.1f}x", ms(parts)))
    how = (
        "A GPT-2 of 12 layers, 768 wide, random weights, 128 tokens, CPU time. The lens multiplies the state of every "
        "layer with the table of all words, which a forward pass does once: the bound is what these multiplications "
        "alone allow. With a large vocabulary they are most of the work, and no exact answer takes fewer."
    )
    header = ("words", "forward pass ms", "lens ms", "bound", "logit attribution ms")
    return Section("Logit lens and logit attribution", how, goals, [Table(header, rows)])
