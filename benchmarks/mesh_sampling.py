"""How quickly a model draws meshes: with and without cache, alone and in batches, against reading the weights."""

from __future__ import annotations

from benchmarks.measure import Setup
from benchmarks.report import Goal, Section, Table, ratio

N_ROUNDS, N_THREADS, WHOLE = 5, 1, 10_000
BAR_CACHE, BAR_BATCH = 2.0, 3.0


def run(setup: Setup) -> Section:
    rounds, most = (1, 30) if setup.is_smoke else (N_ROUNDS, WHOLE)
    found = setup.ours("mesh_sampling", rounds, N_THREADS, most, timeout=1800)
    alone, plain, most_at_once = (found[f"{name}_rate"] for name in ("1_cached", "1_plain", "16_cached"))
    goals = [
        Goal("with a cache, against without", f">= {BAR_CACHE}x", ratio(alone, plain), alone >= BAR_CACHE * plain),
        Goal(
            "16 completions at once, against one",
            f">= {BAR_BATCH}x",
            ratio(most_at_once, alone),
            most_at_once >= BAR_BATCH * alone,
        ),
    ]
    rows = [
        (
            str(n),
            "yes" if name == "cached" else "no",
            f"{found[f'{n}_{name}_rate']:,.0f}",
            ratio(found[f"{n}_{name}_rate"], alone),
            f"{found[f'{n}_{name}_bound']:,.0f}",
            f"{found[f'{n}_{name}_rate'] / found[f'{n}_{name}_bound']:.1%}",
        )
        for n, name in ((1, "plain"), (1, "cached"), (4, "cached"), (16, "cached"))
    ]
    header = ("completions", "cache", "tokens a second", "against one with cache", "bound of one", "of the bound")
    how = (
        f"polygen-furniture draws chairs with top-p 0.9 and masks, vertices and faces, on {N_THREADS} thread: tokens "
        f"of all completions a second, median of {N_ROUNDS} rounds of other seeds. `bound` is what one completion "
        "would reach if a token took as long as reading the weights that it needs once from memory "
        f"({found['vertex_bytes'] / 1e6:.1f} MB for a coordinate, {found['face_bytes'] / 1e6:.1f} MB for a face "
        f"token) at the {found['bandwidth'] / 1e9:.1f} GB/s that a long sum reads here; a batch may exceed it."
    )
    return Section("Drawing meshes", how, goals, [Table(header, rows)])
