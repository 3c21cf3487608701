"""Images against texts, and why one pair is alike, against plain passes of the same model."""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table, ms, ratio

N = 100


def run(setup: Setup) -> Section:
    n, n_times = (8, 1) if setup.is_smoke else (N, 3)
    found = [setup.ours("pairs", n, n_times) for _ in range(1 if setup.is_smoke else 3)]
    plain, ours, both_ways, why = (middle(found, key) for key in ("plain_s", "ours_s", "both_ways_s", "relevance_s"))
    is_quick = ours <= 1.3 * plain
    goals = [
        Goal(f"{n} images, {n} texts", "<= 1.3x the two passes", ratio(ours, plain), is_quick),
        Goal("relevance of a pair", "<= 3x both ways", ratio(why, both_ways), why <= 3 * both_ways),
    ]
    how = (
        "A CLIP of 6 layers, 256 wide, images of 112 pixels, random weights, CPU time. The two passes: all images "
        "read from files and all texts padded to one length, in one batch each. Ours reads in batches of "
        "64, texts of about one length together. Relevance: one image and one text, gradients of all maps."
    )
    header = ("both passes ms", "similarity ms", "forward and backward ms", "relevance ms")
    return Section("Images against texts", how, goals, [Table(header, [(ms(plain), ms(ours), ms(both_ways), ms(why))])])
